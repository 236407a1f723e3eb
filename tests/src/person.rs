//! Someone who calls the API, and how they call it.

use serde_json::{Value, json};

use crate::{Answer, TestApp};

/// Someone who calls the API.
#[derive(Clone)]
pub struct Person<'a> {
    app: &'a TestApp,
    pub token: Option<String>,
    /// TypeID of the member, staff or factory; empty for a bare token.
    pub id: String,
    pub openid: String,
    pub appid: String,
}

impl<'a> Person<'a> {
    pub(crate) fn with_token(app: &'a TestApp, token: Option<String>) -> Self {
        Person { app, token, id: String::new(), openid: String::new(), appid: String::new() }
    }

    pub fn app(&self) -> &'a TestApp {
        self.app
    }

    /// Sends a query or mutation.
    pub async fn gql(&self, query: &str, variables: Value) -> Answer {
        self.app.send(self.token.as_deref(), query, variables).await
    }

    /// Runs the mutation `name` with `input` (an `idempotencyKey` is added when missing) and selects
    /// `fields` beside the refusal's code, message, field and data.
    pub async fn mutate(&self, name: &str, mut input: Value, fields: &str) -> Answer {
        if input.get("idempotencyKey").is_none() {
            input["idempotencyKey"] = json!(self.app.app.ids.next().to_string());
        }
        let input_type = format!("{}{}Input!", name[..1].to_uppercase(), &name[1..]);
        let query = format!(
            "mutation Act($input: {input_type}) {{ {name}(input: $input) {{ {fields} userErrors {{ code message field \
             ... on SoldOut {{ skuId remaining }} ... on WindowClosed {{ at }} ... on PriceChanged {{ current {{ minorUnits }} }} \
             ... on LimitReached {{ limit }} ... on WrongState {{ actual }} ... on LeaseLost {{ currentEpoch }} \
             ... on AlreadyDone {{ id }} ... on QuantityOutOfRange {{ skuId allowed given }} }} }} }}"
        );
        self.gql(&query, json!({ "input": input })).await
    }

    /// Uploads a file as `wx.uploadFile` does and returns its media id.
    pub async fn upload(&self, bytes: Vec<u8>) -> String {
        let answer = self.post_media(bytes, "photo.jpg").await;
        answer["media"]["id"].as_str().unwrap_or_else(|| panic!("not stored: {answer:#}")).to_owned()
    }

    /// The raw answer of `POST /media`.
    pub async fn post_media(&self, bytes: Vec<u8>, file_name: &str) -> Value {
        let boundary = "smallbatch-test-boundary";
        let mut body = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{file_name}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        )
        .into_bytes();
        body.extend(bytes);
        body.extend(format!("\r\n--{boundary}--\r\n").bytes());
        let mut request = self
            .app
            .http
            .post(format!("{}/media", self.app.url))
            .header("content-type", format!("multipart/form-data; boundary={boundary}"))
            .body(body);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        request.send().await.expect("the server answers").json().await.expect("a JSON answer")
    }
}

/// A small real JPEG; `seed` makes it differ.
pub fn picture(seed: u8) -> Vec<u8> {
    let image = image::RgbImage::from_fn(64, 80, |x, y| image::Rgb([seed, (x * 3) as u8, (y * 2) as u8]));
    let mut out = std::io::Cursor::new(Vec::new());
    image.write_to(&mut out, image::ImageFormat::Jpeg).expect("encoding to memory");
    out.into_inner()
}
