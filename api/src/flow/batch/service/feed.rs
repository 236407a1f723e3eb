//! The feeds of factories: a projection of batch events, ordered and without gaps.
//!
//! The number and the entry are written in one transaction, so no number is ever missing or seen
//! late; the unique key on (factory, event) makes a repeated event harmless.

use entity::factory_feed::{self, FactoryFeedKind};
use sea_orm::{ConnectionTrait, EntityTrait, Set};
use uuid::Uuid;

use super::super::rules::feed::{News, entries};
use crate::app::App;
use crate::base::db::sql;
use crate::base::fresh::Subject;
use crate::base::tx::Tx;
use crate::error::Result;
use crate::news;
use crate::worker::Event;

/// Writes the entries an event of a batch makes; none for events that concern no factory.
pub async fn project(app: &App, event: &Event) -> Result<()> {
    let Ok(news) = serde_json::from_value::<News>(event.payload.clone()) else {
        // Progress and ship notices carry other data: the holder made them and needs no telling.
        return Ok(());
    };
    let entries = &entries(&event.kind, &news);
    if entries.is_empty() {
        return Ok(());
    }
    app.write(event.brand_id, |tx| async move {
        for (factory_id, kind) in entries {
            append(&tx, event, *factory_id, *kind, news.epoch).await?;
        }
        Ok(())
    })
    .await
}

async fn append(tx: &Tx, event: &Event, factory_id: Uuid, kind: FactoryFeedKind, epoch: i32) -> Result<()> {
    let number = sql(
        tx.conn().get_database_backend(),
        "update factory set feed_sequence = feed_sequence + 1 where id = $1 \
         and not exists (select 1 from factory_feed where factory_id = $1 and event_id = $2) returning feed_sequence",
        [factory_id.into(), event.id.into()],
    );
    let Some(row) = tx.conn().query_one_raw(number).await? else { return Ok(()) };
    let entry = factory_feed::ActiveModel {
        factory_id: Set(factory_id),
        sequence: Set(row.try_get("", "feed_sequence")?),
        event_id: Set(event.id),
        brand_id: Set(event.brand_id),
        batch_id: Set(event.aggregate_id),
        kind: Set(kind),
        epoch: Set(epoch),
        created_at: Set(tx.now()),
    };
    factory_feed::Entity::insert(entry).exec_without_returning(tx.conn()).await?;
    tx.touch(Subject::Reads(factory_id));
    tx.news(news::feed_of(factory_id));
    Ok(())
}
