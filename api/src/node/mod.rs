//! Anything that has an id, by its id: what standard clients refetch with.
//!
//! Stands above the flow, because it names every stage. Each stage says in its `query.rs` what of a list of
//! ids the caller may see; nothing is decided here. What is missing, hidden or of another brand is null.

mod find;

use std::collections::HashMap;

use async_graphql::{Context, ID, Interface, Object};
use uuid::Uuid;

use crate::base::id;
use crate::base::page::MAX_PAGE;
use crate::error::{Fault, Result};
use crate::flow::batch::graphql::{Batch, FactoryBatch, Shipment, Unit};
use crate::flow::community::graphql::Community;
use crate::flow::delivery::graphql::Parcel;
use crate::flow::design::graphql::Design;
use crate::flow::order::graphql::{Order, OrderLine};
use crate::flow::payment::graphql::{AfterSales, Compensation, Refund};
use crate::flow::payout::graphql::{Commission, FactoryPayment, Transfer};
use crate::flow::presale::graphql::{Presale, Sku};
use crate::flow::promise::graphql::{PromiseChange, PromiseQuestion};
use crate::flow::round::graphql::{Round, RoundEntry};
use crate::flow::tryon::graphql::{Sample, TryOn};
use crate::people::door;
use crate::people::graphql::{Address, Brand, Consent, Factory, InboxMessage, Member, Staff};
use crate::storage::graphql::Media;

/// Anything that can be asked for by its id alone.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "Names the thing for good; its prefix says what kind of thing it is."))]
#[allow(clippy::large_enum_variant)] // Lives for one field of one answer.
pub enum Node {
    Address(Address),
    AfterSales(AfterSales),
    Batch(Batch),
    Brand(Brand),
    Commission(Commission),
    Community(Community),
    Compensation(Compensation),
    Consent(Consent),
    Design(Design),
    Factory(Factory),
    FactoryBatch(FactoryBatch),
    FactoryPayment(FactoryPayment),
    InboxMessage(InboxMessage),
    Media(Media),
    Member(Member),
    Order(Order),
    OrderLine(OrderLine),
    Parcel(Parcel),
    Presale(Presale),
    PromiseChange(PromiseChange),
    PromiseQuestion(PromiseQuestion),
    Refund(Refund),
    Round(Round),
    RoundEntry(RoundEntry),
    Sample(Sample),
    Shipment(Shipment),
    Sku(Sku),
    Staff(Staff),
    Transfer(Transfer),
    TryOn(TryOn),
    Unit(Unit),
}

#[derive(Default)]
pub struct NodeQuery;

#[Object]
impl NodeQuery {
    /// Whatever has this id; null when there is no such thing or it is not mine to see.
    #[graphql(guard = "door::SIGNED_IN", directive = door::needs::apply(door::SIGNED_IN.roles()))]
    async fn node(&self, ctx: &Context<'_>, #[graphql(desc = "An id of any kind.")] id: ID) -> Result<Option<Node>> {
        Ok(by_ids(ctx, &[id]).await?.pop().flatten())
    }

    /// Whatever has these ids, in their order; null where there is no such thing or it is not mine to see.
    #[graphql(guard = "door::SIGNED_IN", directive = door::needs::apply(door::SIGNED_IN.roles()))]
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Up to 100 ids of any kinds, each once.")] ids: Vec<ID>,
    ) -> Result<Option<Vec<Option<Node>>>> {
        if ids.len() > MAX_PAGE as usize {
            let why = format!("ask for at most {MAX_PAGE} ids at a time, not {}", ids.len());
            return Err(Fault::BadRequest(why).into());
        }
        by_ids(ctx, &ids).await.map(Some)
    }
}

/// The things in the order of `ids`. All ids are read before the first statement.
async fn by_ids(ctx: &Context<'_>, ids: &[ID]) -> Result<Vec<Option<Node>>> {
    let mut read = Vec::with_capacity(ids.len());
    let mut kinds = HashMap::<&'static str, Vec<Uuid>>::new();
    for text in ids {
        let (prefix, uuid) = id::any(text)?;
        let prefix = find::known(&prefix).ok_or_else(|| id::unknown_kind(text))?;
        if read.contains(&(prefix, uuid)) {
            return Err(Fault::BadRequest(format!("the id “{}_…” is asked for twice", prefix)).into());
        }
        read.push((prefix, uuid));
        kinds.entry(prefix).or_default().push(uuid);
    }
    let mut found = HashMap::new();
    for (prefix, uuids) in kinds {
        found.extend(find::find(ctx, prefix, &uuids).await?.into_iter().map(|(uuid, node)| ((prefix, uuid), node)));
    }
    Ok(read.iter().map(|key| found.remove(key)).collect())
}
