//! Reads, brand first.

use std::collections::HashSet;

use entity::member::MemberStatus;
use entity::presale_notice;
use entity::subscribe_message::{MessagePurpose, MessageStatus};
use entity::{brand, brand_wechat, member, presale, subscribe_grant};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, Iterable, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use crate::base::db::sql;
use crate::error::{Error, Result};
use crate::flow::presale as presales;

/// The brand's time zone.
pub(super) async fn zone(db: &impl ConnectionTrait, brand_id: Uuid) -> Result<chrono_tz::Tz> {
    let brand = brand::Entity::find_by_id(brand_id).one(db).await?.ok_or_else(|| Error::not_found("brand"))?;
    brand.time_zone.parse().map_err(|_| anyhow::anyhow!("“{}” is no time zone", brand.time_zone).into())
}

/// The template of a purpose, when the brand has one.
pub(super) async fn template(
    db: &impl ConnectionTrait,
    brand_id: Uuid,
    purpose: MessagePurpose,
) -> Result<Option<String>> {
    let templates = templates(db, brand_id).await?;
    Ok(templates.into_iter().find_map(|(of, template)| (of == purpose).then_some(template)))
}

/// The brand's templates, each with what it is for.
async fn templates(db: &impl ConnectionTrait, brand_id: Uuid) -> Result<Vec<(MessagePurpose, String)>> {
    let Some(row) = brand_wechat::Entity::find_by_id(brand_id).one(db).await? else { return Ok(Vec::new()) };
    let of = |purpose: MessagePurpose| match purpose {
        MessagePurpose::Presale => row.presale_template_id.clone(),
        MessagePurpose::Balance => row.balance_template_id.clone(),
        MessagePurpose::Promise => row.promise_template_id.clone(),
        MessagePurpose::Transfer => row.transfer_template_id.clone(),
    };
    Ok(MessagePurpose::iter().filter_map(|purpose| Some((purpose, of(purpose)?))).collect())
}

/// The member, unless she was banned or deleted since: nobody sends her anything then.
pub(super) async fn reachable(
    db: &impl ConnectionTrait,
    brand_id: Uuid,
    member_id: Uuid,
) -> Result<Option<member::Model>> {
    let row = member::Entity::find_by_id((brand_id, member_id)).one(db).await?;
    Ok(row.filter(|member| member.status == MemberStatus::Active))
}

/// Members who picked the presale's design in its round, may buy, and were neither told nor held out
/// yet: at most `limit` of them.
pub(super) async fn untold(db: &impl ConnectionTrait, presale: &presale::Model, limit: u32) -> Result<Vec<Uuid>> {
    let statement = sql(
        db.get_database_backend(),
        "select p.member_id from round_entry e \
         join pick p on p.brand_id = e.brand_id and p.round_id = e.round_id and p.design_id = e.design_id \
         join member m on m.brand_id = p.brand_id and m.id = p.member_id \
         where e.brand_id = $1 and e.id = $2 and m.status = 'active' \
         and not exists (select 1 from presale_notice n \
           where n.brand_id = p.brand_id and n.presale_id = $3 and n.member_id = p.member_id) \
         and (not exists (select 1 from presale_community a where a.brand_id = $1 and a.presale_id = $3) \
           or exists (select 1 from presale_community a join membership s \
             on s.brand_id = a.brand_id and s.community_id = a.community_id \
             where a.brand_id = $1 and a.presale_id = $3 and s.member_id = p.member_id and s.status = 'active')) \
         order by p.member_id limit $4",
        [presale.brand_id.into(), presale.entry_id.into(), presale.id.into(), i64::from(limit).into()],
    );
    let rows = db.query_all_raw(statement).await?;
    Ok(rows.iter().map(|row| row.try_get("", "member_id")).collect::<Result<_, _>>()?)
}

/// Who of `members` has a message of this template left.
pub(super) async fn granted(
    db: &impl ConnectionTrait,
    brand_id: Uuid,
    template_id: &str,
    members: &[Uuid],
) -> Result<HashSet<Uuid>> {
    let rows: Vec<Uuid> = subscribe_grant::Entity::find()
        .select_only()
        .column(subscribe_grant::Column::MemberId)
        .filter(subscribe_grant::Column::BrandId.eq(brand_id))
        .filter(subscribe_grant::Column::MemberId.is_in(members.iter().copied()))
        .filter(subscribe_grant::Column::TemplateId.eq(template_id))
        .filter(Expr::col(subscribe_grant::Column::Spent).lt(Expr::col(subscribe_grant::Column::Granted)))
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().collect())
}

/// Notices of a presale whose message is in one state, oldest member first.
pub(super) async fn notices(
    db: &impl ConnectionTrait,
    presale: &presale::Model,
    message: MessageStatus,
    limit: u64,
) -> Result<Vec<presale_notice::Model>> {
    Ok(presale_notice::Entity::find()
        .filter(presale_notice::Column::BrandId.eq(presale.brand_id))
        .filter(presale_notice::Column::PresaleId.eq(presale.id))
        .filter(presale_notice::Column::Message.eq(message))
        .order_by_asc(presale_notice::Column::MemberId)
        .limit(limit)
        .all(db)
        .await?)
}

/// How many notices of a presale are alike.
#[derive(Clone, Copy, Debug, FromQueryResult)]
pub struct NoticeCount {
    pub held_out: bool,
    pub message: MessageStatus,
    pub count: i64,
}

/// The notices of a presale, counted by hold-out and by what became of the message.
pub async fn counts(db: &impl ConnectionTrait, brand_id: Uuid, presale_id: Uuid) -> Result<Vec<NoticeCount>> {
    presales::query::find(db, brand_id, presale_id).await?;
    Ok(presale_notice::Entity::find()
        .select_only()
        .column(presale_notice::Column::HeldOut)
        .column(presale_notice::Column::Message)
        .column_as(presale_notice::Column::MemberId.count(), "count")
        .filter(presale_notice::Column::BrandId.eq(brand_id))
        .filter(presale_notice::Column::PresaleId.eq(presale_id))
        .group_by(presale_notice::Column::HeldOut)
        .group_by(presale_notice::Column::Message)
        .into_model()
        .all(db)
        .await?)
}

/// A template of the brand, and how many of its messages one member has left.
pub struct Left {
    pub purpose: MessagePurpose,
    pub template_id: String,
    pub granted: i32,
}

/// The brand's templates, and how many messages of each a member has left.
pub async fn messages_left(db: &impl ConnectionTrait, brand_id: Uuid, member_id: Uuid) -> Result<Vec<Left>> {
    let templates = templates(db, brand_id).await?;
    let grants = subscribe_grant::Entity::find()
        .filter(subscribe_grant::Column::BrandId.eq(brand_id))
        .filter(subscribe_grant::Column::MemberId.eq(member_id))
        .filter(subscribe_grant::Column::TemplateId.is_in(templates.iter().map(|(_, template)| template)));
    let grants = grants.all(db).await?;
    let left = |template_id: &str| {
        let grant = grants.iter().find(|grant| grant.template_id == template_id);
        grant.map_or(0, |grant| grant.granted - grant.spent)
    };
    let of =
        |(purpose, template_id): (MessagePurpose, String)| Left { purpose, granted: left(&template_id), template_id };
    Ok(templates.into_iter().map(of).collect())
}
