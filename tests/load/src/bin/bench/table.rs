//! Rows of the bench and how they are printed.

use serde::Serialize;

/// A hot path and its yardstick.
#[derive(Serialize)]
pub struct Row {
    pub path: String,
    pub yardstick: String,
    pub target: f64,
    /// Rates of ours and of the yardstick, round by round.
    pub rounds: Vec<(f64, f64)>,
    /// What else is to be known: errors, bytes, latencies.
    pub note: String,
}

/// The middle one; of an even number the mean of the two in the middle.
pub fn median(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    let middle = of.len() / 2;
    match of.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => of[middle],
        _ => f64::midpoint(of[middle - 1], of[middle]),
    }
}

impl Row {
    pub fn ratios(&self) -> Vec<f64> {
        self.rounds.iter().map(|(ours, yard)| ours / yard).collect()
    }

    pub fn print(&self) {
        let ratios = self.ratios();
        let (low, high) =
            (ratios.iter().copied().fold(f64::INFINITY, f64::min), ratios.iter().copied().fold(0.0, f64::max));
        let ratio = median(ratios);
        let side = |pick: fn(&(f64, f64)) -> f64| median(self.rounds.iter().map(pick).collect());
        println!(
            "{:<44}{:>9.0}{:>10.0}{:>8.2} [{:.2}–{:.2}]{:>8.2} {:<7} {}",
            self.path,
            side(|round| round.0),
            side(|round| round.1),
            ratio,
            low,
            high,
            self.target,
            if ratio >= self.target { "met" } else { "missed" },
            self.note
        );
        println!("    against {}", self.yardstick);
    }
}

pub fn head() {
    println!("{:<44}{:>9}{:>10}{:>8} {:<12}{:>9}", "path", "ours /s", "yard /s", "ratio", "[range]", "target");
}
