//! What is sold of a presale and what is left, as its page shows it. Orders tell no news, since they come by the
//! thousand.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use entity::presale::{self, PresaleStatus};
use entity::presale_sku;
use sea_orm::{ConnectionTrait, FromQueryResult, Statement, Value};
use uuid::Uuid;

use super::{capacity, policy};
use crate::app::App;
use crate::base::db::{columns, placeholders};
use crate::base::moment::Moment;
use crate::error::Result;

/// Pieces of a presale.
#[derive(Debug)]
pub struct Sale {
    status: PresaleStatus,
    closes_at: DateTime<Utc>,
    /// What could be ordered of each SKU while orders are taken.
    left: HashMap<Uuid, i32>,
    /// Of all SKUs.
    paid: i32,
}

impl Sale {
    pub fn new(presale: &presale::Model, skus: &[presale_sku::Model]) -> Self {
        let mut sale = Sale { status: presale.status, closes_at: presale.closes_at, left: HashMap::new(), paid: 0 };
        skus.iter().for_each(|sku| sale.count(sku));
        sale
    }

    fn count(&mut self, sku: &presale_sku::Model) {
        self.left.insert(sku.id, capacity::remaining(sku));
        self.paid += sku.paid;
    }

    /// Whether members may order at `now`.
    pub fn is_on(&self, now: DateTime<Utc>) -> bool {
        policy::sells_until(self.status, self.closes_at, now)
    }

    /// Pieces of a SKU that could be ordered at `now`.
    pub fn remaining(&self, sku_id: Uuid, now: DateTime<Utc>) -> i32 {
        let left = self.left.get(&sku_id).copied().unwrap_or_default();
        if self.is_on(now) { left } else { 0 }
    }

    /// Pieces paid so far, were it the first part only, and not refunded.
    pub fn paid(&self) -> i32 {
        self.paid
    }
}

/// By (brand, presale).
pub type Sales = Moment<Option<Arc<Sale>>>;

/// At most a second old: no statement then, else one, or a share of one. `None` without a SKU.
pub async fn of(app: &App, brand_id: Uuid, presale_id: Uuid) -> Result<Option<Arc<Sale>>> {
    let reader = app.clone();
    let read = move |presales| {
        let app = reader.clone();
        async move { read(&app, brand_id, presales).await }
    };
    app.sales.of(&app.fresh, brand_id, presale_id, read).await
}

async fn read(app: &App, brand_id: Uuid, presales: Vec<Uuid>) -> Result<HashMap<Uuid, Option<Arc<Sale>>>> {
    let mut values: Vec<Value> = vec![brand_id.into()];
    let text = format!(
        "select p.status, p.closes_at, {} \
         from presale_sku s join presale p on p.brand_id = s.brand_id and p.id = s.presale_id \
         where s.brand_id = $1 and s.presale_id in ({})",
        columns::<presale_sku::Entity>("s", "s_"),
        placeholders(&mut values, presales)
    );
    let statement = Statement::from_sql_and_values(app.db.backend(), text, values);
    let mut found: HashMap<Uuid, Sale> = HashMap::new();
    for row in app.db.read().query_all_raw(statement).await? {
        let sku = presale_sku::Model::from_query_result(&row, "s_")?;
        let (status, closes_at) = (row.try_get("", "status")?, row.try_get("", "closes_at")?);
        let nothing = Sale { status, closes_at, left: HashMap::new(), paid: 0 };
        found.entry(sku.presale_id).or_insert(nothing).count(&sku);
    }
    Ok(found.into_iter().map(|(id, sale)| (id, Some(Arc::new(sale)))).collect())
}
