//! Who gets what, from what was read: in the order of arrival, each as if alone after those before her.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, SubsecRound, Utc};
use chrono_tz::Tz;
use entity::order::{self, OrderStatus};
use uuid::Uuid;

use super::Request;
use super::read::Buyer;
use crate::app::App;
use crate::base::id::random_bytes;
use crate::base::tx::Tx;
use crate::error::{Error, Result};
use crate::flow::order::rules;
use crate::flow::order::rules::price::{Due, Terms, amount_due};
use crate::flow::presale::capacity::Pieces;
use crate::flow::presale::query::Offer;
use crate::flow::presale::shelf::Shelf;
use crate::flow::presale::{self};
use crate::people::vault::{self, AddressIn, SealedAddress};

pub(super) enum Verdict {
    /// Places `placed[n]`.
    New(usize),
    /// The same key came twice in the group: its answer is `placed[n]` too.
    Again(usize),
    /// Placed by an earlier request with the same key.
    Earlier(Uuid),
    Refused(Error),
}

/// An order to write for `requests[request]`.
pub(super) struct Placed {
    pub request: usize,
    pub order: order::Model,
}

pub(super) struct Decision {
    pub verdicts: Vec<Verdict>,
    pub placed: Vec<Placed>,
    pub shelf: Shelf,
}

/// The group so far.
struct Desk<'a> {
    app: &'a App,
    tx: &'a Tx,
    offer: &'a Offer,
    shelf: Shelf,
    placed: Vec<Placed>,
    /// Where the order of a member's key is.
    keys: HashMap<(Uuid, &'a str), usize>,
    numbers: HashSet<String>,
}

pub(super) fn all(app: &App, tx: &Tx, offer: &Offer, requests: &[Request], buyers: &[Buyer]) -> Decision {
    let shelf = Shelf::new(offer);
    let mut desk = Desk { app, tx, offer, shelf, placed: Vec::new(), keys: HashMap::new(), numbers: HashSet::new() };
    let mut verdicts = Vec::with_capacity(requests.len());
    for (n, (request, buyer)) in requests.iter().zip(buyers).enumerate() {
        verdicts.push(desk.serve(n, request, buyer, requests).unwrap_or_else(Verdict::Refused));
    }
    Decision { verdicts, placed: desk.placed, shelf: desk.shelf }
}

impl<'a> Desk<'a> {
    fn serve(&mut self, n: usize, request: &'a Request, buyer: &Buyer, requests: &[Request]) -> Result<Verdict> {
        if let Some((input_hash, answer)) = &buyer.stored {
            return request.once.recall(input_hash, answer.clone()).map(Verdict::Earlier);
        }
        let key = (request.member_id, request.once.key());
        if let Some(&twin) = self.keys.get(&key) {
            let placed = &self.placed[twin];
            let answer = serde_json::json!(placed.order.id);
            request.once.recall::<Uuid>(requests[placed.request].once.input_hash(), answer)?;
            return Ok(Verdict::Again(twin));
        }
        let order = self.order(request, buyer)?;
        self.shelf.take(request.member_id, &request.pieces);
        self.keys.insert(key, self.placed.len());
        self.placed.push(Placed { request: n, order });
        Ok(Verdict::New(self.placed.len() - 1))
    }

    fn order(&mut self, request: &Request, buyer: &Buyer) -> Result<order::Model> {
        let (presale, input) = (&self.offer.presale, &request.input);
        let community_id = self.offer.community(buyer.invited_by, buyer.voted_in)?;
        if !presale::policy::sells(presale, self.tx.now()) {
            return Err(presale::rules::not_selling(presale).into());
        }
        let terms = terms(presale, &request.pieces);
        let amount = amount_due(&terms, Due::Shown, None);
        rules::same_offer(
            amount,
            &presale.currency,
            presale.promise_date,
            input.expected_amount,
            input.expected_promise_date,
        )?;
        let sealed = buyer.address.as_ref().ok_or_else(|| Error::not_found("address"))?;
        self.shelf.allows(request.member_id, buyer.counted, &request.pieces)?;
        let id = self.tx.new_id();
        let address = self.address(request, buyer, sealed, id)?;
        // As exact as the databases keep it, so that the first answer says what later ones say.
        let now = self.tx.now().trunc_subsecs(6);
        Ok(order::Model {
            brand_id: self.tx.brand_id(),
            id,
            order_no: self.number(),
            presale_id: presale.id,
            member_id: request.member_id,
            community_id,
            status: OrderStatus::PendingPayment,
            version: 1,
            pieces: terms.pieces,
            amount,
            plan: presale.plan,
            first_leg: presale.first_leg,
            balance_days: presale.balance_days,
            reached_pieces: None,
            balance_due_at: None,
            currency: presale.currency.clone(),
            promise_date: presale.promise_date,
            agreed_date: None,
            terms_version: request.terms.clone(),
            address: address.sealed,
            recipient_masked: address.recipient_masked,
            phone_masked: address.phone_masked,
            region: address.region,
            hold_expires_at: now + self.app.config.hold,
            paid_at: None,
            shipped_at: None,
            received_at: None,
            settled_at: None,
            created_at: now,
        })
    }

    /// The buyer's address, sealed for order `id`.
    fn address(&self, request: &Request, buyer: &Buyer, sealed: &[u8], id: Uuid) -> Result<SealedAddress> {
        let (wrapped, key_id) = buyer.data_key.as_ref().ok_or_else(|| Error::not_found("member"))?;
        let key = self.app.keyring.open_data_key(request.member_id, key_id, wrapped)?;
        vault::reseal_address(&key, AddressIn::Book(request.input.address_id), sealed, AddressIn::Order(id))
    }

    /// A number that none of the group has. One that an order outside has is found by its unique key;
    /// the group is then decided again with new ones.
    fn number(&mut self) -> String {
        loop {
            let number = order_no(self.tx.now(), self.offer.time_zone);
            if self.numbers.insert(number.clone()) {
                return number;
            }
        }
    }
}

/// What `pieces` of a presale cost by, as far as it is known when ordering: tiers come later.
pub(super) fn terms(presale: &entity::presale::Model, pieces: &Pieces) -> Terms {
    Terms {
        plan: presale.plan,
        unit_price: presale.price,
        first_leg: presale.first_leg,
        tiers: Vec::new(),
        pieces: pieces.values().sum(),
    }
}

/// `yymmdd` of the brand's day and eight random digits.
fn order_no(now: DateTime<Utc>, zone: Tz) -> String {
    let mut random = [0; 8];
    random_bytes(&mut random);
    let digits = u64::from_be_bytes(random) % 100_000_000;
    format!("{}{digits:08}", now.with_timezone(&zone).format("%y%m%d"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;

    #[test]
    fn the_number_begins_with_the_brands_day() {
        let late = Utc.with_ymd_and_hms(2026, 12, 31, 20, 0, 0).unwrap();
        let number = order_no(late, chrono_tz::Asia::Shanghai);
        assert!(number.starts_with("270101") && number.len() == 14, "{number}");
    }
}
