//! What a member agreed to, under which text, since when (PIPL: separate consent for body data and photos).

use entity::consent::{self, ConsentKind};
use entity::need_profile;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, Set};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::actor::Actor;
use super::mine;
use crate::app::App;
use crate::base::once::{Done, Once};
use crate::base::text;
use crate::base::tx::Tx;
use crate::error::{Code, Error, Refusal, Result};

#[derive(Serialize)]
pub struct Grant {
    pub kind: ConsentKind,
    /// Version of the text that was shown.
    pub text_version: String,
}

/// Records a consent. One to a newer text stands beside the older one; the same again changes nothing.
pub async fn grant(app: &App, actor: &Actor, key: &str, input: &Grant) -> Result<Done<consent::Model>> {
    let (brand_id, member_id) = (actor.member()?.brand_id, actor.member()?.id);
    let text_version = &text::required("textVersion", &input.text_version, 40)?;
    let once = &Once::new(member_id, "grantConsent", key, input)?;
    app.write(brand_id, |tx| async move {
        mine::enter(&tx, member_id).await?;
        let standing = in_force(tx.conn(), brand_id, member_id, input.kind).await?;
        let same = standing.filter(|consent| consent.text_version == *text_version);
        let id = same.as_ref().map_or_else(|| tx.new_id(), |consent| consent.id);
        if let Some(id) = once.begin(&tx, &id).await? {
            return Ok(Done::replay(find(&tx, id).await?));
        }
        if let Some(consent) = same {
            return Ok(Done::new(consent));
        }
        let row = consent::ActiveModel {
            brand_id: Set(brand_id),
            id: Set(id),
            member_id: Set(member_id),
            kind: Set(input.kind),
            text_version: Set(text_version.clone()),
            granted_at: Set(tx.now()),
            withdrawn_at: Set(None),
        };
        Ok(Done::new(row.insert(tx.conn()).await?))
    })
    .await
}

/// Takes a consent back, whatever the version of its text. What rested on it goes: with body data
/// the need profile at once, with photos the files of all that she uploaded until then,
/// and what listens to `member.consent_withdrawn`.
pub async fn withdraw(app: &App, actor: &Actor, key: &str, kind: ConsentKind) -> Result<Done<consent::Model>> {
    let (brand_id, member_id) = (actor.member()?.brand_id, actor.member()?.id);
    let once = &Once::new(member_id, "withdrawConsent", key, &kind)?;
    app.write(brand_id, |tx| async move {
        mine::enter(&tx, member_id).await?;
        let standing = in_force(tx.conn(), brand_id, member_id, kind).await?;
        let id = standing.as_ref().map(|consent| consent.id);
        if let Some(id) = once.begin(&tx, &id).await?.flatten() {
            return Ok(Done::replay(find(&tx, id).await?));
        }
        let Some(id) = id else {
            return Err(Refusal::new(
                Code::WrongState,
                "There is no consent of this kind to take back.",
                "没有可撤回的此类同意。",
            )
            .into());
        };
        withdraw_all(&tx, member_id, kind).await?;
        Ok(Done::new(find(&tx, id).await?))
    })
    .await
}

pub(super) async fn withdraw_all(tx: &Tx, member_id: Uuid, kind: ConsentKind) -> Result<()> {
    consent::Entity::update_many()
        .col_expr(consent::Column::WithdrawnAt, Expr::value(tx.now()))
        .filter(consent::Column::BrandId.eq(tx.brand_id()))
        .filter(consent::Column::MemberId.eq(member_id))
        .filter(consent::Column::Kind.eq(kind))
        .filter(consent::Column::WithdrawnAt.is_null())
        .exec(tx.conn())
        .await?;
    if kind == ConsentKind::BodyData {
        need_profile::Entity::delete_by_id((tx.brand_id(), member_id)).exec(tx.conn()).await?;
    }
    tx.emit("member", member_id, "consent_withdrawn", json!({ "kind": kind, "at": tx.now() })).await
}

/// The newest consent of this kind that was not taken back.
pub async fn in_force(
    db: &impl ConnectionTrait,
    brand_id: Uuid,
    member_id: Uuid,
    kind: ConsentKind,
) -> Result<Option<consent::Model>> {
    let found = consent::Entity::find()
        .filter(consent::Column::BrandId.eq(brand_id))
        .filter(consent::Column::MemberId.eq(member_id))
        .filter(consent::Column::Kind.eq(kind))
        .filter(consent::Column::WithdrawnAt.is_null())
        .order_by_desc(consent::Column::Id);
    Ok(found.one(db).await?)
}

/// The refusal of whatever needs a consent that is not there.
pub fn missing(kind: ConsentKind) -> Refusal {
    let (en, zh) = match kind {
        ConsentKind::BodyData => ("body data", "身体数据"),
        ConsentKind::Photos => ("photos", "照片"),
        ConsentKind::Privacy => ("the privacy terms", "隐私政策"),
    };
    Refusal::new(
        Code::ConsentMissing,
        format!("This needs your consent to the use of {en}; ask for it with grantConsent."),
        format!("此操作需要您对{zh}使用的同意，请先调用 grantConsent。"),
    )
}

async fn find(tx: &Tx, id: Uuid) -> Result<consent::Model> {
    let found = consent::Entity::find_by_id((tx.brand_id(), id)).one(tx.conn()).await?;
    found.ok_or_else(|| Error::not_found("consent"))
}
