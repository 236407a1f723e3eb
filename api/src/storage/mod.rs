//! Pictures and videos: what they are by content, what is kept of them, and where the bytes lie.
//!
//! An upload goes `sniff` → `picture::process` (or `video::check` and `video::scrub`) → [`Storage::put`] → a row
//! ([`record::store`]).

pub mod erase;
pub mod graphql;
pub mod loader;
pub mod picture;
mod quota;
pub mod record;
pub mod sniff;
pub mod upload;
pub mod video;

use std::fmt;
use std::ops::Range;
use std::path::Path as FsPath;
use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::stream::{BoxStream, StreamExt, TryStreamExt};
pub use object_store::GetRange;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{Attribute, GetOptions, ObjectMeta, ObjectStore, ObjectStoreExt, PutOptions};
use uuid::Uuid;

/// Bodies up to this many bytes come in one piece; larger ones are streamed.
const ONE_PIECE: u64 = 512 * 1024;

/// One stored form of a media item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rendition {
    /// Picture, longest side at most 1,600 px.
    Large,
    /// Picture, longest side at most 800 px.
    Medium,
    /// Picture, longest side at most 240 px.
    Thumb,
    /// The one form of a video.
    Video,
}

impl Rendition {
    /// The three forms of every picture, largest first.
    pub const PICTURE: [Rendition; 3] = [Rendition::Large, Rendition::Medium, Rendition::Thumb];

    /// Stored and served as this type.
    pub fn content_type(self) -> &'static str {
        match self {
            Rendition::Large | Rendition::Medium | Rendition::Thumb => "image/jpeg",
            Rendition::Video => "video/mp4",
        }
    }

    /// Its name in addresses.
    pub fn name(self) -> &'static str {
        match self {
            Rendition::Large => "large",
            Rendition::Medium => "medium",
            Rendition::Thumb => "thumb",
            Rendition::Video => "video",
        }
    }

    /// The rendition of that name.
    pub fn of_name(name: &str) -> Option<Self> {
        [Rendition::Large, Rendition::Medium, Rendition::Thumb, Rendition::Video]
            .into_iter()
            .find(|rendition| rendition.name() == name)
    }

    fn file_name(self) -> &'static str {
        match self {
            Rendition::Large => "large.jpg",
            Rendition::Medium => "medium.jpg",
            Rendition::Thumb => "thumb.jpg",
            Rendition::Video => "video.mp4",
        }
    }
}

/// Where one rendition lies: `<brand>/<media>/<rendition>`, so that a brand is one prefix. Nothing a caller typed is
/// part of it.
pub fn key(brand_id: Uuid, media_id: Uuid, rendition: Rendition) -> Path {
    Path::from_iter([brand_id.to_string(), media_id.to_string(), rendition.file_name().to_owned()])
}

/// Why the bytes could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    #[error("no such object")]
    NotFound,
    /// The asked range begins at or after the end, or is empty (HTTP 416).
    #[error("the range lies outside the object of {total} bytes")]
    RangeNotSatisfiable { total: u64 },
    #[error("the media folder cannot be opened: {0}")]
    Folder(#[source] std::io::Error),
    #[error("the address of the object store is not usable: {0}")]
    Address(String),
    #[error("the object store failed: {0}")]
    Backend(#[source] object_store::Error),
}

impl From<object_store::Error> for StorageError {
    fn from(error: object_store::Error) -> Self {
        match error {
            object_store::Error::NotFound { .. } => StorageError::NotFound,
            other => StorageError::Backend(other),
        }
    }
}

/// What is known of an object without reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Bytes of the whole object.
    pub total: u64,
    pub e_tag: Option<String>,
    pub modified: DateTime<Utc>,
}

impl From<ObjectMeta> for Head {
    fn from(meta: ObjectMeta) -> Self {
        Head { total: meta.size, e_tag: meta.e_tag, modified: meta.last_modified }
    }
}

/// An object, or the asked part of it, on its way out.
pub struct Blob {
    pub head: Head,
    /// The bytes that `body` yields; `0..head.total` when the whole was asked for.
    pub range: Range<u64>,
    /// Ends early with an error when the store fails midway. Never holds a large object in memory.
    pub body: BoxStream<'static, Result<Bytes, StorageError>>,
}

impl fmt::Debug for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blob").field("head", &self.head).field("range", &self.range).finish_non_exhaustive()
    }
}

/// The place where renditions lie: a local folder, or any S3-compatible object store. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Storage {
    store: Arc<dyn ObjectStore>,
    /// Put before every key; empty for a folder.
    prefix: Path,
    /// A local folder cannot keep a content type beside the bytes and refuses to be given one.
    keeps_content_type: bool,
}

impl Storage {
    /// Keeps media below `dir`, which is made when missing. A finished `put` survives a power cut.
    pub fn local(dir: &FsPath) -> Result<Storage, StorageError> {
        std::fs::create_dir_all(dir).map_err(StorageError::Folder)?;
        let store = LocalFileSystem::new_with_prefix(dir)?.with_fsync(true).with_automatic_cleanup(true);
        Ok(Storage { store: Arc::new(store), prefix: Path::default(), keeps_content_type: false })
    }

    /// Keeps media in the bucket (and below the path) of `url`, as in `s3://bucket/media`. `options` are named as
    /// object_store's `AmazonS3ConfigKey` names them: `access_key_id`, `secret_access_key`, `endpoint`, `region`.
    #[cfg(feature = "s3")]
    pub fn s3(url: &str, options: &std::collections::BTreeMap<String, String>) -> Result<Storage, StorageError> {
        use object_store::ObjectStoreScheme;

        let url = reqwest::Url::parse(url).map_err(|error| StorageError::Address(error.to_string()))?;
        let (scheme, _) = ObjectStoreScheme::parse(&url).map_err(|error| StorageError::Address(error.to_string()))?;
        if scheme != ObjectStoreScheme::AmazonS3 {
            return Err(StorageError::Address(format!("`{}` is not an S3 scheme", url.scheme())));
        }
        let (store, prefix) = object_store::parse_url_opts(&url, options)?;
        Ok(Storage { store: Arc::from(store), prefix, keeps_content_type: true })
    }

    /// Writes the whole object at once: a reader sees all of it or nothing. Replaces what was there.
    pub async fn put(&self, key: &Path, bytes: Bytes, content_type: &'static str) -> Result<(), StorageError> {
        let mut options = PutOptions::default();
        if self.keeps_content_type {
            options.attributes.insert(Attribute::ContentType, content_type.into());
        }
        self.store.put_opts(&self.place(key), bytes.into(), options).await?;
        Ok(())
    }

    /// The object, or a part of it. A range that ends after the object is cut to it.
    pub async fn get_range(&self, key: &Path, range: Option<GetRange>) -> Result<Blob, StorageError> {
        let place = self.place(key);
        let asked = GetOptions { range: range.clone(), ..GetOptions::default() };
        let found = match (self.store.get_opts(&place, asked).await, range) {
            (Ok(found), Some(_)) if found.range.is_empty() => {
                return Err(StorageError::RangeNotSatisfiable { total: found.meta.size });
            }
            (Ok(found), _) => found,
            (Err(error), Some(range)) => return Err(self.why_no_range(&place, &range, error).await),
            (Err(error), None) => return Err(error.into()),
        };
        let (head, range) = (Head::from(found.meta.clone()), found.range.clone());
        let body = if range.end - range.start <= ONE_PIECE {
            let bytes = found.bytes().await?;
            futures_util::stream::iter([Ok(bytes)]).boxed()
        } else {
            found.into_stream().map_err(StorageError::from).boxed()
        };
        Ok(Blob { head, range, body })
    }

    /// Each store reports a range beyond the end in its own, untyped way, so the size decides.
    async fn why_no_range(&self, place: &Path, range: &GetRange, error: object_store::Error) -> StorageError {
        match self.store.head(place).await {
            Ok(meta) if range.as_range(meta.size).is_err() => StorageError::RangeNotSatisfiable { total: meta.size },
            _ => error.into(),
        }
    }

    /// Size, entity tag and age of an object.
    pub async fn head(&self, key: &Path) -> Result<Head, StorageError> {
        Ok(self.store.head(&self.place(key)).await?.into())
    }

    /// Removes an object; one that is not there is fine.
    pub async fn delete(&self, key: &Path) -> Result<(), StorageError> {
        match self.store.delete(&self.place(key)).await.map_err(StorageError::from) {
            Ok(()) | Err(StorageError::NotFound) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn place(&self, key: &Path) -> Path {
        self.prefix.parts().chain(key.parts()).collect()
    }
}

#[cfg(test)]
mod tests;
