//! Batched reads.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use entity::{order_line, payment_leg, presale_sku};
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, QueryOrder, Statement, Value};
use uuid::Uuid;

use crate::base::db::{columns, placeholders};
use crate::load::{Load, asked, by_id, grouped};

by_id! {
    /// An order by (brand, id). Ask only for orders the caller may see.
    OrderById: order
}

/// The lines of an order in their order, each with its SKU: (brand, order).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct LinesOf(pub Uuid, pub Uuid);

impl Loader<LinesOf> for Load {
    type Value = Vec<(order_line::Model, presale_sku::Model)>;
    type Error = DbErr;

    async fn load(&self, keys: &[LinesOf]) -> Result<HashMap<LinesOf, Self::Value>, DbErr> {
        let mut found = HashMap::<LinesOf, Self::Value>::new();
        for (brand_id, orders) in grouped(keys.iter().map(|key| (key.0, key.1))) {
            let mut values: Vec<Value> = vec![brand_id.into()];
            let text = format!(
                "select {}, {} from order_line l \
                 join presale_sku s on s.brand_id = l.brand_id and s.id = l.sku_id \
                 where l.brand_id = $1 and l.order_id in ({}) order by l.position",
                columns::<order_line::Entity>("l", "l_"),
                columns::<presale_sku::Entity>("s", "s_"),
                placeholders(&mut values, orders)
            );
            let statement = Statement::from_sql_and_values(self.app.db.backend(), text, values);
            for row in self.app.db.read().query_all_raw(statement).await? {
                let line = order_line::Model::from_query_result(&row, "l_")?;
                let sku = presale_sku::Model::from_query_result(&row, "s_")?;
                found.entry(LinesOf(brand_id, line.order_id)).or_default().push((line, sku));
            }
        }
        Ok(found)
    }
}

/// The amounts due of an order, the first one first: (brand, order).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct LegsOf(pub Uuid, pub Uuid);

impl Loader<LegsOf> for Load {
    type Value = Vec<payment_leg::Model>;
    type Error = DbErr;

    async fn load(&self, keys: &[LegsOf]) -> Result<HashMap<LegsOf, Self::Value>, DbErr> {
        let rows = asked::<payment_leg::Entity>(
            payment_leg::Column::BrandId,
            payment_leg::Column::OrderId,
            keys.iter().map(|key| (key.0, key.1)),
        )
        .order_by_asc(payment_leg::Column::Id)
        .all(self.app.db.read())
        .await?;
        Ok(grouped(rows.into_iter().map(|row| (LegsOf(row.brand_id, row.order_id), row))))
    }
}
