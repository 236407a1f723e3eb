//! Batched reads.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use entity::after_sales_line;
use sea_orm::DbErr;
use uuid::Uuid;

use super::after_sales::query;
use crate::load::{Load, by_brand};

/// The pieces an after-sales case is about: (brand, case).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CaseLinesOf(pub Uuid, pub Uuid);

impl Loader<CaseLinesOf> for Load {
    type Value = Vec<after_sales_line::Model>;
    type Error = DbErr;

    async fn load(&self, keys: &[CaseLinesOf]) -> Result<HashMap<CaseLinesOf, Self::Value>, DbErr> {
        let mut found = HashMap::new();
        for (brand_id, cases) in by_brand(keys.iter().map(|key| (key.0, key.1))) {
            let lines = query::lines_of_all(self.app.db.read(), brand_id, &cases).await?;
            found.extend(lines.into_iter().map(|(case, lines)| (CaseLinesOf(brand_id, case), lines)));
        }
        Ok(found)
    }
}
