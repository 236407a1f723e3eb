//! What a run of the load program says: a table for people, JSON for programs.

use std::fmt::Write;

use hdrhistogram::Histogram;
use serde::Serialize;
use serde_json::{Value, json};

use crate::process::Split;
use crate::record::{Operation, Record, ms};

/// Resident memory of the server in MB.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Memory {
    pub idle: f64,
    pub peak: f64,
    pub after: f64,
}

/// A finished run.
pub struct Report<'a> {
    /// How it was asked for, for the JSON and the title.
    pub asked: Value,
    pub title: String,
    pub record: &'a Record,
    /// Seconds measured.
    pub seconds: f64,
    pub split: Split,
    pub memory: Option<Memory>,
    pub started_ms: Option<f64>,
    /// Picks that changed nothing.
    pub repeats: u64,
}

const PERCENTILES: [f64; 5] = [50.0, 90.0, 99.0, 99.9, 100.0];

fn percentiles(latency: &Histogram<u64>) -> serde_json::Map<String, Value> {
    PERCENTILES.iter().map(|p| (format!("p{p}"), json!(ms(latency, *p)))).collect()
}

impl Report<'_> {
    pub fn table(&self) -> String {
        let mut out = format!("{}\n\n", self.title);
        let _ = writeln!(
            out,
            "{:<14}{:>9}{:>9}{:>9}{:>9}{:>9}{:>9}{:>10}{:>9}{:>8}",
            "", "sent", "/s", "p50 ms", "p90", "p99", "p99.9", "max", "refused", "errors"
        );
        for operation in &self.record.operations {
            let _ = writeln!(out, "{}", self.line(operation));
        }
        let all = self.record.latency();
        let _ = write!(out, "{:<14}{:>9}{:>9.0}", "all", all.len(), all.len() as f64 / self.seconds);
        PERCENTILES.iter().for_each(|p| {
            let _ = write!(out, "{:>width$.1}", ms(&all, *p), width = if *p == 100.0 { 10 } else { 9 });
        });
        let refused: u64 = self.record.operations.iter().flat_map(|operation| operation.refused.values()).sum();
        let _ = writeln!(out, "{refused:>9}{:>8}\n", self.record.errors());
        for operation in &self.record.operations {
            for (what, times) in operation.refused.iter().chain(&operation.errors) {
                let _ = writeln!(out, "  {}: {what} × {times}", operation.name);
            }
        }
        let _ = writeln!(out, "processor: {}", self.split);
        if let Some(Memory { idle, peak, after }) = self.memory {
            let _ = writeln!(out, "server's memory: {idle:.0} MB idle, {peak:.0} MB at most, {after:.0} MB after");
        }
        if let Some(started) = self.started_ms {
            let _ = writeln!(out, "server's start to its first answer: {started:.0} ms");
        }
        if self.repeats > 0 {
            let _ = writeln!(out, "{} picks were repeats and changed nothing: seed more members", self.repeats);
        }
        out
    }

    fn line(&self, operation: &Operation) -> String {
        let latency = &operation.latency;
        let mut out = format!("{:<14}{:>9}{:>9.0}", operation.name, latency.len(), latency.len() as f64 / self.seconds);
        for p in PERCENTILES {
            let _ = write!(out, "{:>width$.1}", ms(latency, p), width = if p == 100.0 { 10 } else { 9 });
        }
        let (refused, errors): (u64, u64) = (operation.refused.values().sum(), operation.errors.values().sum());
        out + &format!("{refused:>9}{errors:>8}")
    }

    pub fn json(&self) -> Value {
        let operation = |operation: &Operation| {
            let mut said = percentiles(&operation.latency);
            said.insert("sent".to_owned(), json!(operation.latency.len()));
            said.insert("ok".to_owned(), json!(operation.ok));
            said.insert("refused".to_owned(), json!(operation.refused));
            said.insert("errors".to_owned(), json!(operation.errors));
            (operation.name.to_owned(), Value::Object(said))
        };
        let seconds = self.record.seconds.iter().map(|second| {
            json!({ "sent": second.len(), "p50": ms(second, 50.0), "p99": ms(second, 99.0), "max": ms(second, 100.0) })
        });
        json!({
            "asked": self.asked,
            "seconds": self.seconds,
            "sent": self.record.measured(),
            "warm_up": self.record.warm_up,
            "errors": self.record.errors(),
            "latency_ms": percentiles(&self.record.latency()),
            "operations": self.record.operations.iter().map(operation).collect::<serde_json::Map<_, _>>(),
            "over_time": seconds.collect::<Vec<_>>(),
            "cores": self.split.0.iter().map(|(name, cores)| ((*name).to_owned(), json!(cores))).collect::<serde_json::Map<_, _>>(),
            "memory_mb": self.memory,
            "started_ms": self.started_ms,
            "repeated_picks": self.repeats,
        })
    }
}
