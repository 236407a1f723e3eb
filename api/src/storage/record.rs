//! Rows of stored media: what was uploaded, by whom, and what may be used by whom.

use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use entity::media::{self, MediaKind, MediaOwnerKind};
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, Set};
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::picture::{self, PictureError};
use super::sniff::{self, MediaType, PictureKind, SniffError};
use super::video::{self, VideoError};
use super::{Rendition, key, quota};
use crate::app::App;
use crate::base::crypto::sha256;
use crate::error::{Code, Detail, Error, Fault, Refusal, Result};
use crate::people::actor::Actor;
use crate::people::mine;

/// Pictures decoded at a time: each may take half a gigabyte and a core for a second.
static DECODING: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(2)));

/// A file as it came. Its kind is told from the bytes; name and declared type are not looked at.
pub struct Upload {
    pub bytes: Bytes,
}

/// The largest upload whose first bytes are `head`: 50 MB for a video, 12 MB for anything else.
pub fn size_limit(head: &[u8]) -> usize {
    if video::major_brand(head).is_some() { video::MAX_BYTES } else { picture::MAX_BYTES }
}

/// What is kept of an upload.
struct Kept {
    kind: MediaKind,
    width: Option<i32>,
    height: Option<i32>,
    renditions: Vec<(Rendition, Bytes)>,
}

/// Keeps an upload of a member or of staff: re-encodes a picture into its three sizes, strips a
/// video of place and device, writes the bytes and then the row, so that a row always has its bytes.
///
/// Refused with `INVALID` when it is no picture or video we read, and with `LIMIT_REACHED` when it is too
/// large or too much for a day. Nothing is kept for a member who was banned or deleted meanwhile.
pub async fn store(app: &App, actor: &Actor, upload: Upload) -> Result<media::Model> {
    let brand_id = actor.brand_id()?;
    let (owner_kind, owner_id) = owner(actor)?;
    quota::check(app, brand_id, owner_kind, owner_id, upload.bytes.len()).await?;
    let sha256 = hex::encode(sha256(&upload.bytes));
    let kept = keep(upload.bytes).await?;
    let media_id = app.ids.next();
    let largest = kept.renditions.iter().map(|(_, bytes)| bytes.len()).max().unwrap_or_default();
    let content_type = kept.renditions.first().map_or("", |(rendition, _)| rendition.content_type());
    for (rendition, bytes) in &kept.renditions {
        let place = key(brand_id, media_id, *rendition);
        let put = app.storage.put(&place, bytes.clone(), rendition.content_type()).await;
        put.map_err(|error| Fault::Unavailable(error.to_string()))?;
    }
    let row = &media::ActiveModel {
        brand_id: Set(brand_id),
        id: Set(media_id),
        kind: Set(kept.kind),
        content_type: Set(content_type.to_owned()),
        bytes: Set(i64::try_from(largest).unwrap_or(i64::MAX)),
        width: Set(kept.width),
        height: Set(kept.height),
        sha256: Set(sha256),
        owner_kind: Set(owner_kind),
        owner_id: Set(owner_id),
        created_at: Set(app.clock.now()),
        erased_at: Set(None),
    };
    app.write(brand_id, |tx| async move {
        if owner_kind == MediaOwnerKind::Member {
            mine::enter(&tx, owner_id).await?;
        }
        Ok(row.clone().insert(tx.conn()).await?)
    })
    .await
}

fn owner(actor: &Actor) -> Result<(MediaOwnerKind, Uuid)> {
    match actor {
        Actor::Member(member) => Ok((MediaOwnerKind::Member, member.id)),
        Actor::Staff(staff) => Ok((MediaOwnerKind::Staff, staff.id)),
        Actor::Anonymous => Err(Fault::Unauthenticated.into()),
        Actor::Factory(_) => Err(Fault::Forbidden("a factory uploads nothing").into()),
    }
}

async fn keep(bytes: Bytes) -> Result<Kept> {
    match sniff::sniff(&bytes).map_err(refuse_type)? {
        MediaType::Picture(kind) => keep_picture(bytes, kind).await,
        MediaType::Mp4 => {
            let mut clean = bytes.to_vec();
            video::scrub(&mut clean).map_err(|error| refuse_type(error.into()))?;
            let renditions = vec![(Rendition::Video, clean.into())];
            Ok(Kept { kind: MediaKind::Video, width: None, height: None, renditions })
        }
    }
}

async fn keep_picture(bytes: Bytes, kind: PictureKind) -> Result<Kept> {
    let turn = DECODING.clone().acquire_owned().await.expect("never closed");
    let decode = move || {
        // Ends with the work: a client that hangs up does not stop the thread.
        let _turn = turn;
        picture::process(&bytes, kind)
    };
    let done = tokio::task::spawn_blocking(decode).await;
    let picture = done.map_err(|error| anyhow::anyhow!("decoding a picture: {error}"))?.map_err(refuse_picture)?;
    let side = |pixels: u32| i32::try_from(pixels).ok();
    let (width, height) = (side(picture.large.width), side(picture.large.height));
    let renditions = picture.renditions().map(|(rendition, encoded)| (rendition, encoded.bytes)).into();
    Ok(Kept { kind: MediaKind::Picture, width, height, renditions })
}

fn refuse_type(error: SniffError) -> Error {
    let code = match error {
        SniffError::Video(VideoError::TooManyBytes { .. }) => Code::LimitReached,
        _ => Code::Invalid,
    };
    Refusal::new(code, error.to_string(), error.zh()).field("file").into()
}

fn refuse_picture(error: PictureError) -> Error {
    let code = match error {
        PictureError::TooManyBytes { .. } | PictureError::TooManyPixels => Code::LimitReached,
        PictureError::Broken(_) => Code::Invalid,
        PictureError::Encode(cause) => return anyhow::Error::new(cause).context("encoding a picture").into(),
    };
    Refusal::new(code, error.to_string(), error.zh()).field("file").into()
}

/// The refusal of a body that is longer than `limit` bytes, before all of it was read.
pub fn too_many_bytes(limit: usize) -> Refusal {
    let megabytes = limit / (1024 * 1024);
    Refusal::new(
        Code::LimitReached,
        format!("The file is too large: at most {megabytes} MB of it are accepted."),
        format!("文件太大，最多 {megabytes} MB。"),
    )
    .field("file")
    .detail(Detail::LimitReached { limit: i32::try_from(megabytes).unwrap_or(i32::MAX) })
}

/// The media that `actor` may use in what she writes, in the order of `ids`: her own uploads; for
/// staff whatever the brand's staff uploaded. `NOT_FOUND` when one of them is missing, erased or someone else's.
pub async fn find_own(conn: &impl ConnectionTrait, actor: &Actor, ids: &[Uuid]) -> Result<Vec<media::Model>> {
    let (owner_kind, owner_id) = owner(actor)?;
    let mut own = media::Entity::find()
        .filter(media::Column::BrandId.eq(actor.brand_id()?))
        .filter(media::Column::Id.is_in(ids.iter().copied()))
        .filter(media::Column::OwnerKind.eq(owner_kind))
        .filter(media::Column::ErasedAt.is_null());
    if owner_kind != MediaOwnerKind::Staff {
        own = own.filter(media::Column::OwnerId.eq(owner_id));
    }
    let rows = own.all(conn).await?;
    let find = |id: &Uuid| rows.iter().find(|row| row.id == *id).cloned().ok_or_else(|| Error::not_found("media"));
    ids.iter().map(find).collect()
}
