//! Batched reads.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use entity::{media, security_check, tryon, tryon_community};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, Statement, Value,
};
use uuid::Uuid;

use super::query::SUBJECT;
use crate::base::db::{columns, placeholders};
use crate::load::{Load, asked, by_id, grouped};
use crate::people::actor::Actor;

by_id! {
    /// A sample by (brand, id).
    SampleById: sample
}

/// The try-on task of a sample: (brand, sample).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TryOnOfSample(pub Uuid, pub Uuid);

impl Loader<TryOnOfSample> for Load {
    type Value = tryon::Model;
    type Error = DbErr;

    async fn load(&self, keys: &[TryOnOfSample]) -> Result<HashMap<TryOnOfSample, Self::Value>, DbErr> {
        let rows = asked::<tryon::Entity>(
            tryon::Column::BrandId,
            tryon::Column::SampleId,
            keys.iter().map(|key| (key.0, key.1)),
        )
        .all(self.app.db.read())
        .await?;
        Ok(rows.into_iter().map(|row| (TryOnOfSample(row.brand_id, row.sample_id), row)).collect())
    }
}

/// The media of a post in order: (brand, try-on).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct MediaOfTryOn(pub Uuid, pub Uuid);

impl Loader<MediaOfTryOn> for Load {
    type Value = Vec<media::Model>;
    type Error = DbErr;

    async fn load(&self, keys: &[MediaOfTryOn]) -> Result<HashMap<MediaOfTryOn, Self::Value>, DbErr> {
        let mut found = HashMap::<_, Vec<media::Model>>::new();
        for (brand_id, ids) in grouped(keys.iter().map(|key| (key.0, key.1))) {
            let mut values: Vec<Value> = vec![brand_id.into()];
            let text = format!(
                "select p.tryon_id, {} from tryon_media p join media m on m.brand_id = p.brand_id and m.id = p.media_id \
                 where p.brand_id = $1 and p.tryon_id in ({}) order by p.position",
                columns::<media::Entity>("m", "m_"),
                placeholders(&mut values, ids)
            );
            let statement = Statement::from_sql_and_values(self.app.db.backend(), text, values);
            for row in self.app.db.read().query_all_raw(statement).await? {
                let post = found.entry(MediaOfTryOn(brand_id, row.try_get("", "tryon_id")?)).or_default();
                post.push(media::Model::from_query_result(&row, "m_")?);
            }
        }
        Ok(found)
    }
}

/// Ids of the communities a post was put to: (brand, try-on).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CommunitiesOfTryOn(pub Uuid, pub Uuid);

impl Loader<CommunitiesOfTryOn> for Load {
    type Value = Vec<Uuid>;
    type Error = DbErr;

    async fn load(&self, keys: &[CommunitiesOfTryOn]) -> Result<HashMap<CommunitiesOfTryOn, Self::Value>, DbErr> {
        let rows = asked::<tryon_community::Entity>(
            tryon_community::Column::BrandId,
            tryon_community::Column::TryonId,
            keys.iter().map(|key| (key.0, key.1)),
        )
        .order_by_asc(tryon_community::Column::CommunityId)
        .all(self.app.db.read())
        .await?;
        Ok(grouped(rows.into_iter().map(|row| (CommunitiesOfTryOn(row.brand_id, row.tryon_id), row.community_id))))
    }
}

/// The content checks of one revision of a post: (brand, try-on, revision).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ChecksOfTryOn(pub Uuid, pub Uuid, pub i32);

impl Loader<ChecksOfTryOn> for Load {
    type Value = Vec<security_check::Model>;
    type Error = DbErr;

    async fn load(&self, keys: &[ChecksOfTryOn]) -> Result<HashMap<ChecksOfTryOn, Self::Value>, DbErr> {
        let mut found = HashMap::<_, Vec<_>>::new();
        for (brand_id, ids) in grouped(keys.iter().map(|key| (key.0, key.1))) {
            let rows = security_check::Entity::find()
                .filter(security_check::Column::BrandId.eq(brand_id))
                .filter(security_check::Column::SubjectKind.eq(SUBJECT))
                .filter(security_check::Column::SubjectId.is_in(ids))
                .order_by_asc(security_check::Column::Id)
                .all(self.app.db.read())
                .await?;
            for row in rows {
                found.entry(ChecksOfTryOn(brand_id, row.subject_id, row.revision)).or_default().push(row);
            }
        }
        Ok(found)
    }
}

/// How many posts [`TryOnsOf`] gives a design.
const NEWEST: i32 = 3;

/// The newest three published posts about a design that the caller may see: (brand, design, member).
/// Without a member, those shown to anyone. Make it with [`TryOnsOf::seen_by`].
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TryOnsOf(Uuid, Uuid, Option<Uuid>);

impl TryOnsOf {
    /// `None` for a caller who sees no posts at all, or none of this brand.
    pub fn seen_by(actor: &Actor, brand_id: Uuid, design_id: Uuid) -> Option<Self> {
        match actor {
            Actor::Staff(staff) if staff.brand_id == brand_id => Some(TryOnsOf(brand_id, design_id, None)),
            Actor::Member(member) if member.brand_id == brand_id => {
                Some(TryOnsOf(brand_id, design_id, Some(member.id)))
            }
            Actor::Anonymous | Actor::Staff(_) | Actor::Member(_) | Actor::Factory(_) => None,
        }
    }
}

impl Loader<TryOnsOf> for Load {
    type Value = Vec<tryon::Model>;
    type Error = DbErr;

    async fn load(&self, keys: &[TryOnsOf]) -> Result<HashMap<TryOnsOf, Self::Value>, DbErr> {
        let mut found = HashMap::<_, Vec<_>>::new();
        // One request has one caller, so this is one statement.
        for ((brand_id, member_id), designs) in grouped(keys.iter().map(|key| ((key.0, key.2), key.1))) {
            let statement = newest_posts(self.app.db.backend(), brand_id, member_id, &designs);
            for row in self.app.db.read().query_all_raw(statement).await? {
                let row = tryon::Model::from_query_result(&row, "")?;
                found.entry(TryOnsOf(brand_id, row.design_id, member_id)).or_default().push(row);
            }
        }
        Ok(found)
    }
}

fn newest_posts(backend: sea_orm::DbBackend, brand_id: Uuid, member_id: Option<Uuid>, designs: &[Uuid]) -> Statement {
    let mut values: Vec<Value> = vec![brand_id.into(), NEWEST.into()];
    let mut bind = |value: Value| {
        values.push(value);
        format!("${}", values.len())
    };
    let visible = member_id.map_or(String::new(), |member_id| {
        let member = bind(member_id.into());
        format!(
            "and (t.koc_member_id = {member} or exists (select 1 from tryon_community c \
             join membership m on m.brand_id = c.brand_id and m.community_id = c.community_id \
             where c.brand_id = t.brand_id and c.tryon_id = t.id and m.member_id = {member} and m.status = 'active'))"
        )
    });
    let designs = designs.iter().map(|id| bind((*id).into())).collect::<Vec<_>>().join(", ");
    let text = format!(
        "select * from (select t.*, row_number() over (partition by t.design_id order by t.publication_id desc) as place \
         from tryon t where t.brand_id = $1 and t.status = 'published' and t.design_id in ({designs}) {visible}) newest \
         where place <= $2 order by design_id, place"
    );
    Statement::from_sql_and_values(backend, text, values)
}
