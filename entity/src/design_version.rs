//! One version of a design; frozen once submitted.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "design_version")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub brand_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub design_id: Uuid,
    pub version: i32,
    pub title: String,
    pub description: String,
    pub category: String,
    pub season: Option<String>,
    pub fabric: Option<String>,
    pub fit: Option<String>,
    /// Further name–value pairs, for display only.
    #[sea_orm(column_type = "JsonBinary")]
    pub attributes: Json,
    pub submitted_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
