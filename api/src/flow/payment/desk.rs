//! What the brand's finance people look at: what is held, owed and in flight, and what is stuck.

mod shipping;

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};
use entity::journal_line::LedgerAccount;
use entity::refund::RefundStatus;
use entity::{ledger_head, provider_event, reconciliation, reconciliation_difference, refund};
use sea_orm::{ConnectionTrait, EntityTrait, FromQueryResult};
use uuid::Uuid;

pub use self::shipping::Untold;
use super::ledger::{accounts, query};
use super::reconcile;
use crate::base::db::{columns, sql};
use crate::error::Result;

/// What fails for this long is shown, and a bill that cannot be had; before, the next try may well do it.
pub const PATIENCE: Duration = Duration::hours(1);
/// Banks take up to three working days to take a refund in, which a weekend lengthens.
const BANKS_TAKE: Duration = Duration::days(5);
/// Things of one list.
pub const MAX_STUCK: i32 = 100;

/// The brand's money at a glance.
#[derive(Clone, Debug)]
pub struct Desk {
    pub currency: String,
    balances: HashMap<LedgerAccount, i64>,
    pub attempts_open: Pile,
    pub refunds_on_their_way: Pile,
    pub head: Option<ledger_head::Model>,
}

/// Several amounts that wait for the same.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Pile {
    pub count: i64,
    /// Fen.
    pub amount: i64,
    pub oldest: Option<DateTime<Utc>>,
}

impl Desk {
    /// What stands on an account, positive on its normal side.
    pub fn balance(&self, account: LedgerAccount) -> i64 {
        accounts::shown(account, self.balances.get(&account).copied().unwrap_or_default())
    }
}

pub async fn read(db: &impl ConnectionTrait, brand_id: Uuid) -> Result<Desk> {
    let (currency, _) = query::brand(db, brand_id).await?;
    let attempts = "payment_attempt where brand_id = $1 and status in ('created', 'prepaid')";
    let refunds = "refund where brand_id = $1 and status <> 'succeeded' and status in ('pending', 'processing')";
    Ok(Desk {
        balances: query::balances(db, brand_id, &currency).await?,
        attempts_open: pile(db, brand_id, "amount", attempts).await?,
        refunds_on_their_way: pile(db, brand_id, "amount", refunds).await?,
        head: query::head(db, brand_id).await?,
        currency,
    })
}

/// Adds `fen` up over the rows of `of`, a table and its condition, in which $1 is the brand.
pub async fn pile(db: &impl ConnectionTrait, brand_id: Uuid, fen: &str, of: &str) -> Result<Pile> {
    let text = format!(
        "select count(*) as count, cast(coalesce(sum({fen}), 0) as bigint) as amount, min(created_at) as oldest from {of}"
    );
    let found = Pile::find_by_statement(sql(db.get_database_backend(), &text, [brand_id.into()])).one(db).await?;
    Ok(found.ok_or_else(|| anyhow::anyhow!("a count returned no row"))?)
}

/// What does not go on by itself, or has not for a while.
#[derive(Clone, Debug)]
pub enum Stuck {
    Refund(refund::Model),
    /// WeChat told of money that fits nothing of ours, or of something a person must see to; and the order its number
    /// is of, if any.
    Event(provider_event::Model, Option<Uuid>),
    /// WeChat Pay's bill and our rows differ.
    Difference(reconciliation_difference::Model),
    /// The bills of a day cannot be had, or not be believed.
    Bill(reconciliation::Model),
    /// A payment whose shipping or declaration WeChat does not take, and fen of it.
    Untold(Untold, i64),
}

/// Why it is stuck.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    RefundAbnormal,
    RefundClosed,
    /// The merchant's account does not hold enough.
    RefundUnfunded,
    RefundFailing,
    RefundSlow,
    Mismatch,
    BillDifference,
    BillMissing,
    /// WeChat says that a payment has waited for its goods for too long.
    ShippingReminded,
    /// WeChat restricts the brand's payments.
    TradeControlled,
    CarrierUnknown,
    CorrectionUsed,
    ShippingRefused,
    ShippingFailing,
    DeclarationRefused,
    DeclarationFailing,
}

impl Stuck {
    pub fn cause(&self) -> Cause {
        match self {
            Stuck::Event(event, _) => match event.kind.as_str() {
                "trade_manage_remind_shipping" => Cause::ShippingReminded,
                "wxa_trade_controlled" => Cause::TradeControlled,
                _ => Cause::Mismatch,
            },
            Stuck::Difference(_) => Cause::BillDifference,
            Stuck::Bill(_) => Cause::BillMissing,
            Stuck::Untold(untold, _) => untold.cause(),
            Stuck::Refund(refund) => match (refund.status, refund.last_error.as_deref()) {
                (RefundStatus::Abnormal, _) => Cause::RefundAbnormal,
                (RefundStatus::Closed, _) => Cause::RefundClosed,
                (RefundStatus::Pending, Some(why)) if why.contains(NOT_ENOUGH) => Cause::RefundUnfunded,
                (RefundStatus::Processing, None) => Cause::RefundSlow,
                (RefundStatus::Pending | RefundStatus::Processing | RefundStatus::Succeeded, _) => Cause::RefundFailing,
            },
        }
    }

    pub fn since(&self) -> DateTime<Utc> {
        match self {
            Stuck::Refund(refund) => refund.finished_at.unwrap_or(refund.created_at),
            Stuck::Event(event, _) => event.received_at,
            Stuck::Difference(difference) => difference.created_at,
            Stuck::Bill(day) => day.created_at,
            Stuck::Untold(untold, _) => untold.since(),
        }
    }

    pub fn order_id(&self) -> Option<Uuid> {
        match self {
            Stuck::Refund(refund) => Some(refund.order_id),
            Stuck::Event(_, order_id) => *order_id,
            Stuck::Difference(difference) => difference.order_id,
            Stuck::Bill(_) => None,
            Stuck::Untold(untold, _) => Some(untold.order_id()),
        }
    }

    /// Fen; WeChat does not always say.
    pub fn amount(&self) -> Option<i64> {
        match self {
            Stuck::Refund(refund) => Some(refund.amount),
            Stuck::Event(event, _) => event.amount,
            Stuck::Difference(row) => Some(row.bill_amount.unwrap_or_default() - row.our_amount.unwrap_or_default()),
            Stuck::Bill(_) => None,
            Stuck::Untold(_, amount) => Some(*amount),
        }
    }

    /// What was last said against it.
    pub fn why(&self) -> Option<&str> {
        match self {
            Stuck::Refund(refund) => refund.last_error.as_deref(),
            Stuck::Event(event, _) => event.problem.as_deref(),
            Stuck::Difference(difference) => difference.detail.as_deref(),
            Stuck::Bill(day) => day.last_error.as_deref(),
            Stuck::Untold(untold, _) => untold.why(),
        }
    }
}

/// WeChat Pay's word for a merchant's account that does not hold enough.
pub const NOT_ENOUGH: &str = "NOT_ENOUGH";

const STUCK_REFUND: &str = "r.brand_id = $1 and r.status <> 'succeeded' and (r.status = 'abnormal' \
    or (r.status = 'closed' and not exists (select 1 from refund n where n.brand_id = r.brand_id and n.replaces = r.id)) \
    or (r.status = 'pending' and r.created_at <= $2) \
    or (r.status = 'processing' and ((r.last_error is not null and r.created_at <= $2) or r.created_at <= $3)))";
const STUCK_EVENT: &str = "e.brand_id = $1 and e.problem is not null and e.resolved_at is null \
    and (e.kind like 'pay.%' or e.kind = 'wxa_trade_controlled' or (e.kind like 'trade_manage_%' and e.number is not null))";

/// The oldest things that are stuck, at most `limit`, and how many there are.
pub async fn stuck(
    db: &impl ConnectionTrait,
    brand_id: Uuid,
    now: DateTime<Utc>,
    limit: i32,
) -> Result<(Vec<Stuck>, i64)> {
    let mut found: Vec<_> = refunds(db, brand_id, now, limit).await?.into_iter().map(Stuck::Refund).collect();
    found.extend(events(db, brand_id, limit).await?);
    let most = u64::try_from(limit).unwrap_or_default();
    let (differences, differing) = reconcile::query::open(db, brand_id, most).await?;
    let (bills, missing) = reconcile::query::overdue(db, brand_id, now - PATIENCE, most).await?;
    found.extend(differences.into_iter().map(Stuck::Difference).chain(bills.into_iter().map(Stuck::Bill)));
    let (untold, of_shipping) = shipping::untold(db, brand_id, now - PATIENCE, limit).await?;
    found.extend(untold);
    found.sort_by_key(Stuck::since);
    found.truncate(usize::try_from(limit).unwrap_or_default());
    let text = format!(
        "select (select count(*) from refund r where {STUCK_REFUND}) + (select count(*) from provider_event e where {STUCK_EVENT}) as count"
    );
    let values = [brand_id.into(), (now - PATIENCE).into(), (now - BANKS_TAKE).into()];
    let row = db.query_one_raw(sql(db.get_database_backend(), &text, values)).await?;
    let row = row.ok_or_else(|| anyhow::anyhow!("a count returned no row"))?;
    let of_bills = i64::try_from(differing + missing).unwrap_or(i64::MAX);
    Ok((found, (row.try_get::<i64>("", "count")? + of_shipping).saturating_add(of_bills)))
}

async fn refunds(
    db: &impl ConnectionTrait,
    brand_id: Uuid,
    now: DateTime<Utc>,
    limit: i32,
) -> Result<Vec<refund::Model>> {
    let text = format!("select r.* from refund r where {STUCK_REFUND} order by r.id limit $4");
    let values = [brand_id.into(), (now - PATIENCE).into(), (now - BANKS_TAKE).into(), i64::from(limit).into()];
    Ok(refund::Entity::find().from_raw_sql(sql(db.get_database_backend(), &text, values)).all(db).await?)
}

async fn events(db: &impl ConnectionTrait, brand_id: Uuid, limit: i32) -> Result<Vec<Stuck>> {
    let text = format!(
        "select {}, coalesce(a.order_id, r.order_id) as order_id from provider_event e \
         left join payment_attempt a on a.brand_id = e.brand_id and a.out_trade_no = e.number \
         left join refund r on r.brand_id = e.brand_id and r.out_refund_no = e.number \
         where {STUCK_EVENT} order by e.received_at, e.id limit $2",
        columns::<provider_event::Entity>("e", "e_")
    );
    let statement = sql(db.get_database_backend(), &text, [brand_id.into(), i64::from(limit).into()]);
    let rows = db.query_all_raw(statement).await?;
    let read = |row: &sea_orm::QueryResult| {
        Ok(Stuck::Event(provider_event::Model::from_query_result(row, "e_")?, row.try_get("", "order_id")?))
    };
    rows.iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_nothing_happened_on_holds_nothing() {
        let pile = Pile { count: 0, amount: 0, oldest: None };
        let balances = HashMap::from([(LedgerAccount::MemberPayments, -500)]);
        let desk = Desk {
            currency: "CNY".into(),
            balances,
            attempts_open: pile.clone(),
            refunds_on_their_way: pile,
            head: None,
        };
        assert_eq!(desk.balance(LedgerAccount::MemberPayments), 500);
        assert_eq!(desk.balance(LedgerAccount::DepositsHeld), 0);
    }
}
