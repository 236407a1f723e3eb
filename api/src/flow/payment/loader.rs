//! Batched reads.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use entity::{after_sales_line, journal_line};
use sea_orm::DbErr;
use uuid::Uuid;

use super::{after_sales, ledger};
use crate::load::{Load, by_brand};

/// The lines of a journal in their order: (brand, journal).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct JournalLines(pub Uuid, pub Uuid);

impl Loader<JournalLines> for Load {
    type Value = Vec<journal_line::Model>;
    type Error = DbErr;

    async fn load(&self, keys: &[JournalLines]) -> Result<HashMap<JournalLines, Self::Value>, DbErr> {
        let mut found = HashMap::new();
        for (brand_id, journals) in by_brand(keys.iter().map(|key| (key.0, key.1))) {
            let lines = ledger::query::lines_of(self.app.db.read(), brand_id, &journals).await?;
            found.extend(lines.into_iter().map(|(journal, lines)| (JournalLines(brand_id, journal), lines)));
        }
        Ok(found)
    }
}

/// The pieces an after-sales case is about: (brand, case).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CaseLinesOf(pub Uuid, pub Uuid);

impl Loader<CaseLinesOf> for Load {
    type Value = Vec<after_sales_line::Model>;
    type Error = DbErr;

    async fn load(&self, keys: &[CaseLinesOf]) -> Result<HashMap<CaseLinesOf, Self::Value>, DbErr> {
        let mut found = HashMap::new();
        for (brand_id, cases) in by_brand(keys.iter().map(|key| (key.0, key.1))) {
            let lines = after_sales::query::lines_of_all(self.app.db.read(), brand_id, &cases).await?;
            found.extend(lines.into_iter().map(|(case, lines)| (CaseLinesOf(brand_id, case), lines)));
        }
        Ok(found)
    }
}
