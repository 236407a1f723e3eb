//! A production order for one design: a size × colour matrix of paid pieces.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "snake_case")]
pub enum BatchStatus {
    #[sea_orm(string_value = "draft")]
    Draft,
    #[sea_orm(string_value = "released")]
    Released,
    #[sea_orm(string_value = "leased")]
    Leased,
    #[sea_orm(string_value = "countered")]
    Countered,
    #[sea_orm(string_value = "accepted")]
    Accepted,
    #[sea_orm(string_value = "in_production")]
    InProduction,
    #[sea_orm(string_value = "shipped")]
    Shipped,
    #[sea_orm(string_value = "received")]
    Received,
    #[sea_orm(string_value = "closed")]
    Closed,
    #[sea_orm(string_value = "cancelled")]
    Cancelled,
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "batch")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub brand_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// `B-000001`, never reused; the cut number that follows the lot.
    pub batch_no: String,
    pub presale_id: Uuid,
    pub design_id: Uuid,
    pub design_version_id: Uuid,
    pub status: BatchStatus,
    /// Of the matrix and terms; rises when they change.
    pub revision: i32,
    /// Rises with each claim; a write under an older epoch is refused.
    pub epoch: i32,
    /// The holder under the current epoch; null while nobody holds it.
    pub factory_id: Option<Uuid>,
    pub lease_expires_at: Option<DateTimeUtc>,
    /// Of the last progress report.
    pub progress_revision: i32,
    pub pieces: i32,
    pub shipped_pieces: i32,
    /// Fen paid to the factory.
    pub price_per_piece: i64,
    pub currency: String,
    /// Ex-factory, in the brand's time zone.
    pub due_date: Date,
    /// The brand's warehouse; no buyer's address.
    pub ship_to: String,
    /// Display data for the Chinese hang tag (GB/T 5296.4) and cut ticket notes.
    #[sea_orm(column_type = "JsonBinary")]
    pub hang_tag: Json,
    pub note: Option<String>,
    pub released_at: DateTimeUtc,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
