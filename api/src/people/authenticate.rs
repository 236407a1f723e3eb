//! From a bearer token to an [`Actor`], in one statement, a share of one, or none.
//!
//! What a token stands for is kept in memory for at most [`LONG`], and for at most a second while this process may
//! miss the news of others ([`crate::base::fresh`]). Whatever takes access away or changes it touches the session,
//! the person, the brand, the factory or its key, which ends the entry everywhere. An entry never outlives its
//! session. Tokens that open nothing are not kept, so that a guess gains nothing from an earlier one.

mod lookup;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::actor::Actor;
use super::token::{self, Token};
use crate::app::App;
use crate::base::fresh::{LONG, Seen, Subject};
use crate::base::group::Group;
use crate::error::{Fault, Result};

/// Entries kept; about 300 bytes each.
const MAX_ENTRIES: u64 = 20_000;
/// Look-ups that wait for one brand.
const MAX_WAITING: usize = 10_000;
/// Look-ups of one statement.
const MAX_TOGETHER: usize = 100;

/// Who a token stands for, and what reads of theirs depend on.
#[derive(Debug)]
pub struct Known {
    pub actor: Actor,
    /// The communities an ordinary member is in, in the order of their ids; `None` for everyone else.
    pub communities: Option<Vec<Uuid>>,
    /// Of the brand of a member or of staff.
    pub zone: Option<Zone>,
    /// When the token ends.
    ends: Option<DateTime<Utc>>,
    /// What this depends on.
    subjects: Vec<Subject>,
    seen: Seen,
}

/// The clock on a brand's wall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zone {
    pub brand_id: Uuid,
    pub zone: chrono_tz::Tz,
}

impl Zone {
    /// From the IANA name stored with the brand.
    pub fn of(brand_id: Uuid, name: &str) -> Result<Self> {
        let zone = name.parse().map_err(|_| anyhow::anyhow!("brand {brand_id} has no zone “{name}”"))?;
        Ok(Zone { brand_id, zone })
    }
}

impl Known {
    /// Whether it is still known to be so.
    fn holds(&self, app: &App) -> bool {
        self.ends.is_none_or(|ends| app.clock.now() < ends) && app.fresh.holds(&self.seen, &self.subjects, LONG)
    }
}

/// What tokens stood for a moment ago, by hash, and the look-ups that are under way, by brand.
#[derive(Clone)]
pub struct Sessions {
    known: moka::future::Cache<Vec<u8>, Arc<Known>>,
    lookups: Group<Uuid, Vec<u8>, Result<Arc<Known>>>,
}

impl Default for Sessions {
    fn default() -> Self {
        Sessions {
            known: moka::future::Cache::builder().max_capacity(MAX_ENTRIES).time_to_live(LONG).build(),
            lookups: Group::new(MAX_WAITING, MAX_TOGETHER),
        }
    }
}

/// Without a token the actor is anonymous; a token that is unknown, ended or revoked is refused
/// rather than treated as none, so that a client learns that it must sign in again.
pub async fn authenticate(app: &App, bearer: Option<&str>) -> Result<Actor> {
    match bearer {
        None => Ok(Actor::Anonymous),
        Some(bearer) => Ok(recognise(app, bearer).await?.actor.clone()),
    }
}

/// Who a token stands for.
pub async fn recognise(app: &App, bearer: &str) -> Result<Arc<Known>> {
    let token = token::read(bearer).ok_or(Fault::Unauthenticated)?;
    let (Token::Session { hash, .. } | Token::Factory { hash, .. }) = &token;
    if let Some(known) = app.sessions.known.get(hash).await
        && known.holds(app)
    {
        return Ok(known);
    }
    let hash = hash.clone();
    let known = match token {
        Token::Session { brand_id, hash } => session(app, brand_id, hash).await?,
        Token::Factory { factory_id, key_id, hash } => Arc::new(lookup::factory(app, factory_id, key_id, hash).await?),
    };
    app.sessions.known.insert(hash, known.clone()).await;
    Ok(known)
}

/// Whether `bearer` stands for who it was found to be, also when that was too long ago to be sure without asking again;
/// refused when it stands for nobody any more.
pub async fn is_still(app: &App, bearer: &str, known: &Known) -> Result<bool> {
    let again = recognise(app, bearer).await?;
    Ok(again.actor == known.actor && again.communities == known.communities && again.zone == known.zone)
}

/// When a round opens, thousands come whom this process has not seen lately: those of a brand who come while others
/// are looked up are looked up together next.
async fn session(app: &App, brand_id: Uuid, hash: Vec<u8>) -> Result<Arc<Known>> {
    let reader = app.clone();
    let read = move |hashes: Vec<Vec<u8>>| {
        let app = reader.clone();
        async move { lookup::sessions(&app, brand_id, &hashes).await }
    };
    app.sessions.lookups.join(brand_id, hash, read).await?
}
