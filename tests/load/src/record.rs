//! What came of the requests: latencies, refusals and errors by operation, and over time.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;

use crate::client::Outcome;

/// Longest latency kept apart; longer ones count as this.
const LONGEST_US: u64 = 120_000_000;

/// One operation's answers.
pub struct Operation {
    pub name: &'static str,
    /// Microseconds.
    pub latency: Histogram<u64>,
    pub ok: u64,
    /// Refusals by code: data, not errors.
    pub refused: BTreeMap<String, u64>,
    /// Failures and unknown outcomes by what was seen.
    pub errors: BTreeMap<String, u64>,
}

/// A run's answers. Requests intended before the warm-up's end are counted but not measured.
pub struct Record {
    pub operations: Vec<Operation>,
    /// Latencies by the second in which the requests were intended, from the end of the warm-up.
    pub seconds: Vec<Histogram<u64>>,
    pub warm_up: u64,
    warm_up_time: Duration,
}

fn histogram(digits: u8) -> Histogram<u64> {
    Histogram::new_with_bounds(1, LONGEST_US, digits).expect("constant bounds")
}

impl Record {
    pub fn new(names: &[&'static str], warm_up: Duration) -> Self {
        let operation = |name: &&'static str| Operation {
            name,
            latency: histogram(3),
            ok: 0,
            refused: BTreeMap::new(),
            errors: BTreeMap::new(),
        };
        let operations = names.iter().map(operation).collect();
        Record { operations, seconds: Vec::new(), warm_up: 0, warm_up_time: warm_up }
    }

    /// `intended`: when the request should have been sent, from the start of the run.
    pub fn note(&mut self, operation: usize, intended: Duration, latency: Duration, outcome: Outcome) {
        let Some(at) = intended.checked_sub(self.warm_up_time) else {
            self.warm_up += 1;
            return;
        };
        let micros = (latency.as_micros() as u64).clamp(1, LONGEST_US);
        let second = at.as_secs() as usize;
        while self.seconds.len() <= second {
            self.seconds.push(histogram(2));
        }
        self.seconds[second].saturating_record(micros);
        let operation = &mut self.operations[operation];
        operation.latency.saturating_record(micros);
        match outcome {
            Outcome::Ok => operation.ok += 1,
            Outcome::Refused(code) => *operation.refused.entry(code).or_default() += 1,
            Outcome::Failed(what) => *operation.errors.entry(what).or_default() += 1,
            Outcome::Unknown(what) => *operation.errors.entry(format!("unknown: {what}")).or_default() += 1,
        }
    }

    /// Requests measured.
    pub fn measured(&self) -> u64 {
        self.operations.iter().map(|operation| operation.latency.len()).sum()
    }

    pub fn errors(&self) -> u64 {
        self.operations.iter().flat_map(|operation| operation.errors.values()).sum()
    }

    /// Over all operations.
    pub fn latency(&self) -> Histogram<u64> {
        let mut all = histogram(3);
        self.operations.iter().for_each(|operation| all.add(&operation.latency).expect("the same bounds"));
        all
    }
}

/// A percentile in milliseconds.
pub fn ms(latency: &Histogram<u64>, percentile: f64) -> f64 {
    latency.value_at_quantile(percentile / 100.0) as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_what_was_noted() {
        let mut record = Record::new(&["a", "b"], Duration::from_secs(1));
        for n in 1..=1_000 {
            record.note(0, Duration::from_secs(1), Duration::from_millis(n), Outcome::Ok);
        }
        record.note(1, Duration::from_millis(999), Duration::from_secs(9), Outcome::Ok);
        record.note(1, Duration::from_secs(3), Duration::from_secs(9_999), Outcome::Refused("SOLD_OUT".into()));
        record.note(1, Duration::from_secs(3), Duration::from_millis(1), Outcome::Failed("HTTP 500".into()));
        assert_eq!((record.warm_up, record.measured(), record.errors()), (1, 1_002, 1));
        let p99 = ms(&record.operations[0].latency, 99.0);
        assert!((p99 - 990.0).abs() < 1.0, "{p99}");
        assert_eq!(record.seconds.len(), 3);
        assert!(record.seconds[1].is_empty() && record.seconds[2].len() == 2);
        assert_eq!(record.operations[1].latency.max() / 1_000_000, LONGEST_US / 1_000_000);
    }
}
