//! Pure decisions: the state machine, the basket, what a change moves.

pub mod earner;
pub mod price;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, NaiveDate, Utc};
use entity::order::{self, OrderStatus};
use entity::order_line;
use entity::presale::PresalePlan;
use uuid::Uuid;

use crate::error::{Code, Detail, Error, Refusal, Result};
use crate::flow::presale::capacity::{Bound, Pieces};

/// Lines of one order.
pub const MAX_LINES: usize = 20;
/// Pieces of one line.
pub const MAX_QUANTITY: i32 = 99;

/// A buyer who is asked whether she takes a later date has at least this long to answer, however late she is asked.
pub const LEAST_TO_ANSWER: Duration = Duration::hours(24);

/// Until when a question about a later date can be left open before silence counts: as the change says, see
/// [`LEAST_TO_ANSWER`].
pub fn answered_by(answer_by: DateTime<Utc>, asked_at: DateTime<Utc>) -> DateTime<Utc> {
    answer_by.max(asked_at + LEAST_TO_ANSWER)
}

/// What can happen to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// All of it.
    Pay,
    PayFirst,
    DueBalance,
    PayBalance,
    Expire,
    Cancel,
    /// The balance was not paid, and the deposit stays with the brand.
    Forfeit,
    StartRefund,
    /// Of what was paid first, the balance not being due yet.
    StartRefundOfFirst,
    /// Of what was paid first, the balance being due.
    StartRefundOfDue,
    /// Of an order that is being made; its pieces are made for nobody.
    StartRefundInBatch,
    Refund,
    Batch,
    Unbatch,
    Ship,
    Receive,
    Complete,
}

impl Event {
    /// As it stands in history and event names.
    pub fn name(self) -> &'static str {
        match self {
            Event::Pay => "paid",
            Event::PayFirst => "deposit_paid",
            Event::DueBalance => "balance_due",
            Event::PayBalance => "balance_paid",
            Event::Expire => "expired",
            Event::Cancel => "cancelled",
            Event::Forfeit => "forfeited",
            Event::StartRefund | Event::StartRefundOfFirst | Event::StartRefundOfDue | Event::StartRefundInBatch => {
                "refund_started"
            }
            Event::Refund => "refunded",
            Event::Batch => "batched",
            Event::Unbatch => "unbatched",
            Event::Ship => "shipped",
            Event::Receive => "received",
            Event::Complete => "completed",
        }
    }

    /// The one state it happens in, and the state after it.
    pub fn edge(self) -> (OrderStatus, OrderStatus) {
        use OrderStatus::*;
        match self {
            Event::Pay => (PendingPayment, Paid),
            Event::PayFirst => (PendingPayment, DepositPaid),
            Event::DueBalance => (DepositPaid, BalanceDue),
            Event::PayBalance => (BalanceDue, Paid),
            Event::Expire => (PendingPayment, Expired),
            Event::Cancel => (PendingPayment, Cancelled),
            Event::Forfeit => (BalanceDue, Forfeited),
            Event::StartRefund => (Paid, RefundPending),
            Event::StartRefundOfFirst => (DepositPaid, RefundPending),
            Event::StartRefundOfDue => (BalanceDue, RefundPending),
            Event::StartRefundInBatch => (InBatch, RefundPending),
            Event::Refund => (RefundPending, Refunded),
            Event::Batch => (Paid, InBatch),
            Event::Unbatch => (InBatch, Paid),
            Event::Ship => (InBatch, Shipped),
            Event::Receive => (Shipped, Received),
            Event::Complete => (Received, Completed),
        }
    }
}

/// The state after `event`, or `None` when it cannot happen in `from`.
pub fn next(from: OrderStatus, event: Event) -> Option<OrderStatus> {
    let (only_from, to) = event.edge();
    (from == only_from).then_some(to)
}

/// How an order's pieces are counted; `None` once it has left or never was.
pub fn bound(status: OrderStatus) -> Option<Bound> {
    use OrderStatus::*;
    match status {
        PendingPayment => Some(Bound::Held),
        DepositPaid | BalanceDue | Paid | InBatch | Shipped | Received | Completed => Some(Bound::Paid),
        Expired | Cancelled | Forfeited | RefundPending | Refunded => None,
    }
}

/// Whether size, colour and address may still change.
pub fn is_changeable(status: OrderStatus) -> bool {
    use OrderStatus::*;
    matches!(status, PendingPayment | DepositPaid | BalanceDue | Paid)
}

/// Whether the buyer may leave by herself. A deposit binds her until she has paid the rest.
pub fn is_cancellable(status: OrderStatus, plan: PresalePlan) -> bool {
    use OrderStatus::*;
    match status {
        PendingPayment | Paid => true,
        DepositPaid | BalanceDue => plan != PresalePlan::Deposit,
        _ => false,
    }
}

/// Until when what is due now can be paid; `None` while nothing is.
pub fn pay_until(order: &order::Model) -> Option<DateTime<Utc>> {
    match order.status {
        OrderStatus::PendingPayment => Some(order.hold_expires_at),
        OrderStatus::BalanceDue => order.balance_due_at,
        _ => None,
    }
}

/// Why an order can no longer be changed or cancelled, and what the buyer can do instead.
pub fn not_changeable(status: OrderStatus) -> Refusal {
    use OrderStatus::*;
    let state = sea_orm::ActiveEnum::to_value(&status);
    match status {
        InBatch | Shipped | Received | Completed => Refusal::wrong_state(
            state,
            "This order is already being made; contact the brand.",
            "该订单已进入生产，请联系商家处理。",
        ),
        DepositPaid | BalanceDue => Refusal::wrong_state(
            state,
            "A deposit (定金) is not returned when the buyer leaves, as shown at purchase; pay the balance in its time, or let it pass and the order ends.",
            "按下单时的约定，买家原因不退定金；请在期限内支付尾款，逾期未付订单自动结束。",
        ),
        PendingPayment | Paid | Expired | Cancelled | Forfeited | RefundPending | Refunded => {
            Refusal::wrong_state(state, "This order has ended; place a new one.", "该订单已结束，请重新下单。")
        }
    }
}

/// One line as asked for.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub struct Wanted {
    pub sku_id: Uuid,
    pub quantity: i32,
}

/// Checks a basket and counts its pieces by SKU.
pub fn basket(lines: &[Wanted]) -> Result<Pieces, Refusal> {
    if lines.is_empty() || lines.len() > MAX_LINES {
        return Err(Refusal::invalid(
            "lines",
            format!("An order has 1 to {MAX_LINES} lines."),
            format!("一个订单须有 1 至 {MAX_LINES} 行。"),
        ));
    }
    let mut pieces = Pieces::new();
    for line in lines {
        if !(1..=MAX_QUANTITY).contains(&line.quantity) {
            return Err(Refusal::invalid(
                "lines.quantity",
                format!("A line has 1 to {MAX_QUANTITY} pieces, not {}.", line.quantity),
                format!("每行数量须为 1 至 {MAX_QUANTITY} 件，而不是 {}。", line.quantity),
            ));
        }
        if pieces.insert(line.sku_id, line.quantity).is_some() {
            return Err(Refusal::invalid(
                "lines.skuId",
                "A SKU is there twice; add its quantities up in one line.",
                "同一 SKU 出现两次，请合并为一行。",
            ));
        }
    }
    Ok(pieces)
}

/// Refuses when the buyer was shown another price or promise.
pub fn same_offer(
    amount: i64,
    currency: &str,
    promise: NaiveDate,
    expected_amount: i64,
    expected_promise: NaiveDate,
) -> Result<(), Refusal> {
    if amount != expected_amount {
        let formatted = crate::base::money::Money::new(amount, currency).formatted;
        return Err(Refusal::new(
            Code::PriceChanged,
            format!("This order costs {formatted}; show the buyer the new amount and ask again."),
            format!("订单金额应为 {formatted}，请向买家展示新金额后重新提交。"),
        )
        .field("expectedAmount")
        .detail(Detail::PriceChanged { minor_units: amount, currency: currency.to_owned() }));
    }
    if promise != expected_promise {
        return Err(Refusal::new(
            Code::Stale,
            format!("The promise date is {promise}; show the buyer the new date and ask again."),
            format!("承诺发货日为 {promise}，请向买家展示新日期后重新提交。"),
        )
        .field("expectedPromiseDate"));
    }
    Ok(())
}

/// What changing `lines` to other SKUs moves: pieces gained or lost by each SKU, zeros left out, and
/// the lines that change. A line that is not the order's is `NOT_FOUND`.
pub fn moves(lines: &[order_line::Model], wanted: &[(Uuid, Uuid)]) -> Result<(Pieces, BTreeMap<Uuid, Uuid>)> {
    let mut change = Pieces::new();
    let mut changed = BTreeMap::new();
    for (line_id, sku_id) in wanted {
        let line = lines.iter().find(|line| line.id == *line_id).ok_or_else(|| Error::not_found("order line"))?;
        if changed.insert(line.id, *sku_id).is_some() {
            return Err(Refusal::invalid("lines", "A line is there twice.", "同一订单行出现两次。").into());
        }
        let pieces = line.quantity - line.refunded;
        *change.entry(line.sku_id).or_default() -= pieces;
        *change.entry(*sku_id).or_default() += pieces;
    }
    let mut after = BTreeSet::new();
    for line in lines {
        if !after.insert(changed.get(&line.id).copied().unwrap_or(line.sku_id)) {
            return Err(Refusal::invalid(
                "lines",
                "Two lines would have the same SKU; change the other line, or cancel and order anew.",
                "两行将变为同一 SKU，请改选其他 SKU，或取消后重新下单。",
            )
            .into());
        }
    }
    change.retain(|_, pieces| *pieces != 0);
    Ok((change, changed))
}

/// The order is not any more what whoever changes it was shown.
pub fn changed_since() -> Refusal {
    Refusal::new(
        Code::Stale,
        "This order has changed since it was shown; load it again.",
        "订单已发生变化，请重新加载。",
    )
    .field("version")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use sea_orm::Iterable;

    const EVENTS: [Event; 17] = [
        Event::Pay,
        Event::PayFirst,
        Event::DueBalance,
        Event::PayBalance,
        Event::Expire,
        Event::Cancel,
        Event::Forfeit,
        Event::StartRefund,
        Event::StartRefundOfFirst,
        Event::StartRefundOfDue,
        Event::StartRefundInBatch,
        Event::Refund,
        Event::Batch,
        Event::Unbatch,
        Event::Ship,
        Event::Receive,
        Event::Complete,
    ];

    fn line(id: u128, sku: u128, quantity: i32) -> order_line::Model {
        order_line::Model {
            brand_id: Uuid::nil(),
            id: Uuid::from_u128(id),
            order_id: Uuid::nil(),
            sku_id: Uuid::from_u128(sku),
            position: 1,
            quantity,
            refunded: 0,
            returned: 0,
            unit_price: 100,
        }
    }

    proptest! {
        #[test]
        fn pieces_are_bound_until_the_order_leaves_and_never_again(events in proptest::collection::vec(0..EVENTS.len(), 0..60)) {
            let mut now = OrderStatus::PendingPayment;
            let mut left = false;
            for event in events {
                if let Some(then) = next(now, EVENTS[event]) {
                    prop_assert!(!left || then == OrderStatus::Refunded);
                    prop_assert!(then != OrderStatus::Refunded || now == OrderStatus::RefundPending);
                    left |= bound(then).is_none();
                    now = then;
                }
            }
        }

        #[test]
        fn a_change_of_size_keeps_the_number_of_pieces(
            quantities in proptest::collection::vec(1..99i32, 1..6), targets in proptest::collection::vec(0..12u128, 6)
        ) {
            let lines: Vec<_> = quantities.iter().zip(0..).map(|(n, i)| line(100 + i, i, *n)).collect();
            let wanted: Vec<_> = lines.iter().zip(&targets).map(|(l, sku)| (l.id, Uuid::from_u128(*sku))).collect();
            if let Ok((change, _)) = moves(&lines, &wanted) {
                prop_assert_eq!(change.values().sum::<i32>(), 0);
                prop_assert!(change.values().all(|n| *n != 0));
            }
        }
    }

    #[test]
    fn nothing_goes_into_a_batch_before_all_of_it_is_paid() {
        let into = OrderStatus::iter().filter(|status| next(*status, Event::Batch).is_some());
        assert_eq!(into.collect::<Vec<_>>(), [OrderStatus::Paid]);
        let paid = OrderStatus::iter().filter(|status| EVENTS.iter().any(|e| e.edge() == (*status, OrderStatus::Paid)));
        let paid: Vec<_> = paid.collect();
        assert_eq!(paid, [OrderStatus::PendingPayment, OrderStatus::BalanceDue, OrderStatus::InBatch]);
    }

    #[test]
    fn a_deposit_binds_until_the_balance_is_paid() {
        use OrderStatus::*;
        for status in [DepositPaid, BalanceDue] {
            assert!(!is_cancellable(status, PresalePlan::Deposit) && is_cancellable(status, PresalePlan::Prepayment));
        }
        assert!(is_cancellable(Paid, PresalePlan::Deposit) && !is_cancellable(InBatch, PresalePlan::Full));
    }

    #[test]
    fn nothing_leaves_an_end_state() {
        for status in OrderStatus::iter().filter(|status| {
            matches!(
                status,
                OrderStatus::Expired
                    | OrderStatus::Cancelled
                    | OrderStatus::Forfeited
                    | OrderStatus::Refunded
                    | OrderStatus::Completed
            )
        }) {
            assert!(EVENTS.iter().all(|event| next(status, *event).is_none()), "{status:?}");
        }
    }

    #[test]
    fn swapping_two_lines_moves_nothing_when_they_are_equal() {
        let lines = [line(1, 10, 2), line(2, 20, 2)];
        let swap = [(lines[0].id, lines[1].sku_id), (lines[1].id, lines[0].sku_id)];
        let (change, changed) = moves(&lines, &swap).unwrap();
        assert!(change.is_empty());
        assert_eq!(changed.len(), 2);
        assert!(moves(&lines, &swap[..1]).is_err(), "two lines of one SKU");
        assert!(moves(&lines, &[(Uuid::from_u128(9), lines[0].sku_id)]).is_err(), "a line of another order");
    }

    #[test]
    fn a_basket_is_checked() {
        let sku_id = Uuid::from_u128(1);
        assert!(basket(&[]).is_err());
        for quantity in [0, -1, 100, i32::MIN] {
            assert!(basket(&[Wanted { sku_id, quantity }]).is_err());
        }
        assert!(basket(&[Wanted { sku_id, quantity: 1 }, Wanted { sku_id, quantity: 1 }]).is_err());
        assert!(basket(&[Wanted { sku_id, quantity: 99 }]).is_ok());
    }

    #[test]
    fn another_price_or_promise_than_shown_is_refused() {
        let day = NaiveDate::from_ymd_opt(2026, 5, 1).unwrap();
        assert!(same_offer(100, "CNY", day, 100, day).is_ok());
        assert_eq!(same_offer(100, "CNY", day, 99, day).unwrap_err().code, Code::PriceChanged);
        assert_eq!(same_offer(100, "CNY", day, 100, day.succ_opt().unwrap()).unwrap_err().code, Code::Stale);
    }
}
