//! What the brand's people see of a batch.

use async_graphql::{Context, Enum, Object};
use chrono::{DateTime, NaiveDate, Utc};
use entity::batch::{self, BatchStatus as Status};
use entity::staff::StaffRole;
use entity::state_change::{self, StateChangeActorKind};

use super::super::loader::OffersOf;
use super::super::query;
use super::super::rules::state::{BatchEvent, next};
use super::hang_tag::{self, HangTag};
use super::matrix::{self, BatchMatrix};
use super::progress::{self, ProgressReport, StageProgress};
use super::shipment::{self, Shipment};
use super::ticket::CutTicket;
use crate::app::App;
use crate::base::id::{BatchId, PresaleId};
use crate::base::money::Money;
use crate::base::page::{List, Page, PageArgs};
use crate::error::Result;
use crate::load;
use crate::people::actor::Actor;
use crate::people::door;
use crate::people::graphql::view::Factory;
use crate::people::loader::FactoryById;

/// Where a batch stands.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "Status")]
pub enum BatchStatus {
    /// Being put together; nobody is offered it yet.
    Draft,
    /// On offer; nobody holds it.
    Released,
    /// A factory has claimed it and is to accept or reject before the lease ends.
    Leased,
    /// A factory proposed other terms; the brand is to answer.
    Countered,
    /// A factory is committed to it.
    Accepted,
    /// The first progress report is in.
    InProduction,
    /// Everything left the factory, or all that there will be.
    Shipped,
    /// The brand's warehouse has it.
    Received,
    /// Settled.
    Closed,
    /// Taken back before production.
    Cancelled,
}

/// Verbs that would work now.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchAction {
    /// `cancelBatch`
    Cancel,
    /// `confirmBatchReceived`
    ConfirmReceived,
    /// `closeBatch`
    Close,
}

/// Who made a state move.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "StateChangeActorKind", name = "BatchActorKind")]
pub enum ActorKind {
    /// A member of the brand.
    Member,
    /// A person of the brand's team.
    Staff,
    /// A factory.
    Factory,
    /// It happened by itself: a timer.
    System,
    /// WeChat told us.
    Wechat,
}

/// One step in the life of a batch.
pub struct BatchStep(state_change::Model);

/// One step in the life of a batch.
#[Object]
impl BatchStep {
    /// What happened: `released`, `claimed`, `lapsed`, `rejected`, `accepted`, `started`, `shipped`, ….
    async fn event(&self) -> &str {
        &self.0.event
    }

    /// State before; null for the release.
    async fn from_status(&self) -> Option<&str> {
        self.0.from_state.as_deref()
    }

    /// State after.
    async fn to_status(&self) -> &str {
        &self.0.to_state
    }

    /// Who did it.
    async fn actor_kind(&self) -> ActorKind {
        self.0.actor_kind.into()
    }

    /// The factory that did it; null when it was not a factory.
    async fn factory(&self, ctx: &Context<'_>) -> Result<Option<Factory>> {
        match (self.0.actor_kind, self.0.actor_id) {
            (StateChangeActorKind::Factory, Some(id)) => {
                Ok(load::of(ctx).load_one(FactoryById(id)).await?.map(Factory::from))
            }
            _ => Ok(None),
        }
    }

    /// Reason given: why it was rejected or cancelled, how many pieces are missing.
    async fn why(&self) -> Option<&str> {
        self.0.why.as_deref()
    }

    /// When it happened.
    async fn at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
}

/// A production order for one design: a size × colour matrix of paid pieces.
pub struct Batch(pub batch::Model);

impl From<batch::Model> for Batch {
    fn from(row: batch::Model) -> Self {
        Batch(row)
    }
}

/// A production order for one design: a size × colour matrix of paid pieces.
#[Object]
impl Batch {
    /// Names the batch in every mutation about it.
    pub async fn id(&self) -> BatchId {
        self.0.id.into()
    }

    /// Number for people, `B-000001`; never used again.
    async fn batch_no(&self) -> &str {
        &self.0.batch_no
    }

    /// Whose paid pieces it makes.
    async fn presale_id(&self) -> PresaleId {
        self.0.presale_id.into()
    }

    /// Where it stands.
    async fn status(&self) -> BatchStatus {
        self.0.status.into()
    }

    /// Rises with each claim; a factory's writes under an older one are refused.
    async fn epoch(&self) -> i32 {
        self.0.epoch
    }

    /// Of the last progress report.
    async fn progress_revision(&self) -> i32 {
        self.0.progress_revision
    }

    /// The factory that holds it or made it; null while nobody does.
    async fn factory(&self, ctx: &Context<'_>) -> Result<Option<Factory>> {
        let Some(id) = self.0.factory_id else { return Ok(None) };
        Ok(load::of(ctx).load_one(FactoryById(id)).await?.map(Factory::from))
    }

    /// Factories that may claim it. Empty when all have rejected it: cancel it and release again to others.
    async fn offered_to(&self, ctx: &Context<'_>) -> Result<Vec<Factory>> {
        let loaders = load::of(ctx);
        let ids = loaders.load_one(OffersOf(self.0.brand_id, self.0.id)).await?.unwrap_or_default();
        let mut factories = loaders.load_many(ids.iter().map(|id| FactoryById(*id))).await?;
        Ok(ids.iter().filter_map(|id| factories.remove(&FactoryById(*id))).map(Factory::from).collect())
    }

    /// When the lease of the factory that claimed it ends; null when there is none.
    async fn lease_expires_at(&self) -> Option<DateTime<Utc>> {
        self.0.lease_expires_at
    }

    /// Paid pieces in it.
    async fn pieces(&self) -> i32 {
        self.0.pieces
    }

    /// Pieces that have left the factory.
    async fn shipped_pieces(&self) -> i32 {
        self.0.shipped_pieces
    }

    /// What the factory is paid for a piece.
    async fn price_per_piece(&self) -> Money {
        Money::new(self.0.price_per_piece, &self.0.currency)
    }

    /// Day by which it leaves the factory, in the brand's time zone.
    async fn due_date(&self) -> NaiveDate {
        self.0.due_date
    }

    /// Where the factory ships it to.
    async fn ship_to(&self) -> &str {
        &self.0.ship_to
    }

    /// What the hang tag says.
    async fn hang_tag(&self) -> Result<HangTag> {
        hang_tag::of(&self.0)
    }

    /// The document the factory works from.
    async fn cut_ticket(&self) -> CutTicket {
        CutTicket(self.0.clone())
    }

    /// What the brand added in words.
    async fn note(&self) -> Option<&str> {
        self.0.note.as_deref()
    }

    /// Colours × sizes with pieces ordered and shipped.
    async fn matrix(&self, ctx: &Context<'_>) -> Result<BatchMatrix> {
        matrix::of(ctx, &self.0).await
    }

    /// What each stage has reached.
    async fn progress(&self, ctx: &Context<'_>) -> Result<Vec<StageProgress>> {
        progress::of(ctx, &self.0).await
    }

    /// The factory's reports with their notes, newest first.
    async fn reports(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only reports before this revision; from the last one when missing.")] before: Option<i32>,
        #[graphql(desc = "How many at most, 1 to 100.", default = 20)] first: i32,
    ) -> Result<Vec<ProgressReport>> {
        progress::reports(ctx, &self.0, before, first).await
    }

    /// Ship notices, oldest first.
    async fn shipments(&self, ctx: &Context<'_>) -> Result<Vec<Shipment>> {
        shipment::of(ctx, &self.0).await
    }

    /// What happened to it, oldest first.
    async fn history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Page size, at most 100.")] first: Option<i32>,
        #[graphql(desc = "Cursor of the last step of the page before.")] after: Option<String>,
    ) -> Result<Page<BatchStep>> {
        let app = ctx.data_unchecked::<App>();
        List::oldest_first("batch_history", self.0.id)
            .page(
                ctx,
                app.db.read(),
                query::history(self.0.brand_id, self.0.id),
                state_change::Column::Id,
                &PageArgs::new(first, after, None, None),
                |row: state_change::Model| (row.id, BatchStep(row)),
            )
            .await
    }

    /// When it was released.
    async fn released_at(&self) -> DateTime<Utc> {
        self.0.released_at
    }

    /// What I could do with it now.
    async fn available_actions(&self, ctx: &Context<'_>) -> Vec<BatchAction> {
        let actor = ctx.data_unchecked::<Actor>();
        let merchandiser: &[StaffRole] = &[StaffRole::Merchandiser];
        let warehouse: &[StaffRole] = &[StaffRole::Merchandiser, StaffRole::Support];
        let verbs = [
            (BatchAction::Cancel, BatchEvent::Cancelled, merchandiser),
            (BatchAction::ConfirmReceived, BatchEvent::Received, warehouse),
            (BatchAction::Close, BatchEvent::Closed, merchandiser),
        ];
        let works = |event, roles| next(self.0.status, event).is_some() && actor.staff(roles).is_ok();
        verbs.into_iter().filter(|(_, event, roles)| works(*event, roles)).map(|(verb, ..)| verb).collect()
    }
}

#[derive(Default)]
pub struct BatchQuery;

#[Object]
impl BatchQuery {
    /// The brand's batches, newest first.
    #[graphql(guard = "door::STAFF", directive = door::needs::apply(door::STAFF.roles()))]
    #[allow(clippy::too_many_arguments)] // the arguments of the field
    async fn batches(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of one presale; of all when missing.")] presale_id: Option<PresaleId>,
        #[graphql(desc = "In one state; in any when missing.")] status: Option<BatchStatus>,
        #[graphql(desc = "Page size counted from the newest, at most 100.")] first: Option<i32>,
        #[graphql(desc = "Cursor of the last batch of the page before.")] after: Option<String>,
        #[graphql(desc = "Page size counted from the oldest, at most 100.")] last: Option<i32>,
        #[graphql(desc = "Cursor of the first batch of the page after.")] before: Option<String>,
    ) -> Result<Option<Page<Batch>>> {
        let app = ctx.data_unchecked::<App>();
        let brand_id = ctx.data_unchecked::<Actor>().brand_id()?;
        let select = query::all(brand_id, presale_id.map(|id| id.0), status.map(Status::from));
        List::newest_first("batches", brand_id)
            .page(
                ctx,
                app.db.read(),
                select,
                batch::Column::Id,
                &PageArgs::new(first, after, last, before),
                |row: batch::Model| (row.id, Batch(row)),
            )
            .await
            .map(Some)
    }

    /// One batch of the brand.
    #[graphql(guard = "door::STAFF", directive = door::needs::apply(door::STAFF.roles()))]
    async fn batch(&self, ctx: &Context<'_>, #[graphql(desc = "Which batch.")] id: BatchId) -> Result<Option<Batch>> {
        let app = ctx.data_unchecked::<App>();
        let brand_id = ctx.data_unchecked::<Actor>().brand_id()?;
        Ok(Some(Batch(query::find(app.db.read(), brand_id, id.0).await?)))
    }
}
