//! Batched reads.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use entity::{after_sales_line, journal_line, reconciliation, reconciliation_difference};
use sea_orm::DbErr;
use uuid::Uuid;

use super::{after_sales, ledger, reconcile};
use crate::load::{Load, grouped};

/// The lines of a journal in their order: (brand, journal).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct JournalLines(pub Uuid, pub Uuid);

impl Loader<JournalLines> for Load {
    type Value = Vec<journal_line::Model>;
    type Error = DbErr;

    async fn load(&self, keys: &[JournalLines]) -> Result<HashMap<JournalLines, Self::Value>, DbErr> {
        let mut found = HashMap::new();
        for (brand_id, journals) in grouped(keys.iter().map(|key| (key.0, key.1))) {
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
        for (brand_id, cases) in grouped(keys.iter().map(|key| (key.0, key.1))) {
            let lines = after_sales::query::lines_of_all(self.app.db.read(), brand_id, &cases).await?;
            found.extend(lines.into_iter().map(|(case, lines)| (CaseLinesOf(brand_id, case), lines)));
        }
        Ok(found)
    }
}

/// The differences of a day: (brand, reconciliation).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct DifferencesOf(pub Uuid, pub Uuid);

impl Loader<DifferencesOf> for Load {
    type Value = Vec<reconciliation_difference::Model>;
    type Error = DbErr;

    async fn load(&self, keys: &[DifferencesOf]) -> Result<HashMap<DifferencesOf, Self::Value>, DbErr> {
        let mut found = HashMap::new();
        for (brand_id, days) in grouped(keys.iter().map(|key| (key.0, key.1))) {
            let rows = reconcile::query::differences(self.app.db.read(), brand_id, &days).await?;
            found.extend(rows.into_iter().map(|(day, rows)| (DifferencesOf(brand_id, day), rows)));
        }
        Ok(found)
    }
}

/// A day by its id: (brand, reconciliation).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct DayById(pub Uuid, pub Uuid);

impl Loader<DayById> for Load {
    type Value = reconciliation::Model;
    type Error = DbErr;

    async fn load(&self, keys: &[DayById]) -> Result<HashMap<DayById, Self::Value>, DbErr> {
        let mut found = HashMap::new();
        for (brand_id, days) in grouped(keys.iter().map(|key| (key.0, key.1))) {
            let rows = reconcile::query::among(self.app.db.read(), brand_id, &days).await?;
            found.extend(rows.into_iter().map(|row| (DayById(brand_id, row.id), row)));
        }
        Ok(found)
    }
}
