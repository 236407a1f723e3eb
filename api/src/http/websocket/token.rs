//! The token of `connection_init`, and what it is worth.

use serde_json::{Map, Value};

use super::protocol::Close;
use crate::error::{Code, Error, Fault, Result};
use crate::people::actor::Actor;

/// Whose rights make up this actor's.
pub fn rights_of(actor: &Actor) -> Vec<uuid::Uuid> {
    match actor {
        Actor::Anonymous => Vec::new(),
        Actor::Member(member) => vec![member.id, member.session_id],
        Actor::Staff(staff) => vec![staff.id, staff.session_id],
        Actor::Factory(factory) => vec![factory.key_id],
    }
}

/// `{"authorization": "Bearer …"}`, in any case, or `{"token": "…"}`; `None` without either.
pub fn token_in(payload: &Map<String, Value>) -> Option<Result<Option<String>>> {
    let header = payload.iter().find(|(name, value)| name.eq_ignore_ascii_case("authorization") && !value.is_null());
    if let Some((_, value)) = header {
        let token = value.as_str().and_then(|value| value.split_once(' '));
        let token = token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        return Some(token.map(|(_, token)| Some(token.trim().to_owned())).ok_or(Fault::Unauthenticated.into()));
    }
    match payload.get("token") {
        None | Some(Value::Null) => None,
        Some(token) => Some(token.as_str().map(|token| Some(token.to_owned())).ok_or(Fault::Unauthenticated.into())),
    }
}

/// How a socket ends that could not enter.
pub fn end_of(error: &Error) -> Close {
    match error {
        Error::Fault(fault) => match fault.code() {
            Code::Unauthenticated | Code::Forbidden => Close::forbidden(),
            Code::Unavailable => Close::new(1013, "Temporarily unavailable; connect again"),
            _ => {
                tracing::error!(cause = %fault, "a socket could not enter");
                Close::new(4500, "Internal server error")
            }
        },
        Error::Refused(_) => Close::forbidden(),
    }
}
