//! The yardstick: the same work as plain SQL, by pgbench, over TCP, with prepared statements.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::plan::{self, Kind};

/// A PostgreSQL with pgbench beside it.
#[derive(Clone)]
pub struct Pgbench {
    /// Where the programs of PostgreSQL are.
    pub bin: PathBuf,
    /// `postgres://…` of the database that the scripts may write to.
    pub url: String,
    pub members: u64,
    pub buyers: u64,
}

macro_rules! scripts {
    ($($name:ident = $file:literal;)*) => {
        $(pub const $name: (&str, &str) = ($file, include_str!(concat!("../pgbench/", $file)));)*
    };
}

scripts! {
    PICK = "pick.sql";
    ORDER = "order.sql";
    FEED = "feed.sql";
    ORDERS = "orders.sql";
}

/// The head of the ids of a kind in the first brand; ten hexadecimal digits of index follow.
fn head(kind: Kind) -> String {
    let mut text = plan::id(kind, 0, 0).to_string();
    text.truncate(26);
    text
}

impl Pgbench {
    /// Transactions a second.
    pub fn rate(&self, script: (&str, &str), clients: usize, seconds: u64, dir: &Path) -> Result<f64> {
        let file = dir.join(script.0);
        std::fs::write(&file, self.filled(script.1))?;
        let mut command = Command::new(self.bin.join("pgbench"));
        command.args(["--no-vacuum", "--protocol=prepared", "--jobs=2"]);
        command.arg(format!("--client={clients}")).arg(format!("--time={seconds}")).arg("--file").arg(&file);
        let said = command.arg(&self.url).output().context("cannot start pgbench; set --pg-bin")?;
        let (out, err) = (String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
        if !said.status.success() {
            bail!("pgbench {}: {err}", script.0);
        }
        read(&out).with_context(|| format!("pgbench {} said no rate: {out}{err}", script.0))
    }

    /// The head of each kind's ids stands in the scripts as `@member@`, numbers as `@members@`.
    fn filled(&self, script: &str) -> String {
        let kinds = [
            ("@brand@", Kind::Brand),
            ("@member@", Kind::Member),
            ("@design@", Kind::Design),
            ("@round@", Kind::Round),
            ("@community@", Kind::Community),
            ("@presale@", Kind::Presale),
            ("@sku@", Kind::Sku),
        ];
        let script = kinds.iter().fold(script.to_owned(), |script, (name, kind)| script.replace(name, &head(*kind)));
        script.replace("@members@", &self.members.to_string()).replace("@buyers@", &self.buyers.to_string())
    }
}

fn read(out: &str) -> Option<f64> {
    let line = out.lines().find_map(|line| line.strip_prefix("tps = "))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_read_and_ids_are_put_together() {
        assert_eq!(read("latency average = 1 ms\ntps = 11600.25 (without initial connection time)\n"), Some(11600.25));
        assert_eq!(format!("{}{:010x}", head(Kind::Member), 0xabc), plan::id(Kind::Member, 0, 0xabc).to_string());
    }
}
