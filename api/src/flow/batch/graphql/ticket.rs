//! The cut ticket: the document a factory works from. It holds nothing of any buyer.

use async_graphql::{Context, Object};
use chrono::NaiveDate;
use entity::{batch, unit};

use super::super::query;
use super::hang_tag::{self, HangTag};
use super::matrix::{self, BatchMatrix};
use crate::app::App;
use crate::base::id::UnitId;
use crate::base::money::Money;
use crate::base::page::{List, Page, PageArgs};
use crate::error::{Error, Result};
use crate::flow::design::graphql::DesignVersion;
use crate::flow::design::loader::{DesignById, VersionById};
use crate::load;
use crate::people::loader::BrandById;

/// One garment to make, by the short code on its label.
pub struct Unit(pub unit::Model);

/// One garment to make, by the short code on its label.
#[Object]
impl Unit {
    /// Names the unit.
    pub async fn id(&self) -> UnitId {
        self.0.id.into()
    }

    /// Ten characters for the per-unit label; never I, L, O or U.
    async fn code(&self) -> &str {
        &self.0.code
    }

    /// Which colour and size it is.
    async fn sku_id(&self) -> crate::base::id::SkuId {
        self.0.sku_id.into()
    }
}

/// What to make, by when, for how much, and what to sew and hang on it.
pub struct CutTicket(pub batch::Model);

/// What to make, by when, for how much, and what to sew and hang on it.
#[Object]
impl CutTicket {
    /// Number of the order, `B-000001`.
    async fn batch_no(&self) -> &str {
        &self.0.batch_no
    }

    /// Number of the cut; never used again, it follows the lot to inspection.
    async fn cut_no(&self) -> String {
        format!("{}-{}", self.0.batch_no, self.0.revision)
    }

    /// Who orders.
    async fn brand_name(&self, ctx: &Context<'_>) -> Result<String> {
        brand_name(ctx, &self.0).await
    }

    /// Style number of the design, `D-0001`.
    async fn style_no(&self, ctx: &Context<'_>) -> Result<String> {
        let design = load::of(ctx).load_one(DesignById(self.0.brand_id, self.0.design_id)).await?;
        Ok(design.ok_or_else(|| Error::not_found("design"))?.style_no)
    }

    /// The version of the design to make: title, fabric, fit, attributes, pictures.
    async fn design_version(&self, ctx: &Context<'_>) -> Result<DesignVersion> {
        let version = load::of(ctx).load_one(VersionById(self.0.brand_id, self.0.design_version_id)).await?;
        Ok(version.ok_or_else(|| Error::not_found("design version"))?.into())
    }

    /// Title of the design.
    async fn title(&self, ctx: &Context<'_>) -> Result<String> {
        let version = load::of(ctx).load_one(VersionById(self.0.brand_id, self.0.design_version_id)).await?;
        Ok(version.ok_or_else(|| Error::not_found("design version"))?.title)
    }

    /// Day by which it leaves the factory, in the brand's time zone.
    async fn due_date(&self) -> NaiveDate {
        self.0.due_date
    }

    /// The brand's warehouse.
    async fn ship_to(&self) -> &str {
        &self.0.ship_to
    }

    /// What the factory is paid for a piece.
    async fn price_per_piece(&self) -> Money {
        Money::new(self.0.price_per_piece, &self.0.currency)
    }

    /// What to make, with totals and the size ratio.
    async fn matrix(&self, ctx: &Context<'_>) -> Result<BatchMatrix> {
        matrix::of(ctx, &self.0).await
    }

    /// What the hang tag says.
    async fn hang_tag(&self) -> Result<HangTag> {
        hang_tag::of(&self.0)
    }

    /// Codes for the per-unit labels, one a piece.
    async fn units(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Page size, at most 100.")] first: Option<i32>,
        #[graphql(desc = "Cursor of the last unit of the page before.")] after: Option<String>,
    ) -> Result<Page<Unit>> {
        let app = ctx.data_unchecked::<App>();
        let select = query::units(self.0.brand_id, self.0.id);
        List::oldest_first("units", self.0.id)
            .page(
                ctx,
                app.db.read(),
                select,
                unit::Column::Id,
                &PageArgs::new(first, after, None, None),
                |row: unit::Model| (row.id, Unit(row)),
            )
            .await
    }

    /// What the brand adds in words.
    async fn note(&self) -> Option<&str> {
        self.0.note.as_deref()
    }
}

/// Name of the brand that ordered the batch.
pub async fn brand_name(ctx: &Context<'_>, batch: &batch::Model) -> Result<String> {
    let brand = load::of(ctx).load_one(BrandById(batch.brand_id)).await?;
    Ok(brand.ok_or_else(|| Error::not_found("brand"))?.name)
}
