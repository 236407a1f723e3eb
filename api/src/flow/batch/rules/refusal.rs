//! The expected refusals of this stage, in both languages.

use entity::batch::BatchStatus;
use sea_orm::ActiveEnum;

use crate::base::id::BatchId;
use crate::error::{Code, Detail, Refusal};

pub fn nothing_to_release() -> Refusal {
    Refusal::new(
        Code::NothingToRelease,
        "No paid piece of this presale is waiting to be made; all are in a batch, refunded or unpaid.",
        "该预售没有待生产的已付款件：均已在批次中、已退款或未付款。",
    )
}

pub fn taken_meanwhile() -> Refusal {
    Refusal::new(
        Code::Stale,
        "Another release took some of these pieces just now; load the batches and release what is left.",
        "部分件数刚被另一次下单占用，请刷新批次后再下单剩余件数。",
    )
}

pub fn lease_lost(epoch: i32) -> Refusal {
    Refusal::new(
        Code::LeaseLost,
        format!("You do not hold this batch under that epoch; it is now {epoch}. Read the feed and claim again if it is offered."),
        format!("您未以该世代持有此批次，当前世代为 {epoch}。请查看订单流，若仍开放可重新领取。"),
    )
    .detail(Detail::LeaseLost { epoch })
}

pub fn already_held(epoch: i32) -> Refusal {
    Refusal::new(
        Code::LeaseLost,
        "Another factory was first to claim this batch; it comes back to your feed if that one gives it up.",
        "该批次已被其他工厂先行领取；若对方放弃，会重新出现在您的订单流中。",
    )
    .detail(Detail::LeaseLost { epoch })
}

pub fn already_yours(batch_id: uuid::Uuid) -> Refusal {
    Refusal::new(
        Code::AlreadyDone,
        "You hold this batch already; go on with its epoch.",
        "您已持有该批次，请使用当前世代继续。",
    )
    .detail(Detail::AlreadyDone { id: BatchId::new(batch_id).to_string() })
}

pub fn wrong_state(actual: BatchStatus) -> Refusal {
    let state = actual.to_value();
    Refusal::wrong_state(
        &state,
        format!("The batch is “{state}”, where this cannot be done; load it again to see what can."),
        format!("批次当前状态为“{state}”，无法执行此操作，请刷新后查看可用操作。"),
    )
}

pub fn presale_not_succeeded(actual: &str) -> Refusal {
    Refusal::wrong_state(
        actual,
        format!("Only a presale that succeeded is released; this one is “{actual}”."),
        format!("仅成功的预售可以下单生产；该预售状态为“{actual}”。"),
    )
}

pub fn no_such_factory() -> Refusal {
    Refusal::invalid(
        "factoryIds",
        "One of the factories does not exist or takes no orders now; choose others.",
        "所选工厂中有不存在或已停用的，请重新选择。",
    )
}

pub fn tracking_used() -> Refusal {
    Refusal::invalid(
        "trackingNo",
        "This tracking number was given for an earlier shipment of the batch; check it.",
        "该运单号已用于本批次此前的发货，请核对。",
    )
}
