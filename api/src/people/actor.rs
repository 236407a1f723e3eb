//! Who acts, as found from the request's token. Everything a use case decides about permission starts here.

use std::net::IpAddr;

use entity::staff::StaffRole;
use entity::state_change::StateChangeActorKind;
use uuid::Uuid;

use crate::base::tx::By;
use crate::error::{Error, Fault, Result};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    Anonymous,
    Member(MemberActor),
    Staff(StaffActor),
    Factory(FactoryActor),
}

/// The address a request came from; the nearest hop unless a proxy is trusted. The edge puts it into
/// the request's data, for limits on attempts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ClientIp(pub Option<IpAddr>);

/// A member of one brand, signed in from the mini-program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberActor {
    pub brand_id: Uuid,
    pub id: Uuid,
    pub session_id: Uuid,
    pub is_koc: bool,
}

/// A person of a brand's team.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaffActor {
    pub brand_id: Uuid,
    pub id: Uuid,
    pub session_id: Uuid,
    pub role: StaffRole,
}

/// A factory, by one of its API keys. It serves many brands and belongs to none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactoryActor {
    pub id: Uuid,
    pub key_id: Uuid,
}

impl Actor {
    pub fn member(&self) -> Result<&MemberActor> {
        match self {
            Actor::Member(member) => Ok(member),
            other => Err(other.wrong("only a signed-in member may do this")),
        }
    }

    pub fn koc(&self) -> Result<&MemberActor> {
        match self {
            Actor::Member(member) if member.is_koc => Ok(member),
            other => Err(other.wrong("only a KOC may do this")),
        }
    }

    /// Staff with one of `roles`; the owner may do whatever any role may.
    pub fn staff(&self, roles: &[StaffRole]) -> Result<&StaffActor> {
        match self {
            Actor::Staff(staff) if staff.role == StaffRole::Owner || roles.contains(&staff.role) => Ok(staff),
            other => Err(other.wrong("your role does not include this")),
        }
    }

    pub fn any_staff(&self) -> Result<&StaffActor> {
        match self {
            Actor::Staff(staff) => Ok(staff),
            other => Err(other.wrong("only the brand's staff may do this")),
        }
    }

    pub fn factory(&self) -> Result<&FactoryActor> {
        match self {
            Actor::Factory(factory) => Ok(factory),
            other => Err(other.wrong("only a factory may do this")),
        }
    }

    /// The brand of a member or of staff.
    pub fn brand_id(&self) -> Result<Uuid> {
        match self {
            Actor::Member(member) => Ok(member.brand_id),
            Actor::Staff(staff) => Ok(staff.brand_id),
            other => Err(other.wrong("a factory belongs to no brand")),
        }
    }

    /// The brand whose limits count what this actor does.
    pub fn brand(&self) -> Option<Uuid> {
        match self {
            Actor::Member(member) => Some(member.brand_id),
            Actor::Staff(staff) => Some(staff.brand_id),
            Actor::Anonymous | Actor::Factory(_) => None,
        }
    }

    pub fn id(&self) -> Option<Uuid> {
        match self {
            Actor::Anonymous => None,
            Actor::Member(member) => Some(member.id),
            Actor::Staff(staff) => Some(staff.id),
            Actor::Factory(factory) => Some(factory.id),
        }
    }

    /// For the history of state moves.
    pub fn by(&self) -> By {
        let kind = match self {
            Actor::Anonymous => StateChangeActorKind::System,
            Actor::Member(_) => StateChangeActorKind::Member,
            Actor::Staff(_) => StateChangeActorKind::Staff,
            Actor::Factory(_) => StateChangeActorKind::Factory,
        };
        By { kind, id: self.id() }
    }

    fn wrong(&self, why: &'static str) -> Error {
        match self {
            Actor::Anonymous => Fault::Unauthenticated.into(),
            _ => Fault::Forbidden(why).into(),
        }
    }
}
