//! Pure decisions: the states of a case, what may be asked back.

use std::collections::BTreeMap;

use entity::after_sales::AfterSalesStatus;
use entity::order::OrderStatus;
use entity::order_line;
use uuid::Uuid;

use crate::error::{Code, Detail, Error, Refusal, Result};

/// What can happen to a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    Approve,
    Refuse,
    Refund,
}

impl Event {
    /// As it stands in history and event names.
    pub fn name(self) -> &'static str {
        match self {
            Event::Approve => "approved",
            Event::Refuse => "refused",
            Event::Refund => "refunded",
        }
    }

    /// The one state it happens in, and the state after it.
    pub fn edge(self) -> (AfterSalesStatus, AfterSalesStatus) {
        use AfterSalesStatus::*;
        match self {
            Event::Approve => (Requested, Approved),
            Event::Refuse => (Requested, Refused),
            Event::Refund => (Approved, Refunded),
        }
    }
}

/// Refuses to open a case for an order that is not on its way or with the buyer.
pub fn must_be_shipped(status: OrderStatus) -> Result<(), Refusal> {
    use OrderStatus::*;
    match status {
        Shipped | Received => Ok(()),
        Completed => Err(Refusal::new(
            Code::Closed,
            "The time for objections to this order is over; contact the brand.",
            "该订单的售后期已结束，如有问题请联系商家。",
        )),
        _ => Err(Refusal::wrong_state(
            sea_orm::ActiveEnum::to_value(&status),
            "After-sales begins with shipment. Before that an order is cancelled, or the brand refunds it.",
            "订单发货后方可申请售后；发货前请取消订单或联系商家退款。",
        )),
    }
}

/// Checks pieces asked for by line against what is left of each: all of them together, and by line.
pub fn pieces(lines: &[order_line::Model], wanted: &[(Uuid, i32)]) -> Result<BTreeMap<Uuid, i32>> {
    if wanted.is_empty() {
        return Err(Refusal::invalid("lines", "Name at least one line.", "请至少选择一行商品。").into());
    }
    let mut pieces = BTreeMap::new();
    for (line_id, n) in wanted {
        let line = lines.iter().find(|line| line.id == *line_id).ok_or_else(|| Error::not_found("order line"))?;
        let left = line.quantity - line.refunded - line.returned;
        if !(1..=left).contains(n) {
            return Err(Refusal::new(
                Code::QuantityOutOfRange,
                format!("1 to {left} pieces of this line can be refunded, not {n}."),
                format!("该行可退 1 至 {left} 件，而不是 {n} 件。"),
            )
            .field("lines.pieces")
            .detail(Detail::QuantityOutOfRange { sku_id: line.sku_id, allowed: left, given: *n })
            .into());
        }
        if pieces.insert(*line_id, *n).is_some() {
            return Err(Refusal::invalid("lines", "A line is there twice.", "同一订单行出现两次。").into());
        }
    }
    Ok(pieces)
}

pub fn decided_before(status: AfterSalesStatus) -> Refusal {
    Refusal::wrong_state(
        sea_orm::ActiveEnum::to_value(&status),
        "This case has been decided; load it again.",
        "该售后申请已处理，请重新加载。",
    )
}

pub fn one_at_a_time() -> Refusal {
    Refusal::wrong_state(
        "requested",
        "A case about this order waits for the brand; wait for its answer, then ask about the rest.",
        "该订单已有待处理的售后申请，请等待商家答复后再提交其他申请。",
    )
}

pub fn nothing_left() -> Refusal {
    Refusal::invalid(
        "orderId",
        "All that was paid for this order is back or on its way back; there is nothing to refund.",
        "该订单已付款项均已退回或正在退回，无可退金额。",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use sea_orm::Iterable;

    fn line(id: u128, quantity: i32, refunded: i32, returned: i32) -> order_line::Model {
        order_line::Model {
            brand_id: Uuid::nil(),
            id: Uuid::from_u128(id),
            order_id: Uuid::nil(),
            sku_id: Uuid::from_u128(id),
            position: 1,
            quantity,
            refunded,
            returned,
            unit_price: 100,
        }
    }

    proptest! {
        #[test]
        fn no_piece_is_refunded_twice(
            quantity in 1..99i32, refunded in 0..50i32, returned in 0..50i32, wanted in -2..120i32
        ) {
            let refunded = refunded.min(quantity);
            let returned = returned.min(quantity - refunded);
            let lines = [line(1, quantity, refunded, returned)];
            let asked = pieces(&lines, &[(lines[0].id, wanted)]);
            prop_assert_eq!(asked.is_ok(), wanted > 0 && refunded + returned + wanted <= quantity);
        }
    }

    #[test]
    fn a_case_is_decided_once() {
        for status in AfterSalesStatus::iter().filter(|status| *status != AfterSalesStatus::Requested) {
            assert!([Event::Approve, Event::Refuse].iter().all(|event| event.edge().0 != status));
        }
        assert_eq!(Event::Refund.edge().0, Event::Approve.edge().1);
    }

    #[test]
    fn a_case_is_about_lines_of_its_order_each_once() {
        let lines = [line(1, 2, 0, 0)];
        assert!(pieces(&lines, &[]).is_err());
        assert!(pieces(&lines, &[(Uuid::from_u128(9), 1)]).is_err());
        assert!(pieces(&lines, &[(lines[0].id, 1), (lines[0].id, 1)]).is_err());
        assert!(must_be_shipped(OrderStatus::InBatch).is_err() && must_be_shipped(OrderStatus::Received).is_ok());
    }
}
