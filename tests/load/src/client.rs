//! One simulated person: what she can do, and what she knows afterwards. Made so that a fault driver
//! can log each call as invoked and then as one of [`Outcome`].

use std::net::SocketAddr;
use std::time::Duration;

use memchr::memmem;
use serde_json::{Value, json};
use smallbatch::base::id::{AddressId, CommunityId, DesignId, OrderId, PresaleId, RoundId, SkuId};
use uuid::Uuid;

use crate::plan::{self, Kind};
use crate::wire::{Wire, post};

/// What a caller knows about her request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It happened.
    Ok,
    /// It did not, and the answer says why (`userErrors`): the code of the first refusal.
    Refused(String),
    /// It did not: never sent, a status other than 200, or a top-level error of that code.
    Failed(String),
    /// The answer did not come: it may have happened.
    Unknown(String),
}

/// A person's or factory's connection.
pub struct Client {
    wire: Wire,
    timeout: Duration,
    answer: Vec<u8>,
}

/// Who speaks: everything about a member follows from her place in the [`plan::Plan`].
#[derive(Clone, Copy, Debug)]
pub struct Member {
    pub brand: usize,
    pub index: u64,
}

impl Member {
    pub fn token(&self) -> String {
        plan::member_token(self.brand, self.index)
    }

    pub fn id(&self) -> Uuid {
        plan::id(Kind::Member, self.brand, self.index)
    }
}

pub const HELLO: &str = r#"{"query":"{__typename}"}"#;
pub const VIEWER_KIND: &str = r#"{"query":"{viewer{kind}}"}"#;

const FEED: &str = "query Feed($round:ID!,$community:ID!){round(id:$round){id title status opensAt closesAt advanceCount \
entries{id position picks pickedByMe design{id styleNo version{number title description category season fabric fit \
attributes{name value} pictures{id url width height}}}}} communityFeed(communityId:$community,first:10){nodes{id body sizeWorn \
fit cons heightCm adLabel publishedAt koc{id nickname} media{id url width height}}}}";
const PRESALE: &str = "query Presale($id:ID!){presale(id:$id){id title status price{minorUnits currency formatted} memberLimit \
moq paidPieces opensAt closesAt promiseDate availableActions skus{id color size remaining} design{id styleNo \
version{title description fabric fit pictures{url width height}}}}}";
const ORDERS: &str = "query Orders{myOrders(first:10){nodes{id orderNo status pieces amount{minorUnits currency} promiseDate \
createdAt presale{id title} lines{id quantity unitPrice{minorUnits} sku{id color size}}} pageInfo{hasNextPage endCursor}}}";
const FACTORY_FEED: &str =
    "query FactoryFeed{factory{batchFeed(first:20){nodes{sequence kind batchId} pageInfo{hasNextPage endCursor}}}}";
const PICK: &str = "mutation Pick($input:PickDesignInput!){pickDesign(input:$input){entry{id picks} replayed userErrors{code message}}}";
const PLACE: &str = "mutation Place($input:PlaceOrderInput!){placeOrder(input:$input){order{id status holdExpiresAt} replayed \
userErrors{code message}}}";
const PAY: &str = "mutation Pay($input:PayOrderInput!){payOrder(input:$input){params{timeStamp nonceStr package signType paySign} \
userErrors{code message}}}";
const CLAIM: &str = "mutation Claim($input:ClaimBatchInput!){claimBatch(input:$input){batch{id epoch status} userErrors{code message}}}";

impl Client {
    /// Nothing is sent yet. `timeout` bounds a call, opening the connection included.
    pub fn new(address: SocketAddr, timeout: Duration) -> Self {
        Client { wire: Wire::new(address), timeout, answer: Vec::new() }
    }

    /// The body of the last answer; empty when none came.
    pub fn answer(&self) -> &[u8] {
        &self.answer
    }

    /// The last answer as JSON; null when there is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.answer).unwrap_or_default()
    }

    /// Sends a complete request.
    pub async fn send(&mut self, request: &[u8]) -> Outcome {
        self.answer.clear();
        let opened = tokio::time::timeout(self.timeout, self.wire.open()).await;
        match opened {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Outcome::Failed(format!("no connection: {:?}", error.kind())),
            Err(_) => return Outcome::Failed("no connection: timeout".to_owned()),
        }
        match tokio::time::timeout(self.timeout, self.wire.send(request)).await {
            Ok(Ok(reply)) => {
                self.answer.extend_from_slice(reply.body);
                read(reply.status, &self.answer)
            }
            Ok(Err(error)) => Outcome::Unknown(format!("{:?}", error.kind())),
            Err(_) => {
                self.wire.hang_up();
                Outcome::Unknown("timeout".to_owned())
            }
        }
    }

    pub async fn feed(&mut self, who: Member) -> Outcome {
        self.send(&feed(who)).await
    }

    pub async fn presale_page(&mut self, who: Member, presale: u64) -> Outcome {
        self.send(&presale_page(who, presale)).await
    }

    /// Picks the design at this place of the open round's slate, from 0.
    pub async fn pick(&mut self, who: Member, design: u64, key: &str) -> Outcome {
        self.send(&pick(who, design, key)).await
    }

    /// One piece of each of `skus`.
    pub async fn place_order(&mut self, who: Member, presale: u64, skus: &[u64], key: &str) -> Outcome {
        self.send(&place_order(who, presale, skus, key)).await
    }

    pub async fn order_list(&mut self, who: Member) -> Outcome {
        self.send(&order_list(who)).await
    }

    /// Asks for payment parameters, then pays at the stand-in on `standin`, which notifies the server.
    /// `order` is the public id.
    pub async fn pay(&mut self, who: Member, order: &str, key: &str, standin: &mut Client) -> Outcome {
        let input = json!({ "idempotencyKey": key, "orderId": order });
        let asked = self.send(&call(&who.token(), PAY, json!({ "input": input }))).await;
        if asked != Outcome::Ok {
            return asked;
        }
        let mut payment = self.json()["data"]["payOrder"]["params"].take();
        payment["openid"] = crate::seed::openid(who.brand, who.index).into();
        standin.send(&post("/_standin/pay", None, &payment.to_string())).await
    }

    pub async fn factory_feed(&mut self, factory: usize) -> Outcome {
        self.send(&factory_feed(factory)).await
    }

    /// `batch` is the public id.
    pub async fn claim(&mut self, factory: usize, batch: &str, key: &str) -> Outcome {
        let input = json!({ "input": { "idempotencyKey": key, "batchId": batch } });
        self.send(&call(&plan::factory_token(factory), CLAIM, input)).await
    }

    /// The public id of the order that was just placed.
    pub fn placed(&self) -> Option<OrderId> {
        OrderId::parse(self.json()["data"]["placeOrder"]["order"]["id"].as_str()?).ok()
    }
}

/// Reads an answer without parsing it: `"errors":[` and `"userErrors":[{` can stand unescaped only where
/// the server wrote the keys, since quotes inside texts are escaped.
fn read(status: u16, body: &[u8]) -> Outcome {
    if status != 200 {
        return Outcome::Failed(format!("HTTP {status}"));
    }
    if let Some(at) = memmem::find(body, br#""errors":["#) {
        return Outcome::Failed(code_after(&body[at..]));
    }
    match memmem::find(body, br#""userErrors":[{"#) {
        Some(at) => Outcome::Refused(code_after(&body[at..])),
        None => Outcome::Ok,
    }
}

fn code_after(body: &[u8]) -> String {
    let found = memmem::find(body, br#""code":""#).map(|at| &body[at + 8..]);
    let end = found.and_then(|rest| memchr::memchr(b'"', rest));
    match (found, end) {
        (Some(rest), Some(end)) => String::from_utf8_lossy(&rest[..end]).into_owned(),
        _ => "without a code".to_owned(),
    }
}

fn call(token: &str, query: &str, variables: Value) -> Vec<u8> {
    post("/graphql", Some(token), &json!({ "query": query, "variables": variables }).to_string())
}

pub fn hello() -> Vec<u8> {
    post("/graphql", None, HELLO)
}

pub fn viewer_kind() -> Vec<u8> {
    post("/graphql", None, VIEWER_KIND)
}

pub fn feed(who: Member) -> Vec<u8> {
    feed_of(who, FEED)
}

/// The same without what is hers, which is a statement.
pub fn public_feed(who: Member) -> Vec<u8> {
    feed_of(who, &FEED.replace(" pickedByMe", ""))
}

fn feed_of(who: Member, query: &str) -> Vec<u8> {
    let round = RoundId::new(plan::id(Kind::Round, who.brand, plan::OPEN_ROUND));
    let community = CommunityId::new(plan::id(Kind::Community, who.brand, who.index / plan::COMMUNITY));
    call(&who.token(), query, json!({ "round": round.to_string(), "community": community.to_string() }))
}

/// The same request as a phone sends it. Compressed answers are not looked into; errors are too small to be compressed.
pub fn taking_gzip(request: &[u8]) -> Vec<u8> {
    let line = request.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    [&request[..line], b"accept-encoding: gzip\r\n", &request[line..]].concat()
}

pub fn presale_page(who: Member, presale: u64) -> Vec<u8> {
    let id = PresaleId::new(plan::id(Kind::Presale, who.brand, presale));
    call(&who.token(), PRESALE, json!({ "id": id.to_string() }))
}

pub fn pick(who: Member, design: u64, key: &str) -> Vec<u8> {
    let round = RoundId::new(plan::id(Kind::Round, who.brand, plan::OPEN_ROUND));
    let design = DesignId::new(plan::id(Kind::Design, who.brand, design));
    let input = json!({ "idempotencyKey": key, "roundId": round.to_string(), "designId": design.to_string() });
    call(&who.token(), PICK, json!({ "input": input }))
}

pub fn place_order(who: Member, presale: u64, skus: &[u64], key: &str) -> Vec<u8> {
    let line =
        |sku: &u64| json!({ "skuId": SkuId::new(plan::sku_id(who.brand, presale, *sku)).to_string(), "quantity": 1 });
    let input = json!({
        "idempotencyKey": key,
        "presaleId": PresaleId::new(plan::id(Kind::Presale, who.brand, presale)).to_string(),
        "lines": skus.iter().map(line).collect::<Vec<_>>(),
        "addressId": AddressId::new(plan::id(Kind::Address, who.brand, who.index)).to_string(),
        "expectedAmount": plan::PRICE * skus.len() as i64,
        "expectedPromiseDate": plan::PROMISE,
        "termsVersion": plan::TERMS,
    });
    call(&who.token(), PLACE, json!({ "input": input }))
}

pub fn order_list(who: Member) -> Vec<u8> {
    call(&who.token(), ORDERS, json!({}))
}

pub fn factory_feed(factory: usize) -> Vec<u8> {
    call(&plan::factory_token(factory), FACTORY_FEED, json!({}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_told_apart() {
        let refused = br#"{"data":{"placeOrder":{"order":null,"userErrors":[{"code":"SOLD_OUT","message":"m"}]}}}"#;
        assert_eq!(read(200, refused), Outcome::Refused("SOLD_OUT".into()));
        let failed = br#"{"data":null,"errors":[{"message":"m","extensions":{"code":"RATE_LIMITED"}}]}"#;
        assert_eq!(read(200, failed), Outcome::Failed("RATE_LIMITED".into()));
        assert_eq!(read(503, b""), Outcome::Failed("HTTP 503".into()));
        let said = br#"{"data":{"text":"\"errors\":[","userErrors":[]}}"#;
        assert_eq!(read(200, said), Outcome::Ok);
    }
}
