//! Batched reads.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use entity::promise_question::{self, Column, PromiseQuestionStatus};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QuerySelect};
use uuid::Uuid;

use crate::load::{Load, by_id, grouped};

by_id! {
    /// A change by (brand, id).
    ChangeById: promise_change
}

/// How many questions of a change stand how: (brand, change).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct AnswersTo(pub Uuid, pub Uuid);

#[derive(FromQueryResult)]
struct Counted {
    change_id: Uuid,
    status: PromiseQuestionStatus,
    questions: i64,
}

impl Loader<AnswersTo> for Load {
    type Value = HashMap<PromiseQuestionStatus, i64>;
    type Error = DbErr;

    async fn load(&self, keys: &[AnswersTo]) -> Result<HashMap<AnswersTo, Self::Value>, DbErr> {
        let mut found = HashMap::<AnswersTo, Self::Value>::new();
        for (brand_id, ids) in grouped(keys.iter().map(|key| (key.0, key.1))) {
            let rows = promise_question::Entity::find()
                .select_only()
                .columns([Column::ChangeId, Column::Status])
                .column_as(Expr::col(Column::Id).count(), "questions")
                .filter(Column::BrandId.eq(brand_id))
                .filter(Column::ChangeId.is_in(ids))
                .group_by(Column::ChangeId)
                .group_by(Column::Status)
                .into_model::<Counted>()
                .all(self.app.db.read())
                .await?;
            for row in rows {
                found.entry(AnswersTo(brand_id, row.change_id)).or_default().insert(row.status, row.questions);
            }
        }
        Ok(found)
    }
}
