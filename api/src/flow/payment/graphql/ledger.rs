//! The books in the API.

use async_graphql::{Context, Enum, Object, SimpleObject};
use chrono::{DateTime, NaiveDate, Utc};
use entity::{journal, journal_line, state_change};
use uuid::Uuid;

use crate::app::App;
use crate::base::id::{FactoryId, MemberId, OrderId};
use crate::base::lang::Lang;
use crate::base::money::{Long, Money};
use crate::base::page::{List, Page, PageArgs};
use crate::error::{Error, Result};
use crate::flow::order::graphql::Order;
use crate::flow::order::loader::OrderById;
use crate::flow::payment::ledger::{accounts, query, statement, words};
use crate::flow::payment::loader::JournalLines;
use crate::load;
use crate::people::actor::Actor;
use crate::people::door;
use crate::people::graphql::Staff;
use crate::people::loader::StaffById;

/// An account of the brand's books.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "journal_line::LedgerAccount")]
pub enum LedgerAccount {
    /// Asset, 微信支付待结算款: money at WeChat Pay.
    Clearing,
    /// Asset, 银行存款: money at the bank.
    Bank,
    /// Liability, 预收货款: paid, not delivered yet.
    MemberPayments,
    /// Liability, 预收定金: deposits whose balance is not paid yet.
    DepositsHeld,
    /// Liability, 应付退款: refunds that have not arrived yet.
    RefundsPayable,
    /// Income, 主营业务收入: paid for orders that were received.
    Revenue,
    /// Income, 定金罚没收入: deposits whose buyer let the balance lapse.
    ForfeitedDeposits,
    /// Expense, 赔偿支出: deposits doubled, interest on late refunds.
    Compensation,
    /// Liability, 应付赔偿款: compensation not paid yet.
    CompensationPayable,
    /// Expense, 支付手续费: what WeChat Pay keeps.
    ProviderFees,
    /// Expense, 推广佣金支出: what KOCs earned.
    CommissionExpense,
    /// Liability, 应付佣金: what of it is not paid yet.
    CommissionPayable,
    /// Expense, 加工成本: accepted work of factories.
    FactoryCost,
    /// Liability, 应付加工费: what of it is not paid yet.
    FactoryPayable,
}

/// A side of an account.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(name = "LedgerSide", remote = "accounts::Side")]
pub enum Side {
    /// 借方: assets and expenses grow on it.
    Debit,
    /// 贷方: liabilities and income grow on it.
    Credit,
}

/// What happened to money.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(name = "LedgerEvent", remote = "journal::JournalKind")]
pub enum Event {
    /// A payment settled its leg.
    PaymentSettled,
    /// A payment came that nothing needed.
    PaymentSurplus,
    /// The balance was paid: the deposit counts towards the price.
    BalancePaid,
    /// The buyer let the balance lapse.
    DepositForfeited,
    /// Money of an order is to go back.
    RefundRequested,
    /// It is with the buyer.
    RefundSucceeded,
    /// WeChat Pay closed the refund; the money did not leave.
    RefundClosed,
    /// An order was received, which earns what is paid for it.
    RevenueRecognised,
    /// WeChat Pay kept a fee.
    ProviderFee,
    /// Settled money went to the bank.
    Withdrawn,
    /// The buyer is owed more than her money back.
    CompensationOwed,
    /// She got it.
    CompensationPaid,
    /// A KOC earned a commission.
    CommissionAccrued,
    /// A refund took it back.
    CommissionReversed,
    /// It was paid.
    CommissionPaid,
    /// A factory is owed for accepted pieces.
    FactoryAccrued,
    /// It was paid.
    FactoryPaid,
}

/// What kind of someone did it.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(name = "LedgerActorKind", remote = "state_change::StateChangeActorKind")]
pub enum ActorKind {
    /// A member.
    Member,
    /// Someone of the brand's staff.
    Staff,
    /// A factory.
    Factory,
    /// Nobody: it happens by itself.
    System,
    /// WeChat said so.
    Wechat,
}

/// An account over some days, in the brand's time zone and currency. Amounts are positive on the account's
/// normal side.
pub struct LedgerStatement(statement::Statement);

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
pub struct LedgerEntry(journal::Model);

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

pub(super) fn lang(ctx: &Context<'_>) -> Lang {
    ctx.data_opt::<Lang>().copied().unwrap_or_default()
}

fn name_of(ctx: &Context<'_>, account: journal_line::LedgerAccount) -> &'static str {
    let (en, zh) = accounts::name(account);
    lang(ctx).pick(en, zh)
}

/// An order of the brand; finance may see all of them.
pub(super) async fn order(ctx: &Context<'_>, brand_id: Uuid, id: Option<Uuid>) -> Result<Option<Order>> {
    let Some(id) = id else { return Ok(None) };
    let found = load::of(ctx).load_one(OrderById(brand_id, id)).await?;
    Ok(Some(found.ok_or_else(|| Error::not_found("order"))?.into()))
}

/// The person of the staff that an actor is, if it is one.
pub(super) async fn staff(
    ctx: &Context<'_>,
    brand_id: Uuid,
    kind: state_change::StateChangeActorKind,
    id: Option<Uuid>,
) -> Result<Option<Staff>> {
    match (kind, id) {
        (state_change::StateChangeActorKind::Staff, Some(id)) => {
            Ok(load::of(ctx).load_one(StaffById(brand_id, id)).await?.map(Staff))
        }
        _ => Ok(None),
    }
}

#[derive(Default)]
pub struct LedgerQuery;

#[Object]
impl LedgerQuery {
    /// An account of the books by day. `GET /finance/statement.csv` has its single lines.
    #[graphql(guard = "door::FINANCE", directive = door::needs::apply(door::FINANCE.roles()))]
    async fn ledger_statement(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "First day, in the brand's time zone.")] from: NaiveDate,
        #[graphql(desc = "Last day, included; at most 366 days from the first.")] to: NaiveDate,
        #[graphql(desc = "Which account.")] account: LedgerAccount,
    ) -> Result<Option<LedgerStatement>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let read = statement::read(app.db.read(), actor.brand_id()?, account.into(), from, to).await?;
        Ok(Some(LedgerStatement(read)))
    }

    /// What happened to the brand's money, newest first.
    #[graphql(guard = "door::FINANCE", directive = door::needs::apply(door::FINANCE.roles()))]
    #[allow(clippy::too_many_arguments)] // GraphQL arguments are function arguments
    async fn ledger_entries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only from this day on, in the brand's time zone.")] from: Option<NaiveDate>,
        #[graphql(desc = "Only up to the end of this day.")] to: Option<NaiveDate>,
        #[graphql(desc = "Only those with a line of this account.")] account: Option<LedgerAccount>,
        #[graphql(desc = "Only those about this order.")] order_id: Option<OrderId>,
        #[graphql(desc = "Page size from the start, up to 100.")] first: Option<i32>,
        #[graphql(desc = "Cursor to start after.")] after: Option<String>,
        #[graphql(desc = "Page size from the end, up to 100.")] last: Option<i32>,
        #[graphql(desc = "Cursor to end before.")] before: Option<String>,
    ) -> Result<Option<Page<LedgerEntry>>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let (db, brand_id) = (app.db.read(), actor.brand_id()?);
        let mut wanted = query::Wanted {
            account: account.map(Into::into),
            order_id: order_id.map(|id| id.0),
            ..query::Wanted::default()
        };
        if from.is_some() || to.is_some() {
            let (_, zone) = query::brand(db, brand_id).await?;
            let day = |day: Option<NaiveDate>| day.map(|day| statement::Span::new(day, day, zone)).transpose();
            wanted.from = day(from)?.map(|day| day.starts());
            wanted.until = day(to)?.map(|day| day.ends());
        }
        List::newest_first("ledgerEntries", order_id.map_or(brand_id, |id| id.0))
            .page(
                ctx,
                db,
                query::journals(brand_id, wanted),
                journal::Column::Id,
                &PageArgs::new(first, after, last, before),
                |row: journal::Model| (row.id, LedgerEntry(row)),
            )
            .await
            .map(Some)
    }
}
