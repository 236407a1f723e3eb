//! Files that come inside a GraphQL request, by the multipart request specification.

use std::collections::HashMap;
use std::fmt;
use std::sync::Mutex;

use async_graphql::{
    Context, InputObject, InputValueError, InputValueResult, Object, Scalar, ScalarType, SimpleObject, Value,
};
use bytes::Bytes;

use super::graphql::Media;
use super::record;
use crate::app::App;
use crate::base::payload::{UserError, split};
use crate::error::{Refusal, Result};
use crate::people::actor::Actor;
use crate::people::door;

/// The files of one request by the name of their part, each to be taken once. A file that was longer
/// than it may be is its refusal instead.
#[derive(Default)]
pub struct Uploads(Mutex<HashMap<String, Result<Bytes, Refusal>>>);

impl fmt::Debug for Uploads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Uploads")
    }
}

impl Uploads {
    pub fn new(files: HashMap<String, Result<Bytes, Refusal>>) -> Self {
        Uploads(Mutex::new(files))
    }

    fn take(&self, upload: &Upload) -> Result<Bytes> {
        let file = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).remove(&upload.0);
        let missing = || {
            Refusal::invalid(
                "file",
                "There is no such file in the request, or it was used already. Send it as a part of a multipart request.",
                "请求中没有该文件，或文件已被使用。请以 multipart 请求发送文件。",
            )
        };
        Ok(file.unwrap_or_else(|| Err(missing()))?)
    }
}

/// The name of the part that holds a file. Ours instead of the engine's, which panics at names that a
/// client makes up.
pub struct Upload(String);

impl Upload {
    /// What stands in the variables for the file of a part.
    pub fn placeholder(part: &str) -> serde_json::Value {
        serde_json::Value::String(part.to_owned())
    }
}

/// A file in a `multipart/form-data` request: `null` in the variables of `operations`, its place named in
/// `map`, its bytes in a part of their own.
#[Scalar(name = "Upload", specified_by_url = "https://github.com/jaydenseric/graphql-multipart-request-spec")]
impl ScalarType for Upload {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(part) => Ok(Upload(part)),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn to_value(&self) -> Value {
        Value::Null
    }
}

/// Uploads a picture or video.
#[derive(InputObject)]
pub struct UploadMediaInput {
    /// A JPEG, PNG or WebP of at most 12 MB, or an MP4 of at most 50 MB; told from its bytes.
    pub file: Upload,
}

/// The stored file, or why it was refused.
#[derive(SimpleObject)]
pub struct UploadMediaPayload {
    /// What was stored; give its id to the mutations that take pictures and videos.
    pub media: Option<Media>,
    /// Why it was refused; empty when it was done.
    pub user_errors: Vec<UserError>,
}

#[derive(Default)]
pub struct StorageMutation;

#[Object]
impl StorageMutation {
    /// Stores a picture or video, as `POST /media` does for clients that send one file and nothing else.
    #[graphql(guard = "door::BRAND", directive = door::needs::apply(door::BRAND.roles()))]
    async fn upload_media(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The file.")] input: UploadMediaInput,
    ) -> Result<Option<UploadMediaPayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let stored = match ctx.data_unchecked::<Uploads>().take(&input.file) {
            Ok(bytes) => record::store(app, actor, record::Upload { bytes }).await,
            Err(error) => Err(error),
        };
        Ok(Some(match split(ctx, stored)? {
            Ok(media) => UploadMediaPayload { media: Some(media.into()), user_errors: Vec::new() },
            Err(user_errors) => UploadMediaPayload { media: None, user_errors },
        }))
    }
}
