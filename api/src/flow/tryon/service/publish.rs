//! An approved post goes to communities, with the 广告 label, and may be taken back.

use entity::community::{self, CommunityStatus};
use entity::consent;
use entity::tryon;
use entity::tryon_community;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Set};
use serde_json::json;
use uuid::Uuid;

use crate::app::App;
use crate::base::once::{Done, Once};
use crate::base::text;
use crate::base::tx::{Move, Tx};
use crate::error::{Code, Error, Refusal, Result};
use crate::flow::community as communities;
use crate::flow::tryon::rules::{self, Event};
use crate::flow::tryon::{policy, query};
use crate::people::actor::Actor;

/// Publishes an approved post to communities of its KOC: the given ones, or all when there are none
/// given. It is labelled as an advertisement, for good. Refused once the consent to show its pictures
/// was taken back.
pub async fn publish(
    app: &App,
    actor: &Actor,
    key: &str,
    id: Uuid,
    community_ids: Option<&[Uuid]>,
) -> Result<Done<tryon::Model>> {
    let brand_id = actor.brand_id()?;
    let once = &Once::new(actor.id().unwrap_or(brand_id), "publishTryOn", key, &(id, community_ids))?;
    app.write(brand_id, |tx| async move {
        let tryon = query::find(tx.conn(), brand_id, id).await?;
        policy::may_manage(actor, &tryon)?;
        if once.begin(&tx, &id).await?.is_some() {
            return Ok(Done::replay(tryon));
        }
        let to = rules::next(tryon.status, Event::Publish).ok_or_else(|| rules::wrong_state(tryon.status))?;
        check_consent(&tx, &tryon).await?;
        let audience = audience(&tx, &tryon, community_ids).await?;
        let row = tryon::ActiveModel {
            status: Set(to),
            is_ad: Set(true),
            published_at: Set(Some(tx.now())),
            publication_id: Set(Some(tx.new_id())),
            ..Default::default()
        };
        step(&tx, actor, &tryon, row, ("published", None)).await?;
        let rows = audience.iter().map(|community_id| tryon_community::ActiveModel {
            brand_id: Set(brand_id),
            community_id: Set(*community_id),
            tryon_id: Set(id),
            published_at: Set(tx.now()),
        });
        tryon_community::Entity::insert_many(rows).exec_without_returning(tx.conn()).await?;
        Ok(Done::new(query::find(tx.conn(), brand_id, id).await?))
    })
    .await
}

/// The consent that covers the post's pictures may have been taken back since they were handed in. One
/// given anew covers what is handed in anew.
async fn check_consent(tx: &Tx, tryon: &tryon::Model) -> Result<()> {
    let covers = consent::Entity::find()
        .filter(consent::Column::BrandId.eq(tryon.brand_id))
        .filter(consent::Column::MemberId.eq(tryon.koc_member_id))
        .filter(consent::Column::Id.eq(tryon.consent_id))
        .filter(consent::Column::WithdrawnAt.is_null());
    if covers.one(tx.conn()).await?.is_some() {
        return Ok(());
    }
    Err(Refusal::new(
        Code::ConsentMissing,
        "The KOC took back her consent to show these pictures; the post cannot be published.",
        "达人已撤回照片使用授权，该内容不能发布。",
    )
    .into())
}

/// The communities to publish to, each of the post's KOC and active.
async fn audience(tx: &Tx, tryon: &tryon::Model, asked: Option<&[Uuid]>) -> Result<Vec<Uuid>> {
    let own: Vec<community::Model> = communities::query::all(tryon.brand_id, Some(tryon.koc_member_id))
        .filter(community::Column::Status.eq(CommunityStatus::Active))
        .all(tx.conn())
        .await?;
    let mut chosen: Vec<Uuid> = match asked {
        None => own.iter().map(|community| community.id).collect(),
        Some(asked) if asked.iter().all(|id| own.iter().any(|community| community.id == *id)) => asked.to_vec(),
        Some(_) => return Err(Error::not_found("community")),
    };
    chosen.sort_unstable();
    chosen.dedup();
    if chosen.is_empty() {
        return Err(Refusal::new(
            Code::Invalid,
            "There is no community to publish to: name one of this KOC, or found one first.",
            "没有可发布的社群，请指定该 KOC 的社群或先创建社群。",
        )
        .field("communityIds")
        .into());
    }
    Ok(chosen)
}

/// Takes a post or task back for good.
pub async fn withdraw(app: &App, actor: &Actor, key: &str, id: Uuid, reason: &str) -> Result<Done<tryon::Model>> {
    let brand_id = actor.brand_id()?;
    let reason = &text::required("reason", reason, 500)?;
    let once = &Once::new(actor.id().unwrap_or(brand_id), "withdrawTryOn", key, &(id, reason))?;
    app.write(brand_id, |tx| async move {
        let tryon = query::find(tx.conn(), brand_id, id).await?;
        policy::may_manage(actor, &tryon)?;
        if once.begin(&tx, &id).await?.is_some() {
            return Ok(Done::replay(tryon));
        }
        let to = rules::next(tryon.status, Event::Withdraw).ok_or_else(|| rules::wrong_state(tryon.status))?;
        let row = tryon::ActiveModel { status: Set(to), ..Default::default() };
        step(&tx, actor, &tryon, row, ("withdrawn", Some(reason))).await?;
        Ok(Done::new(query::find(tx.conn(), brand_id, id).await?))
    })
    .await
}

/// Moves the post from the state it was read in to the one of `row`.
async fn step(
    tx: &Tx,
    actor: &Actor,
    tryon: &tryon::Model,
    row: tryon::ActiveModel,
    (event, why): (&'static str, Option<&str>),
) -> Result<()> {
    let to = row.status.clone().take().unwrap_or(tryon.status);
    let moved = tryon::Entity::update_many()
        .set(row)
        .filter(tryon::Column::BrandId.eq(tryon.brand_id))
        .filter(tryon::Column::Id.eq(tryon.id))
        .filter(tryon::Column::Status.eq(tryon.status))
        .exec(tx.conn())
        .await?;
    if moved.rows_affected == 0 {
        return Err(rules::wrong_state(query::find(tx.conn(), tryon.brand_id, tryon.id).await?.status).into());
    }
    let step = Move { kind: "tryon", id: tryon.id, from: Some(tryon.status), to, event, by: actor.by(), why };
    tx.moved(step, json!({ "design_id": tryon.design_id, "koc_member_id": tryon.koc_member_id })).await
}
