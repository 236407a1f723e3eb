//! The demo's report, for people and as JSON. Every figure comes from the API.

use serde_json::{Value, json};

use super::caller::at;
use super::money;

/// What the API said about the finished pilot.
pub struct Report {
    /// `funnel` of the winning design.
    pub funnel: Value,
    /// The round's entries in order of rank.
    pub ranking: Vec<Value>,
    /// The presale's demand book.
    pub demand: Value,
    /// The batch as the brand sees it.
    pub batch: Value,
    /// The try-on post of the winning design.
    pub tryon: Value,
    /// What the finance people see: accounts, desk and bills.
    pub finance: Value,
}

impl Report {
    /// Stable names for programs.
    pub fn json(&self) -> Value {
        let ranking: Vec<Value> = self
            .ranking
            .iter()
            .map(|entry| {
                json!({
                    "rank": entry["rank"],
                    "styleNo": at(entry, "design.styleNo"),
                    "title": at(entry, "design.version.title"),
                    "picks": entry["picks"],
                    "advanced": entry["advanced"],
                })
            })
            .collect();
        let funnel: serde_json::Map<String, Value> =
            ["pickers", "pickerOrders", "others", "otherOrders", "members", "orders"]
                .iter()
                .map(|name| (name.to_string(), self.funnel[*name].clone()))
                .collect();
        json!({
            "funnel": funnel,
            "ranking": ranking,
            "demand": self.demand,
            "batch": self.batch,
            "finance": money::json(&self.finance),
        })
    }

    /// Plain text, 80 columns.
    pub fn text(&self) -> String {
        let mut out = String::from("\nRanking (top K advance)\n");
        for entry in &self.ranking {
            let mark = if entry["advanced"] == true { "→" } else { " " };
            let (rank, picks, title) = (
                &entry["rank"],
                entry["picks"].as_i64().unwrap_or(0),
                at(entry, "design.version.title").as_str().unwrap_or(""),
            );
            let bar = "█".repeat(usize::try_from(picks / 2).unwrap_or(0));
            out.push_str(&format!("{mark} {rank:>3}  {:<26} {picks:>3} {bar}\n", cut(title, 26)));
        }
        let post = |name: &str| self.tryon[name].as_str().unwrap_or("");
        out.push_str(&format!(
            "\nTry-on ({}, size {})\n  {}\n  but: {}\n",
            post("adLabel"),
            post("sizeWorn"),
            post("body"),
            post("cons")
        ));
        out.push_str("\nDemand book (paid pieces, size × colour)\n");
        out.push_str(&matrix(&self.demand));
        out.push_str(&format!("\nBatch {}\n", at(&self.batch, "batchNo").as_str().unwrap_or("")));
        out.push_str(&format!(
            "  {} pieces, {}, shipped {}, {} progress reports\n",
            self.batch["pieces"],
            self.batch["status"].as_str().unwrap_or(""),
            self.batch["shippedPieces"],
            self.batch["progressRevision"]
        ));
        out.push_str("\nFunnel (did the vote foretell the orders?)\n");
        for (name, from, to, rate) in [
            ("picked it", "pickers", "pickerOrders", "pickerRate"),
            ("did not pick", "others", "otherOrders", "otherRate"),
            ("all members", "members", "orders", "rate"),
        ] {
            let share = at(&self.funnel, &format!("{rate}.formatted")).as_str().unwrap_or("–");
            out.push_str(&format!("  {name:<14}{:>5} → {:>3}  ({share})\n", self.funnel[from], self.funnel[to]));
        }
        out.push_str(&money::text(&self.finance));
        out
    }
}

/// Rows are sizes, columns are colours, with totals.
fn matrix(book: &Value) -> String {
    let list = |name: &str| -> Vec<String> {
        book[name].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let (colors, sizes) = (list("colors"), list("sizes"));
    let cell = |color: &str, size: &str| -> i64 {
        let cells = book["cells"].as_array().into_iter().flatten();
        cells
            .filter(|cell| at(cell, "sku.color") == color && at(cell, "sku.size") == size)
            .filter_map(|cell| cell["paid"].as_i64())
            .sum()
    };
    let row = |head: &str, figures: Vec<String>| -> String {
        format!("  {head:<8}{}\n", figures.iter().map(|figure| format!("{figure:>14}")).collect::<String>())
    };
    let mut out = row("", colors.iter().map(|color| cut(color, 12)).chain(["total".to_owned()]).collect());
    for size in &sizes {
        let counts: Vec<i64> = colors.iter().map(|color| cell(color, size)).collect();
        let total: i64 = counts.iter().sum();
        out.push_str(&row(size, counts.iter().chain([&total]).map(i64::to_string).collect()));
    }
    let totals: Vec<i64> = colors.iter().map(|color| sizes.iter().map(|size| cell(color, size)).sum()).collect();
    let all: i64 = totals.iter().sum();
    out.push_str(&row("total", totals.iter().chain([&all]).map(i64::to_string).collect()));
    out
}

fn cut(text: &str, length: usize) -> String {
    text.chars().take(length).collect()
}
