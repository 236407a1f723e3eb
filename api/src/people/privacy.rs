//! When WeChat tells that a person takes data back or closes her account.
//!
//! Deleting is shredding: the data key is dropped, so that everything sealed with it, copies in
//! orders and backups included, can no longer be read; the row stays as a tombstone without direct
//! identifiers, and what WeChat's pushes told of her loses her name. While an order of hers is under way the parcel
//! still has to find her, and until its money is settled WeChat has to be told of it, so key and openid stay until the
//! last one has ended; a timer looks once a day.

use chrono::Duration;
use entity::consent::ConsentKind;
use entity::member::{self, MemberNicknameVerdict, MemberStatus};
use entity::order::{self, OrderStatus};
use entity::provider_event;
use entity::shipping_record::{self, ShippingRecordStatus};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect, QueryTrait, UpdateMany,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{book, consent, query, session};
use crate::app::App;
use crate::base::db::sql;
use crate::base::fresh::Subject;
use crate::base::tx::{By, Move, Tx};
use crate::error::Result;

/// Kind of the timer that shreds a deleted member's key.
pub const SHRED_TIMER: &str = "member.shred";
const LOOK_AGAIN: Duration = Duration::days(1);

/// WeChat's numbers for kinds of data (WeChat docs: user information authorisation revoke).
const NICKNAME_AND_AVATAR: &str = "6";
const PHONE: &str = "8";
const PICTURES: &str = "14";

/// The person takes back the consent to kinds of data; `revoked` holds WeChat's numbers. Unknown
/// people and kinds we do not hold change nothing.
pub async fn authorization_revoked(app: &App, brand_id: Uuid, openid: &str, revoked: &str) -> Result<()> {
    let Some(member) = query::member_by_openid(app.db.read(), brand_id, openid).await? else { return Ok(()) };
    let kinds: Vec<&str> = revoked.split(|c: char| !c.is_ascii_digit()).collect();
    app.write(brand_id, |tx| {
        let kinds = kinds.clone();
        async move {
            if kinds.contains(&NICKNAME_AND_AVATAR) {
                without_nickname(of(brand_id, member.id)).exec(tx.conn()).await?;
                // A KOC is named beside her posts.
                tx.touch(Subject::Reads(brand_id));
            }
            if kinds.contains(&PHONE) {
                without_phone(of(brand_id, member.id)).exec(tx.conn()).await?;
            }
            if kinds.contains(&PICTURES) {
                consent::withdraw_all(&tx, member.id, ConsentKind::Photos).await?;
            }
            Ok(())
        }
    })
    .await
}

/// The person's nickname at WeChat changed or was found unfit: ours is forgotten until she gives a new one.
pub async fn user_info_modified(app: &App, brand_id: Uuid, openid: &str) -> Result<()> {
    authorization_revoked(app, brand_id, openid, NICKNAME_AND_AVATAR).await
}

/// The person closed her WeChat account: she is signed out everywhere and deleted. Repeats change nothing.
pub async fn account_cancelled(app: &App, brand_id: Uuid, openid: &str) -> Result<()> {
    let Some(member) = query::member_by_openid(app.db.read(), brand_id, openid).await? else { return Ok(()) };
    app.write(brand_id, |tx| async move { delete(&tx, member.id, member.status).await }).await
}

async fn delete(tx: &Tx, id: Uuid, from: MemberStatus) -> Result<()> {
    if from == MemberStatus::Deleted {
        return Ok(());
    }
    let deleted = without_phone(without_nickname(of(tx.brand_id(), id)))
        .col_expr(member::Column::Status, Expr::value(MemberStatus::Deleted))
        .col_expr(member::Column::SessionKey, Expr::value(None::<Vec<u8>>))
        .filter(member::Column::Status.eq(from))
        .exec(tx.conn())
        .await?;
    if deleted.rows_affected != 1 {
        return Ok(());
    }
    session::revoke_of_member(tx, id).await?;
    for kind in [ConsentKind::BodyData, ConsentKind::Photos, ConsentKind::Privacy] {
        consent::withdraw_all(tx, id, kind).await?;
    }
    book::erase(tx, id, None).await?;
    let to = MemberStatus::Deleted;
    let step = Move { kind: "member", id, from: Some(from), to, event: "deleted", by: By::WECHAT, why: None };
    tx.moved(step, json!({})).await?;
    shred_or_wait(tx, id).await
}

/// The timer's turn: shreds the key of a deleted member, or looks again tomorrow.
pub async fn shred(app: &App, brand_id: Uuid, member_id: Uuid) -> Result<()> {
    app.write(brand_id, |tx| async move { shred_or_wait(&tx, member_id).await }).await
}

async fn shred_or_wait(tx: &Tx, id: Uuid) -> Result<()> {
    let hers =
        order::Entity::find().filter(order::Column::BrandId.eq(tx.brand_id())).filter(order::Column::MemberId.eq(id));
    let under_way = hers.clone().filter(order::Column::Status.is_not_in(ENDED)).count(tx.conn()).await?;
    // What WeChat is told of her parcels names her, and the brand's money comes only then.
    let ids = QueryTrait::into_query(hers.select_only().column(order::Column::Id));
    let unsettled = shipping_record::Entity::find()
        .filter(shipping_record::Column::BrandId.eq(tx.brand_id()))
        .filter(shipping_record::Column::OrderId.in_subquery(ids))
        .filter(
            shipping_record::Column::Status.is_not_in([ShippingRecordStatus::Settled, ShippingRecordStatus::Refunded]),
        )
        .count(tx.conn())
        .await?;
    if under_way + unsettled > 0 {
        return tx.set_timer(SHRED_TIMER, id, tx.now() + LOOK_AGAIN).await;
    }
    let deleted =
        member::Entity::find_by_id((tx.brand_id(), id)).filter(member::Column::Status.eq(MemberStatus::Deleted));
    let Some(member) = deleted.one(tx.conn()).await? else { return Ok(()) };
    unname_pushes(tx, &member.openid).await?;
    of(tx.brand_id(), id)
        .col_expr(member::Column::DataKey, Expr::value(None::<Vec<u8>>))
        .col_expr(member::Column::KeyId, Expr::value(None::<String>))
        .col_expr(member::Column::Unionid, Expr::value(None::<String>))
        // Unique like an openid and none: the person may come back as somebody new.
        .col_expr(member::Column::Openid, Expr::value(format!("deleted:{}", id.simple())))
        .filter(member::Column::Status.eq(MemberStatus::Deleted))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Takes the openid out of what WeChat's pushes told of her.
async fn unname_pushes(tx: &Tx, openid: &str) -> Result<()> {
    let hers = sql(
        tx.conn().get_database_backend(),
        "select id, payload from provider_event where brand_id = $1 and payload ->> 'openid' = $2",
        [tx.brand_id().into(), openid.into()],
    );
    for push in tx.conn().query_all_raw(hers).await? {
        let (id, mut payload): (String, Value) = (push.try_get("", "id")?, push.try_get("", "payload")?);
        payload["openid"] = json!("");
        provider_event::Entity::update_many()
            .col_expr(provider_event::Column::Payload, Expr::value(payload))
            .filter(provider_event::Column::BrandId.eq(tx.brand_id()))
            .filter(provider_event::Column::Id.eq(id))
            .exec(tx.conn())
            .await?;
    }
    Ok(())
}

/// Orders after which nothing has to reach the buyer any more.
const ENDED: [OrderStatus; 5] = [
    OrderStatus::Completed,
    OrderStatus::Expired,
    OrderStatus::Cancelled,
    OrderStatus::Forfeited,
    OrderStatus::Refunded,
];

fn of(brand_id: Uuid, id: Uuid) -> UpdateMany<member::Entity> {
    member::Entity::update_many().filter(member::Column::BrandId.eq(brand_id)).filter(member::Column::Id.eq(id))
}

fn without_nickname(update: UpdateMany<member::Entity>) -> UpdateMany<member::Entity> {
    update
        .col_expr(member::Column::Nickname, Expr::value(None::<String>))
        .col_expr(member::Column::NicknameVerdict, Expr::value(MemberNicknameVerdict::Pending))
}

fn without_phone(update: UpdateMany<member::Entity>) -> UpdateMany<member::Entity> {
    update
        .col_expr(member::Column::Phone, Expr::value(None::<Vec<u8>>))
        .col_expr(member::Column::PhoneMasked, Expr::value(None::<String>))
}
