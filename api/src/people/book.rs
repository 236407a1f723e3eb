//! The address book. Entries are sealed; only their owner reads them in full, and orders take copies.

use entity::address;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, Set};
use serde::Serialize;
use uuid::Uuid;

use super::actor::Actor;
use super::vault::{self, AddressIn, PostalAddress, SealedAddress};
use super::{mine, phone, query};
use crate::app::App;
use crate::base::crypto::{Key, sha256};
use crate::base::once::{Done, Once};
use crate::base::text;
use crate::base::tx::Tx;
use crate::error::{Code, Detail, Error, Refusal, Result};

const MAX_ENTRIES: i32 = 20;

/// An entry in full, for its owner.
pub struct Entry {
    pub row: address::Model,
    pub address: PostalAddress,
}

/// An entry to write.
pub struct Draft {
    pub address: PostalAddress,
    pub is_default: bool,
}

/// The caller's own entries in full, newest first. Two statements.
pub async fn list(app: &App, brand_id: Uuid, member_id: Uuid) -> Result<Vec<Entry>> {
    let rows = query::addresses_of(app.db.read(), brand_id, member_id).await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let key = vault::data_key(app, app.db.read(), brand_id, member_id).await?;
    rows.into_iter().map(|row| open(&key, row)).collect()
}

fn open(key: &Key, row: address::Model) -> Result<Entry> {
    let address = vault::open_address(key, AddressIn::Book(row.id), &row.sealed)?;
    Ok(Entry { row, address })
}

/// Adds an entry; the first one is the default.
pub async fn add(app: &App, actor: &Actor, key: &str, draft: Draft) -> Result<Done<Entry>> {
    let (brand_id, member_id) = (actor.member()?.brand_id, actor.member()?.id);
    let address = &checked(draft.address)?;
    let once = &claim(app, brand_id, member_id, "addAddress", key, (address, draft.is_default)).await?;
    app.write(brand_id, |tx| async move {
        mine::enter(&tx, member_id).await?;
        let id = tx.new_id();
        if let Some(id) = once.begin(&tx, &id).await? {
            return Ok(Done::replay(find(app, &tx, member_id, id).await?));
        }
        let entries = query::addresses(brand_id, member_id).count(tx.conn()).await?;
        if entries >= MAX_ENTRIES as u64 {
            return Err(full().into());
        }
        let is_default = draft.is_default || entries == 0;
        if is_default {
            clear_default(&tx, member_id).await?;
        }
        let data_key = vault::data_key(app, tx.conn(), brand_id, member_id).await?;
        let sealed = vault::seal_address(&data_key, AddressIn::Book(id), address);
        let row = address::ActiveModel {
            brand_id: Set(brand_id),
            id: Set(id),
            member_id: Set(member_id),
            sealed: Set(sealed.sealed),
            recipient_masked: Set(sealed.recipient_masked),
            phone_masked: Set(sealed.phone_masked),
            region: Set(sealed.region),
            is_default: Set(is_default),
            deleted_at: Set(None),
            created_at: Set(tx.now()),
        };
        address::Entity::insert(row).exec_without_returning(tx.conn()).await?;
        Ok(Done::new(find(app, &tx, member_id, id).await?))
    })
    .await
}

/// Writes an entry anew. Orders placed before keep the address they were placed with.
pub async fn change(app: &App, actor: &Actor, key: &str, id: Uuid, draft: Draft) -> Result<Done<Entry>> {
    let (brand_id, member_id) = (actor.member()?.brand_id, actor.member()?.id);
    let address = &checked(draft.address)?;
    let once = &claim(app, brand_id, member_id, "changeAddress", key, (id, address, draft.is_default)).await?;
    app.write(brand_id, |tx| async move {
        mine::enter(&tx, member_id).await?;
        let found = find(app, &tx, member_id, id).await?;
        if once.begin(&tx, &id).await?.is_some() {
            return Ok(Done::replay(found));
        }
        if draft.is_default {
            clear_default(&tx, member_id).await?;
        }
        let data_key = vault::data_key(app, tx.conn(), brand_id, member_id).await?;
        let sealed = vault::seal_address(&data_key, AddressIn::Book(id), address);
        overwrite(tx.conn(), brand_id, id, sealed, draft.is_default).await?;
        Ok(Done::new(find(app, &tx, member_id, id).await?))
    })
    .await
}

async fn overwrite(
    db: &impl ConnectionTrait,
    brand_id: Uuid,
    id: Uuid,
    sealed: SealedAddress,
    is_default: bool,
) -> Result<()> {
    address::Entity::update_many()
        .col_expr(address::Column::Sealed, Expr::value(sealed.sealed))
        .col_expr(address::Column::RecipientMasked, Expr::value(sealed.recipient_masked))
        .col_expr(address::Column::PhoneMasked, Expr::value(sealed.phone_masked))
        .col_expr(address::Column::Region, Expr::value(sealed.region))
        .col_expr(address::Column::IsDefault, Expr::value(is_default))
        .filter(address::Column::BrandId.eq(brand_id))
        .filter(address::Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}

/// Removes an entry; what it held is overwritten at once. Gives back its id.
pub async fn remove(app: &App, actor: &Actor, key: &str, id: Uuid) -> Result<Done<Uuid>> {
    let (brand_id, member_id) = (actor.member()?.brand_id, actor.member()?.id);
    let once = &Once::new(member_id, "removeAddress", key, &id)?;
    app.write(brand_id, |tx| async move {
        mine::enter(&tx, member_id).await?;
        if once.begin(&tx, &id).await?.is_some() {
            return Ok(Done::replay(id));
        }
        if erase(&tx, member_id, Some(id)).await? == 0 {
            return Err(Error::not_found("address"));
        }
        Ok(Done::new(id))
    })
    .await
}

/// Erases one entry or all of them; how many there were.
pub(super) async fn erase(tx: &Tx, member_id: Uuid, id: Option<Uuid>) -> Result<u64> {
    let erase = address::Entity::update_many()
        .col_expr(address::Column::Sealed, Expr::value(Vec::<u8>::new()))
        .col_expr(address::Column::RecipientMasked, Expr::value(""))
        .col_expr(address::Column::PhoneMasked, Expr::value(""))
        .col_expr(address::Column::Region, Expr::value(""))
        .col_expr(address::Column::IsDefault, Expr::value(false))
        .col_expr(address::Column::DeletedAt, Expr::value(tx.now()))
        .filter(address::Column::BrandId.eq(tx.brand_id()))
        .filter(address::Column::MemberId.eq(member_id))
        .filter(address::Column::DeletedAt.is_null());
    let erase = match id {
        Some(id) => erase.filter(address::Column::Id.eq(id)),
        None => erase,
    };
    Ok(erase.exec(tx.conn()).await?.rows_affected)
}

async fn clear_default(tx: &Tx, member_id: Uuid) -> Result<()> {
    address::Entity::update_many()
        .col_expr(address::Column::IsDefault, Expr::value(false))
        .filter(address::Column::BrandId.eq(tx.brand_id()))
        .filter(address::Column::MemberId.eq(member_id))
        .filter(address::Column::IsDefault.eq(true))
        .exec(tx.conn())
        .await?;
    Ok(())
}

async fn find(app: &App, tx: &Tx, member_id: Uuid, id: Uuid) -> Result<Entry> {
    let found = query::addresses(tx.brand_id(), member_id).filter(address::Column::Id.eq(id));
    let row = found.one(tx.conn()).await?.ok_or_else(|| Error::not_found("address"))?;
    open(&vault::data_key(app, tx.conn(), tx.brand_id(), member_id).await?, row)
}

/// The claim on an idempotency key. Addresses are few enough to guess from a plain hash, so it is
/// salted with the member's wrapped data key, which goes when she is deleted.
async fn claim(
    app: &App,
    brand_id: Uuid,
    member_id: Uuid,
    operation: &'static str,
    key: &str,
    input: impl Serialize,
) -> Result<Once> {
    let member = query::member(app.db.read(), brand_id, member_id).await?;
    let mut salted = member.data_key.unwrap_or_default();
    salted.extend(serde_json::to_vec(&input).expect("inputs serialise"));
    Once::new(member_id, operation, key, &sha256(&salted))
}

fn full() -> Refusal {
    Refusal::new(
        Code::LimitReached,
        format!("An address book holds {MAX_ENTRIES} addresses; remove one first."),
        format!("地址簿最多 {MAX_ENTRIES} 条，请先删除一条。"),
    )
    .detail(Detail::LimitReached { limit: MAX_ENTRIES })
}

fn checked(address: PostalAddress) -> Result<PostalAddress> {
    let phone = phone::normalise(&address.phone).ok_or_else(|| {
        Refusal::invalid(
            "phone",
            "This is not a mobile number of mainland China; put + and the country code before any other.",
            "手机号格式有误；中国大陆以外的号码请以 + 和国家代码开头。",
        )
    })?;
    Ok(PostalAddress {
        recipient: text::required("recipient", &address.recipient, 40)?,
        phone,
        province: text::required("province", &address.province, 40)?,
        city: text::required("city", &address.city, 40)?,
        district: text::optional("district", Some(&address.district), 40)?.unwrap_or_default(),
        street: text::required("street", &address.street, 120)?,
    })
}
