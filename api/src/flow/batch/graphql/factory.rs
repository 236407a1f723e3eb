//! What a factory sees: its feed, its batches, its cut tickets.

use async_graphql::connection::{Connection, Edge};
use async_graphql::{Context, Enum, Object};
use chrono::{DateTime, Utc};
use entity::batch::{self, BatchStatus as Status};
use entity::factory_feed::{self, FactoryFeedKind};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::super::loader::{BatchById, OffersOf};
use super::super::rules::state::has_lapsed;
use super::super::{policy, query};
use super::cursor::{FactoryCursor, FactoryList};
use super::matrix::{self, BatchMatrix};
use super::progress::{self, StageProgress};
use super::shipment::{self, Shipment};
use super::staff::BatchStatus;
use super::ticket::{CutTicket, brand_name};
use crate::app::App;
use crate::base::id::{BatchId, FactoryId};
use crate::base::money::Long;
use crate::base::page::MAX_PAGE;
use crate::error::{Error, Fault, Result};
use crate::load;
use crate::people::actor::Actor;
use crate::people::door;
use crate::people::loader::FactoryById;
use crate::reads::hole;

/// What an entry of the feed says.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "FactoryFeedKind")]
pub enum FeedKind {
    /// It may be claimed.
    Offered,
    /// It may no longer be claimed: another factory holds it, or you gave it back.
    Withdrawn,
    /// You hold it under the entry's epoch; accept or reject it before the lease ends.
    Claimed,
    /// Your lease ended; it may be claimed again, by you too.
    Lapsed,
    /// The brand took it back; stop working on it.
    Cancelled,
    /// A batch you hold or held has changed; load it again.
    Updated,
}

/// What may be done with a batch in a factory's list.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactoryStanding {
    /// Free to claim.
    Offered,
    /// Held by this factory, now or until it was shipped.
    Held,
}

/// Verbs that would work now.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactoryBatchAction {
    /// `claimBatch`
    Claim,
    /// `acceptBatch`
    Accept,
    /// `rejectBatch`
    Reject,
    /// `reportBatchProgress`
    ReportProgress,
    /// `shipBatch`
    Ship,
    /// `finishBatchShort`
    FinishShort,
}

/// A batch as a factory sees it: quantities and specifications, nothing about any buyer.
pub struct FactoryBatch(pub batch::Model);

impl From<batch::Model> for FactoryBatch {
    fn from(row: batch::Model) -> Self {
        FactoryBatch(row)
    }
}

impl FactoryBatch {
    /// The batch, if this factory may see it now.
    async fn load(ctx: &Context<'_>, factory_id: Uuid, brand_id: Uuid, id: Uuid) -> Result<Option<Self>> {
        // A batch moves by news of its brand; a kept feed hears only of its factory's.
        hole::deny(ctx);
        let loaders = load::of(ctx);
        let Some(batch) = loaders.load_one(BatchById(brand_id, id)).await? else { return Ok(None) };
        let is_offered = batch.factory_id.is_none()
            && loaders.load_one(OffersOf(brand_id, id)).await?.is_some_and(|offers| offers.contains(&factory_id));
        Ok(policy::factory_sees(factory_id, &batch, is_offered).then_some(FactoryBatch(batch)))
    }
}

/// A batch as a factory sees it: quantities and specifications, nothing about any buyer.
#[Object]
impl FactoryBatch {
    /// Names the batch in every mutation about it.
    pub async fn id(&self) -> BatchId {
        self.0.id.into()
    }

    /// Number for people, `B-000001`; unique within the brand.
    async fn batch_no(&self) -> &str {
        &self.0.batch_no
    }

    /// Who orders.
    async fn brand_name(&self, ctx: &Context<'_>) -> Result<String> {
        brand_name(ctx, &self.0).await
    }

    /// Where it stands.
    async fn status(&self) -> BatchStatus {
        self.0.status.into()
    }

    /// Give it with every write; it rises with each claim.
    async fn epoch(&self) -> i32 {
        self.0.epoch
    }

    /// Of matrix and terms; rises when they change.
    async fn revision(&self) -> i32 {
        self.0.revision
    }

    /// Of the last progress report.
    async fn progress_revision(&self) -> i32 {
        self.0.progress_revision
    }

    /// Accept or reject before; null when there is no lease.
    async fn lease_expires_at(&self) -> Option<DateTime<Utc>> {
        self.0.lease_expires_at
    }

    /// Pieces to make.
    async fn pieces(&self) -> i32 {
        self.0.pieces
    }

    /// Pieces that have left the factory.
    async fn shipped_pieces(&self) -> i32 {
        self.0.shipped_pieces
    }

    /// What to make: colours × sizes.
    async fn matrix(&self, ctx: &Context<'_>) -> Result<BatchMatrix> {
        matrix::of(ctx, &self.0).await
    }

    /// The document to work from.
    async fn cut_ticket(&self) -> CutTicket {
        CutTicket(self.0.clone())
    }

    /// What each stage has reached.
    async fn progress(&self, ctx: &Context<'_>) -> Result<Vec<StageProgress>> {
        progress::of(ctx, &self.0).await
    }

    /// Ship notices, oldest first.
    async fn shipments(&self, ctx: &Context<'_>) -> Result<Vec<Shipment>> {
        shipment::of(ctx, &self.0).await
    }

    /// When the brand released it.
    async fn released_at(&self) -> DateTime<Utc> {
        self.0.released_at
    }

    /// What this factory could do with it now.
    async fn available_actions(&self, ctx: &Context<'_>) -> Result<Vec<FactoryBatchAction>> {
        use FactoryBatchAction as A;
        let app = ctx.data_unchecked::<App>();
        let factory_id = ctx.data_unchecked::<Actor>().factory()?.id;
        let lapsed = has_lapsed(self.0.status, self.0.lease_expires_at, app.clock.now());
        let mine = self.0.factory_id == Some(factory_id);
        Ok(match self.0.status {
            Status::Released => vec![A::Claim],
            Status::Leased if lapsed => vec![A::Claim],
            Status::Leased if mine => vec![A::Accept, A::Reject],
            Status::Accepted if mine => vec![A::ReportProgress],
            Status::InProduction if mine => vec![A::ReportProgress, A::Ship, A::FinishShort],
            _ => Vec::new(),
        })
    }
}

/// One entry of a factory's feed.
pub struct BatchFeedEntry(pub(super) factory_feed::Model, BatchRead);

/// The batch of an entry: not read yet, or read along with it; none when it is not the factory's to see.
enum BatchRead {
    Not,
    Along(Option<Box<batch::Model>>),
}

impl BatchFeedEntry {
    fn along(factory_id: Uuid, (entry, batch): (factory_feed::Model, Option<(batch::Model, bool)>)) -> Self {
        let seen = batch
            .filter(|(batch, offered)| policy::factory_sees(factory_id, batch, batch.factory_id.is_none() && *offered));
        BatchFeedEntry(entry, BatchRead::Along(seen.map(|(batch, _)| Box::new(batch))))
    }
}

/// One entry of a factory's feed.
#[Object]
impl BatchFeedEntry {
    /// 1, 2, 3 … without gaps, over all brands.
    async fn sequence(&self) -> Long {
        Long(self.0.sequence)
    }

    /// What happened.
    async fn kind(&self) -> FeedKind {
        self.0.kind.into()
    }

    /// Epoch of the batch when it happened.
    async fn epoch(&self) -> i32 {
        self.0.epoch
    }

    /// When it was put into the feed.
    async fn at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// Which batch it is about, even when that is no longer yours to see.
    async fn batch_id(&self) -> BatchId {
        self.0.batch_id.into()
    }

    /// The batch as it is now; null when it is no longer yours to see.
    async fn batch(&self, ctx: &Context<'_>) -> Result<Option<FactoryBatch>> {
        match &self.1 {
            BatchRead::Not => FactoryBatch::load(ctx, self.0.factory_id, self.0.brand_id, self.0.batch_id).await,
            BatchRead::Along(batch) => {
                hole::deny(ctx);
                Ok(batch.clone().map(|batch| FactoryBatch(*batch)))
            }
        }
    }
}

pub(super) type FeedPage = Connection<FactoryCursor, BatchFeedEntry>;

/// What belongs to the factory that asks.
pub struct FactoryDesk(Uuid);

/// What belongs to the factory that asks.
#[Object]
impl FactoryDesk {
    /// Who I am.
    #[graphql(deprecation = "A desk is no thing of its own; ask `viewer { factory { id } }`.")]
    pub async fn id(&self) -> FactoryId {
        self.0.into()
    }

    /// Name of the factory, as brands see it.
    async fn name(&self, ctx: &Context<'_>) -> Result<String> {
        let factory = load::of(ctx).load_one(FactoryById(self.0)).await?;
        Ok(factory.ok_or_else(|| Error::not_found("factory"))?.name)
    }

    /// What happened since `after`, oldest first, over all brands. Keep the last cursor you have
    /// worked on and poll with it: an answer without edges says that nothing is new.
    async fn batch_feed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Cursor of the last entry you know; from the beginning when missing.")] after: Option<String>,
        #[graphql(desc = "How many entries at most, 1 to 100.", default = 50)] first: i32,
    ) -> Result<FeedPage> {
        let app = ctx.data_unchecked::<App>();
        let size = page_size(first)?;
        let place = FactoryCursor::open(FactoryList::Feed, self.0, after.as_deref())?;
        let sequence = i64::try_from(place.unwrap_or(0)).map_err(|_| Fault::BadCursor)?;
        let ahead = ctx.look_ahead();
        let with_batches = [ahead.field("edges").field("node"), ahead.field("nodes")];
        if with_batches.iter().any(|node| node.field("batch").exists()) {
            let entries = query::feed_with_batches(app.db.read(), self.0, sequence, size as u64 + 1).await?;
            let entries = entries.into_iter().map(|entry| BatchFeedEntry::along(self.0, entry)).collect();
            return Ok(page_of(entries, self.0, sequence, size));
        }
        feed_page(app, self.0, sequence, size).await
    }

    /// A batch that is offered to me and free, or that I hold; `NOT_FOUND` for any other.
    async fn batch(&self, ctx: &Context<'_>, #[graphql(desc = "Which batch.")] id: BatchId) -> Result<FactoryBatch> {
        let app = ctx.data_unchecked::<App>();
        let brand_id = query::brand_of(app.db.read(), self.0, id.0).await?;
        let brand_id = brand_id.ok_or_else(|| Error::not_found("batch"))?;
        FactoryBatch::load(ctx, self.0, brand_id, id.0).await?.ok_or_else(|| Error::not_found("batch"))
    }

    /// My batches over all brands, newest first. A page may hold fewer than asked for when a batch
    /// has just been taken by another factory.
    async fn batches(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those on offer or only those held; both when missing.")] standing: Option<
            FactoryStanding,
        >,
        #[graphql(desc = "Cursor of the last batch of the page before.")] after: Option<String>,
        #[graphql(desc = "How many batches at most, 1 to 100.", default = 20)] first: i32,
    ) -> Result<Connection<FactoryCursor, FactoryBatch>> {
        let app = ctx.data_unchecked::<App>();
        let size = page_size(first)?;
        let place = FactoryCursor::open(FactoryList::Batches, self.0, after.as_deref())?;
        let mut newest = query::newest_entries(self.0, kinds(standing))
            .order_by_desc(factory_feed::Column::BatchId)
            .limit(size as u64 + 1);
        if let Some(place) = place {
            newest = newest.filter(factory_feed::Column::BatchId.lt(Uuid::from_u128(place)));
        }
        let mut entries = newest.all(app.db.read()).await?;
        let mut page = Connection::new(place.is_some(), entries.len() > size);
        entries.truncate(size);
        let batches = entries.iter().map(|entry| FactoryBatch::load(ctx, self.0, entry.brand_id, entry.batch_id));
        for batch in futures_util::future::try_join_all(batches).await?.into_iter().flatten() {
            let cursor = FactoryCursor::new(FactoryList::Batches, self.0, batch.0.id.as_u128());
            page.edges.push(Edge::new(cursor, batch));
        }
        Ok(page)
    }
}

/// A factory's feed after the entry `sequence`; 0 is before the first.
pub(super) async fn feed_page(app: &App, factory_id: Uuid, sequence: i64, size: usize) -> Result<FeedPage> {
    let entries = query::feed_after(app.db.read(), factory_id, sequence, size as u64 + 1).await?;
    let entries = entries.into_iter().map(|entry| BatchFeedEntry(entry, BatchRead::Not)).collect();
    Ok(page_of(entries, factory_id, sequence, size))
}

/// The page of `entries`, which may be one more than its size.
fn page_of(mut entries: Vec<BatchFeedEntry>, factory_id: Uuid, sequence: i64, size: usize) -> FeedPage {
    let mut page = Connection::new(sequence > 0, entries.len() > size);
    entries.truncate(size);
    page.edges.extend(entries.into_iter().map(|entry| {
        let cursor = FactoryCursor::new(FactoryList::Feed, factory_id, entry.0.sequence.unsigned_abs().into());
        Edge::new(cursor, entry)
    }));
    page
}

pub(super) fn page_size(first: i32) -> Result<usize> {
    if (1..=MAX_PAGE).contains(&first) {
        return Ok(first as usize);
    }
    Err(Fault::BadRequest(format!("a page has 1 to {MAX_PAGE} items, not {first}")).into())
}

/// The kinds of a batch's newest entry that put it in the list.
fn kinds(standing: Option<FactoryStanding>) -> Vec<FactoryFeedKind> {
    use FactoryFeedKind as K;
    match standing {
        Some(FactoryStanding::Offered) => vec![K::Offered, K::Lapsed],
        Some(FactoryStanding::Held) => vec![K::Claimed, K::Updated],
        None => vec![K::Offered, K::Lapsed, K::Claimed, K::Updated],
    }
}

#[derive(Default)]
pub struct FactoryQuery;

#[Object]
impl FactoryQuery {
    /// The desk of the factory whose API key is used: its feed and its batches over all brands.
    #[graphql(guard = "door::FACTORY", directive = door::needs::apply(door::FACTORY.roles()))]
    async fn factory(&self, ctx: &Context<'_>) -> Result<Option<FactoryDesk>> {
        Ok(Some(FactoryDesk(ctx.data_unchecked::<Actor>().factory()?.id)))
    }
}
