//! Batched reads.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use entity::{order, order_line};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use crate::load::{Load, by_brand};

/// An order by (brand, id). Ask only for orders the caller may see.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct OrderById(pub Uuid, pub Uuid);

impl Loader<OrderById> for Load {
    type Value = order::Model;
    type Error = DbErr;

    async fn load(&self, keys: &[OrderById]) -> Result<HashMap<OrderById, Self::Value>, DbErr> {
        let mut found = HashMap::new();
        for (brand_id, ids) in by_brand(keys.iter().map(|key| (key.0, key.1))) {
            let rows = order::Entity::find()
                .filter(order::Column::BrandId.eq(brand_id))
                .filter(order::Column::Id.is_in(ids))
                .all(self.app.db.read())
                .await?;
            found.extend(rows.into_iter().map(|row| (OrderById(brand_id, row.id), row)));
        }
        Ok(found)
    }
}

/// The lines of an order in their order: (brand, order).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct LinesOf(pub Uuid, pub Uuid);

impl Loader<LinesOf> for Load {
    type Value = Vec<order_line::Model>;
    type Error = DbErr;

    async fn load(&self, keys: &[LinesOf]) -> Result<HashMap<LinesOf, Self::Value>, DbErr> {
        let mut found = HashMap::<LinesOf, Self::Value>::new();
        for (brand_id, orders) in by_brand(keys.iter().map(|key| (key.0, key.1))) {
            let rows = order_line::Entity::find()
                .filter(order_line::Column::BrandId.eq(brand_id))
                .filter(order_line::Column::OrderId.is_in(orders))
                .order_by_asc(order_line::Column::Position)
                .all(self.app.db.read())
                .await?;
            for row in rows {
                found.entry(LinesOf(brand_id, row.order_id)).or_default().push(row);
            }
        }
        Ok(found)
    }
}
