//! What is held, owed, in flight and stuck.

use async_graphql::{Context, Enum, Object, SimpleObject};
use chrono::{DateTime, Utc};
use entity::journal_line::LedgerAccount as Account;

use super::super::ledger;
use super::super::view::Refund;
use super::{Difference, ProviderEvent, Reconciliation};
use crate::app::App;
use crate::base::money::{Long, Money};
use crate::error::{Fault, Result};
use crate::flow::order::graphql::Order;
use crate::flow::payment::desk::{self, Cause, Desk, Pile, Stuck};
use crate::people::actor::Actor;

/// The brand's money at a glance, as its books and its open business say.
pub struct FinanceDesk(pub Desk);

/// The brand's money at a glance, as its books and its open business say.
#[Object]
impl FinanceDesk {
    /// Held: deposits whose balance is not paid yet.
    async fn deposits_held(&self) -> Money {
        self.on(Account::DepositsHeld)
    }

    /// Held: paid, not delivered yet.
    async fn member_payments(&self) -> Money {
        self.on(Account::MemberPayments)
    }

    /// Held: what should be at WeChat Pay.
    async fn clearing(&self) -> Money {
        self.on(Account::Clearing)
    }

    /// Owed: refunds that have not arrived.
    async fn refunds_payable(&self) -> Money {
        self.on(Account::RefundsPayable)
    }

    /// Owed: compensation not paid yet.
    async fn compensation_payable(&self) -> Money {
        self.on(Account::CompensationPayable)
    }

    /// Owed: commission not paid yet.
    async fn commission_payable(&self) -> Money {
        self.on(Account::CommissionPayable)
    }

    /// Owed: accepted work of factories not paid yet.
    async fn factory_payable(&self) -> Money {
        self.on(Account::FactoryPayable)
    }

    /// In flight: payments that could be made this moment.
    async fn attempts_open(&self) -> MoneyPile {
        self.pile(&self.0.attempts_open)
    }

    /// In flight: refunds asked for or accepted by WeChat Pay, not arrived yet.
    async fn refunds_on_their_way(&self) -> MoneyPile {
        self.pile(&self.0.refunds_on_their_way)
    }

    /// What does not go on by itself, or has failed for more than an hour.
    async fn stuck(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many of the oldest to show, up to 100; 20 when null.")] first: Option<i32>,
    ) -> Result<StuckMoney> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let limit = first.unwrap_or(20);
        if !(0..=desk::MAX_STUCK).contains(&limit) {
            return Err(Fault::BadRequest(format!("a page has 0 to {} items, not {limit}", desk::MAX_STUCK)).into());
        }
        let now = app.clock.now();
        let (found, total) = desk::stuck(app.db.read(), actor.brand_id()?, now, limit).await?;
        let item = |stuck| StuckItem { stuck, currency: self.0.currency.clone(), now };
        Ok(StuckMoney {
            total_count: i32::try_from(total).unwrap_or(i32::MAX),
            items: found.into_iter().map(item).collect(),
        })
    }

    /// Where the chain of the books ends: kept elsewhere, it shows later whether anything before it was
    /// changed. Null before the first entry.
    async fn ledger_head(&self) -> Option<LedgerHead> {
        let head = self.0.head.as_ref()?;
        Some(LedgerHead { seq: Long(head.seq), hash: hex::encode(&head.hash) })
    }
}

impl FinanceDesk {
    fn on(&self, account: Account) -> Money {
        Money::new(self.0.balance(account), &self.0.currency)
    }

    fn pile(&self, pile: &Pile) -> MoneyPile {
        MoneyPile::new(pile, &self.0.currency)
    }
}

/// Several amounts that wait for the same.
#[derive(SimpleObject)]
pub struct MoneyPile {
    /// How many.
    count: i32,
    /// Together.
    amount: Money,
    /// Since when the oldest waits; null when there is none.
    oldest: Option<DateTime<Utc>>,
}

impl MoneyPile {
    pub fn new(pile: &Pile, currency: &str) -> Self {
        MoneyPile {
            count: i32::try_from(pile.count).unwrap_or(i32::MAX),
            amount: Money::new(pile.amount, currency),
            oldest: pile.oldest,
        }
    }
}

/// The last entry of the books.
#[derive(SimpleObject)]
pub struct LedgerHead {
    /// Its number.
    seq: Long,
    /// Its hash, in hex.
    hash: String,
}

/// What is stuck, oldest first.
#[derive(SimpleObject)]
pub struct StuckMoney {
    /// All of them, not only those shown.
    total_count: i32,
    /// The oldest.
    items: Vec<StuckItem>,
}

/// Why money is stuck.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(name = "StuckCause", remote = "Cause")]
pub enum StuckCause {
    /// The buyer's account takes no refund.
    RefundAbnormal,
    /// WeChat Pay closed the refund and the money did not leave.
    RefundClosed,
    /// The merchant's account does not hold enough for the refund.
    RefundUnfunded,
    /// The refund has waited to be sent, or failed, for more than an hour.
    RefundFailing,
    /// WeChat Pay took the refund more than five days ago and says nothing against it.
    RefundSlow,
    /// WeChat told of money that fits nothing here.
    Mismatch,
    /// WeChat Pay's bill of a day and the rows here differ.
    BillDifference,
    /// The bills of a day could not be had for more than an hour, or are not what WeChat Pay announced.
    BillMissing,
    /// WeChat says that the goods of a payment have not been shipped for too long.
    ShippingReminded,
    /// WeChat restricts the brand's payments; `why` is what it says.
    TradeControlled,
    /// A parcel went with a carrier that WeChat does not know by that name.
    CarrierUnknown,
    /// WeChat lets complete shipping information be corrected once, and it has been: it keeps what it has.
    CorrectionUsed,
    /// WeChat does not take the shipping information.
    ShippingRefused,
    /// Uploading shipping information has failed for more than an hour.
    ShippingFailing,
    /// WeChat does not take the date by which the goods of a payment come.
    DeclarationRefused,
    /// Declaring that date has failed for more than an hour.
    DeclarationFailing,
}

/// What a person can do about it.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum FinanceAction {
    /// `retryRefund`.
    RetryRefund,
    /// `resolveProviderEvent`, once it is settled.
    ResolveProviderEvent,
    /// `applyAbnormalRefund`, to another card of the buyer or to the merchant's own account.
    ApplyAbnormalRefund,
    /// `hastenRefund`, once what `why` says is removed; it is also repeated by itself under the same number.
    HastenRefund,
    /// Top the merchant's account up, then `hastenRefund`.
    TopUp,
    /// `resolveDifference`, once it is settled; `reconcileDay` looks again.
    ResolveDifference,
    /// `reconcileDay`; it is also looked at again by itself.
    ReconcileDay,
    /// `correctParcel` with a carrier of `carriers`; it is uploaded then by itself.
    CorrectParcel,
    /// `retryShipping`, once what `why` says is removed.
    RetryShipping,
    /// Tell the buyer the right tracking number; this ends by itself when the money settles.
    TellBuyer,
    /// Look into WeChat's console, then `resolveProviderEvent`.
    LookIntoConsole,
    /// Ship what was paid, then `resolveProviderEvent`.
    ShipParcels,
}

/// Money that does not go on by itself.
pub struct StuckItem {
    stuck: Stuck,
    currency: String,
    now: DateTime<Utc>,
}

/// Money that does not go on by itself.
#[Object]
impl StuckItem {
    /// Why.
    async fn cause(&self) -> StuckCause {
        self.stuck.cause().into()
    }

    /// How much; null when WeChat did not say. Of a difference: the bill's amount less ours.
    async fn amount(&self) -> Option<Money> {
        self.stuck.amount().map(|fen| Money::new(fen, &self.currency))
    }

    /// Since when.
    async fn since(&self) -> DateTime<Utc> {
        self.stuck.since()
    }

    /// For how many whole minutes.
    async fn age_minutes(&self) -> i32 {
        i32::try_from((self.now - self.stuck.since()).num_minutes()).unwrap_or(i32::MAX)
    }

    /// The order it is about; null when it fits none.
    async fn order(&self, ctx: &Context<'_>) -> Result<Option<Order>> {
        let brand_id = ctx.data_unchecked::<Actor>().brand_id()?;
        ledger::order(ctx, brand_id, self.stuck.order_id()).await
    }

    /// The refund that is stuck; null when it is something else.
    async fn refund(&self) -> Option<Refund> {
        match &self.stuck {
            Stuck::Refund(refund) => Some(Refund(refund.clone())),
            _ => None,
        }
    }

    /// The event that fits nothing; null when it is something else.
    async fn provider_event(&self) -> Option<ProviderEvent> {
        match &self.stuck {
            Stuck::Event(event, _) => Some(ProviderEvent { row: event.clone(), currency: self.currency.clone() }),
            _ => None,
        }
    }

    /// The difference between bill and rows; null when it is something else.
    async fn difference(&self) -> Option<Difference> {
        match &self.stuck {
            Stuck::Difference(row) => Some(Difference { row: row.clone(), currency: self.currency.clone() }),
            _ => None,
        }
    }

    /// The day whose bills cannot be had; null when it is something else.
    async fn reconciliation(&self) -> Option<Reconciliation> {
        match &self.stuck {
            Stuck::Bill(row) => Some(Reconciliation { row: row.clone(), currency: self.currency.clone() }),
            _ => None,
        }
    }

    /// What was last said against it.
    async fn why(&self) -> Option<&str> {
        self.stuck.why()
    }

    /// What to do about it.
    async fn next_action(&self) -> FinanceAction {
        match self.stuck.cause() {
            Cause::RefundAbnormal => FinanceAction::ApplyAbnormalRefund,
            Cause::RefundClosed => FinanceAction::RetryRefund,
            Cause::RefundUnfunded => FinanceAction::TopUp,
            Cause::RefundFailing | Cause::RefundSlow => FinanceAction::HastenRefund,
            Cause::Mismatch => FinanceAction::ResolveProviderEvent,
            Cause::BillDifference => FinanceAction::ResolveDifference,
            Cause::BillMissing => FinanceAction::ReconcileDay,
            Cause::ShippingReminded => FinanceAction::ShipParcels,
            Cause::TradeControlled => FinanceAction::LookIntoConsole,
            Cause::CarrierUnknown => FinanceAction::CorrectParcel,
            Cause::CorrectionUsed => FinanceAction::TellBuyer,
            Cause::ShippingRefused | Cause::ShippingFailing | Cause::DeclarationRefused | Cause::DeclarationFailing => {
                FinanceAction::RetryShipping
            }
        }
    }
}
