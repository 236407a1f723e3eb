//! A carrier or tracking number that was typed wrong.

use entity::parcel::{self, ParcelStatus};
use entity::shipping_record::{Model, ShippingRecordStatus as Status};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, SqlErr};
use serde_json::json;

use super::{query, rules};
use crate::app::App;
use crate::base::once::{Done, Once};
use crate::base::tx::{Move, Tx};
use crate::error::{Error, Result};
use crate::flow::delivery::service::dispatch::{Leaving, checked_one};
use crate::flow::delivery::{policy, rules as parcels};
use crate::flow::order::lifecycle;
use crate::people::actor::Actor;

/// Corrects a parcel that has left, also one that counts as received by now: WeChat may still wait for its carrier.
/// It is told by itself: as often as need be until all of the order has left, and once afterwards.
pub async fn correct(app: &App, actor: &Actor, key: &str, right: &Leaving) -> Result<Done<parcel::Model>> {
    let staff = policy::may_pack(actor)?;
    let (brand_id, parcel_id) = (staff.brand_id, right.parcel_id);
    let once = &Once::new(staff.id, "correctParcel", key, right)?;
    let right = &checked_one("", right)?;
    app.write(brand_id, |tx| async move {
        let parcel = query::parcel(tx.conn(), brand_id, parcel_id).await?;
        if once.begin(&tx, &()).await?.is_some() {
            return Ok(Done::replay(parcel));
        }
        lifecycle::touch(&tx, &[parcel.order_id]).await?;
        let records = query::of_order(tx.conn(), brand_id, parcel.order_id).await?;
        if records.iter().any(|record| record.settled_at.is_some()) {
            return Err(rules::over().into());
        }
        if records.iter().any(is_corrected) {
            return Err(rules::correction_used().into());
        }
        let Some(corrected) = write(&tx, right).await? else { return Err(rules::not_left().into()) };
        let was = format!(
            "was {} {}",
            parcel.carrier.as_deref().unwrap_or_default(),
            parcel.tracking_no.as_deref().unwrap_or_default()
        );
        let step = Move {
            kind: "parcel",
            id: parcel_id,
            from: Some(corrected.status),
            to: corrected.status,
            event: "corrected",
            by: actor.by(),
            why: Some(&was),
        };
        tx.moved(step, json!({ "order_id": parcel.order_id })).await?;
        Ok(Done::new(corrected))
    })
    .await
}

/// Whether WeChat takes no other content of this payment any more.
fn is_corrected(record: &Model) -> bool {
    record.status != Status::Refunded && record.completions > rules::CORRECTIONS
}

/// `None` when the parcel has not left.
async fn write(tx: &Tx, right: &Leaving) -> Result<Option<parcel::Model>> {
    let written = parcel::Entity::update_many()
        .col_expr(parcel::Column::Carrier, Expr::value(right.carrier.as_str()))
        .col_expr(parcel::Column::TrackingNo, Expr::value(right.tracking_no.as_str()))
        .filter(parcel::Column::BrandId.eq(tx.brand_id()))
        .filter(parcel::Column::Id.eq(right.parcel_id))
        .filter(parcel::Column::Status.ne(ParcelStatus::Packing))
        .exec_with_returning(tx.conn())
        .await;
    match written {
        Ok(written) => Ok(written.into_iter().next()),
        Err(error) => Err(match error.sql_err() {
            Some(SqlErr::UniqueConstraintViolation(_)) => parcels::tracking_used("trackingNo").into(),
            _ => Error::from(error),
        }),
    }
}
