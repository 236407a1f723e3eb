//! Statements and entries as the API shows them.

use async_graphql::{Context, Object, SimpleObject};
use chrono::{DateTime, NaiveDate, Utc};
use entity::{journal, journal_line};

use super::{ActorKind, Event, LedgerAccount, Side, lang, order, staff};
use crate::base::id::{FactoryId, MemberId, OrderId};
use crate::base::money::{Long, Money};
use crate::error::Result;
use crate::flow::order::graphql::Order;
use crate::flow::payment::ledger::{accounts, statement, words};
use crate::flow::payment::loader::JournalLines;
use crate::load;
use crate::people::graphql::Staff;

/// An account over some days, in the brand's time zone and currency. Amounts are positive on the account's
/// normal side.
pub struct LedgerStatement(pub statement::Statement);

/// An account over some days, in the brand's time zone and currency. Amounts are positive on the account's
/// normal side.
#[Object]
impl LedgerStatement {
    /// Which account.
    async fn account(&self) -> LedgerAccount {
        self.0.account.into()
    }

    /// Its name, in the language of the request.
    async fn account_name(&self, ctx: &Context<'_>) -> &'static str {
        name_of(ctx, self.0.account)
    }

    /// The side on which it grows.
    async fn normal_side(&self) -> Side {
        accounts::normal_side(self.0.account).into()
    }

    /// First day.
    async fn from(&self) -> NaiveDate {
        self.0.span.from
    }

    /// Last day, included.
    async fn to(&self) -> NaiveDate {
        self.0.span.to
    }

    /// What stood there before the first day.
    async fn opening(&self) -> Money {
        self.shown(self.0.opening)
    }

    /// What stood there when the last day was over.
    async fn closing(&self) -> Money {
        self.shown(self.0.closing())
    }

    /// The days on which something happened; on any other the balance is that of the day before.
    async fn days(&self) -> Vec<LedgerDay> {
        let money = |fen| Money::new(fen, &self.0.currency);
        let day = |day: &statement::Day| LedgerDay {
            date: day.date,
            debit: money(day.debit),
            credit: money(day.credit),
            closing: self.shown(day.closing),
        };
        self.0.days.iter().map(day).collect()
    }
}

impl LedgerStatement {
    fn shown(&self, fen: i64) -> Money {
        Money::new(accounts::shown(self.0.account, fen), &self.0.currency)
    }
}

/// What happened on an account on a day.
#[derive(SimpleObject)]
pub struct LedgerDay {
    /// The day in the brand's time zone.
    date: NaiveDate,
    /// Sum of what was debited.
    debit: Money,
    /// Sum of what was credited.
    credit: Money,
    /// What stood there when it was over, positive on the account's normal side.
    closing: Money,
}

/// One thing that happened to money, as lines that add up to nothing. It never changes.
pub struct LedgerEntry(pub journal::Model);

/// One thing that happened to money, as lines that add up to nothing. It never changes.
#[Object]
impl LedgerEntry {
    /// Its number in the brand's chain: from 1, without gap.
    async fn seq(&self) -> Long {
        Long(self.0.seq)
    }

    /// What happened.
    async fn event(&self) -> Event {
        self.0.kind.into()
    }

    /// The same in words, in the language of the request.
    async fn event_name(&self, ctx: &Context<'_>) -> &'static str {
        let (en, zh) = words::event(self.0.kind);
        lang(ctx).pick(en, zh)
    }

    /// Why; null when the event says it all.
    async fn memo(&self) -> Option<&str> {
        self.0.memo.as_deref()
    }

    /// The order it is about; null when it is about none or about several.
    async fn order(&self, ctx: &Context<'_>) -> Result<Option<Order>> {
        order(ctx, self.0.brand_id, self.0.order_id).await
    }

    /// What kind of someone did it.
    async fn actor_kind(&self) -> ActorKind {
        self.0.actor_kind.into()
    }

    /// Who of the staff did it; null when it was none of them.
    async fn staff(&self, ctx: &Context<'_>) -> Result<Option<Staff>> {
        staff(ctx, self.0.brand_id, self.0.actor_kind, self.0.actor_id).await
    }

    /// When it was posted.
    async fn posted_at(&self) -> DateTime<Utc> {
        self.0.posted_at
    }

    /// Its lines: debits and credits are equal.
    async fn lines(&self, ctx: &Context<'_>) -> Result<Vec<LedgerLine>> {
        let lines = load::of(ctx).load_one(JournalLines(self.0.brand_id, self.0.id)).await?.unwrap_or_default();
        Ok(lines.into_iter().map(LedgerLine).collect())
    }

    /// SHA-256 over the entry and the hash before it, in hex.
    async fn hash(&self) -> String {
        hex::encode(&self.0.hash)
    }

    /// That of the entry before it; zeros before the first.
    async fn previous_hash(&self) -> String {
        hex::encode(&self.0.prev_hash)
    }
}

/// One account's part in an entry.
pub struct LedgerLine(journal_line::Model);

/// One account's part in an entry.
#[Object]
impl LedgerLine {
    /// Which account.
    async fn account(&self) -> LedgerAccount {
        self.0.account.into()
    }

    /// Its name, in the language of the request.
    async fn account_name(&self, ctx: &Context<'_>) -> &'static str {
        name_of(ctx, self.0.account)
    }

    /// What is debited; null when it is credited.
    async fn debit(&self) -> Option<Money> {
        (self.0.amount > 0).then(|| Money::new(self.0.amount, &self.0.currency))
    }

    /// What is credited; null when it is debited.
    async fn credit(&self) -> Option<Money> {
        (self.0.amount < 0).then(|| Money::new(self.0.amount.saturating_neg(), &self.0.currency))
    }

    /// The order it is about; null when none.
    async fn order_id(&self) -> Option<OrderId> {
        self.0.order_id.map(Into::into)
    }

    /// The member who is paid; null when it is none, or the buyer of the order.
    async fn member_id(&self) -> Option<MemberId> {
        self.0.member_id.map(Into::into)
    }

    /// The factory that is paid; null when none.
    async fn factory_id(&self) -> Option<FactoryId> {
        self.0.factory_id.map(Into::into)
    }
}

fn name_of(ctx: &Context<'_>, account: journal_line::LedgerAccount) -> &'static str {
    let (en, zh) = accounts::name(account);
    lang(ctx).pick(en, zh)
}
