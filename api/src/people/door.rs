//! The door of a field: who may enter. The guard decides, `@needs` in the SDL says so; both come
//! from one place so that they cannot differ. What may be done to a given row is the stage's policy.

use async_graphql::{Context, Enum, Guard, TypeDirective};
use entity::staff::StaffRole;

use super::actor::Actor;
use crate::error::Result;

/// Roles a field may ask for. The owner of a brand passes wherever staff may enter.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A signed-in member.
    Member,
    /// A member of KOC grade.
    Koc,
    /// Anyone of the brand's staff.
    Staff,
    Owner,
    Merchandiser,
    Designer,
    Support,
    Finance,
    /// A factory, by API key.
    Factory,
}

/// Says who may use a field: any one of the roles.
#[TypeDirective(location = "FieldDefinition")]
pub fn needs(roles: Vec<Role>) {}

/// A set of roles, any of which opens the door.
#[derive(Clone, Copy)]
pub struct Door(pub &'static [Role]);

pub const SIGNED_IN: Door = Door(&[Role::Member, Role::Staff, Role::Factory]);
pub const MEMBER: Door = Door(&[Role::Member]);
pub const KOC: Door = Door(&[Role::Koc]);
pub const STAFF: Door = Door(&[Role::Staff]);
pub const OWNER: Door = Door(&[Role::Owner]);
/// Of the brand: its members and its staff.
pub const BRAND: Door = Door(&[Role::Member, Role::Staff]);
pub const KOC_OR_MERCHANDISER: Door = Door(&[Role::Koc, Role::Merchandiser]);
pub const MERCHANDISER: Door = Door(&[Role::Merchandiser]);
pub const DESIGNER: Door = Door(&[Role::Designer, Role::Merchandiser]);
pub const SUPPORT: Door = Door(&[Role::Support, Role::Merchandiser]);
pub const FINANCE: Door = Door(&[Role::Finance]);
pub const FACTORY: Door = Door(&[Role::Factory]);

impl Door {
    /// For `#[graphql(directive = door::needs::apply(door::STAFF.roles()))]`.
    pub fn roles(self) -> Vec<Role> {
        self.0.to_vec()
    }

    fn admits(self, actor: &Actor) -> Result<()> {
        let mut last = Err(crate::error::Fault::Unauthenticated.into());
        for role in self.0 {
            last = match role {
                Role::Member => actor.member().map(drop),
                Role::Koc => actor.koc().map(drop),
                Role::Staff => actor.any_staff().map(drop),
                Role::Owner => actor.staff(&[]).map(drop),
                Role::Merchandiser => actor.staff(&[StaffRole::Merchandiser]).map(drop),
                Role::Designer => actor.staff(&[StaffRole::Designer]).map(drop),
                Role::Support => actor.staff(&[StaffRole::Support]).map(drop),
                Role::Finance => actor.staff(&[StaffRole::Finance]).map(drop),
                Role::Factory => actor.factory().map(drop),
            };
            if last.is_ok() {
                break;
            }
        }
        last
    }
}

impl Guard for Door {
    async fn check(&self, ctx: &Context<'_>) -> async_graphql::Result<()> {
        Ok(self.admits(ctx.data::<Actor>()?)?)
    }
}
