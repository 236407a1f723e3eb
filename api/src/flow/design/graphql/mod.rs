//! Designs in the API.

mod view;

use async_graphql::{Context, InputObject, Object};
use entity::design;

use super::rules::{self, Words};
use super::{query, service};
use crate::app::App;
use crate::base::id::{DesignId, MediaId};
use crate::base::page::{List, Page, PageArgs};
use crate::error::Result;
use crate::payload;
use crate::people::actor::Actor;
use crate::people::door;

pub use view::{Design, DesignAction, DesignAttribute, DesignStatus, DesignVersion};

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
    ) -> Result<Option<Page<Design>>> {
        let app = ctx.data_unchecked::<App>();
        let brand_id = ctx.data_unchecked::<Actor>().brand_id()?;
        let args = PageArgs::new(first, after, last, before);
        let view = |row: design::Model| (row.id, Design::from(row));
        let select = query::all(brand_id, status.map(Into::into));
        List::newest_first("designs", brand_id)
            .page(ctx, app.db.read(), select, design::Column::Id, &args, view)
            .await
            .map(Some)
    }

    /// A design of the brand.
    #[graphql(guard = "door::STAFF", directive = door::needs::apply(door::STAFF.roles()))]
    async fn design(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which design.")] id: DesignId,
    ) -> Result<Option<Design>> {
        let brand_id = ctx.data_unchecked::<Actor>().brand_id()?;
        Ok(Some(query::find(ctx.data_unchecked::<App>().db.read(), brand_id, id.0).await?.into()))
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
    ) -> Result<Option<CreateDesignPayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        CreateDesignPayload::of(ctx, service::create(app, actor, &input.idempotency_key, &input.content.into()).await)
            .map(Some)
    }

    /// Rewrites a draft. A submitted or retired design begins its next version as a draft; what the
    /// submitted version says stays on record.
    #[graphql(guard = "door::DESIGNER", directive = door::needs::apply(door::DESIGNER.roles()))]
    async fn revise_design(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which design, and what it says and shows from now on.")] input: ReviseDesignInput,
    ) -> Result<Option<ReviseDesignPayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let revise = service::Revise { design_id: input.design_id.0, content: input.content.into() };
        ReviseDesignPayload::of(ctx, service::revise(app, actor, &input.idempotency_key, &revise).await).map(Some)
    }

    /// Freezes the draft so that a round may take it.
    #[graphql(guard = "door::DESIGNER", directive = door::needs::apply(door::DESIGNER.roles()))]
    async fn submit_design(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which design.")] input: SubmitDesignInput,
    ) -> Result<Option<SubmitDesignPayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        SubmitDesignPayload::of(ctx, service::submit(app, actor, &input.idempotency_key, input.design_id.0).await)
            .map(Some)
    }

    /// Takes a draft or a submitted design out of the running.
    #[graphql(guard = "door::DESIGNER", directive = door::needs::apply(door::DESIGNER.roles()))]
    async fn retire_design(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which design.")] input: RetireDesignInput,
    ) -> Result<Option<RetireDesignPayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        RetireDesignPayload::of(ctx, service::retire(app, actor, &input.idempotency_key, input.design_id.0).await)
            .map(Some)
    }
}
