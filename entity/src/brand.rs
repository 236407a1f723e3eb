//! A brand: the tenant. Global directory, so it is keyed by its own id.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "snake_case")]
pub enum BrandStatus {
    #[sea_orm(string_value = "active")]
    Active,
    #[sea_orm(string_value = "suspended")]
    Suspended,
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "brand")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Short name in links and sign-in, `[a-z0-9-]{2,40}`.
    pub slug: String,
    pub name: String,
    pub status: BrandStatus,
    /// IANA name; windows are shown and settled in it.
    pub time_zone: String,
    pub currency: String,
    /// Members a community may hold.
    pub community_cap: i32,
    pub koc_max_communities: i32,
    pub koc_max_members: i32,
    /// Days in which a presale that came to nothing is refunded.
    pub refund_days: i32,
    /// Interest on later refunds, hundredths of a percent a year.
    pub late_interest_bp: i32,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
