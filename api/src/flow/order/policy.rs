//! May this actor do this to this order?

use entity::order;
use uuid::Uuid;

use super::graphql::OrderAction;
use super::rules;
use crate::people::actor::Actor;

/// Only the buyer reads the address in full; staff see its masked form.
pub fn may_see_address(actor: &Actor, order: &order::Model) -> bool {
    is_buyer(actor, order.brand_id, order.member_id)
}

pub fn is_buyer(actor: &Actor, brand_id: Uuid, member_id: Uuid) -> bool {
    matches!(actor, Actor::Member(member) if member.brand_id == brand_id && member.id == member_id)
}

/// Verbs of the buyer that would work now.
pub fn actions(actor: &Actor, order: &order::Model) -> Vec<OrderAction> {
    if !is_buyer(actor, order.brand_id, order.member_id) {
        return Vec::new();
    }
    let verbs = [
        (rules::pay_until(order).is_some(), OrderAction::Pay),
        (rules::is_changeable(order.status), OrderAction::Change),
        (rules::is_cancellable(order.status, order.plan), OrderAction::Cancel),
    ];
    verbs.into_iter().filter_map(|(works, verb)| works.then_some(verb)).collect()
}
