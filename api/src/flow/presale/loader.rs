//! Batched reads.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::dataloader::Loader;
use entity::{presale, presale_community, presale_sku, presale_tier};
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, QueryOrder, Statement, Value};
use uuid::Uuid;

use super::rules::plan::Tier;
use crate::base::db::{columns, placeholders};
use crate::flow::design::shown::{self, Shown};
use crate::load::{Load, asked, by_id, grouped};

by_id! {
    /// A presale by (brand, id).
    PresaleById: presale
}

/// A presale by (brand, id) with the design it offers.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PresaleShown(pub Uuid, pub Uuid);

impl Loader<PresaleShown> for Load {
    type Value = (presale::Model, Arc<Shown>);
    type Error = DbErr;

    async fn load(&self, keys: &[PresaleShown]) -> Result<HashMap<PresaleShown, Self::Value>, DbErr> {
        let mut found = HashMap::<PresaleShown, (presale::Model, Shown)>::new();
        for (brand_id, presales) in grouped(keys.iter().map(|key| (key.0, key.1))) {
            let mut values: Vec<Value> = vec![brand_id.into()];
            let text = format!(
                "select {}, {} from presale o \
                 join design_version v on v.brand_id = o.brand_id and v.id = o.design_version_id {} \
                 where o.brand_id = $1 and o.id in ({}) order by o.id, p.position",
                columns::<presale::Entity>("o", "o_"),
                shown::columns(),
                shown::JOINS,
                placeholders(&mut values, presales)
            );
            let statement = Statement::from_sql_and_values(self.app.db.backend(), text, values);
            for row in self.app.db.read().query_all_raw(statement).await? {
                let key = PresaleShown(brand_id, row.try_get("", "o_id")?);
                match found.get_mut(&key) {
                    Some((_, shown)) => shown.read_more(&row)?,
                    None => {
                        found.insert(key, (presale::Model::from_query_result(&row, "o_")?, Shown::read(&row)?));
                    }
                }
            }
        }
        Ok(found.into_iter().map(|(key, (presale, shown))| (key, (presale, Arc::new(shown)))).collect())
    }
}

/// The SKUs of a presale in matrix order: (brand, presale).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SkusOf(pub Uuid, pub Uuid);

impl Loader<SkusOf> for Load {
    type Value = Vec<presale_sku::Model>;
    type Error = DbErr;

    async fn load(&self, keys: &[SkusOf]) -> Result<HashMap<SkusOf, Self::Value>, DbErr> {
        let rows = asked::<presale_sku::Entity>(
            presale_sku::Column::BrandId,
            presale_sku::Column::PresaleId,
            keys.iter().map(|key| (key.0, key.1)),
        )
        .order_by_asc(presale_sku::Column::Position)
        .all(self.app.db.read())
        .await?;
        Ok(grouped(rows.into_iter().map(|row| (SkusOf(row.brand_id, row.presale_id), row))))
    }
}

by_id! {
    /// A SKU by (brand, id).
    SkuById: presale_sku
}

/// The price tiers of a presale, from fewer pieces to more: (brand, presale).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TiersOf(pub Uuid, pub Uuid);

impl Loader<TiersOf> for Load {
    type Value = Vec<Tier>;
    type Error = DbErr;

    async fn load(&self, keys: &[TiersOf]) -> Result<HashMap<TiersOf, Self::Value>, DbErr> {
        let rows = asked::<presale_tier::Entity>(
            presale_tier::Column::BrandId,
            presale_tier::Column::PresaleId,
            keys.iter().map(|key| (key.0, key.1)),
        )
        .order_by_asc(presale_tier::Column::FromPieces)
        .all(self.app.db.read())
        .await?;
        Ok(grouped(rows.into_iter().map(|row| (TiersOf(row.brand_id, row.presale_id), row.into()))))
    }
}

/// Ids of the communities a presale is offered to; empty for everyone: (brand, presale).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct AudienceOf(pub Uuid, pub Uuid);

impl Loader<AudienceOf> for Load {
    type Value = Vec<Uuid>;
    type Error = DbErr;

    async fn load(&self, keys: &[AudienceOf]) -> Result<HashMap<AudienceOf, Self::Value>, DbErr> {
        let mut found: HashMap<_, _> = keys.iter().map(|key| (*key, Vec::new())).collect();
        let rows = asked::<presale_community::Entity>(
            presale_community::Column::BrandId,
            presale_community::Column::PresaleId,
            keys.iter().map(|key| (key.0, key.1)),
        )
        .order_by_asc(presale_community::Column::CommunityId)
        .all(self.app.db.read())
        .await?;
        for row in rows {
            found.entry(AudienceOf(row.brand_id, row.presale_id)).or_default().push(row.community_id);
        }
        Ok(found)
    }
}

/// How far the refunds of a presale are: (brand, presale).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RefundsOf(pub Uuid, pub Uuid);

/// Of the orders of a presale of which something was paid and that are in no batch.
#[derive(Clone, Copy, Debug, Default)]
pub struct Refunded {
    pub orders: i32,
    /// Of them, those whose money is wholly back.
    pub refunded: i32,
    /// Fen that are back.
    pub amount: i64,
}

impl Loader<RefundsOf> for Load {
    type Value = Refunded;
    type Error = DbErr;

    /// Refunds are read as rows, since this stage comes before the one that writes them.
    async fn load(&self, keys: &[RefundsOf]) -> Result<HashMap<RefundsOf, Self::Value>, DbErr> {
        let mut found = HashMap::new();
        for (brand_id, presales) in grouped(keys.iter().map(|key| (key.0, key.1))) {
            let mut values: Vec<Value> = vec![brand_id.into()];
            let text = format!(
                "select o.presale_id, cast(count(*) as integer) as orders, \
                 cast(sum(case when o.status = 'refunded' then 1 else 0 end) as integer) as refunded, \
                 cast(sum((select coalesce(sum(r.amount), 0) from refund r where r.brand_id = o.brand_id \
                 and r.order_id = o.id and r.status = 'succeeded')) as bigint) as amount \
                 from orders o where o.brand_id = $1 and o.presale_id in ({}) \
                 and o.status in ('deposit_paid', 'balance_due', 'paid', 'refund_pending', 'refunded') group by o.presale_id",
                placeholders(&mut values, presales)
            );
            let statement = Statement::from_sql_and_values(self.app.db.backend(), text, values);
            for row in self.app.db.read().query_all_raw(statement).await? {
                let (orders, refunded) = (row.try_get("", "orders")?, row.try_get("", "refunded")?);
                let counts = Refunded { orders, refunded, amount: row.try_get("", "amount")? };
                found.insert(RefundsOf(brand_id, row.try_get("", "presale_id")?), counts);
            }
        }
        Ok(found)
    }
}
