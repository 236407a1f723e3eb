//! A try-on task and, once written, its post.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "snake_case")]
pub enum TryonStatus {
    #[sea_orm(string_value = "assigned")]
    Assigned,
    #[sea_orm(string_value = "submitted")]
    Submitted,
    #[sea_orm(string_value = "changes_requested")]
    ChangesRequested,
    #[sea_orm(string_value = "approved")]
    Approved,
    #[sea_orm(string_value = "published")]
    Published,
    #[sea_orm(string_value = "withdrawn")]
    Withdrawn,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "snake_case")]
pub enum TryonFit {
    #[sea_orm(string_value = "runs_small")]
    RunsSmall,
    #[sea_orm(string_value = "true_to_size")]
    TrueToSize,
    #[sea_orm(string_value = "runs_large")]
    RunsLarge,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "snake_case")]
pub enum TryonTextVerdict {
    #[sea_orm(string_value = "none")]
    None,
    #[sea_orm(string_value = "pending")]
    Pending,
    #[sea_orm(string_value = "pass")]
    Pass,
    #[sea_orm(string_value = "review")]
    Review,
    #[sea_orm(string_value = "risky")]
    Risky,
    #[sea_orm(string_value = "error")]
    Error,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "snake_case")]
pub enum TryonMediaVerdict {
    #[sea_orm(string_value = "none")]
    None,
    #[sea_orm(string_value = "pending")]
    Pending,
    #[sea_orm(string_value = "pass")]
    Pass,
    #[sea_orm(string_value = "review")]
    Review,
    #[sea_orm(string_value = "risky")]
    Risky,
    #[sea_orm(string_value = "error")]
    Error,
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tryon")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub brand_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub sample_id: Uuid,
    pub design_id: Uuid,
    pub koc_member_id: Uuid,
    pub status: TryonStatus,
    pub due_at: DateTimeUtc,
    /// Rises with each submission.
    pub revision: i32,
    /// The KOC's own words; empty until submitted.
    pub body: String,
    pub size_worn: Option<String>,
    pub fit: Option<TryonFit>,
    /// What is not so good about it; asked for, not optional, when submitting.
    pub cons: Option<String>,
    /// The KOC's own figures as shown with the post (consented).
    pub height_cm: Option<i32>,
    pub weight_kg: Option<i32>,
    /// Consent to show own figures and photos.
    pub consent_id: Option<Uuid>,
    pub text_verdict: TryonTextVerdict,
    /// The worst of its media.
    pub media_verdict: TryonMediaVerdict,
    /// The 广告 label; set by the server when published, never removed.
    pub is_ad: bool,
    pub review_note: Option<String>,
    pub reviewed_by: Option<Uuid>,
    pub submitted_at: Option<DateTimeUtc>,
    pub published_at: Option<DateTimeUtc>,
    /// UUIDv7 made when published: the key that feeds run by, newest first.
    pub publication_id: Option<Uuid>,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
