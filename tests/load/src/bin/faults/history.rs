//! What clients did, in lines of JSON: one before a wish is first sent, one when it has ended. A wish without an
//! end was under way when everything stopped, so nobody can say that it did not happen.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::clients::{Entry, Known, Wish};

pub const FILE: &str = "history.jsonl";

pub struct History {
    file: File,
    began: Instant,
}

impl History {
    pub fn create(out: &Path) -> Result<Self> {
        let path = out.join(FILE);
        let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(History { file, began: Instant::now() })
    }

    /// The wish `n` is about to be sent; microseconds since the beginning.
    pub fn invoked(&mut self, n: usize, wish: &Wish, key: &str) -> u64 {
        let at = self.now();
        self.line(&line(n, wish, key, at));
        at
    }

    pub fn ended(&mut self, n: usize, entry: &Entry) {
        let mut ended = line(n, &entry.wish, &entry.key, entry.invoked_at);
        ended["ended_at"] = json!(self.now());
        ended["outcome"] = json!(outcome(&entry.known));
        if let Known::Done(Some(order)) = &entry.known {
            ended["order"] = json!(order.to_string());
        }
        self.line(&ended);
    }

    fn now(&self) -> u64 {
        self.began.elapsed().as_micros() as u64
    }

    /// Whole and at once: what was written before a crash of this program stays readable.
    fn line(&mut self, line: &Value) {
        self.file.write_all(format!("{line}\n").as_bytes()).expect("the history can be written");
    }
}

fn line(n: usize, wish: &Wish, key: &str, invoked_at: u64) -> Value {
    let (who, what) = match wish {
        Wish::Pick { who, design } => (who, json!({ "pick": { "design": design } })),
        Wish::Place { who, skus } => (who, json!({ "place": { "skus": skus } })),
    };
    json!({
        "n": n,
        "who": { "brand": who.0, "member": who.1 },
        "what": what,
        "key": key,
        "invoked_at": invoked_at,
        "ended_at": null,
        "outcome": null,
    })
}

pub fn outcome(known: &Known) -> &'static str {
    match known {
        Known::Done(_) => "ok",
        Known::NotDone => "failed",
        Known::Open => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_is_written_before_it_is_sent_and_again_when_it_has_ended() {
        let out = std::env::temp_dir().join(format!("smallbatch-history-{}", std::process::id()));
        std::fs::create_dir_all(&out).expect("a folder");
        let mut history = History::create(&out).expect("a file");
        let wish = Wish::Pick { who: (1, 7), design: 3 };
        let invoked_at = history.invoked(0, &wish, "key-0");
        let read = || -> Vec<Value> {
            let text = std::fs::read_to_string(out.join(FILE)).expect("a file");
            text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
        };
        let before = read();
        history.ended(0, &Entry { key: "key-0".to_owned(), wish, known: Known::NotDone, invoked_at });
        let after = read();
        std::fs::remove_dir_all(&out).expect("a folder");
        assert_eq!(before.len(), 1);
        assert_eq!((&before[0]["ended_at"], &before[0]["outcome"]), (&Value::Null, &Value::Null));
        assert_eq!(before[..], after[..1]);
        assert_eq!((after.len(), &after[1]["outcome"]), (2, &json!("failed")));
        assert_eq!(
            (&after[1]["n"], &after[1]["who"], &after[1]["what"]),
            (&json!(0), &before[0]["who"], &before[0]["what"])
        );
        assert_eq!(after[1]["invoked_at"], json!(invoked_at));
        assert!(after[1]["ended_at"].as_u64().is_some_and(|ended| ended >= invoked_at));
    }
}
