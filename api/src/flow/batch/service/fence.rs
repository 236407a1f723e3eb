//! The fence around a factory's writes: holder, epoch and lease in the condition of every update.

use entity::batch::{self, BatchStatus};
use sea_orm::sea_query::Condition;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, UpdateMany};
use uuid::Uuid;

use super::super::rules::{refusal, state};
use super::super::{policy, query};
use crate::app::App;
use crate::base::tx::Tx;
use crate::error::{Error, Result};
use crate::people::actor::Actor;

/// A factory's claim to be the holder of a batch under an epoch.
#[derive(Clone, Copy, Debug)]
pub struct Hold {
    pub brand_id: Uuid,
    pub batch_id: Uuid,
    pub factory_id: Uuid,
    pub epoch: i32,
}

impl Hold {
    /// The actor's hold as it says; whether it is true is for the update to find out. `NOT_FOUND`
    /// for a batch that the factory has never heard of.
    pub async fn claimed_by(app: &App, actor: &Actor, batch_id: Uuid, epoch: i32) -> Result<Self> {
        let factory_id = actor.factory()?.id;
        let brand_id = query::brand_of(app.db.read(), factory_id, batch_id).await?;
        let brand_id = brand_id.ok_or_else(|| Error::not_found("batch"))?;
        Ok(Hold { brand_id, batch_id, factory_id, epoch })
    }

    /// An update that touches the batch only while the hold is true and the batch in one of `states`.
    pub fn update(&self, tx: &Tx, states: &[BatchStatus]) -> UpdateMany<batch::Entity> {
        let lease_runs = Condition::any()
            .add(batch::Column::Status.ne(BatchStatus::Leased))
            .add(batch::Column::LeaseExpiresAt.gt(tx.now()));
        batch::Entity::update_many()
            .filter(batch::Column::BrandId.eq(self.brand_id))
            .filter(batch::Column::Id.eq(self.batch_id))
            .filter(batch::Column::FactoryId.eq(self.factory_id))
            .filter(batch::Column::Epoch.eq(self.epoch))
            .filter(batch::Column::Status.is_in(states.iter().copied()))
            .filter(lease_runs)
    }

    /// Runs a fenced update; the refusal says what stood in its way.
    pub async fn apply(&self, tx: &Tx, update: UpdateMany<batch::Entity>) -> Result<()> {
        if update.exec(tx.conn()).await?.rows_affected == 1 { Ok(()) } else { Err(self.why_not(tx).await?) }
    }

    async fn why_not(&self, tx: &Tx) -> Result<Error> {
        let batch = query::find(tx.conn(), self.brand_id, self.batch_id).await?;
        let is_offered = query::is_offered(tx.conn(), self.brand_id, self.batch_id, self.factory_id).await?;
        if !is_offered && !policy::factory_sees(self.factory_id, &batch, is_offered) {
            return Ok(Error::not_found("batch"));
        }
        let is_mine = batch.factory_id == Some(self.factory_id) && batch.epoch == self.epoch;
        if is_mine && !state::has_lapsed(batch.status, batch.lease_expires_at, tx.now()) {
            return Ok(refusal::wrong_state(batch.status).into());
        }
        Ok(refusal::lease_lost(batch.epoch).into())
    }
}

/// The batch for the answer of a repeated request, which may come after the hold has ended.
pub async fn still_seen(tx: &Tx, batch_id: Uuid, factory_id: Uuid) -> Result<batch::Model> {
    let batch = query::find(tx.conn(), tx.brand_id(), batch_id).await?;
    let is_offered = query::is_offered(tx.conn(), tx.brand_id(), batch_id, factory_id).await?;
    if policy::factory_sees(factory_id, &batch, is_offered) {
        return Ok(batch);
    }
    Err(refusal::lease_lost(batch.epoch).into())
}
