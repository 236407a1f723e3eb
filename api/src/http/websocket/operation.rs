//! One operation of a socket, from `subscribe` to its last message.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use async_graphql::parser::types::OperationType;
use async_graphql::{Response, ServerError};
use futures_util::{FutureExt, StreamExt};
use tokio::sync::mpsc;

use super::protocol;
use crate::app::App;
use crate::base::lang::Lang;
use crate::base::stats::{self, SqlStats};
use crate::error::Error;
use crate::http::entrance;
use crate::http::graphql::envelope::Envelope;
use crate::http::graphql::execute::{self, Caller, Stopped, Who};
use crate::http::graphql::{errors, persisted};
use crate::http::guard::Checked;
use crate::schema::ApiSchema;

/// A message of an operation, on its way to the client.
pub struct Frame {
    pub id: String,
    pub number: u64,
    pub text: String,
    /// Nothing comes after it.
    pub last: bool,
}

/// Where the messages of one operation go. Waits when the client does not read.
pub struct Out {
    pub id: String,
    pub number: u64,
    pub frames: mpsc::Sender<Frame>,
}

impl Out {
    async fn next(&self, response: &Response) {
        self.send(protocol::next(&self.id, response), false).await;
    }

    async fn error(&self, errors: &[ServerError]) {
        self.send(protocol::error(&self.id, errors), true).await;
    }

    async fn complete(&self) {
        self.send(protocol::complete(&self.id), true).await;
    }

    async fn send(&self, text: String, last: bool) {
        // Without a receiver the socket is gone, and this task with it.
        let _ = self.frames.send(Frame { id: self.id.clone(), number: self.number, text, last }).await;
    }
}

/// Whether it goes on until it is stopped; the others are short and are not cut off halfway.
pub fn is_subscription(checked: &Checked) -> bool {
    checked.kind == OperationType::Subscription
}

/// The document that it carries or names, within all limits; a refusal is the operation's `error`.
pub async fn admit(app: &App, envelope: &Envelope, lang: Lang) -> Result<Checked, ServerError> {
    persisted::admit(app, envelope).await.map_err(|problem| errors::of_problem(&problem, lang))
}

/// Runs it. A panic ends this operation only.
pub async fn run(app: App, schema: ApiSchema, caller: Caller<'static>, envelope: Envelope, checked: Checked, out: Out) {
    let lang = caller.lang;
    let work = async {
        if let Who::Known(actor) = &caller.who
            && let Some(brand_id) = actor.brand()
        {
            entrance::pass(&app, brand_id).await;
        }
        match is_subscription(&checked) {
            true => stream(&app, &schema, caller, envelope, checked, &out).await,
            false => answer(&app, &schema, caller, envelope, checked, &out).await,
        }
    };
    if let Err(why) = unless_it_panics(work).await {
        let error = match why {
            Stopped::Fault(error) => errors::of_error(&error, lang),
            Stopped::TooMany(wait) => errors::of_too_many(wait, lang),
        };
        out.error(&[error]).await;
    }
}

async fn unless_it_panics(work: impl Future<Output = Result<(), Stopped>>) -> Result<(), Stopped> {
    match AssertUnwindSafe(work).catch_unwind().await {
        Ok(outcome) => outcome,
        Err(_) => Err(Stopped::Fault(Error::from(anyhow::anyhow!("an operation of a socket panicked")))),
    }
}

async fn answer(
    app: &App,
    schema: &ApiSchema,
    caller: Caller<'static>,
    envelope: Envelope,
    checked: Checked,
    out: &Out,
) -> Result<(), Stopped> {
    let response = execute::run(app, schema, caller, envelope, checked).await?;
    let never_ran = !response.errors.is_empty()
        && response.data == async_graphql::Value::Null
        && response.errors.iter().all(|error| error.path.is_empty());
    if never_ran {
        out.error(&response.errors).await;
    } else {
        out.next(&response).await;
        out.complete().await;
    }
    Ok(())
}

async fn stream(
    app: &App,
    schema: &ApiSchema,
    caller: Caller<'static>,
    envelope: Envelope,
    checked: Checked,
    out: &Out,
) -> Result<(), Stopped> {
    let stats = Arc::new(SqlStats::default());
    let work = async {
        let mut pushes = execute::follow(app, schema, caller, envelope, checked).await?;
        let mut outcome = "ok";
        while let Some(response) = pushes.next().await {
            // A push without data is the end of it: it was refused, or is no longer theirs to see.
            if response.data == async_graphql::Value::Null {
                out.error(&response.errors).await;
                outcome = "errors";
                break;
            }
            out.next(&response).await;
        }
        if outcome == "ok" {
            out.complete().await;
        }
        app.metrics.operations.with_label_values(&["subscription", outcome]).inc();
        Ok(())
    };
    stats::scope(stats, work).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_an_internal_error_of_that_operation() {
        let outcome = unless_it_panics(async { panic!("on purpose") }).await;
        assert!(matches!(outcome, Err(Stopped::Fault(Error::Fault(crate::error::Fault::Internal(_))))));
    }
}
