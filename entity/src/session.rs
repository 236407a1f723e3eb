//! A signed-in device of a member or of staff. Tokens are random and stored hashed.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "snake_case")]
pub enum SessionActorKind {
    #[sea_orm(string_value = "member")]
    Member,
    #[sea_orm(string_value = "staff")]
    Staff,
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "session")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub brand_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// SHA-256 of the access token.
    pub token_hash: Vec<u8>,
    /// SHA-256 of the refresh token; rotates on use.
    pub refresh_hash: Vec<u8>,
    pub actor_kind: SessionActorKind,
    pub member_id: Option<Uuid>,
    pub staff_id: Option<Uuid>,
    pub expires_at: DateTimeUtc,
    pub refresh_expires_at: DateTimeUtc,
    pub revoked_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
