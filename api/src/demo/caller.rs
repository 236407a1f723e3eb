//! One person of the demo, speaking GraphQL over HTTP like any client.

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

#[derive(Clone)]
pub struct Caller {
    http: reqwest::Client,
    url: String,
    pub token: Option<String>,
}

impl Caller {
    pub fn new(http: reqwest::Client, url: &str, token: Option<String>) -> Self {
        Caller { http, url: url.to_owned(), token }
    }

    pub fn with_token(&self, token: &str) -> Self {
        Caller { token: Some(token.to_owned()), ..self.clone() }
    }

    /// The `data` of an answer; errors are errors.
    pub async fn ask(&self, query: &str, variables: Value) -> Result<Value> {
        let mut request =
            self.http.post(format!("{}/graphql", self.url)).json(&json!({ "query": query, "variables": variables }));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let answer: Value = request.send().await?.json().await?;
        if let Some(errors) = answer.get("errors") {
            bail!("the API answered {errors}");
        }
        Ok(answer["data"].clone())
    }

    /// Runs the mutation `name`. `key` makes it repeatable; `fields` is what to select of the
    /// payload. Gives the payload; a refusal is an error here, since the pilot plans none.
    pub async fn act(&self, name: &str, key: &str, mut input: Value, fields: &str) -> Result<Value> {
        input["idempotencyKey"] = json!(format!("demo-{key}"));
        self.act_plain(name, input, fields).await
    }

    /// Like [`Caller::act`] for mutations without an idempotency key (sign-in).
    pub async fn act_plain(&self, name: &str, input: Value, fields: &str) -> Result<Value> {
        let (first, rest) = name.split_at(1);
        let input_type = format!("{}{rest}Input!", first.to_uppercase());
        let query = format!(
            "mutation Demo($input: {input_type}) {{ {name}(input: $input) {{ {fields} userErrors {{ code message }} }} }}"
        );
        let data = self.ask(&query, json!({ "input": input })).await.with_context(|| name.to_owned())?;
        let payload = data[name].clone();
        match payload["userErrors"].as_array() {
            Some(refused) if !refused.is_empty() => bail!("{name} was refused: {}", payload["userErrors"]),
            _ => Ok(payload),
        }
    }

    /// Uploads a picture the way `wx.uploadFile` does; its media id.
    pub async fn upload(&self, bytes: Vec<u8>) -> Result<String> {
        const BOUNDARY: &str = "smallbatch-demo-5b1c2f";
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"picture.jpg\"\r\nContent-Type: image/jpeg\r\n\r\n"
        );
        let body = [head.as_bytes(), &bytes, format!("\r\n--{BOUNDARY}--\r\n").as_bytes()].concat();
        let answer = self
            .http
            .post(format!("{}/media", self.url))
            .header("content-type", format!("multipart/form-data; boundary={BOUNDARY}"))
            .bearer_auth(self.token.as_deref().unwrap_or_default())
            .body(body)
            .send()
            .await?;
        let answer: Value = answer.json().await?;
        text(&answer, "media.id").with_context(|| format!("the upload was refused: {answer}"))
    }
}

/// The text at a dotted path.
pub fn text(value: &Value, path: &str) -> Result<String> {
    let found = at(value, path);
    found.as_str().map(str::to_owned).with_context(|| format!("no text at {path} in {value}"))
}

/// What stands at a dotted path, null when nothing does.
pub fn at<'a>(value: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(value, |value, step| match step.parse::<usize>() {
        Ok(index) => &value[index],
        Err(_) => &value[step],
    })
}
