//! What happens to all orders of a presale when it ends: money goes back, balances become due, a lower
//! price is refunded. Each order in a transaction of its own, so that it can be resumed anywhere: what is
//! left to do is what an order's own row says.

use std::time::{Duration, Instant};

use entity::batch;
use entity::order::OrderStatus;
use entity::presale::{self, PresalePlan, PresaleStatus};
use sea_orm::{ConnectionTrait, EntityTrait};
use serde_json::json;
use uuid::Uuid;

use super::refund::short;
use super::refund::withdrawn::{self, came_to_nothing};
use super::{balance, query, tier};
use crate::app::App;
use crate::base::db::sql;
use crate::base::tx::Tx;
use crate::error::Result;
use crate::flow::order;
use crate::flow::presale::query as presales;

/// Orders of one event.
const CHUNK: u64 = 50;
/// While WeChat hangs each order takes as long as a call may: well within the lease, or a second worker would begin the
/// same, and in the end all of them.
const TURN: Duration = Duration::from_secs(40);

/// What is done to each order of a presale.
#[derive(Clone, Copy, Debug)]
enum Task {
    Refund,
    OpenBalance,
    RefundDifference,
    /// Pieces that a batch came short of and that are made no more.
    ReturnMissing,
}

impl Task {
    /// The event that comes back for the next chunk.
    fn again(self) -> &'static str {
        match self {
            Task::Refund => "refunds_due",
            Task::OpenBalance => "balances_due",
            Task::RefundDifference => "differences_due",
            Task::ReturnMissing => "missing_due",
        }
    }

    /// Orders it is still to be done to.
    async fn some(self, app: &App, presale: &presale::Model, after: Uuid) -> Result<Vec<Uuid>> {
        use order::query::{PAID, some_in, some_without_tier};
        let db = app.db.read();
        match self {
            Task::Refund => some_in(db, presale, &REFUNDABLE, after, CHUNK).await,
            Task::OpenBalance => some_in(db, presale, &[OrderStatus::DepositPaid], after, CHUNK).await,
            Task::RefundDifference => some_without_tier(db, presale, &PAID, after, CHUNK).await,
            Task::ReturnMissing => query::some_missing(db, presale.brand_id, presale.id, after, CHUNK).await,
        }
    }

    async fn one(self, app: &App, presale: &presale::Model, order_id: Uuid) -> Result<()> {
        match self {
            Task::Refund => withdrawn::refund(app, presale, order_id).await,
            Task::OpenBalance => balance::open(app, presale, order_id).await,
            Task::RefundDifference => tier::refund_difference(app, presale, order_id).await,
            Task::ReturnMissing => short::return_missing(app, presale, order_id).await,
        }
    }
}

/// Something of them is paid, and they are in no batch.
const REFUNDABLE: [OrderStatus; 3] = [OrderStatus::Paid, OrderStatus::DepositPaid, OrderStatus::BalanceDue];

/// Refunds everyone of a presale that came to nothing. Unpaid orders are let go without waiting for their
/// hold to end.
pub(super) async fn refund_presale(app: &App, brand_id: Uuid, presale_id: Uuid) -> Result<()> {
    let presale = presales::find(app.db.read(), brand_id, presale_id).await?;
    if !came_to_nothing(presale.status) {
        return Ok(());
    }
    app.write(brand_id, |tx| async move { lapse_now(&tx, presale_id).await }).await?;
    run(app, &presale, Task::Refund).await?;
    run(app, &presale, Task::ReturnMissing).await
}

/// A batch is over: what it came short of is made by no other one when its presale came to nothing meanwhile.
pub(super) async fn came_short(app: &App, brand_id: Uuid, batch_id: Uuid) -> Result<()> {
    match batch::Entity::find_by_id((brand_id, batch_id)).one(app.db.read()).await? {
        Some(batch) => return_missing(app, brand_id, batch.presale_id).await,
        None => Ok(()),
    }
}

/// Returns what nobody makes any more of a presale that came to nothing while its batches were being made.
pub(super) async fn return_missing(app: &App, brand_id: Uuid, presale_id: Uuid) -> Result<()> {
    let presale = presales::find(app.db.read(), brand_id, presale_id).await?;
    if came_to_nothing(presale.status) { run(app, &presale, Task::ReturnMissing).await } else { Ok(()) }
}

/// A presale succeeded: its balances are due, or its price may be lower than what was paid.
pub(super) async fn succeeded(app: &App, brand_id: Uuid, presale_id: Uuid) -> Result<()> {
    let presale = presales::find(app.db.read(), brand_id, presale_id).await?;
    if presale.status != PresaleStatus::Succeeded {
        return Ok(());
    }
    if presale.plan != PresalePlan::Full {
        return run(app, &presale, Task::OpenBalance).await;
    }
    let tiers = presales::tiers_of(app.db.read(), brand_id, presale_id).await?;
    match tiers.first() {
        Some(tier) if presale.reached_pieces >= Some(tier.from_pieces) => {
            run(app, &presale, Task::RefundDifference).await
        }
        _ => Ok(()),
    }
}

/// Does a chunk and announces the next one when there may be more. An order that fails is left for the next
/// try and holds up nobody: the events of a presale are handled one after the other, so from then on all
/// others are done in this run.
async fn run(app: &App, presale: &presale::Model, task: Task) -> Result<()> {
    let (mut after, mut failed) = (Uuid::nil(), 0);
    let begun = Instant::now();
    loop {
        let some = task.some(app, presale, after).await?;
        for id in &some {
            if failed > 0 && begun.elapsed() > TURN {
                return Err(anyhow::anyhow!(
                    "{failed} orders of presale {} fail, the rest waits: {task:?}",
                    presale.id
                )
                .into());
            }
            if let Err(error) = task.one(app, presale, *id).await {
                tracing::error!(order = %id, presale = %presale.id, ?task, %error, "an order cannot be done");
                failed += 1;
            }
        }
        match some.last() {
            Some(last) if some.len() as u64 == CHUNK => after = *last,
            _ if failed == 0 => return Ok(()),
            _ => return Err(anyhow::anyhow!("{failed} orders of presale {} fail: {task:?}", presale.id).into()),
        }
        if failed == 0 {
            let (id, again) = (presale.id, task.again());
            let next = |tx: Tx| async move { tx.emit("presale", id, again, json!({})).await };
            return app.write(presale.brand_id, next).await;
        }
    }
}

/// An order was paid, were it the first part only, or left its batch, after its presale had been gone through.
pub(super) async fn straggler(app: &App, order: &entity::order::Model) -> Result<()> {
    let (brand_id, order_id) = (order.brand_id, order.id);
    let presale = presales::find(app.db.read(), brand_id, order.presale_id).await?;
    if came_to_nothing(presale.status) && REFUNDABLE.contains(&order.status) {
        return Task::Refund.one(app, &presale, order_id).await;
    }
    if presale.status == PresaleStatus::Succeeded && order.status == OrderStatus::DepositPaid {
        return Task::OpenBalance.one(app, &presale, order_id).await;
    }
    Ok(())
}

/// Brings the lapse of the presale's unpaid orders forward to now.
async fn lapse_now(tx: &Tx, presale_id: Uuid) -> Result<()> {
    let statement = sql(
        tx.conn().get_database_backend(),
        "update timer set due_at = $1 where brand_id = $2 and kind = $3 and done_at is null and due_at > $1 \
         and subject_id in (select id from orders where brand_id = $2 and presale_id = $4 and status = 'pending_payment')",
        [tx.now().into(), tx.brand_id().into(), order::LAPSE.into(), presale_id.into()],
    );
    tx.conn().execute_raw(statement).await?;
    Ok(())
}
