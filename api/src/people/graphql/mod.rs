//! `viewer`: who I am and what I may do now.

pub mod view;

use async_graphql::{Context, Enum, Object};

use crate::error::Result;
use crate::people::actor::Actor;

/// Kinds of callers.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum ViewerKind {
    /// No token was sent.
    Anonymous,
    /// A member, signed in from the mini-program.
    Member,
    /// A member of KOC grade.
    Koc,
    /// A person of the brand's team.
    Staff,
    /// A factory, by API key.
    Factory,
}

/// Whoever sends the request.
pub struct Viewer(Actor);

#[Object]
impl Viewer {
    /// What kind of caller the token belongs to; anonymous without one.
    async fn kind(&self) -> ViewerKind {
        match &self.0 {
            Actor::Anonymous => ViewerKind::Anonymous,
            Actor::Member(member) if member.is_koc => ViewerKind::Koc,
            Actor::Member(_) => ViewerKind::Member,
            Actor::Staff(_) => ViewerKind::Staff,
            Actor::Factory(_) => ViewerKind::Factory,
        }
    }
}

#[derive(Default)]
pub struct PeopleQuery;

#[Object]
impl PeopleQuery {
    /// Who I am and what is mine.
    async fn viewer(&self, ctx: &Context<'_>) -> Result<Viewer> {
        Ok(Viewer(ctx.data_unchecked::<Actor>().clone()))
    }
}
