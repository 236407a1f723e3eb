//! "I would wear this": one member, one design, one pick; free, equal, without weight or reward.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "pick")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub brand_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub round_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub design_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub member_id: Uuid,
    /// The community the pick counts for: the first of the round's that the member joined.
    pub community_id: Uuid,
    pub picked_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
