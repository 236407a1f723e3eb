//! Telling one picker about an opened presale: at most once per person.

use sea_orm::entity::prelude::*;

use crate::subscribe_message::MessageStatus;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "presale_notice")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub brand_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub presale_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub member_id: Uuid,
    /// In the hold-out group: not told.
    pub held_out: bool,
    pub inbox_message_id: Option<Uuid>,
    /// The subscribe message; a send with unknown outcome is never repeated.
    pub message: MessageStatus,
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
