//! A design on a round's slate, with its tally.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "round_entry")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub brand_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub round_id: Uuid,
    pub design_id: Uuid,
    pub design_version_id: Uuid,
    /// Place on the slate.
    pub position: i32,
    /// Tally over all communities.
    pub picks: i32,
    /// Set when the round closes, before the count: the tally never changes again. On the row that a
    /// pick updates, so that a pick under way meets it.
    pub frozen: bool,
    /// Of the last standing pick; set when the round closes, earlier wins a tie.
    pub last_pick_at: Option<DateTimeUtc>,
    /// Set when the round closes; 1 is first.
    pub rank: Option<i32>,
    pub advanced: bool,
}

impl ActiveModelBehavior for ActiveModel {}
