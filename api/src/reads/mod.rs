//! Answers kept for a while: what many people ask alike, such as the feed of an open round or a presale's page.
//!
//! Running a feed in the engine costs many times its SQL, so bytes of answers are kept, not rows. The first who asks
//! runs it while a [`hole::Recorder`] listens: fields that are bound to a person (`myPicks`, `pickedByMe`) or move all
//! the time (`picks`, `remaining`) put a mark in their place. The answer is cut at the marks into a
//! [`template::Template`]; whoever asks next gets the template with their own values, read by one statement, and with
//! tallies and pieces of the last second in the holes.
//!
//! Nothing is kept that is not on the [`list`] of what is the same for a whole [`audience`]: ordinary members of one
//! brand who are in the same communities, or one factory. Staff and KOCs are shown more than others and always get
//! their own. An answer with errors is not kept.
//!
//! Any event of the brand that shows in an answer ends it at once ([`crate::base::fresh`]). One in which only events
//! change anything outside of the holes lives half a minute, so that communities that ask now and then find it too; any
//! other, as with "may I pick now", lives a second. It stays in the memory of its process: a shared store would cost all
//! others a round trip.

pub mod audience;
mod check;
pub mod hole;
mod list;
mod packed;
mod store;
mod template;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use async_graphql::Response;
use futures_util::future::{try_join_all, try_join3};

pub use store::Reads;
pub use template::Filled;

use crate::app::App;
use crate::base::fresh::Subject;
use crate::error::{Error, Result};
use crate::flow::presale::sale;
use crate::flow::round::{mine, standing};
use crate::http::guard::Checked;
use audience::{Audience, Question};
use hole::{Ask, Recorder};
use store::Kept;
use template::{Template, Values};

/// An answer to a query.
pub enum Served {
    /// Its `data`, without errors.
    Kept(Filled),
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

/// How long the answer to an operation may be kept; `None` unless it asks only for what is the same for an audience.
pub fn life(checked: &Checked) -> Option<Duration> {
    check::life(&checked.document, checked.operation_name.as_deref())
}

/// Answers a public question from what was kept for `life`, or by `run` and keeps it. `enter` waits until the engine may
/// run it; it is awaited and `run` called at most once. `still` says whether the audience is known to be that of the
/// caller: who joined or left a community while she waited is not shown what is kept for it.
pub async fn serve<P, F, E>(
    app: &App,
    audience: &Audience<'_>,
    question: &Question,
    life: Duration,
    still: impl AsyncFn() -> Result<bool, E>,
    enter: impl Future<Output = Result<P, E>>,
    run: impl FnOnce(P, Option<Arc<Recorder>>) -> F,
) -> Result<Served, E>
where
    F: Future<Output = Result<Response, E>>,
    E: From<Error>,
{
    let subjects = [Subject::Reads(audience.id())];
    let key = audience.key(question);
    match app.reads.find(app, &key, &subjects, life).await {
        Some(Kept::Answer(template)) => return Ok(fill(app, audience, template).await?),
        Some(Kept::Never) => return Ok(Served::Run(run(enter.await?, None).await?)),
        None => {}
    }
    // One builder at a time; those who waited find what it built.
    let turn = app.reads.turn(&key).await;
    if let Some(kept) = app.reads.find(app, &key, &subjects, life).await {
        drop(turn);
        return match kept {
            Kept::Answer(template) if still().await? => Ok(fill(app, audience, template).await?),
            Kept::Answer(_) | Kept::Never => Ok(Served::Run(run(enter.await?, None).await?)),
        };
    }
    let place = enter.await?;
    // Behind all waiting, so that what is kept is no older than it says.
    let seen = app.fresh.seen();
    // From here on whoever joins or leaves tells news, which ends what is kept of before.
    if !still().await? {
        drop(turn);
        return Ok(Served::Run(run(place, None).await?));
    }
    let recorder = Arc::new(Recorder::default());
    let mut response = run(place, Some(recorder.clone())).await?;
    let known = recorder.known();
    for (round_id, standing) in &known.standings {
        app.standings.learn(audience.id(), *round_id, seen, standing.clone()).await;
    }
    for (presale_id, sale) in &known.sales {
        app.sales.learn(audience.id(), *presale_id, seen, Some(sale.clone())).await;
    }
    if response.errors.is_empty() && !recorder.is_denied() {
        let template = Arc::new(cut(&response, &recorder)?);
        app.reads.keep(key, seen, Kept::Answer(template.clone())).await;
        drop(turn);
        let values = values(app, audience, template.asked(), known).await?;
        return Ok(Served::Kept(Filled::new(template, values)));
    }
    app.reads.keep(key, seen, Kept::Never).await;
    drop(turn);
    let values = values(app, audience, &recorder.asked(), known).await?;
    recorder.fill(&mut response.data, &values);
    Ok(Served::Run(response))
}

fn cut(response: &Response, recorder: &Recorder) -> Result<Template> {
    Ok(Template::cut(&serde_json::to_vec(&response.data).map_err(anyhow::Error::from)?, recorder))
}

async fn fill(app: &App, audience: &Audience<'_>, template: Arc<Template>) -> Result<Served> {
    // Only for what is read for her: a page with what is the same for all waits for nobody.
    let _place = match template.asked().iter().any(|ask| ask.of_hers().is_some()) {
        false => None,
        true => {
            let beside_others = || app.neighbours.has_others(audience.id());
            Some(app.kept_shares.wait_in_crowd(audience.id(), beside_others).await)
        }
    };
    let values = values(app, audience, template.asked(), Values::default()).await?;
    Ok(Served::Kept(Filled::new(template, values)))
}

/// The caller's own values, by no statement without holes, else by one or a share of one; and how rounds stand.
async fn values(app: &App, audience: &Audience<'_>, asked: &[Ask], known: Values) -> Result<Values> {
    let mut values = known;
    let Audience::Member { actor, .. } = audience else { return Ok(values) };
    let hers: Vec<_> = asked.iter().filter_map(Ask::of_hers).filter(|id| !values.picks.contains_key(id)).collect();
    let running: BTreeSet<_> =
        asked.iter().filter_map(Ask::of_all).filter(|id| !values.standings.contains_key(id)).collect();
    let selling: BTreeSet<_> =
        asked.iter().filter_map(Ask::of_sale).filter(|id| !values.sales.contains_key(id)).collect();
    let standings =
        running.into_iter().map(async |id| Ok::<_, Error>((id, standing::of(app, actor.brand_id, id).await?)));
    let sales = selling.into_iter().map(async |id| Ok::<_, Error>((id, sale::of(app, actor.brand_id, id).await?)));
    let picks = async {
        match hers.is_empty() {
            true => Ok(HashMap::new()),
            false => mine::picks(app, actor.brand_id, actor.id, hers).await,
        }
    };
    let (picks, standings, sales) = try_join3(picks, try_join_all(standings), try_join_all(sales)).await?;
    // Behind all waiting, which may have been longer than an offer lasts.
    values.now = app.clock.now();
    values.picks.extend(picks);
    values.standings.extend(standings);
    values.sales.extend(sales.into_iter().filter_map(|(id, sale)| Some((id, sale?))));
    Ok(values)
}
