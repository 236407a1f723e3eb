//! Designs and their versions as they are shown.

use std::sync::Arc;

use async_graphql::{Context, Enum, Object, SimpleObject};
use chrono::{DateTime, Utc};
use entity::design::{self, DesignStatus as Status};
use entity::{design_picture, design_version, media};
use uuid::Uuid;

use crate::base::id::{DesignId, StaffId};
use crate::error::{Error, Result};
use crate::flow::design::loader::{DesignById, PicturesOf, VersionById, VersionOf};
use crate::flow::design::policy;
use crate::flow::design::rules::{self, Event};
use crate::flow::design::shown::{Shown, ShownIn};
use crate::load;
use crate::people::actor::Actor;
use crate::storage::graphql::Media;
use crate::storage::loader::MediaById;

/// A pre-product: what may be made, if a community wants it.
pub struct Design {
    row: design::Model,
    /// The version a slate, sample or presale speaks of; `None`: the one now worked on or shown.
    version_id: Option<Uuid>,
    /// Read along with the design.
    shown: Option<Arc<Shown>>,
}

impl From<Arc<Shown>> for Design {
    fn from(shown: Arc<Shown>) -> Self {
        Design { row: shown.design.clone(), version_id: Some(shown.version.id), shown: Some(shown) }
    }
}

impl From<design::Model> for Design {
    fn from(row: design::Model) -> Self {
        Design { row, version_id: None, shown: None }
    }
}

impl Design {
    /// A design as it was when `version_id` went on a slate: later versions do not show through.
    pub async fn load(ctx: &Context<'_>, brand_id: Uuid, id: Uuid, version_id: Uuid) -> Result<Self> {
        if ctx.look_ahead().field("version").exists() {
            let shown = load::of(ctx).load_one(ShownIn(brand_id, version_id)).await?;
            return Ok(shown.ok_or_else(|| Error::not_found("design version"))?.into());
        }
        let row = load::of(ctx).load_one(DesignById(brand_id, id)).await?;
        let row = row.ok_or_else(|| Error::not_found("design"))?;
        Ok(Design { row, version_id: Some(version_id), shown: None })
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

/// A pre-product: what may be made, if a community wants it.
#[Object(serial)]
impl Design {
    /// Names the design across all its versions.
    pub async fn id(&self) -> DesignId {
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
        if let Some(shown) = &self.shown {
            return Ok(DesignVersion { row: shown.version.clone(), pictures: Some(shown.pictures.clone()) });
        }
        let (loaders, brand_id) = (load::of(ctx), self.row.brand_id);
        let found = match self.version_id {
            Some(id) => loaders.load_one(VersionById(brand_id, id)).await?,
            None => loaders.load_one(VersionOf(brand_id, self.row.id, self.row.version)).await?,
        };
        Ok(found.ok_or_else(|| Error::not_found("design version"))?.into())
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
pub struct DesignVersion {
    row: design_version::Model,
    /// Read along with the version.
    pictures: Option<Vec<media::Model>>,
}

impl From<design_version::Model> for DesignVersion {
    fn from(row: design_version::Model) -> Self {
        DesignVersion { row, pictures: None }
    }
}

/// A further property of a design, for showing.
#[derive(SimpleObject)]
#[graphql(serial)]
pub struct DesignAttribute {
    /// Such as `领型`.
    pub name: String,
    /// Such as `小立领`.
    pub value: String,
}

/// One version of a design; frozen once submitted.
#[Object(serial)]
impl DesignVersion {
    /// 1, 2, 3 … in the order they were begun.
    async fn number(&self) -> i32 {
        self.row.version
    }

    /// A line, up to 60 characters.
    async fn title(&self) -> &str {
        &self.row.title
    }

    /// What it is and whom it suits, up to 2,000 characters; line breaks are kept.
    async fn description(&self) -> &str {
        &self.row.description
    }

    /// What kind of garment: `衬衫`.
    async fn category(&self) -> &str {
        &self.row.category
    }

    /// When it is worn: `早秋`.
    async fn season(&self) -> Option<&str> {
        self.row.season.as_deref()
    }

    /// What it is made of.
    async fn fabric(&self) -> Option<&str> {
        self.row.fabric.as_deref()
    }

    /// How it sits on the body: `修身`.
    async fn fit(&self) -> Option<&str> {
        self.row.fit.as_deref()
    }

    /// Further properties in the order they were written.
    async fn attributes(&self) -> Result<Vec<DesignAttribute>> {
        let stored: Vec<rules::Attribute> = serde_json::from_value(self.row.attributes.clone())
            .map_err(|error| anyhow::anyhow!("attributes of version {}: {error}", self.row.id))?;
        Ok(stored.into_iter().map(|given| DesignAttribute { name: given.name, value: given.value }).collect())
    }

    /// 1 to 9 pictures, the cover first.
    async fn pictures(&self, ctx: &Context<'_>) -> Result<Vec<Media>> {
        if let Some(pictures) = &self.pictures {
            return Ok(pictures.iter().cloned().map(Media).collect());
        }
        let (loaders, brand_id) = (load::of(ctx), self.row.brand_id);
        let places: Vec<design_picture::Model> =
            loaders.load_one(PicturesOf(brand_id, self.row.id)).await?.unwrap_or_default();
        let mut media = loaders.load_many(places.iter().map(|place| MediaById(brand_id, place.media_id))).await?;
        Ok(places.iter().filter_map(|place| media.remove(&MediaById(brand_id, place.media_id))).map(Media).collect())
    }

    /// When it was submitted and frozen; null while it is a draft.
    async fn submitted_at(&self) -> Option<DateTime<Utc>> {
        self.row.submitted_at
    }
}
