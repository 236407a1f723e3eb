//! The end of a hold.

use entity::order::OrderStatus;
use uuid::Uuid;

use super::close::{Closing, close_attempts, owes_nothing};
use crate::app::App;
use crate::error::Result;
use crate::flow::order::{LAPSE, lifecycle, query};

/// Timer `order.lapse`: expires an unpaid order, once WeChat confirmed that it can no longer be paid.
/// While WeChat cannot be reached the hold stays and the timer tries again.
pub(super) async fn lapse(app: &App, brand_id: Uuid, order_id: Uuid) -> Result<()> {
    if query::find(app.db.read(), brand_id, order_id).await?.status != OrderStatus::PendingPayment {
        return Ok(());
    }
    if let Closing::Paid = close_attempts(app, brand_id, order_id).await? {
        return Ok(());
    }
    app.write(brand_id, |tx| async move {
        if lifecycle::expired(&tx, order_id).await?.is_some() {
            owes_nothing(&tx, order_id, &[LAPSE]).await?;
        }
        Ok(())
    })
    .await
}
