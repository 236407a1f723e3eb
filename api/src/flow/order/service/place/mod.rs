//! Placing orders. Orders in flight for one presale are placed together, in one transaction that takes
//! the pieces of each or none of it: when thousands want twelve SKUs, one of them at a time waits for
//! the hot rows, with everybody's pieces, instead of each for herself.
//!
//! A group is read, decided in memory in the order of arrival, and made true by conditional updates.
//! When another process was faster, it is undone and decided again. A refused order leaves nothing.

mod decide;
mod read;
mod write;

use chrono::NaiveDate;
use entity::order;
use sea_orm::SqlErr;
use serde::Serialize;
use uuid::Uuid;

use crate::app::App;
use crate::base::group::{Group, busy};
use crate::base::neighbours::Neighbours;
use crate::base::once::{Done, Once};
use crate::base::text;
use crate::base::tx::Tx;
use crate::error::{Error, Fault, Result};
use crate::flow::community::rules::normalise_code;
use crate::flow::order::query;
use crate::flow::order::rules::{self, Wanted};
use crate::flow::presale;
use crate::flow::presale::capacity::{self, Pieces};
use crate::people::actor::Actor;

use self::decide::Verdict;

/// Orders of one transaction.
const LARGEST: usize = 200;
/// Decisions that may be overtaken by other processes, or meet a taken order number. From the second on
/// they queue up at the hot rows first, so that only a taken number can undo them.
const TRIES: u32 = 6;

#[derive(Clone, Serialize)]
pub struct Place {
    pub presale_id: Uuid,
    pub lines: Vec<Wanted>,
    pub address_id: Uuid,
    /// Fen.
    pub expected_amount: i64,
    pub expected_promise_date: NaiveDate,
    pub terms_version: String,
    /// The code of a KOC, as the buyer typed it.
    pub koc_code: Option<String>,
}

/// An order to place, whose shape was checked.
pub struct Request {
    member_id: Uuid,
    once: Once,
    input: Place,
    pieces: Pieces,
    terms: String,
    /// As it would be stored.
    koc_code: Option<String>,
}

type Answer = Result<Done<order::Model>>;

/// Orders that wait, by brand and presale.
pub type Queue = Group<(Uuid, Uuid), Request, Answer>;

/// At most `capacity` orders wait for one presale.
pub fn queue(capacity: usize, neighbours: Neighbours) -> Queue {
    Group::paced(capacity, move |(brand_id, _)| neighbours.pace(*brand_id, LARGEST))
}

/// Puts pieces on hold for the member and writes her order with its one amount due. Five statements,
/// for her alone or for all who ask at the same time. `UNAVAILABLE` when too many wait already.
pub async fn place(app: &App, actor: &Actor, key: &str, input: &Place) -> Result<Done<order::Model>> {
    let member = actor.member()?;
    let request = Request {
        member_id: member.id,
        once: Once::new(member.id, "placeOrder", key, input)?,
        pieces: rules::basket(&input.lines)?,
        terms: text::required("termsVersion", &input.terms_version, 40)?,
        koc_code: text::optional("kocCode", input.koc_code.as_deref(), 40)?.map(|typed| normalise_code(&typed)),
        input: input.clone(),
    };
    let (brand_id, presale_id) = (member.brand_id, input.presale_id);
    let write = {
        let app = app.clone();
        move |requests: Vec<Request>| {
            let app = app.clone();
            async move { each(&app, brand_id, presale_id, &requests).await }
        }
    };
    app.orders.try_join((brand_id, presale_id), request, write).await?.ok_or_else(busy)?
}

async fn each(app: &App, brand_id: Uuid, presale_id: Uuid, requests: &[Request]) -> Vec<Answer> {
    match together(app, brand_id, presale_id, requests).await {
        Ok(outcomes) => outcomes,
        // What one of them broke shall not fail the others.
        Err(error) if requests.len() > 1 && error.may_be_of_one() => {
            tracing::warn!(%error, orders = requests.len(), "a group of orders failed; each is placed alone");
            let mut outcomes = Vec::with_capacity(requests.len());
            for request in requests {
                let alone = together(app, brand_id, presale_id, std::slice::from_ref(request)).await;
                outcomes.push(alone.and_then(|mut one| one.pop().unwrap_or_else(|| Err(capacity::lost()))));
            }
            outcomes
        }
        Err(error) => requests.iter().map(|_| Err(error.shared())).collect(),
    }
}

async fn together(app: &App, brand_id: Uuid, presale_id: Uuid, requests: &[Request]) -> Result<Vec<Answer>> {
    let mut tries = 1;
    loop {
        let contended = tries > 1;
        let outcome =
            app.write(brand_id, |tx| async move { place_in(app, &tx, presale_id, requests, contended).await }).await;
        match outcome {
            Err(error) if capacity::is_lost(&error) || is_number_taken(&error) => {
                if tries == TRIES {
                    return Err(Fault::Unavailable(format!("orders were overtaken {tries} times: {error}")).into());
                }
                tries += 1;
            }
            outcome => return outcome,
        }
    }
}

async fn place_in(app: &App, tx: &Tx, presale_id: Uuid, requests: &[Request], contended: bool) -> Result<Vec<Answer>> {
    if contended {
        let (members, skus) = wanted(requests);
        capacity::queue_up(tx, presale_id, &members, &skus).await?;
    }
    let skus = requests.iter().flat_map(|request| request.pieces.keys().copied());
    // The offer before the keys: whoever took the last piece under the same key has then been seen.
    let offer = presale::query::offer(tx.conn(), tx.brand_id(), presale_id, skus).await?;
    let Some(offer) = offer else {
        return Ok(requests.iter().map(|_| Err(Error::not_found("presale"))).collect());
    };
    let buyers = read::buyers(tx, &offer, requests).await?;
    let decision = decide::all(app, tx, &offer, requests, &buyers);
    if !decision.placed.is_empty() {
        write::all(tx, &offer, &decision.placed, requests).await?;
        capacity::hold(tx, &decision.shelf).await?;
    }
    let mut outcomes = Vec::with_capacity(requests.len());
    for verdict in decision.verdicts {
        outcomes.push(match verdict {
            Verdict::New(n) => Ok(Done::new(decision.placed[n].order.clone())),
            Verdict::Again(n) => Ok(Done::replay(decision.placed[n].order.clone())),
            Verdict::Earlier(id) => query::find(tx.conn(), tx.brand_id(), id).await.map(Done::replay),
            Verdict::Refused(error) => Err(error),
        });
    }
    Ok(outcomes)
}

fn wanted(requests: &[Request]) -> (Pieces, Pieces) {
    let (mut members, mut skus) = (Pieces::new(), Pieces::new());
    for request in requests {
        members.insert(request.member_id, 0);
        skus.extend(request.pieces.keys().map(|id| (*id, 0)));
    }
    (members, skus)
}

/// SQLite names the columns of a broken unique key, PostgreSQL the key, which has the columns in it.
fn is_number_taken(error: &Error) -> bool {
    let Error::Fault(Fault::Database(error)) = error else { return false };
    matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(what)) if what.contains("order_no"))
}
