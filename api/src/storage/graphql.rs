//! Media in the API. [`upload`](super::upload) takes files in GraphQL requests; `POST /media` is for `wx.uploadFile`.

use async_graphql::{Context, Enum, Object};
use entity::media::{self, MediaKind as Kind};
use uuid::Uuid;

use super::Rendition;
use crate::app::App;
use crate::base::id::MediaId;

/// A stored picture or video.
pub struct Media(pub media::Model);

impl From<media::Model> for Media {
    fn from(row: media::Model) -> Self {
        Media(row)
    }
}

/// What a media item is.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "Kind")]
pub enum MediaKind {
    /// A JPEG in three sizes.
    Picture,
    /// An MP4 as it was uploaded, without its notes about place and device.
    Video,
}

/// The sizes that every picture is kept in. None is larger than the upload was.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaSize {
    /// Longest side at most 1,600 pixels: full screen.
    Large,
    /// Longest side at most 800 pixels: a card across the screen.
    Medium,
    /// Longest side at most 240 pixels: a list or an avatar.
    Thumb,
}

impl From<MediaSize> for Rendition {
    fn from(size: MediaSize) -> Self {
        match size {
            MediaSize::Large => Rendition::Large,
            MediaSize::Medium => Rendition::Medium,
            MediaSize::Thumb => Rendition::Thumb,
        }
    }
}

/// A stored picture or video.
#[Object(serial)]
impl Media {
    /// Names the upload; give it to the mutations that take pictures and videos.
    pub async fn id(&self) -> MediaId {
        self.0.id.into()
    }

    /// Picture or video.
    async fn kind(&self) -> MediaKind {
        self.0.kind.into()
    }

    /// Where the bytes are. The address never changes and its content never does either, so keep it
    /// as long as you like; byte ranges work. A video has one form, whatever the size.
    async fn url(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which size of a picture; ignored for videos.", default_with = "MediaSize::Large")]
        size: MediaSize,
    ) -> String {
        let rendition = match self.0.kind {
            Kind::Picture => size.into(),
            Kind::Video => Rendition::Video,
        };
        address(ctx.data_unchecked::<App>(), self.0.brand_id, self.0.id, rendition)
    }

    /// Pixels of the large size, upright; null for videos.
    async fn width(&self) -> Option<i32> {
        self.0.width
    }

    /// Pixels of the large size, upright; null for videos.
    async fn height(&self) -> Option<i32> {
        self.0.height
    }

    /// `image/jpeg` or `video/mp4`.
    async fn content_type(&self) -> &str {
        &self.0.content_type
    }
}

/// The public address of one rendition.
pub fn address(app: &App, brand_id: Uuid, media_id: Uuid, rendition: Rendition) -> String {
    let (base, media) = (&app.config.public_url, MediaId::new(media_id));
    format!("{base}/media/{}/{media}/{}", brand_id.simple(), rendition.name())
}
