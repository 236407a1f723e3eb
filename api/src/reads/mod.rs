//! Answers kept for a second: what many people ask alike, such as the feed of an open round or a presale's page.
//!
//! Running a feed in the engine costs many times its SQL, so bytes of answers are kept, not rows. The first who asks
//! runs it while a [`hole::Recorder`] listens: fields that are bound to a person (`myPicks`, `pickedByMe`) put a mark
//! in their place. The answer is cut at the marks into a [`template::Template`]; whoever asks next gets the template
//! with their own values, read by one statement, in the holes.
//!
//! Nothing is kept that is not on the [`list`] of what is the same for a whole [`audience`]: ordinary members of one
//! brand who are in the same communities, or one factory. Staff and KOCs are shown more than others and always get
//! their own. An answer with errors is not kept.
//!
//! An answer lives at most a second, which bounds how old a tally or a "may I pick now" can be; any event of the
//! brand ends it at once ([`crate::base::fresh`]). It stays in the memory of its process: at such a life a shared
//! store would save each process one run a second and cost all others a round trip.

pub mod audience;
mod check;
pub mod hole;
mod list;
mod store;
mod template;

use std::sync::Arc;

use async_graphql::Response;
use bytes::Bytes;

pub use store::Reads;

use crate::app::App;
use crate::base::fresh::Subject;
use crate::error::Result;
use crate::flow::round::mine;
use crate::http::guard::Checked;
use audience::{Audience, Question};
use hole::{Ask, Recorder};
use store::Kept;
use template::{Template, Values};

/// An answer to a query.
pub enum Served {
    /// Its `data` as JSON, without errors.
    Kept(Bytes),
    /// Run for this caller.
    Run(Response),
}

impl Served {
    /// Without errors.
    pub fn is_ok(&self) -> bool {
        match self {
            Served::Kept(_) => true,
            Served::Run(response) => response.errors.is_empty(),
        }
    }
}

/// Whether an operation asks only for what is the same for an audience.
pub fn is_public(checked: &Checked) -> bool {
    check::is_public(&checked.document, checked.operation_name.as_deref())
}

/// Answers a public question from what is kept, or by `run` and keeps it. `run` is called at most once.
pub async fn serve<F>(
    app: &App,
    audience: &Audience<'_>,
    question: &Question,
    run: impl FnOnce(Option<Arc<Recorder>>) -> F,
) -> Result<Served>
where
    F: Future<Output = Response>,
{
    let subjects = [Subject::Reads(audience.id())];
    let key = audience.key(question);
    match app.reads.find(app, &key, &subjects).await {
        Some(Kept::Answer(template)) => return fill(app, audience, &template).await,
        Some(Kept::Never) => return Ok(Served::Run(run(None).await)),
        None => {}
    }
    // One builder at a time; those who waited find what it built.
    let turn = app.reads.turn(&key).await;
    match app.reads.find(app, &key, &subjects).await {
        Some(Kept::Answer(template)) => {
            drop(turn);
            return fill(app, audience, &template).await;
        }
        Some(Kept::Never) => {
            drop(turn);
            return Ok(Served::Run(run(None).await));
        }
        None => {}
    }
    let seen = app.fresh.seen();
    let recorder = Arc::new(Recorder::default());
    let mut response = run(Some(recorder.clone())).await;
    if response.errors.is_empty() && !recorder.is_denied() {
        let template =
            Arc::new(Template::cut(&serde_json::to_vec(&response.data).map_err(anyhow::Error::from)?, &recorder));
        app.reads.keep(key, seen, Kept::Answer(template.clone())).await;
        drop(turn);
        let values = values(app, audience, template.asked(), recorder.known()).await?;
        return Ok(Served::Kept(template.fill(&values)));
    }
    app.reads.keep(key, seen, Kept::Never).await;
    drop(turn);
    let values = values(app, audience, &recorder.asked(), recorder.known()).await?;
    recorder.fill(&mut response.data, &values);
    Ok(Served::Run(response))
}

async fn fill(app: &App, audience: &Audience<'_>, template: &Template) -> Result<Served> {
    let values = values(app, audience, template.asked(), Values::default()).await?;
    Ok(Served::Kept(template.fill(&values)))
}

/// The caller's own values: no statement without holes, else one, or a share of one.
async fn values(app: &App, audience: &Audience<'_>, asked: &[Ask], known: Values) -> Result<Values> {
    let mut values = known;
    let rounds: Vec<_> = asked.iter().map(Ask::round).filter(|id| !values.picks.contains_key(id)).collect();
    if let Audience::Member { actor, .. } = audience
        && !rounds.is_empty()
    {
        values.picks.extend(mine::picks(app, actor.brand_id, actor.id, rounds).await?);
    }
    Ok(values)
}
