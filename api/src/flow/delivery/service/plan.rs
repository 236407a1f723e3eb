//! One parcel for each order with pieces in a ship notice.

use entity::parcel::{self, ParcelStatus};
use sea_orm::{ConnectionTrait, EntityTrait, Set};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::super::query::{self, ToPack};
use crate::app::App;
use crate::base::db::sql;
use crate::base::tx::{By, Moves, Tx};
use crate::error::Result;
use crate::worker::Event;

#[derive(Deserialize)]
struct Sent {
    shipment_id: Uuid,
}

/// Plans the parcels of a shipment. A repeat finds nothing left to pack.
pub async fn plan(app: &App, event: &Event) -> Result<()> {
    let Sent { shipment_id } = serde_json::from_value(event.payload.clone())
        .map_err(|error| anyhow::anyhow!("event {} of kind {}: {error}", event.id, event.kind))?;
    app.write(event.brand_id, |tx| async move {
        let to_pack = query::to_pack(tx.conn(), tx.brand_id(), shipment_id).await?;
        if to_pack.is_empty() {
            return Ok(());
        }
        let ids = insert_parcels(&tx, shipment_id, &to_pack).await?;
        link_units(&tx, shipment_id, to_pack.iter().map(|order| order.pieces).sum()).await?;
        let step = Moves {
            kind: "parcel",
            from: None,
            to: ParcelStatus::Packing,
            event: "planned",
            by: By::SYSTEM,
            why: None,
        };
        let items: Vec<_> =
            ids.iter().zip(&to_pack).map(|(id, order)| (*id, json!({ "order_id": order.order_id }))).collect();
        tx.moved_all(step, &items).await
    })
    .await
}

async fn insert_parcels(tx: &Tx, shipment_id: Uuid, to_pack: &[ToPack]) -> Result<Vec<Uuid>> {
    let ids: Vec<Uuid> = to_pack.iter().map(|_| tx.new_id()).collect();
    let rows: Vec<_> = ids.iter().zip(to_pack).map(|(id, order)| row(tx, *id, shipment_id, order)).collect();
    for chunk in rows.chunks(1_000) {
        parcel::Entity::insert_many(chunk.to_vec()).exec_without_returning(tx.conn()).await?;
    }
    Ok(ids)
}

fn row(tx: &Tx, id: Uuid, shipment_id: Uuid, order: &ToPack) -> parcel::ActiveModel {
    parcel::ActiveModel {
        brand_id: Set(tx.brand_id()),
        id: Set(id),
        order_id: Set(order.order_id),
        batch_id: Set(order.batch_id),
        shipment_id: Set(shipment_id),
        status: Set(ParcelStatus::Packing),
        carrier: Set(None),
        tracking_no: Set(None),
        pieces: Set(i32::try_from(order.pieces).unwrap_or(i32::MAX)),
        shipped_at: Set(None),
        received_at: Set(None),
        created_at: Set(tx.now()),
    }
}

/// Puts each unit of the shipment into the parcel of its order.
async fn link_units(tx: &Tx, shipment_id: Uuid, pieces: i64) -> Result<()> {
    let statement = sql(
        tx.conn().get_database_backend(),
        "update unit set parcel_id = (select p.id from allocation a \
         join order_line l on l.brand_id = a.brand_id and l.id = a.order_line_id \
         join parcel p on p.brand_id = l.brand_id and p.order_id = l.order_id and p.shipment_id = $2 \
         where a.brand_id = unit.brand_id and a.id = unit.allocation_id) \
         where brand_id = $1 and shipment_id = $2 and parcel_id is null and exists (select 1 from allocation a \
         where a.brand_id = unit.brand_id and a.id = unit.allocation_id and a.status = 'live')",
        [tx.brand_id().into(), shipment_id.into()],
    );
    let linked = tx.conn().execute_raw(statement).await?.rows_affected();
    if i64::try_from(linked) == Ok(pieces) {
        return Ok(());
    }
    Err(anyhow::anyhow!("shipment {shipment_id}: {linked} units are packed, {pieces} were to be").into())
}
