//! Writing the offer: what is sold, for how much, until when, to whom, by when it ships.

use chrono_tz::Tz;
use entity::presale::{self, PresaleStatus};
use entity::staff::StaffRole;
use entity::{community, design, presale_community, presale_sku, presale_tier, round_entry};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, Set};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::{brand, wrong_state};
use crate::app::App;
use crate::base::once::{Done, Once};
use crate::base::tx::{Move, Tx};
use crate::error::{Error, Refusal, Result};
use crate::flow::presale::rules::plan::Tier;
use crate::flow::presale::rules::{self, Sku, Terms};
use crate::flow::presale::{query, timers};
use crate::people::actor::Actor;

#[derive(Serialize)]
pub struct Draft {
    /// The round entry whose design is offered; it must have advanced.
    pub entry_id: Uuid,
    #[serde(flatten)]
    pub terms: Terms,
}

/// Drafts a presale of a design that advanced.
pub async fn draft(app: &App, actor: &Actor, key: &str, input: &Draft) -> Result<Done<presale::Model>> {
    let staff = actor.staff(&[StaffRole::Merchandiser])?;
    let brand_id = staff.brand_id;
    let once = &Once::new(staff.id, "draftPresale", key, input)?;
    app.write(brand_id, |tx| async move {
        let id = tx.new_id();
        if let Some(id) = once.begin(&tx, &id).await? {
            return Ok(Done::replay(query::find(tx.conn(), brand_id, id).await?));
        }
        let brand = brand(&tx).await?;
        let terms = rules::check_terms(&input.terms, query::zone(&brand.time_zone)?)?;
        let entry = advanced_entry(&tx, input.entry_id).await?;
        let presale = presale::ActiveModel {
            brand_id: Set(brand_id),
            id: Set(id),
            entry_id: Set(entry.id),
            design_id: Set(entry.design_id),
            design_version_id: Set(entry.design_version_id),
            status: Set(PresaleStatus::Draft),
            currency: Set(brand.currency),
            opened_at: Set(None),
            closed_at: Set(None),
            reached_pieces: Set(None),
            balance_opens_at: Set(None),
            balance_closes_at: Set(None),
            refund_due_at: Set(None),
            created_at: Set(tx.now()),
            ..columns(&terms)
        }
        .insert(tx.conn())
        .await?;
        write_skus(&tx, &presale, &terms.skus).await?;
        write_tiers(&tx, id, &terms.tiers).await?;
        write_audience(&tx, id, &terms.community_ids).await?;
        let step = Move {
            kind: "presale",
            id,
            from: None,
            to: PresaleStatus::Draft,
            event: "drafted",
            by: actor.by(),
            why: None,
        };
        tx.moved(step, json!({ "design_id": entry.design_id })).await?;
        Ok(Done::new(presale))
    })
    .await
}

/// Replaces the terms of a presale that has not opened.
pub async fn change(app: &App, actor: &Actor, key: &str, id: Uuid, terms: &Terms) -> Result<Done<presale::Model>> {
    let staff = actor.staff(&[StaffRole::Merchandiser])?;
    let brand_id = staff.brand_id;
    let once = &Once::new(staff.id, "changePresale", key, &(id, terms))?;
    app.write(brand_id, |tx| async move {
        if once.begin(&tx, &id).await?.is_some() {
            return Ok(Done::replay(query::find(tx.conn(), brand_id, id).await?));
        }
        let zone: Tz = query::zone(&brand(&tx).await?.time_zone)?;
        let terms = rules::check_terms(terms, zone)?;
        let changed = presale::Entity::update_many()
            .set(columns(&terms))
            .filter(presale::Column::BrandId.eq(brand_id))
            .filter(presale::Column::Id.eq(id))
            .filter(presale::Column::Status.is_in([PresaleStatus::Draft, PresaleStatus::Scheduled]))
            .exec_with_returning(tx.conn())
            .await?;
        let Some(presale) = changed.into_iter().next() else {
            return Err(wrong_state(&query::find(tx.conn(), brand_id, id).await?, "changed", "修改").into());
        };
        forget_lists(&tx, id).await?;
        write_skus(&tx, &presale, &terms.skus).await?;
        write_tiers(&tx, id, &terms.tiers).await?;
        write_audience(&tx, id, &terms.community_ids).await?;
        if presale.status == PresaleStatus::Scheduled {
            timers::set_window(&tx, &presale).await?;
        }
        tx.emit("presale", id, "changed", json!({})).await?;
        Ok(Done::new(presale))
    })
    .await
}

fn columns(terms: &Terms) -> presale::ActiveModel {
    presale::ActiveModel {
        title: Set(terms.title.clone()),
        price: Set(terms.price),
        plan: Set(terms.plan.kind()),
        first_leg: Set(terms.plan.first_leg().map_or(0, |first| first.amount)),
        balance_days: Set(terms.plan.balance_days()),
        member_limit: Set(terms.member_limit),
        moq: Set(terms.moq),
        opens_at: Set(terms.opens_at),
        closes_at: Set(terms.closes_at),
        promise_date: Set(terms.promise_date),
        commission_bp: Set(terms.commission_bp),
        hold_out_percent: Set(terms.hold_out_percent),
        ..Default::default()
    }
}

async fn advanced_entry(tx: &Tx, id: Uuid) -> Result<round_entry::Model> {
    let entry = round_entry::Entity::find_by_id((tx.brand_id(), id)).one(tx.conn()).await?;
    let entry = entry.ok_or_else(|| Error::not_found("round entry"))?;
    if !entry.advanced {
        return Err(Refusal::invalid(
            "entryId",
            "This design has not advanced in its round; only designs that people picked are presold.",
            "该设计款尚未在选款中胜出，只有胜出的设计款才能预售。",
        )
        .into());
    }
    Ok(entry)
}

/// Writes the SKUs; their article codes are the style number and their place in the matrix.
async fn write_skus(tx: &Tx, presale: &presale::Model, skus: &[Sku]) -> Result<()> {
    let design = design::Entity::find_by_id((tx.brand_id(), presale.design_id)).one(tx.conn()).await?;
    let style_no = design.ok_or_else(|| Error::not_found("design"))?.style_no;
    let rows = skus.iter().zip(1..).map(|(sku, position)| presale_sku::ActiveModel {
        brand_id: Set(tx.brand_id()),
        id: Set(tx.new_id()),
        presale_id: Set(presale.id),
        code: Set(format!("{style_no}-{position:02}")),
        color: Set(sku.color.clone()),
        size: Set(sku.size.clone()),
        size_designation: Set(sku.size_designation.clone()),
        position: Set(position),
        cap: Set(sku.cap),
        held: Set(0),
        paid: Set(0),
        selling: Set(false),
    });
    presale_sku::Entity::insert_many(rows).exec_without_returning(tx.conn()).await?;
    Ok(())
}

async fn write_tiers(tx: &Tx, presale_id: Uuid, tiers: &[Tier]) -> Result<()> {
    if tiers.is_empty() {
        return Ok(());
    }
    let rows = tiers.iter().map(|tier| presale_tier::ActiveModel {
        brand_id: Set(tx.brand_id()),
        presale_id: Set(presale_id),
        from_pieces: Set(tier.from_pieces),
        unit_price: Set(tier.unit_price),
    });
    presale_tier::Entity::insert_many(rows).exec_without_returning(tx.conn()).await?;
    Ok(())
}

async fn write_audience(tx: &Tx, presale_id: Uuid, communities: &[Uuid]) -> Result<()> {
    let mut communities = communities.to_vec();
    communities.sort_unstable();
    communities.dedup();
    if communities.is_empty() {
        return Ok(());
    }
    let known = community::Entity::find()
        .filter(community::Column::BrandId.eq(tx.brand_id()))
        .filter(community::Column::Id.is_in(communities.iter().copied()))
        .count(tx.conn())
        .await?;
    if known != communities.len() as u64 {
        return Err(Error::not_found("community"));
    }
    let rows = communities.into_iter().map(|community_id| presale_community::ActiveModel {
        brand_id: Set(tx.brand_id()),
        presale_id: Set(presale_id),
        community_id: Set(community_id),
    });
    presale_community::Entity::insert_many(rows).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// SKUs, tiers and audience.
async fn forget_lists(tx: &Tx, presale_id: Uuid) -> Result<()> {
    presale_tier::Entity::delete_many()
        .filter(presale_tier::Column::BrandId.eq(tx.brand_id()))
        .filter(presale_tier::Column::PresaleId.eq(presale_id))
        .exec(tx.conn())
        .await?;
    presale_sku::Entity::delete_many()
        .filter(presale_sku::Column::BrandId.eq(tx.brand_id()))
        .filter(presale_sku::Column::PresaleId.eq(presale_id))
        .exec(tx.conn())
        .await?;
    presale_community::Entity::delete_many()
        .filter(presale_community::Column::BrandId.eq(tx.brand_id()))
        .filter(presale_community::Column::PresaleId.eq(presale_id))
        .exec(tx.conn())
        .await?;
    Ok(())
}
