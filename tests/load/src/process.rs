//! Processor time and memory of the parties of a run, from `/proc`. Linux only, like the numbers.

use std::fs;
use std::net::TcpStream;

use anyhow::{Context, Result};
use sea_orm::{ConnectionTrait, DatabaseBackend, DatabaseConnection, Statement};
use serde::Serialize;

/// Ticks a second of `/proc/<pid>/stat`; 100 on every Linux that people run.
const TICKS: f64 = 100.0;

struct Stat {
    parent: u32,
    /// User and system ticks.
    own: u64,
    /// Those of children that ended and were waited for.
    ended: u64,
}

fn stat(pid: u32) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold anything.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |at: usize| fields.get(at)?.parse::<u64>().ok();
    Some(Stat { parent: number(1)? as u32, own: number(11)? + number(12)?, ended: number(13)? + number(14)? })
}

fn all() -> Vec<u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

/// Processor seconds that a process and its descendants have used so far, without those of `apart` and below.
pub fn cpu_seconds(root: u32, apart: &[u32]) -> f64 {
    let stats: Vec<(u32, Stat)> = all().into_iter().filter_map(|pid| Some((pid, stat(pid)?))).collect();
    let mut family = vec![root];
    let mut at = 0;
    while at < family.len() {
        let parent = family[at];
        let children = stats.iter().filter(|(pid, stat)| stat.parent == parent && !apart.contains(pid));
        family.extend(children.map(|(pid, _)| *pid));
        at += 1;
    }
    let used = stats.iter().filter(|(pid, _)| family.contains(pid));
    used.map(|(pid, stat)| stat.own + if *pid == root { stat.ended } else { 0 }).sum::<u64>() as f64 / TICKS
}

/// Resident memory of a process in MB: now, and the most it ever had.
pub fn resident_mb(pid: u32) -> Option<(f64, f64)> {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse::<f64>().ok().map(|kb| kb / 1024.0)
    };
    Some((line("VmRSS:")?, line("VmHWM:")?))
}

/// The root process of a PostgreSQL on this machine; `None` elsewhere and for SQLite.
pub async fn postmaster(db: &DatabaseConnection) -> Result<Option<u32>> {
    if db.get_database_backend() != DatabaseBackend::Postgres {
        return Ok(None);
    }
    let ask = Statement::from_string(DatabaseBackend::Postgres, "select pg_backend_pid()");
    let row = db.query_one_raw(ask).await?.context("a backend has a pid")?;
    let pid: i32 = row.try_get_by_index(0)?;
    Ok(stat(pid as u32).map(|stat| stat.parent))
}

/// The process of a Redis on this machine.
pub fn redis(url: &str) -> Option<u32> {
    use std::io::{Read, Write};
    let place = url.strip_prefix("redis://")?.split('/').next()?;
    let mut stream = TcpStream::connect(place).ok()?;
    stream.write_all(b"INFO server\r\n").ok()?;
    let mut text = vec![0; 8192];
    let read = stream.read(&mut text).ok()?;
    let text = String::from_utf8_lossy(&text[..read]).into_owned();
    text.lines().find_map(|line| line.strip_prefix("process_id:"))?.trim().parse().ok()
}

/// Whom to watch: a name and the root of a process tree. One that descends from another counts for itself.
#[derive(Clone)]
pub struct Parties(pub Vec<(&'static str, u32)>);

impl Parties {
    fn used(&self) -> Vec<f64> {
        let roots: Vec<u32> = self.0.iter().map(|(_, pid)| *pid).collect();
        roots.iter().map(|root| cpu_seconds(*root, &roots)).collect()
    }
}

/// Cores that each party used over a time, on average.
#[derive(Clone, Debug, Serialize)]
pub struct Split(pub Vec<(&'static str, f64)>);

/// A watch that was started.
pub struct Meter {
    parties: Parties,
    since: std::time::Instant,
    before: Vec<f64>,
}

impl Meter {
    pub fn start(parties: &Parties) -> Self {
        Meter { parties: parties.clone(), since: std::time::Instant::now(), before: parties.used() }
    }

    pub fn stop(self) -> Split {
        let seconds = self.since.elapsed().as_secs_f64();
        let used = self.parties.used().into_iter().zip(self.before);
        let cores = used.map(|(after, before)| (after - before).max(0.0) / seconds);
        Split(self.parties.0.iter().zip(cores).map(|((name, _), cores)| (*name, cores)).collect())
    }
}

impl std::fmt::Display for Split {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let parts: Vec<String> = self.0.iter().map(|(name, cores)| format!("{name} {cores:.2}")).collect();
        write!(f, "{} cores", parts.join(" · "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_memory_and_a_parent() {
        let pid = std::process::id();
        let (now, peak) = resident_mb(pid).unwrap();
        assert!(now > 0.0 && peak >= now);
        assert_eq!(stat(pid).unwrap().parent, std::os::unix::process::parent_id());
    }
}
