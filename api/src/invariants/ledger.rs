//! What the books must say: of themselves, and beside the rows of payments, refunds and orders.

use std::collections::HashMap;

use entity::{journal, journal_line, ledger_head};
use futures_util::TryStreamExt;
use sea_orm::{DatabaseConnection, EntityTrait, FromQueryResult, QueryResult, StreamTrait};
use uuid::Uuid;

use super::{Finding, Invariant};
use crate::base::db::{columns, sql};
use crate::error::Result;
use crate::flow::payment::ledger::chain;

pub(super) const INVARIANTS: &[Invariant] = &[
    Invariant {
        area: "ledger",
        rule: "every journal balances, in one currency, on two lines or more",
        examined: "select count(*) from journal",
        breaches: "select count(*) from (select j.brand_id, j.id from journal j \
                   left join journal_line l on l.brand_id = j.brand_id and l.journal_id = j.id group by j.brand_id, j.id \
                   having coalesce(sum(l.amount), 0) <> 0 or count(l.position) < 2 or count(distinct l.currency) > 1) broken",
    },
    Invariant {
        area: "ledger",
        rule: "a line carries its journal's time",
        examined: "select count(*) from journal_line",
        breaches: "select count(*) from journal_line l join journal j on j.brand_id = l.brand_id and j.id = l.journal_id \
                   where l.posted_at <> j.posted_at",
    },
    Invariant {
        area: "ledger",
        rule: "a paid attempt is booked once, over its amount and on its order; an unpaid one never",
        examined: "select count(*) from payment_attempt",
        breaches: "select count(*) from payment_attempt a where (case when a.status = 'paid' then a.amount else 0 end) <> \
                   coalesce((select sum(l.amount) from journal j join journal_line l on l.brand_id = j.brand_id and l.journal_id = j.id \
                   where j.brand_id = a.brand_id and j.source_id = a.id and j.kind in ('payment_settled', 'payment_surplus') \
                   and l.account = 'clearing' and l.order_id = a.order_id), 0)",
    },
    Invariant {
        area: "ledger",
        rule: "a refund is payable until it has arrived or was closed",
        examined: "select count(*) from refund",
        breaches: "select count(*) from refund r where \
                   (case when r.status in ('pending', 'processing', 'abnormal') then -r.amount else 0 end) <> \
                   coalesce((select sum(l.amount) from journal j join journal_line l on l.brand_id = j.brand_id and l.journal_id = j.id \
                   where j.brand_id = r.brand_id and j.source_id = r.id and j.kind in ('refund_requested', 'refund_succeeded', 'refund_closed') \
                   and l.account = 'refunds_payable' and l.order_id = r.order_id), 0)",
    },
    Invariant {
        area: "ledger",
        rule: "a refund left the clearing account when it arrived",
        examined: "select count(*) from refund",
        breaches: "select count(*) from refund r where (case when r.status = 'succeeded' then -r.amount else 0 end) <> \
                   coalesce((select sum(l.amount) from journal j join journal_line l on l.brand_id = j.brand_id and l.journal_id = j.id \
                   where j.brand_id = r.brand_id and j.source_id = r.id and j.kind = 'refund_succeeded' \
                   and l.account = 'clearing' and l.order_id = r.order_id), 0)",
    },
    Invariant {
        area: "ledger",
        rule: "clearing is what was paid, less refunds that arrived, fees and pay-outs",
        examined: "select count(*) from ledger_head",
        breaches: "select count(*) from brand b where \
                   (select coalesce(sum(l.amount), 0) from journal_line l where l.brand_id = b.id and l.account = 'clearing') <> \
                   (select coalesce(sum(a.amount), 0) from payment_attempt a where a.brand_id = b.id and a.status = 'paid') \
                   - (select coalesce(sum(r.amount), 0) from refund r where r.brand_id = b.id and r.status = 'succeeded') \
                   - (select coalesce(sum(e.fee), 0) from bill_entry e where e.brand_id = b.id) \
                   - (select coalesce(sum(l.amount), 0) from journal j join journal_line l on l.brand_id = j.brand_id and l.journal_id = j.id \
                   where j.brand_id = b.id and j.kind = 'withdrawn' and l.account <> 'clearing') \
                   - (select coalesce(sum(t.amount), 0) from transfer t where t.brand_id = b.id and t.status = 'succeeded')",
    },
    Invariant {
        area: "ledger",
        rule: "refunds payable are those on their way",
        examined: "select count(*) from ledger_head",
        breaches: "select count(*) from brand b where \
                   (select coalesce(sum(l.amount), 0) from journal_line l where l.brand_id = b.id and l.account = 'refunds_payable') <> \
                   (select -coalesce(sum(r.amount), 0) from refund r where r.brand_id = b.id and r.status in ('pending', 'processing', 'abnormal'))",
    },
    Invariant {
        area: "ledger",
        rule: "what is held, earned or forfeited of an order is what was paid and not refunded",
        examined: "select count(*) from orders",
        breaches: "select count(*) from orders o where \
                   (select coalesce(sum(l.amount), 0) from journal_line l where l.brand_id = o.brand_id and l.order_id = o.id \
                   and l.account in ('member_payments', 'deposits_held', 'revenue', 'forfeited_deposits')) <> \
                   (select -coalesce(sum(a.amount - a.refunded), 0) from payment_attempt a where a.brand_id = o.brand_id and a.order_id = o.id \
                   and a.status = 'paid')",
    },
    Invariant {
        area: "ledger",
        rule: "nothing of an order is earned before it is received, and all of it then",
        examined: "select count(*) from orders",
        // A payment that settles nothing stays the buyer's.
        breaches: "select count(*) from orders o where \
                   (select coalesce(sum(l.amount), 0) from journal_line l where l.brand_id = o.brand_id and l.order_id = o.id and l.account = 'revenue') <> \
                   (case when o.received_at is null then 0 else (select -coalesce(sum(a.amount - a.refunded), 0) from payment_attempt a \
                   where a.brand_id = o.brand_id and a.order_id = o.id and a.status = 'paid' and a.settles) end)",
    },
];

/// Walks every chain once, in its order, a row at a time.
pub(super) async fn chains(db: &DatabaseConnection) -> Result<Vec<Finding>> {
    let before = heads(db).await?;
    let mut walk = Walk::new(before);
    let text = format!(
        "select {}, {} from journal j left join journal_line l on l.brand_id = j.brand_id and l.journal_id = j.id \
         order by j.brand_id, j.seq, l.position",
        columns::<journal::Entity>("j", "j_"),
        columns::<journal_line::Entity>("l", "l_")
    );
    let mut rows = db.stream_raw(sql(db.get_database_backend(), &text, [])).await?;
    while let Some(row) = rows.try_next().await? {
        walk.row(&row)?;
    }
    drop(rows);
    Ok(walk.end(&heads(db).await?))
}

type Heads = HashMap<Uuid, ledger_head::Model>;

async fn heads(db: &DatabaseConnection) -> Result<Heads> {
    let heads = ledger_head::Entity::find().all(db).await?;
    Ok(heads.into_iter().map(|head| (head.brand_id, head)).collect())
}

/// How far the walk has come. Traffic may post while it walks: each chain must pass through its head as
/// that was before, and not go on beyond the one after.
struct Walk {
    before: Heads,
    open: Option<(journal::Model, Vec<journal_line::Model>)>,
    /// The last journal of each chain: its number and hash.
    ends: HashMap<Uuid, (i64, Vec<u8>)>,
    journals: i64,
    gaps: i64,
    unlinked: i64,
    changed: i64,
    off_head: i64,
}

impl Walk {
    fn new(before: Heads) -> Self {
        let ends = HashMap::new();
        Walk { before, open: None, ends, journals: 0, gaps: 0, unlinked: 0, changed: 0, off_head: 0 }
    }

    fn row(&mut self, row: &QueryResult) -> Result<()> {
        let journal = journal::Model::from_query_result(row, "j_")?;
        let line = match row.try_get::<Option<Uuid>>("l_", "journal_id")? {
            Some(_) => Some(journal_line::Model::from_query_result(row, "l_")?),
            None => None,
        };
        match &mut self.open {
            Some((open, lines)) if open.brand_id == journal.brand_id && open.id == journal.id => lines.extend(line),
            _ => {
                self.close();
                self.open = Some((journal, line.into_iter().collect()));
            }
        }
        Ok(())
    }

    fn close(&mut self) {
        let Some((journal, lines)) = self.open.take() else { return };
        self.journals += 1;
        let (seq, hash) = self.ends.remove(&journal.brand_id).unwrap_or((0, chain::START.to_vec()));
        let (gap, unlinked) = (journal.seq != seq + 1, journal.prev_hash != hash);
        let changed = journal.hash != chain::hash(&journal, &lines);
        let head = self.before.get(&journal.brand_id);
        let off_head = head.is_some_and(|head| head.seq == journal.seq && head.hash != journal.hash);
        self.gaps += i64::from(gap);
        self.unlinked += i64::from(unlinked);
        self.changed += i64::from(changed);
        self.off_head += i64::from(off_head);
        if gap || unlinked || changed || off_head {
            tracing::error!(brand = %journal.brand_id, journal = %journal.id, seq = journal.seq, gap, unlinked, changed, off_head, "a ledger is broken");
        }
        self.ends.insert(journal.brand_id, (journal.seq, journal.hash));
    }

    fn end(mut self, after: &Heads) -> Vec<Finding> {
        self.close();
        // Journals of a brand whose head is gone end beyond it too.
        let brands = self.ends.keys().chain(self.before.keys()).collect::<std::collections::HashSet<_>>();
        let ends_off = |brand: &&&Uuid| {
            let end = self.ends.get(**brand).map_or(0, |(seq, _)| *seq);
            let seq = |heads: &Heads| heads.get(**brand).map_or(0, |head| head.seq);
            end < seq(&self.before) || end > seq(after)
        };
        let ends_off = brands.iter().filter(ends_off).count();
        let off_head = self.off_head + i64::try_from(ends_off).unwrap_or(i64::MAX);
        let finding = |rule, breaches| Finding { area: "ledger", rule, examined: self.journals, breaches };
        vec![
            finding("journals of a brand are numbered without gap", self.gaps),
            finding("each journal carries the hash of the one before it", self.unlinked),
            finding("each journal and its lines are as they were hashed", self.changed),
            finding("each chain ends where its head says", off_head),
        ]
    }
}
