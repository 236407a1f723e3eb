//! Batched reads.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use entity::journal_line;
use sea_orm::DbErr;
use uuid::Uuid;

use super::ledger::query;
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
            let lines = query::lines_of(self.app.db.read(), brand_id, &journals).await?;
            found.extend(lines.into_iter().map(|(journal, lines)| (JournalLines(brand_id, journal), lines)));
        }
        Ok(found)
    }
}
