//! Many histories, season after season: each season has an app of its own, so that none grows large.

use std::fmt;
use std::panic::AssertUnwindSafe;

use entity::{outbox, provider_event};
use futures_util::FutureExt;
use proptest::strategy::ValueTree;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use smallbatch::invariants;
use smallbatch::wechat::pay::RefundStatus;
use uuid::Uuid;

use super::draw::{drawn, seed_of};
use super::reached::Reached;
use super::script::History;
use super::sight::Sight;
use super::story::Story;
use super::world::World;
use crate::database::stuck_events;
use crate::{Backend, TestApp};

/// How many, and which.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub backend: Backend,
    pub histories: usize,
    /// The `n`th history has the seed [`seed_of`] this and `n`.
    pub seed: u64,
    /// Histories of one app.
    pub season: usize,
    /// Tries to make a history that fails smaller.
    pub shrinks: usize,
}

/// A history that does not end well.
#[derive(Debug)]
pub struct Failure {
    pub seed: u64,
    pub history: History,
    pub wrong: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "history {:#x}, made smaller where that could be:\n{:#?}", self.seed, self.history.offer)?;
        for step in &self.history.steps {
            writeln!(f, "  {step:?}")?;
        }
        write!(f, "{}", self.wrong)
    }
}

/// Plays all of them; `done` hears how many are through.
pub async fn run(plan: Plan, mut done: impl FnMut(usize)) -> Result<Reached, Failure> {
    let mut reached = Reached::default();
    for first in (0..plan.histories).step_by(plan.season.max(1)) {
        let last = (first + plan.season).min(plan.histories);
        let app = TestApp::start(plan.backend).await;
        let world = World::new(&app).await;
        for n in first..last {
            let seed = seed_of(plan.seed, n);
            let history = drawn(seed).current();
            match guarded(&world, &history).await {
                Ok(kinds) => reached.add(&kinds),
                Err(wrong) => return Err(smaller(&plan, Failure { seed, history, wrong }).await),
            }
            done(n + 1);
        }
        if let Err(wrong) = whole(&world).await {
            let (seed, history) = (seed_of(plan.seed, first), drawn(seed_of(plan.seed, first)).current());
            let wrong =
                format!("after the histories {first}..{last} of {:#x}, this being the first: {wrong}", plan.seed);
            return Err(Failure { seed, history, wrong });
        }
        app.finish().await;
    }
    Ok(reached)
}

/// Plays one history on an app of its own.
pub async fn play(backend: Backend, history: &History) -> Result<Reached, String> {
    let app = TestApp::start(backend).await;
    let world = World::new(&app).await;
    let reached = match guarded(&world, history).await {
        Ok(reached) => whole(&world).await.map(|()| reached),
        Err(wrong) => Err(wrong),
    };
    match reached {
        Ok(_) => app.finish().await,
        Err(_) => app.leave().await,
    }
    reached
}

/// Plays the history of a seed.
pub async fn replay(backend: Backend, seed: u64) -> Result<Reached, Failure> {
    let history = drawn(seed).current();
    play(backend, &history).await.map_err(|wrong| Failure { seed, history, wrong })
}

/// A panic is a history's failure too.
async fn guarded(world: &World<'_>, history: &History) -> Result<Reached, String> {
    let told = AssertUnwindSafe(tell(world, history)).catch_unwind().await;
    told.unwrap_or_else(|panic| {
        let words = panic.downcast_ref::<String>().map(String::as_str);
        let words = words.or_else(|| panic.downcast_ref::<&str>().copied());
        Err(format!("a panic: {}", words.unwrap_or("without words")))
    })
}

async fn tell(world: &World<'_>, history: &History) -> Result<Reached, String> {
    let opened = Story::open(world, history.offer).await;
    let mut story = opened.map_err(|error| format!("the presale does not open: {error}"))?;
    for (n, step) in history.steps.iter().enumerate() {
        story.step(*step).await.map_err(|wrong| format!("step {n}, {step:?}: {wrong}"))?;
    }
    story.rest().await?;
    let sight = story.sight().await;
    story.judge(&sight)?;
    let (told, answered) = news(world, &sight).await;
    story.note_in_the_end(&sight, &told, &answered);
    Ok(story.reached)
}

/// Numbers that notifications came about, and refunds of which WeChat's answer was written.
async fn news(world: &World<'_>, sight: &Sight) -> (Vec<String>, Vec<Uuid>) {
    let (db, brand_id) = (world.app().db.read(), world.brand_id);
    let numbers = sight.attempts.iter().map(|attempt| attempt.out_trade_no.clone());
    let told = provider_event::Entity::find()
        .filter(provider_event::Column::BrandId.eq(brand_id))
        .filter(provider_event::Column::Number.is_in(numbers));
    let told = told.all(db).await.expect("events read").into_iter().filter_map(|event| event.number).collect();
    let answered = outbox::Entity::find()
        .filter(outbox::Column::BrandId.eq(brand_id))
        .filter(outbox::Column::AggregateId.is_in(sight.refunds.iter().map(|refund| refund.id)))
        .filter(outbox::Column::Kind.eq("refund.processing"));
    let answered = answered.all(db).await.expect("the outbox reads").into_iter().map(|event| event.aggregate_id);
    (told, answered.collect())
}

/// What holds for all histories of an app together.
async fn whole(world: &World<'_>) -> Result<(), String> {
    let db = world.app().db.read();
    let stuck = stuck_events(world.app()).await;
    if !stuck.is_empty() {
        return Err(format!("events that could not be handled: {stuck:?}"));
    }
    let findings = invariants::check(db).await.map_err(|error| format!("the invariants: {error}"))?;
    let broken: Vec<_> = findings.iter().filter(|finding| finding.breaches > 0).collect();
    if !broken.is_empty() {
        return Err(format!("broken invariants: {broken:#?}"));
    }
    let problems = provider_event::Entity::find().filter(provider_event::Column::Problem.is_not_null());
    let problems = problems.all(db).await.expect("events read");
    if let Some(event) = problems.first() {
        return Err(format!("{} reports could not be applied: {event:?}", problems.len()));
    }
    let books = world.test.standin.books(&world.account.mchid);
    let paid = books.transactions.iter().filter(|it| it.state.is_paid()).map(|it| it.amount_fen).sum::<i64>();
    let back = books.refunds.iter().filter(|it| it.status == RefundStatus::Success).map(|it| it.amount_fen);
    let (at_wechat, clearing) = (paid - back.sum::<i64>(), clearing(world).await);
    if at_wechat != clearing {
        return Err(format!("{clearing} fen on the clearing account, {at_wechat} in WeChat's books"));
    }
    Ok(())
}

async fn clearing(world: &World<'_>) -> i64 {
    use entity::journal_line::{Column, Entity, LedgerAccount};
    let lines = Entity::find()
        .filter(Column::BrandId.eq(world.brand_id))
        .filter(Column::Account.eq(LedgerAccount::Clearing))
        .all(world.app().db.read());
    lines.await.expect("the ledger reads").iter().map(|line| line.amount).sum()
}

/// The smallest history found that fails too. Each try has an app of its own.
async fn smaller(plan: &Plan, failure: Failure) -> Failure {
    let mut tree = drawn(failure.seed);
    let mut smallest = failure;
    let mut more = tree.simplify();
    for _ in 0..plan.shrinks {
        if !more {
            break;
        }
        let history = tree.current();
        more = match play(plan.backend, &history).await {
            Err(wrong) => {
                smallest = Failure { history, wrong, ..smallest };
                tree.simplify()
            }
            Ok(_) => tree.complicate(),
        };
    }
    smallest
}
