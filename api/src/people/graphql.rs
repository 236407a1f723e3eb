//! `viewer`: who I am and what I may do now.

use async_graphql::{Context, Enum, Object};

use super::actor::Actor;
use crate::error::Result;

/// Kinds of callers.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum ViewerKind {
    Anonymous,
    Member,
    Koc,
    Staff,
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
