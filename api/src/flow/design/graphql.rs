//! Designs in the API.

use async_graphql::{Context, Enum, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use entity::design::{self, DesignStatus as Status};
use entity::{design_picture, design_version};
use uuid::Uuid;

use super::loader::{DesignById, PicturesOf, VersionById, VersionOf};
use super::rules::{self, Event, Words};
use super::{policy, query, service};
use crate::app::App;
use crate::base::id::{DesignId, MediaId, StaffId};
use crate::base::page::{List, Page, PageArgs};
use crate::error::{Error, Result};
use crate::load;
use crate::payload;
use crate::people::actor::Actor;
use crate::people::door;
use crate::storage::graphql::Media;
use crate::storage::loader::MediaById;

/// A pre-product: what may be made, if a community wants it.
pub struct Design {
    row: design::Model,
    /// The version a slate, sample or presale speaks of; `None`: the one now worked on or shown.
    version_id: Option<Uuid>,
}

impl From<design::Model> for Design {
    fn from(row: design::Model) -> Self {
        Design { row, version_id: None }
    }
}

impl Design {
    /// A design as it was when `version_id` went on a slate: later versions do not show through.
    pub async fn load(ctx: &Context<'_>, brand_id: Uuid, id: Uuid, version_id: Uuid) -> Result<Self> {
        let row = load::of(ctx).load_one(DesignById(brand_id, id)).await?;
        let row = row.ok_or_else(|| Error::not_found("design"))?;
        Ok(Design { row, version_id: Some(version_id) })
    }
}

/// Where a design is on its way.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "Status")]
pub enum DesignStatus {
    /// Being written; seen by the brand's staff only.
    Draft,
    /// Its version is frozen; a round may take it.
    Submitted,
    /// On the slate of a round that has not ended.
    InRound,
    /// Among the top of its round: samples and a presale may follow.
    Advanced,
    /// Taken out by hand, or not among the top of its round. Revising it begins a new version.
    Retired,
}

/// What can be done with a design.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum DesignAction {
    /// `submitDesign`
    Submit,
    /// `reviseDesign`
    Revise,
    /// `retireDesign`
    Retire,
}

#[Object]
impl Design {
    /// Names the design across all its versions.
    async fn id(&self) -> DesignId {
        self.row.id.into()
    }

    /// The brand's style number, for people: `D-0001`.
    async fn style_no(&self) -> &str {
        &self.row.style_no
    }

    /// Where it is on its way now.
    async fn status(&self) -> DesignStatus {
        self.row.status.into()
    }

    /// What it says and shows: on a slate, sample or presale the version that is meant there, else
    /// the one now worked on or shown.
    async fn version(&self, ctx: &Context<'_>) -> Result<DesignVersion> {
        let (loaders, brand_id) = (load::of(ctx), self.row.brand_id);
        let found = match self.version_id {
            Some(id) => loaders.load_one(VersionById(brand_id, id)).await?,
            None => loaders.load_one(VersionOf(brand_id, self.row.id, self.row.version)).await?,
        };
        Ok(DesignVersion(found.ok_or_else(|| Error::not_found("design version"))?))
    }

    /// Who proposed it. Shown to staff; null for others.
    async fn designer_id(&self, ctx: &Context<'_>) -> Option<StaffId> {
        ctx.data_unchecked::<Actor>().any_staff().is_ok().then(|| self.row.designer_id.into())
    }

    /// When it was first proposed.
    async fn created_at(&self) -> DateTime<Utc> {
        self.row.created_at
    }

    /// When it last changed in words, pictures or state.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.row.updated_at
    }

    /// The verbs that would work for me now.
    async fn available_actions(&self, ctx: &Context<'_>) -> Vec<DesignAction> {
        let possible = policy::available(ctx.data_unchecked::<Actor>(), &self.row);
        possible.into_iter().filter_map(action).collect()
    }
}

fn action(event: Event) -> Option<DesignAction> {
    match event {
        Event::Submit => Some(DesignAction::Submit),
        Event::Revise => Some(DesignAction::Revise),
        Event::Retire => Some(DesignAction::Retire),
        Event::EnterRound | Event::LeaveRound | Event::Advance | Event::FallShort => None,
    }
}

/// One version of a design; frozen once submitted.
pub struct DesignVersion(pub design_version::Model);

/// A further property of a design, for showing.
#[derive(SimpleObject)]
pub struct DesignAttribute {
    /// Such as `领型`.
    pub name: String,
    /// Such as `小立领`.
    pub value: String,
}

#[Object]
impl DesignVersion {
    /// 1, 2, 3 … in the order they were begun.
    async fn number(&self) -> i32 {
        self.0.version
    }

    /// A line, up to 60 characters.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// What it is and whom it suits, up to 2,000 characters; line breaks are kept.
    async fn description(&self) -> &str {
        &self.0.description
    }

    /// What kind of garment: `衬衫`.
    async fn category(&self) -> &str {
        &self.0.category
    }

    /// When it is worn: `早秋`.
    async fn season(&self) -> Option<&str> {
        self.0.season.as_deref()
    }

    /// What it is made of.
    async fn fabric(&self) -> Option<&str> {
        self.0.fabric.as_deref()
    }

    /// How it sits on the body: `修身`.
    async fn fit(&self) -> Option<&str> {
        self.0.fit.as_deref()
    }

    /// Further properties in the order they were written.
    async fn attributes(&self) -> Result<Vec<DesignAttribute>> {
        let stored: Vec<rules::Attribute> = serde_json::from_value(self.0.attributes.clone())
            .map_err(|error| anyhow::anyhow!("attributes of version {}: {error}", self.0.id))?;
        Ok(stored.into_iter().map(|given| DesignAttribute { name: given.name, value: given.value }).collect())
    }

    /// 1 to 9 pictures, the cover first.
    async fn pictures(&self, ctx: &Context<'_>) -> Result<Vec<Media>> {
        let (loaders, brand_id) = (load::of(ctx), self.0.brand_id);
        let places: Vec<design_picture::Model> =
            loaders.load_one(PicturesOf(brand_id, self.0.id)).await?.unwrap_or_default();
        let mut media = loaders.load_many(places.iter().map(|place| MediaById(brand_id, place.media_id))).await?;
        Ok(places.iter().filter_map(|place| media.remove(&MediaById(brand_id, place.media_id))).map(Media).collect())
    }

    /// When it was submitted and frozen; null while it is a draft.
    async fn submitted_at(&self) -> Option<DateTime<Utc>> {
        self.0.submitted_at
    }
}

/// A further property of a design.
#[derive(InputObject)]
pub struct DesignAttributeInput {
    /// Up to 20 characters.
    pub name: String,
    /// Up to 100 characters.
    pub value: String,
}

/// What a version says and shows.
#[derive(InputObject)]
pub struct DesignContentInput {
    /// A line, up to 60 characters.
    pub title: String,
    /// What it is and whom it suits, up to 2,000 characters.
    pub description: String,
    /// What kind of garment, up to 30 characters.
    pub category: String,
    /// When it is worn, up to 30 characters.
    pub season: Option<String>,
    /// What it is made of, up to 100 characters.
    pub fabric: Option<String>,
    /// How it sits on the body, up to 60 characters.
    pub fit: Option<String>,
    /// Further properties, at most 30, shown in this order. None when missing.
    #[graphql(default)]
    pub attributes: Vec<DesignAttributeInput>,
    /// 1 to 9 different pictures uploaded by the brand's staff, the cover first.
    pub picture_ids: Vec<MediaId>,
}

impl From<DesignContentInput> for service::Content {
    fn from(input: DesignContentInput) -> Self {
        let attribute = |given: DesignAttributeInput| rules::Attribute { name: given.name, value: given.value };
        service::Content {
            words: Words {
                title: input.title,
                description: input.description,
                category: input.category,
                season: input.season,
                fabric: input.fabric,
                fit: input.fit,
                attributes: input.attributes.into_iter().map(attribute).collect(),
            },
            picture_ids: input.picture_ids.into_iter().map(|id| id.0).collect(),
        }
    }
}

#[derive(InputObject)]
pub struct CreateDesignInput {
    /// Made by the client for this one action; a repeat with the same key answers the same.
    pub idempotency_key: String,
    /// Its first version.
    pub content: DesignContentInput,
}

#[derive(InputObject)]
pub struct ReviseDesignInput {
    /// Made by the client for this one action; a repeat with the same key answers the same.
    pub idempotency_key: String,
    /// Which design.
    pub design_id: DesignId,
    /// Replaces all of what the draft says and shows, or begins the next version.
    pub content: DesignContentInput,
}

#[derive(InputObject)]
pub struct SubmitDesignInput {
    /// Made by the client for this one action; a repeat with the same key answers the same.
    pub idempotency_key: String,
    /// Which design.
    pub design_id: DesignId,
}

#[derive(InputObject)]
pub struct RetireDesignInput {
    /// Made by the client for this one action; a repeat with the same key answers the same.
    pub idempotency_key: String,
    /// Which design.
    pub design_id: DesignId,
}

payload!(
    /// The new design, or why there is none.
    CreateDesignPayload {
        /// The design as a draft.
        design: Design
    }
);
payload!(
    /// The revised design, or why it stays as it was.
    ReviseDesignPayload {
        /// The design as a draft.
        design: Design
    }
);
payload!(
    /// The submitted design, or why it stays as it was.
    SubmitDesignPayload {
        /// The design; its version is frozen.
        design: Design
    }
);
payload!(
    /// The retired design, or why it stays as it was.
    RetireDesignPayload {
        /// The design, out of the running.
        design: Design
    }
);

#[derive(Default)]
pub struct DesignQuery;

#[Object]
impl DesignQuery {
    /// The brand's designs, newest first.
    #[graphql(guard = "door::STAFF", directive = door::needs::apply(door::STAFF.roles()))]
    #[allow(clippy::too_many_arguments)] // The arguments of a Relay connection.
    async fn designs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those in this state; all when null.")] status: Option<DesignStatus>,
        #[graphql(desc = "Page size counted from the start, at most 100.")] first: Option<i32>,
        #[graphql(desc = "Begin after this cursor.")] after: Option<String>,
        #[graphql(desc = "Page size counted from the end, at most 100.")] last: Option<i32>,
        #[graphql(desc = "End before this cursor.")] before: Option<String>,
    ) -> Result<Page<Design>> {
        let app = ctx.data_unchecked::<App>();
        let brand_id = ctx.data_unchecked::<Actor>().brand_id()?;
        let args = PageArgs::new(first, after, last, before);
        let view = |row: design::Model| (row.id, Design::from(row));
        let select = query::all(brand_id, status.map(Into::into));
        List::newest_first("designs", brand_id).page(ctx, app.db.read(), select, design::Column::Id, &args, view).await
    }

    /// A design of the brand.
    #[graphql(guard = "door::STAFF", directive = door::needs::apply(door::STAFF.roles()))]
    async fn design(&self, ctx: &Context<'_>, #[graphql(desc = "Which design.")] id: DesignId) -> Result<Design> {
        let brand_id = ctx.data_unchecked::<Actor>().brand_id()?;
        Ok(query::find(ctx.data_unchecked::<App>().db.read(), brand_id, id.0).await?.into())
    }
}

#[derive(Default)]
pub struct DesignMutation;

#[Object]
impl DesignMutation {
    /// Begins a design as a draft under the brand's next style number.
    #[graphql(guard = "door::DESIGNER", directive = door::needs::apply(door::DESIGNER.roles()))]
    async fn create_design(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What it says and shows.")] input: CreateDesignInput,
    ) -> Result<CreateDesignPayload> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        CreateDesignPayload::of(ctx, service::create(app, actor, &input.idempotency_key, &input.content.into()).await)
    }

    /// Rewrites a draft. A submitted or retired design begins its next version as a draft; what the
    /// submitted version says stays on record.
    #[graphql(guard = "door::DESIGNER", directive = door::needs::apply(door::DESIGNER.roles()))]
    async fn revise_design(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which design, and what it says and shows from now on.")] input: ReviseDesignInput,
    ) -> Result<ReviseDesignPayload> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let revise = service::Revise { design_id: input.design_id.0, content: input.content.into() };
        ReviseDesignPayload::of(ctx, service::revise(app, actor, &input.idempotency_key, &revise).await)
    }

    /// Freezes the draft so that a round may take it.
    #[graphql(guard = "door::DESIGNER", directive = door::needs::apply(door::DESIGNER.roles()))]
    async fn submit_design(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which design.")] input: SubmitDesignInput,
    ) -> Result<SubmitDesignPayload> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        SubmitDesignPayload::of(ctx, service::submit(app, actor, &input.idempotency_key, input.design_id.0).await)
    }

    /// Takes a draft or a submitted design out of the running.
    #[graphql(guard = "door::DESIGNER", directive = door::needs::apply(door::DESIGNER.roles()))]
    async fn retire_design(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which design.")] input: RetireDesignInput,
    ) -> Result<RetireDesignPayload> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        RetireDesignPayload::of(ctx, service::retire(app, actor, &input.idempotency_key, input.design_id.0).await)
    }
}
