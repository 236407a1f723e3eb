//! Parcels leave the warehouse.

use std::collections::BTreeSet;

use entity::parcel::{self, ParcelStatus};
use sea_orm::{ConnectionTrait, SqlErr, Statement, Value};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::super::rules::{self, Arrived};
use super::super::{RECEIPT, policy, query};
use crate::app::App;
use crate::base::once::{Done, Once};
use crate::base::text;
use crate::base::tx::{By, Moves, Tx};
use crate::error::{Error, Result};
use crate::flow::order::lifecycle;
use crate::people::actor::Actor;

/// One parcel that leaves.
#[derive(Clone, Serialize)]
pub struct Leaving {
    pub parcel_id: Uuid,
    pub carrier: String,
    pub tracking_no: String,
}

/// Dispatches up to 200 parcels of a batch, all or none. An order whose pieces are all on the way is
/// shipped with them.
pub async fn dispatch(
    app: &App,
    actor: &Actor,
    key: &str,
    batch_id: Uuid,
    leaving: &[Leaving],
) -> Result<Done<Vec<parcel::Model>>> {
    let staff = policy::may_pack(actor)?;
    let once = &Once::new(staff.id, "dispatchParcels", key, &(batch_id, leaving))?;
    let leaving = &checked(leaving)?;
    let ids = &leaving.iter().map(|one| one.parcel_id).collect::<Vec<_>>();
    let receipt = app.config.receipt;
    app.write(staff.brand_id, |tx| async move {
        if once.begin(&tx, &()).await?.is_some() {
            return Ok(Done::replay(query::these(tx.conn(), tx.brand_id(), batch_id, ids).await?));
        }
        ship(&tx, batch_id, leaving, ids).await?;
        let parcels = query::these(tx.conn(), tx.brand_id(), batch_id, ids).await?;
        record(&tx, actor.by(), &parcels).await?;
        tx.set_timers(RECEIPT, ids, tx.now() + receipt).await?;
        let orders: Vec<Uuid> =
            parcels.iter().map(|parcel| parcel.order_id).collect::<BTreeSet<_>>().into_iter().collect();
        lifecycle::touch(&tx, &orders).await?;
        let arrivals = query::arrivals(tx.conn(), tx.brand_id(), &orders).await?;
        for order_id in orders {
            if arrivals.get(&order_id).is_some_and(|arrived| *arrived >= Arrived::AllShipped) {
                lifecycle::shipped(&tx, actor.by(), order_id).await?;
            }
        }
        Ok(Done::new(parcels))
    })
    .await
}

fn checked(leaving: &[Leaving]) -> Result<Vec<Leaving>> {
    let ids: BTreeSet<_> = leaving.iter().map(|one| one.parcel_id).collect();
    if leaving.is_empty() || leaving.len() > rules::MAX_DISPATCH || ids.len() != leaving.len() {
        return Err(rules::wrong_number(leaving.len()).into());
    }
    leaving.iter().map(|one| checked_one("parcels.", one)).collect()
}

/// What was typed, tidied. `path` leads to its fields.
pub fn checked_one(path: &str, one: &Leaving) -> Result<Leaving> {
    Ok(Leaving {
        parcel_id: one.parcel_id,
        carrier: text::required(&format!("{path}carrier"), &one.carrier, 40)?,
        tracking_no: text::tracking_no(&format!("{path}trackingNo"), &one.tracking_no)?,
    })
}

/// packing → shipped for all of them in one conditional update.
async fn ship(tx: &Tx, batch_id: Uuid, leaving: &[Leaving], ids: &[Uuid]) -> Result<()> {
    let mut values: Vec<Value> = vec![tx.brand_id().into(), batch_id.into(), tx.now().into()];
    let mut rows = Vec::with_capacity(leaving.len());
    for one in leaving {
        let place = values.len();
        rows.push(format!("(${}, ${}, ${})", place + 1, place + 2, place + 3));
        values.extend([one.parcel_id.into(), one.carrier.clone().into(), one.tracking_no.clone().into()]);
    }
    let text = format!(
        "with v (id, carrier, tracking_no) as (values {}) \
         update parcel set status = 'shipped', carrier = v.carrier, tracking_no = v.tracking_no, shipped_at = $3 \
         from v where parcel.brand_id = $1 and parcel.id = v.id and parcel.batch_id = $2 and parcel.status = 'packing'",
        rows.join(", ")
    );
    let statement = Statement::from_sql_and_values(tx.conn().get_database_backend(), text, values);
    let shipped = tx.conn().execute_raw(statement).await.map_err(|error| match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => Error::from(rules::tracking_used("parcels.trackingNo")),
        _ => Error::from(error),
    })?;
    if shipped.rows_affected() == leaving.len() as u64 {
        return Ok(());
    }
    Err(why_not(tx, batch_id, ids).await?)
}

/// Which parcel could not leave. The transaction rolls back, so those shipped just now do not count.
async fn why_not(tx: &Tx, batch_id: Uuid, ids: &[Uuid]) -> Result<Error> {
    let found = query::these(tx.conn(), tx.brand_id(), batch_id, ids).await?;
    if found.len() < ids.len() {
        return Ok(Error::not_found("parcel"));
    }
    let before = found.iter().find(|parcel| parcel.shipped_at != Some(tx.now()));
    Ok(rules::dispatched_before(before.or(found.first()).map_or(Uuid::nil(), |parcel| parcel.id)).into())
}

async fn record(tx: &Tx, by: By, parcels: &[parcel::Model]) -> Result<()> {
    let step = Moves {
        kind: "parcel",
        from: Some(ParcelStatus::Packing),
        to: ParcelStatus::Shipped,
        event: "shipped",
        by,
        why: None,
    };
    let items: Vec<_> = parcels.iter().map(|parcel| (parcel.id, json!({ "order_id": parcel.order_id }))).collect();
    tx.moved_all(step, &items).await
}
