//! Which topics of the bus hear of what happened. A topic names a thing; its listeners read it again.
//!
//! Derived from the events that a transaction writes, so that a new use case cannot forget them.
//! What has no event (single picks, messages, feeds) names its topic with [`crate::base::tx::Tx::news`].

use serde_json::Value;
use uuid::Uuid;

use crate::base::id::{FactoryId, MemberId, PresaleId, RoundId};

/// There is something to do for a worker.
pub const WORK: &str = "work";

/// The round or its tally changed.
pub fn round(id: Uuid) -> String {
    format!("round:{}", RoundId::new(id))
}

/// The presale, its holds or its paid pieces changed.
pub fn presale(id: Uuid) -> String {
    format!("presale:{}", PresaleId::new(id))
}

/// An order of the member is new or changed.
pub fn orders_of(member_id: Uuid) -> String {
    format!("orders:{}", MemberId::new(member_id))
}

/// The member got a message or read one.
pub fn inbox_of(member_id: Uuid) -> String {
    format!("inbox:{}", MemberId::new(member_id))
}

/// The factory's feed has a new entry.
pub fn feed_of(factory_id: Uuid) -> String {
    format!("feed:{}", FactoryId::new(factory_id))
}

/// What a session, a member or a person of the team may do changed: look at the token again.
pub fn rights_of(id: Uuid) -> String {
    format!("rights:{}", id.simple())
}

/// The topics that hear of an event of the aggregate `kind`.
pub fn topics_of(kind: &str, id: Uuid, payload: &Value) -> Vec<String> {
    let named = |name: &str| payload.get(name).and_then(Value::as_str).and_then(|text| Uuid::parse_str(text).ok());
    match kind {
        "round" => vec![round(id)],
        "presale" => vec![presale(id)],
        "order" => named("presale_id").map(presale).into_iter().chain(named("member_id").map(orders_of)).collect(),
        "member" | "staff" => vec![rights_of(id)],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_order_moves_its_presale_and_its_buyer() {
        let (presale_id, member_id) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let payload = json!({ "presale_id": presale_id, "member_id": member_id, "pieces": 1 });
        assert_eq!(topics_of("order", Uuid::from_u128(3), &payload), [presale(presale_id), orders_of(member_id)]);
        assert_eq!(topics_of("design", Uuid::from_u128(3), &payload), Vec::<String>::new());
    }
}
