//! What must always hold, checked from the outside by SQL that shares nothing with the code that
//! writes. Each row counts what it looked at and what breaks it; unique keys, foreign keys and CHECKs
//! already forbid much of it, so a breach here means the schema itself was bypassed or a rule is wrong.

mod ledger;

use sea_orm::{ConnectionTrait, DatabaseConnection};

use crate::base::db::sql;
use crate::error::Result;

/// One invariant and what was found.
#[derive(Clone, Debug)]
pub struct Finding {
    pub area: &'static str,
    pub rule: &'static str,
    pub examined: i64,
    pub breaches: i64,
}

struct Invariant {
    area: &'static str,
    rule: &'static str,
    /// Counts the rows looked at.
    examined: &'static str,
    /// Counts the rows that break the rule.
    breaches: &'static str,
}

const INVARIANTS: &[Invariant] = &[
    Invariant {
        area: "votes",
        rule: "a design's tally equals its picks",
        examined: "select count(*) from round_entry",
        breaches: "select count(*) from round_entry e where e.picks <> (select count(*) from pick p \
                   where p.brand_id = e.brand_id and p.round_id = e.round_id and p.design_id = e.design_id)",
    },
    Invariant {
        area: "votes",
        rule: "a community's tally equals its picks",
        examined: "select count(*) from round_tally",
        breaches: "select count(*) from round_tally t where t.picks <> (select count(*) from pick p where p.brand_id = t.brand_id \
                   and p.round_id = t.round_id and p.design_id = t.design_id and p.community_id = t.community_id)",
    },
    Invariant {
        area: "votes",
        rule: "only members of the round's communities picked",
        examined: "select count(*) from pick",
        breaches: "select count(*) from pick p left join membership m on m.brand_id = p.brand_id and m.community_id = p.community_id \
                   and m.member_id = p.member_id where m.member_id is null or m.joined_at > p.picked_at",
    },
    Invariant {
        area: "votes",
        rule: "picks fall inside the round's window",
        examined: "select count(*) from pick",
        breaches: "select count(*) from pick p join round r on r.brand_id = p.brand_id and r.id = p.round_id \
                   where r.status in ('draft', 'scheduled') or p.picked_at > coalesce(r.closed_at, r.closes_at)",
    },
    Invariant {
        area: "capacity",
        rule: "0 ≤ held + paid ≤ cap",
        examined: "select count(*) from presale_sku",
        breaches: "select count(*) from presale_sku where held < 0 or paid < 0 or held + paid > cap",
    },
    Invariant {
        area: "capacity",
        rule: "held pieces are those of unpaid orders",
        examined: "select count(*) from presale_sku",
        breaches: "select count(*) from presale_sku s where s.held <> (select coalesce(sum(l.quantity), 0) from order_line l \
                   join orders o on o.brand_id = l.brand_id and o.id = l.order_id \
                   where l.brand_id = s.brand_id and l.sku_id = s.id and o.status = 'pending_payment')",
    },
    Invariant {
        area: "capacity",
        rule: "paid pieces are those of orders of which something is paid, less refunds",
        examined: "select count(*) from presale_sku",
        breaches: "select count(*) from presale_sku s where s.paid <> (select coalesce(sum(l.quantity - l.refunded), 0) from order_line l \
                   join orders o on o.brand_id = l.brand_id and o.id = l.order_id \
                   where l.brand_id = s.brand_id and l.sku_id = s.id \
                   and o.status in ('deposit_paid', 'balance_due', 'paid', 'in_batch', 'shipped', 'received', 'completed'))",
    },
    Invariant {
        area: "money",
        rule: "an order's amount is its lines', and its first leg is by its plan",
        examined: "select count(*) from orders",
        breaches: "select count(*) from orders o where o.amount <> (select coalesce(sum(l.quantity * l.unit_price), 0) from order_line l \
                   where l.brand_id = o.brand_id and l.order_id = o.id) \
                   or 1 <> (select count(*) from payment_leg g where g.brand_id = o.brand_id and g.order_id = o.id \
                   and ((g.kind = 'full' and o.plan = 'full' and g.amount = o.amount) \
                   or (g.kind = 'deposit' and o.plan <> 'full' and g.amount = o.first_leg * o.pieces)))",
    },
    Invariant {
        area: "money",
        rule: "first leg and balance are the price of the tier reached, never more than was shown",
        examined: "select count(*) from payment_leg where kind = 'balance'",
        breaches: "select count(*) from payment_leg g join orders o on o.brand_id = g.brand_id and o.id = g.order_id \
                   join presale p on p.brand_id = o.brand_id and p.id = o.presale_id \
                   where g.kind = 'balance' and (o.plan = 'full' or g.amount + o.first_leg * o.pieces > o.amount \
                   or g.amount <> (coalesce((select min(t.unit_price) from presale_tier t where t.brand_id = p.brand_id \
                   and t.presale_id = p.id and t.from_pieces <= o.reached_pieces), p.price) - o.first_leg) * o.pieces)",
    },
    Invariant {
        area: "money",
        rule: "a deposit is at most a fifth of the lowest price",
        examined: "select count(*) from presale where plan = 'deposit'",
        breaches: "select count(*) from presale p where p.plan = 'deposit' and p.first_leg * 5 > (select coalesce(min(t.unit_price), p.price) \
                   from presale_tier t where t.brand_id = p.brand_id and t.presale_id = p.id)",
    },
    Invariant {
        area: "money",
        rule: "a balance is due with its deposit paid, and a forfeited order owes nothing",
        examined: "select count(*) from orders where status in ('deposit_paid', 'balance_due', 'forfeited')",
        breaches: "select count(*) from orders o where (o.status in ('deposit_paid', 'balance_due', 'forfeited') and (o.plan = 'full' \
                   or not exists (select 1 from payment_leg g where g.brand_id = o.brand_id and g.order_id = o.id \
                   and g.kind = 'deposit' and g.status = 'paid'))) \
                   or (o.status = 'forfeited' and o.plan <> 'deposit') \
                   or (select count(*) from payment_leg g where g.brand_id = o.brand_id and g.order_id = o.id and g.status = 'due') \
                   <> (case when o.status in ('pending_payment', 'balance_due') then 1 else 0 end)",
    },
    Invariant {
        area: "money",
        rule: "a refunded order's money is wholly back",
        examined: "select count(*) from orders where status = 'refunded'",
        breaches: "select count(*) from payment_attempt a join orders o on o.brand_id = a.brand_id and o.id = a.order_id \
                   where o.status = 'refunded' and a.settles and a.amount <> (select coalesce(sum(r.amount), 0) from refund r \
                   where r.brand_id = a.brand_id and r.attempt_id = a.id and r.status = 'succeeded')",
    },
    Invariant {
        area: "money",
        rule: "a paid leg was settled once, with its amount",
        examined: "select count(*) from payment_leg where status = 'paid'",
        breaches: "select count(*) from payment_leg g where g.status = 'paid' and 1 <> (select count(*) from payment_attempt a \
                   where a.brand_id = g.brand_id and a.leg_id = g.id and a.settles and a.status = 'paid' and a.amount = g.amount)",
    },
    Invariant {
        area: "money",
        rule: "an order counts as paid only when its legs are",
        examined: "select count(*) from orders where status in ('paid', 'in_batch', 'shipped', 'received', 'completed')",
        breaches: "select count(*) from orders o where o.status in ('paid', 'in_batch', 'shipped', 'received', 'completed') \
                   and (exists (select 1 from payment_leg g where g.brand_id = o.brand_id and g.order_id = o.id and g.status <> 'paid') \
                   or (o.plan <> 'full') <> exists (select 1 from payment_leg g where g.brand_id = o.brand_id and g.order_id = o.id \
                   and g.kind = 'balance'))",
    },
    Invariant {
        area: "money",
        rule: "0 ≤ refunded ≤ paid, per transaction",
        examined: "select count(*) from refund",
        breaches: "select count(*) from payment_attempt a where (select coalesce(sum(r.amount), 0) from refund r where r.brand_id = a.brand_id \
                   and r.attempt_id = a.id and r.status <> 'closed') > (case when a.status = 'paid' then a.amount else 0 end)",
    },
    Invariant {
        area: "demand",
        rule: "pieces in a live batch are its allocations",
        examined: "select count(*) from batch_cell",
        breaches: "select count(*) from batch_cell c join batch b on b.brand_id = c.brand_id and b.id = c.batch_id \
                   where (case when b.status = 'cancelled' then 0 when b.status in ('shipped', 'received', 'closed') then c.shipped \
                   else c.pieces end) <> (select count(*) from allocation a \
                   where a.brand_id = c.brand_id and a.batch_id = c.batch_id and a.sku_id = c.sku_id and a.status <> 'ended')",
    },
    Invariant {
        area: "demand",
        rule: "orders in production are allocated piece by piece or wait after a short yield (no orphan piece)",
        examined: "select count(*) from order_line",
        // A piece that is not made was refunded, before it was in a batch or after one came short, or waits.
        breaches: "select count(*) from (select l.quantity, l.refunded, \
                   case when o.status in ('in_batch', 'shipped', 'received', 'completed') then 1 else 0 end as in_production, \
                   (select count(distinct a.piece_no) from allocation a \
                   join unit u on u.brand_id = a.brand_id and u.allocation_id = a.id and u.status = 'scrapped' \
                   where a.brand_id = l.brand_id and a.order_line_id = l.id and not exists (select 1 from allocation e \
                   where e.brand_id = a.brand_id and e.order_line_id = a.order_line_id and e.piece_no = a.piece_no and e.status = 'live')) as short, \
                   (select count(*) from allocation a where a.brand_id = l.brand_id and a.order_line_id = l.id and a.status = 'live') as live \
                   from order_line l join orders o on o.brand_id = l.brand_id and o.id = l.order_id) line \
                   where (in_production = 0 and live <> 0) or (in_production = 1 and (live + refunded > quantity or quantity - refunded - live > short))",
    },
    Invariant {
        area: "demand",
        rule: "an allocation makes what the line ordered",
        examined: "select count(*) from allocation",
        breaches: "select count(*) from allocation a join order_line l on l.brand_id = a.brand_id and l.id = a.order_line_id \
                   where a.status = 'live' and (a.sku_id <> l.sku_id or a.piece_no > l.quantity)",
    },
    Invariant {
        area: "factory",
        rule: "a held batch has a holder and an epoch",
        examined: "select count(*) from batch",
        breaches: "select count(*) from batch where (status in ('leased', 'accepted', 'in_production', 'shipped') \
                   and (factory_id is null or epoch < 1)) or (status = 'released' and factory_id is not null)",
    },
    Invariant {
        area: "factory",
        rule: "one factory per epoch, no report from a later one",
        examined: "select count(*) from batch_progress",
        breaches: "select count(*) from (select p.brand_id, p.batch_id, p.epoch from batch_progress p join batch b \
                   on b.brand_id = p.brand_id and b.id = p.batch_id group by p.brand_id, p.batch_id, p.epoch, b.epoch \
                   having count(distinct p.factory_id) > 1 or p.epoch > b.epoch) broken",
    },
    Invariant {
        area: "factory",
        rule: "progress revisions rise without gap",
        examined: "select count(*) from batch where progress_revision > 0",
        breaches: "select count(*) from batch b where b.progress_revision <> (select count(distinct p.revision) from batch_progress p \
                   where p.brand_id = b.brand_id and p.batch_id = b.id)",
    },
    Invariant {
        area: "factory",
        rule: "shipped pieces are those of ship notices, at most the batch",
        examined: "select count(*) from batch",
        breaches: "select count(*) from batch b where b.shipped_pieces > b.pieces or b.shipped_pieces <> (select coalesce(sum(s.pieces), 0) \
                   from shipment s where s.brand_id = b.brand_id and s.batch_id = b.id)",
    },
    Invariant {
        area: "factory",
        rule: "a feed has no gap",
        examined: "select count(*) from factory",
        breaches: "select count(*) from factory f where f.feed_sequence <> (select count(*) from factory_feed e where e.factory_id = f.id) \
                   or f.feed_sequence <> (select coalesce(max(e.sequence), 0) from factory_feed e where e.factory_id = f.id)",
    },
    Invariant {
        area: "chain",
        rule: "a shipped unit traces to an order of its parcel",
        examined: "select count(*) from unit",
        breaches: "select count(*) from unit u join allocation a on a.brand_id = u.brand_id and a.id = u.allocation_id \
                   join order_line l on l.brand_id = a.brand_id and l.id = a.order_line_id \
                   left join parcel p on p.brand_id = u.brand_id and p.id = u.parcel_id \
                   where a.batch_id <> u.batch_id or a.sku_id <> u.sku_id or (p.id is not null and p.order_id <> l.order_id)",
    },
    Invariant {
        area: "communities",
        rule: "a community's count is its active memberships, within its cap",
        examined: "select count(*) from community",
        breaches: "select count(*) from community c where c.member_count > c.cap or c.member_count <> (select count(*) from membership m \
                   where m.brand_id = c.brand_id and m.community_id = c.id and m.status = 'active')",
    },
    Invariant {
        area: "consent",
        rule: "no subscribe message beyond a grant",
        examined: "select count(*) from subscribe_grant",
        breaches: "select count(*) from subscribe_grant where spent > granted",
    },
    Invariant {
        area: "consent",
        rule: "what is published carries the ad label and has passed or was approved by a person",
        examined: "select count(*) from tryon where status = 'published'",
        breaches: "select count(*) from tryon where status = 'published' and (not is_ad \
                   or text_verdict in ('none', 'pending', 'risky') or media_verdict in ('none', 'pending', 'risky'))",
    },
    Invariant {
        area: "outbox",
        rule: "events of an aggregate are numbered without gap",
        examined: "select count(*) from outbox",
        breaches: "select count(*) from (select brand_id, aggregate_id from outbox group by brand_id, aggregate_id \
                   having count(*) <> max(sequence) or min(sequence) <> 1) broken",
    },
    Invariant {
        area: "outbox",
        rule: "nothing failed more than ten times",
        examined: "select count(*) from outbox where done_at is null",
        breaches: "select count(*) from outbox where done_at is null and attempts > 10",
    },
    Invariant {
        area: "promise",
        rule: "an order keeps the promise, price and plan it was placed under",
        examined: "select count(*) from order_line",
        breaches: "select count(*) from order_line l join orders o on o.brand_id = l.brand_id and o.id = l.order_id \
                   join presale_sku s on s.brand_id = l.brand_id and s.id = l.sku_id \
                   join presale p on p.brand_id = o.brand_id and p.id = o.presale_id \
                   where s.presale_id <> o.presale_id or l.unit_price <> p.price \
                   or (o.promise_date <> p.promise_date and not exists (select 1 from promise_change c \
                   where c.brand_id = p.brand_id and c.presale_id = p.id and c.from_date = o.promise_date)) \
                   or o.plan <> p.plan or o.first_leg <> p.first_leg or o.balance_days <> p.balance_days",
    },
    Invariant {
        area: "promise",
        rule: "a later date stands on an order only because its buyer accepted it",
        examined: "select count(*) from orders where agreed_date is not null",
        breaches: "select count(*) from orders o where o.agreed_date is not null and not exists (select 1 from promise_question q \
                   join promise_change c on c.brand_id = q.brand_id and c.id = q.change_id \
                   where q.brand_id = o.brand_id and q.order_id = o.id and q.status = 'accepted' and c.promise_date = o.agreed_date)",
    },
    Invariant {
        area: "promise",
        rule: "who did not accept a later date has left, and a piece made for nobody was paid back",
        examined: "select count(*) from promise_question where status = 'refused'",
        breaches: "select (select count(*) from promise_question q join orders o on o.brand_id = q.brand_id and o.id = q.order_id \
                   where q.status = 'refused' and o.status not in ('refund_pending', 'refunded')) \
                   + (select count(*) from allocation a join order_line l on l.brand_id = a.brand_id and l.id = a.order_line_id \
                   join orders o on o.brand_id = l.brand_id and o.id = l.order_id \
                   where a.status = 'surplus' and o.status not in ('refund_pending', 'refunded'))",
    },
];

/// Checks every invariant; several statements, each over whole tables, so run it beside the traffic
/// on a replica where the tables are large.
pub async fn check(db: &DatabaseConnection) -> Result<Vec<Finding>> {
    let mut findings = Vec::with_capacity(INVARIANTS.len());
    for Invariant { area, rule, examined, breaches } in INVARIANTS.iter().chain(ledger::INVARIANTS) {
        let (examined, breaches) = (count(db, examined).await?, count(db, breaches).await?);
        findings.push(Finding { area, rule, examined, breaches });
    }
    findings.extend(ledger::chains(db).await?);
    Ok(findings)
}

async fn count(db: &DatabaseConnection, text: &str) -> Result<i64> {
    let row = db.query_one_raw(sql(db.get_database_backend(), text, [])).await?;
    let row = row.ok_or_else(|| anyhow::anyhow!("a count returned no row"))?;
    Ok(row.try_get_by_index(0)?)
}

/// For people: one line per invariant.
pub fn table(findings: &[Finding]) -> String {
    let width = findings.iter().map(|finding| finding.rule.chars().count()).max().unwrap_or(0);
    let mut out = String::new();
    for Finding { area, rule, examined, breaches } in findings {
        let verdict = if *breaches == 0 { "ok" } else { "BREACH" };
        let pad = " ".repeat(width - rule.chars().count());
        out.push_str(&format!("{area:<12} {rule}{pad}  examined {examined:>8}  breaches {breaches:>5}  {verdict}\n"));
    }
    out
}
