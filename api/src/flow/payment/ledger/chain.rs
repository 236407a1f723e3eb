//! The chain: each journal carries the hash of the one before it.
//!
//! A hash is the SHA-256 of this text, UTF-8, each line ended by `\n`; ids are hyphenated lower-case
//! UUIDs, `-` stands for none:
//!
//! ```text
//! smallbatch journal 1
//! <hash of the journal before it, hex; 64 zeros before the first>
//! <brand> <journal> <seq> <kind> <source> <order|->
//! <actor kind> <actor|-> <microseconds since 1970>
//! <memo as a JSON string|->
//! <position> <account> <fen, signed> <currency> <order|-> <member|-> <factory|->     once for each line, by position
//! ```
//!
//! A row that is changed, added in between or taken out therefore shows in `check`: the journal's hash is
//! another, a number is missing, or the chain does not end where `ledger_head` says. Whoever rewrites the
//! whole chain and its head has to change the rows of payments and refunds as well, which `check` compares,
//! and meets every head that was written down elsewhere: the finance desk shows it to be kept.

use std::fmt::Write;

use entity::{journal, journal_line};
use sea_orm::ActiveEnum;
use uuid::Uuid;

use crate::base::crypto::sha256;

/// What stands before a brand's first journal.
pub const START: [u8; 32] = [0; 32];

/// The hash of a journal, from everything of it but `hash` itself; `lines` in the order of their position.
pub fn hash(journal: &journal::Model, lines: &[journal_line::Model]) -> Vec<u8> {
    sha256(text(journal, lines).as_bytes())
}

fn text(journal: &journal::Model, lines: &[journal_line::Model]) -> String {
    let mut out = String::with_capacity(300 + 200 * lines.len());
    let memo = journal.memo.as_ref().map(|memo| serde_json::to_string(memo).expect("a text serialises"));
    let written = writeln!(
        out,
        "smallbatch journal 1\n{}\n{} {} {} {} {} {}\n{} {} {}\n{}",
        hex::encode(&journal.prev_hash),
        journal.brand_id,
        journal.id,
        journal.seq,
        journal.kind.to_value(),
        journal.source_id,
        or_none(journal.order_id),
        journal.actor_kind.to_value(),
        or_none(journal.actor_id),
        journal.posted_at.timestamp_micros(),
        memo.as_deref().unwrap_or("-"),
    );
    written.expect("writing to memory");
    for line in lines {
        let written = writeln!(
            out,
            "{} {} {} {} {} {} {}",
            line.position,
            line.account.to_value(),
            line.amount,
            line.currency,
            or_none(line.order_id),
            or_none(line.member_id),
            or_none(line.factory_id),
        );
        written.expect("writing to memory");
    }
    out
}

fn or_none(id: Option<Uuid>) -> String {
    id.map_or_else(|| "-".to_owned(), |id| id.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use entity::journal::JournalKind;
    use entity::journal_line::LedgerAccount;
    use entity::state_change::StateChangeActorKind;

    fn journal() -> journal::Model {
        journal::Model {
            brand_id: Uuid::from_u128(1),
            id: Uuid::from_u128(2),
            seq: 7,
            kind: JournalKind::RefundRequested,
            source_id: Uuid::from_u128(3),
            order_id: Some(Uuid::from_u128(4)),
            memo: Some("two\n\"lines\"".into()),
            actor_kind: StateChangeActorKind::Staff,
            actor_id: None,
            posted_at: DateTime::from_timestamp_micros(1_780_000_000_000_001).unwrap(),
            prev_hash: START.to_vec(),
            hash: Vec::new(),
        }
    }

    fn line(position: i32, amount: i64) -> journal_line::Model {
        journal_line::Model {
            brand_id: Uuid::from_u128(1),
            journal_id: Uuid::from_u128(2),
            position,
            account: LedgerAccount::RefundsPayable,
            amount,
            currency: "CNY".into(),
            posted_at: journal().posted_at,
            order_id: None,
            member_id: None,
            factory_id: Some(Uuid::from_u128(5)),
        }
    }

    #[test]
    fn the_text_is_what_the_page_says() {
        let id = |n: u8| format!("00000000-0000-0000-0000-00000000000{n}");
        let expected = [
            "smallbatch journal 1".to_owned(),
            "0".repeat(64),
            format!("{} {} 7 refund_requested {} {}", id(1), id(2), id(3), id(4)),
            "staff - 1780000000000001".to_owned(),
            r#""two\n\"lines\"""#.to_owned(),
            format!("1 refunds_payable 5 CNY - - {}", id(5)),
            format!("2 refunds_payable -5 CNY - - {}", id(5)),
        ];
        assert_eq!(text(&journal(), &[line(1, 5), line(2, -5)]), expected.join("\n") + "\n");
    }

    #[test]
    fn whatever_is_changed_changes_the_hash() {
        let lines = [line(1, 5), line(2, -5)];
        let before = hash(&journal(), &lines);
        let changes: [fn(&mut journal::Model); 8] = [
            |j| j.seq += 1,
            |j| j.kind = JournalKind::RefundClosed,
            |j| j.source_id = Uuid::nil(),
            |j| j.order_id = None,
            |j| j.memo = None,
            |j| j.actor_id = Some(Uuid::nil()),
            |j| j.posted_at += chrono::Duration::microseconds(1),
            |j| j.prev_hash[31] = 1,
        ];
        for change in changes {
            let mut changed = journal();
            change(&mut changed);
            assert_ne!(hash(&changed, &lines), before);
        }
        assert_ne!(hash(&journal(), &[line(1, 6), line(2, -6)]), before);
        assert_ne!(hash(&journal(), &lines[..1]), before);
    }
}
