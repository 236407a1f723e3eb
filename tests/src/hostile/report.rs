//! A table by family, and all that was wrong.

use std::collections::BTreeMap;
use std::fmt;

use super::meter::Taken;
use super::run::Transport;
use super::send::Answer;

#[derive(Default)]
pub struct Report {
    families: BTreeMap<String, Family>,
    pub problems: Vec<String>,
}

#[derive(Default)]
struct Family {
    sent: usize,
    answer: usize,
    cpu_nanos: u64,
    heap: u64,
    statements: u64,
}

impl Report {
    pub(super) fn add(
        &mut self,
        family: &str,
        named: &str,
        transport: Transport,
        answer: &Answer,
        taken: &Taken,
        wrong: Vec<String>,
    ) {
        let sums = self.families.entry(family.to_owned()).or_default();
        sums.sent += 1;
        sums.answer = sums.answer.max(answer.bytes);
        sums.cpu_nanos = sums.cpu_nanos.max(taken.cpu_nanos);
        sums.heap = sums.heap.max(taken.heap);
        sums.statements = sums.statements.max(taken.statements);
        self.problems.extend(wrong.into_iter().map(|wrong| format!("{named} ({transport:?}): {wrong}")));
    }

    /// Requests sent, over every transport.
    pub fn sent(&self) -> usize {
        self.families.values().map(|family| family.sent).sum()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "family  requests  largest answer  most CPU  most memory  most SQL")?;
        for (name, family) in &self.families {
            let cpu = family.cpu_nanos as f64 / 1e6;
            let (sent, answer, heap) = (family.sent, family.answer, family.heap / 1024);
            writeln!(f, "{name:6} {sent:9} {answer:13} B {cpu:6.2} ms {heap:8} KiB {:9}", family.statements)?;
        }
        write!(f, "{} requests, {} problems", self.sent(), self.problems.len())
    }
}
