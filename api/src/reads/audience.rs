//! Who is shown the same.

use uuid::Uuid;

use crate::base::crypto::sha256;
use crate::base::lang::Lang;
use crate::people::actor::{Actor, FactoryActor, MemberActor};
use crate::people::authenticate::Known;

/// People to whom every field of the [`super::list`] answers alike.
pub enum Audience<'a> {
    /// Ordinary members of a brand who are in the same communities.
    Member {
        actor: &'a MemberActor,
        communities: &'a [Uuid],
    },
    Factory(&'a FactoryActor),
}

/// What is asked, in which language.
pub struct Question {
    /// Of the query, the operation's name and the variables.
    pub fingerprint: Vec<u8>,
    pub lang: Lang,
}

impl<'a> Audience<'a> {
    /// `None` for those who are always shown their own.
    pub fn of(known: &'a Known) -> Option<Self> {
        match (&known.actor, &known.communities) {
            (Actor::Member(actor), Some(communities)) => Some(Audience::Member { actor, communities }),
            (Actor::Factory(actor), _) => Some(Audience::Factory(actor)),
            (Actor::Anonymous | Actor::Member(_) | Actor::Staff(_), _) => None,
        }
    }

    /// The brand or the factory.
    pub fn id(&self) -> Uuid {
        match self {
            Audience::Member { actor, .. } => actor.brand_id,
            Audience::Factory(factory) => factory.id,
        }
    }

    /// Names this audience's answer to `question`.
    pub fn key(&self, question: &Question) -> Vec<u8> {
        let (kind, communities): (u8, &[Uuid]) = match self {
            Audience::Member { communities, .. } => (b'm', communities),
            Audience::Factory(_) => (b'f', &[]),
        };
        let mut text = Vec::with_capacity(64 + 16 * communities.len());
        text.push(kind);
        text.push(question.lang.pick(b'e', b'z'));
        text.extend_from_slice(self.id().as_bytes());
        // Of one length, so that nothing runs into the communities.
        text.extend_from_slice(&sha256(&question.fingerprint));
        communities.iter().for_each(|id| text.extend_from_slice(id.as_bytes()));
        sha256(&text)
    }
}
