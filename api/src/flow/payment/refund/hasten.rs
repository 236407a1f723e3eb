//! Not waiting for a refund's next turn.

use entity::audit::AuditAction;
use entity::refund::{self, RefundStatus};
use entity::staff::StaffRole;
use sea_orm::ActiveEnum;
use uuid::Uuid;

use crate::app::App;
use crate::base::once::{Done, Once};
use crate::base::text;
use crate::error::{Refusal, Result};
use crate::flow::payment::{audit, query, timers};
use crate::people::actor::Actor;

/// Sends a refund that is pending, or asks WeChat about one on its way, at once instead of at its next turn: after
/// what held it up is removed.
pub async fn hasten(
    app: &App,
    actor: &Actor,
    key: &str,
    refund_id: Uuid,
    why: Option<&str>,
) -> Result<Done<refund::Model>> {
    let staff = actor.staff(&[StaffRole::Finance])?;
    let brand_id = staff.brand_id;
    let words = &text::optional("why", why, audit::MAX_WHY)?;
    let once = &Once::new(staff.id, "hastenRefund", key, &(refund_id, words))?;
    app.write(brand_id, |tx| async move {
        let refund = query::refund(tx.conn(), brand_id, refund_id).await?;
        if once.begin(&tx, &()).await?.is_some() {
            return Ok(Done::replay(refund));
        }
        let timer = match refund.status {
            RefundStatus::Pending => timers::REFUND_SEND,
            RefundStatus::Processing => timers::REFUND_POLL,
            RefundStatus::Abnormal | RefundStatus::Closed | RefundStatus::Succeeded => {
                return Err(not_under_way(refund.status).into());
            }
        };
        tx.set_timer(timer, refund_id, tx.now()).await?;
        let deed = audit::Deed::on_refund(AuditAction::RefundHastened, &refund, words.as_deref());
        audit::note(&tx, actor.by(), deed).await?;
        Ok(Done::new(refund))
    })
    .await
}

fn not_under_way(status: RefundStatus) -> Refusal {
    Refusal::wrong_state(
        status.to_value(),
        "Only a refund that waits to be sent or is on its way can be hastened. An abnormal one is sent elsewhere \
         (`applyAbnormalRefund`), a closed one sent again (`retryRefund`).",
        "只有待发起或处理中的退款可以催办；异常退款请使用异常退款处理，已关闭的退款请重新发起。",
    )
}
