//! Changing an order before it goes into a batch: size, colour, address. The price stays.

use std::collections::BTreeMap;

use entity::order::{self, Column};
use entity::order_line;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::Serialize;
use uuid::Uuid;

use crate::app::App;
use crate::base::once::{Done, Once};
use crate::base::tx::Tx;
use crate::error::Result;
use crate::flow::order::lifecycle::payload;
use crate::flow::order::{query, rules};
use crate::flow::presale::capacity;
use crate::people::actor::Actor;
use crate::people::vault::{self, AddressIn, SealedAddress};

#[derive(Serialize)]
pub struct Change {
    pub order_id: Uuid,
    /// The version the buyer was shown.
    pub version: i32,
    /// Line id and the SKU it shall have.
    pub lines: Vec<(Uuid, Uuid)>,
    pub address_id: Option<Uuid>,
}

/// Changes the member's own order if it still has the version she was shown.
pub async fn change(app: &App, actor: &Actor, key: &str, input: &Change) -> Result<Done<order::Model>> {
    let member = actor.member()?;
    let (brand_id, member_id) = (member.brand_id, member.id);
    let once = &Once::new(member_id, "changeOrder", key, input)?;
    app.write(brand_id, |tx| async move {
        let order = query::find_own(tx.conn(), brand_id, member_id, input.order_id).await?;
        if once.begin(&tx, &order.id).await?.is_some() {
            return Ok(Done::replay(order));
        }
        let Some(bound) = rules::bound(order.status).filter(|_| rules::is_changeable(order.status)) else {
            return Err(rules::not_changeable(order.status).into());
        };
        let address = match input.address_id {
            Some(id) => {
                let to = AddressIn::Order(order.id);
                Some(vault::copy_address(app, tx.conn(), brand_id, member_id, id, to).await?)
            }
            None => None,
        };
        // The order first: whoever batches, cancels or lapses it at the same time waits or wins here.
        let changed = take_version(&tx, &order, input.version, address).await?;
        let lines = query::lines_of(tx.conn(), brand_id, order.id).await?;
        let (moves, skus) = rules::moves(&lines, &input.lines)?;
        // Every SKU of a presale has its one price, which never changes once open; a SKU of another
        // presale is not found here.
        capacity::shift(&tx, order.presale_id, bound, &moves).await?;
        write_skus(&tx, &skus).await?;
        tx.emit("order", order.id, "changed", payload(&changed)).await?;
        Ok(Done::new(changed))
    })
    .await
}

async fn take_version(
    tx: &Tx,
    order: &order::Model,
    version: i32,
    address: Option<SealedAddress>,
) -> Result<order::Model> {
    let mut update = order::Entity::update_many().col_expr(Column::Version, Expr::col(Column::Version).add(1));
    if let Some(address) = address {
        update = update
            .col_expr(Column::Address, Expr::value(address.sealed))
            .col_expr(Column::RecipientMasked, Expr::value(address.recipient_masked))
            .col_expr(Column::PhoneMasked, Expr::value(address.phone_masked))
            .col_expr(Column::Region, Expr::value(address.region));
    }
    let changed = update
        .filter(Column::BrandId.eq(tx.brand_id()))
        .filter(Column::Id.eq(order.id))
        .filter(Column::Version.eq(version))
        .filter(Column::Status.eq(order.status))
        .exec_with_returning(tx.conn())
        .await?;
    changed.into_iter().next().ok_or_else(|| rules::changed_since().into())
}

async fn write_skus(tx: &Tx, skus: &BTreeMap<Uuid, Uuid>) -> Result<()> {
    for (line_id, sku_id) in skus {
        order_line::Entity::update_many()
            .col_expr(order_line::Column::SkuId, Expr::value(*sku_id))
            .filter(order_line::Column::BrandId.eq(tx.brand_id()))
            .filter(order_line::Column::Id.eq(*line_id))
            .exec(tx.conn())
            .await?;
    }
    Ok(())
}
