//! One kind at a time: its stage's question, its view.

use std::collections::HashMap;

use async_graphql::Context;
use uuid::Uuid;

use super::Node;
use crate::app::App;
use crate::base::id::{Kind, kind};
use crate::error::Result;
use crate::flow::batch::graphql::{Batch, FactoryBatch, Shipment, Unit};
use crate::flow::batch::query::visible as batches;
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
use crate::flow::{community, delivery, design, order, payment, payout, presale, promise, round, tryon};
use crate::load;
use crate::people::actor::Actor;
use crate::people::graphql::{Address, Brand, Consent, Factory, InboxMessage, Member, Staff};
use crate::people::loader::BrandById;
use crate::people::{book, query as people};
use crate::storage::graphql::Media;

type Found = Vec<(Uuid, Node)>;

/// Prefixes of what can be asked for.
const KINDS: &[&str] = &[
    kind::Brand::PREFIX,
    kind::Staff::PREFIX,
    kind::Member::PREFIX,
    kind::Consent::PREFIX,
    kind::Address::PREFIX,
    kind::Message::PREFIX,
    kind::Factory::PREFIX,
    kind::Media::PREFIX,
    kind::Community::PREFIX,
    kind::Design::PREFIX,
    kind::Round::PREFIX,
    kind::RoundEntry::PREFIX,
    kind::Sample::PREFIX,
    kind::TryOn::PREFIX,
    kind::Presale::PREFIX,
    kind::Sku::PREFIX,
    kind::Order::PREFIX,
    kind::OrderLine::PREFIX,
    kind::Refund::PREFIX,
    kind::AfterSales::PREFIX,
    kind::Commission::PREFIX,
    kind::Transfer::PREFIX,
    kind::Compensation::PREFIX,
    kind::FactoryPayment::PREFIX,
    kind::Batch::PREFIX,
    kind::Shipment::PREFIX,
    kind::Parcel::PREFIX,
    kind::Unit::PREFIX,
    kind::PromiseChange::PREFIX,
    kind::PromiseQuestion::PREFIX,
];

pub fn known(prefix: &str) -> Option<&'static str> {
    KINDS.iter().copied().find(|known| *known == prefix)
}

/// Makes (id, node) of rows.
macro_rules! nodes {
    ($rows:expr, $kind:ident($view:expr)) => {
        $rows.into_iter().map(|row| (row.id, Node::$kind($view(row)))).collect()
    };
}

/// Those of `ids` that the caller may see.
pub async fn find(ctx: &Context<'_>, prefix: &str, ids: &[Uuid]) -> Result<Found> {
    let (db, actor) = (ctx.data_unchecked::<App>().db.read(), ctx.data_unchecked::<Actor>());
    Ok(match prefix {
        kind::Community::PREFIX => nodes!(community::query::visible_among(db, actor, ids).await?, Community(Community)),
        kind::Design::PREFIX => designs(ctx, ids).await?,
        kind::Round::PREFIX => nodes!(round::query::visible_among(db, actor, ids).await?, Round(Round)),
        kind::RoundEntry::PREFIX => {
            nodes!(round::query::entries_among(db, actor, ids).await?, RoundEntry(RoundEntry::from))
        }
        kind::Sample::PREFIX => nodes!(tryon::query::samples_among(db, actor, ids).await?, Sample(Sample)),
        kind::TryOn::PREFIX => nodes!(tryon::query::visible_among(db, actor, ids).await?, TryOn(TryOn)),
        kind::Media::PREFIX => media(ctx, ids).await?,
        kind::Presale::PREFIX => nodes!(presale::query::visible_among(db, actor, ids).await?, Presale(Presale::from)),
        kind::Sku::PREFIX => nodes!(presale::query::skus_among(db, actor, ids).await?, Sku(Sku::from)),
        kind::Order::PREFIX => nodes!(order::query::visible_among(db, actor, ids).await?, Order(Order)),
        kind::OrderLine::PREFIX => {
            let lines = order::query::lines_among(db, actor, ids).await?;
            let view = |(row, order): (entity::order_line::Model, entity::order::Model)| {
                (row.id, Node::OrderLine(OrderLine { row, sku: None, currency: order.currency }))
            };
            lines.into_iter().map(view).collect()
        }
        kind::Refund::PREFIX => nodes!(payment::query::refunds_among(db, actor, ids).await?, Refund(Refund)),
        kind::AfterSales::PREFIX => {
            nodes!(payment::after_sales::query::visible_among(db, actor, ids).await?, AfterSales(AfterSales))
        }
        kind::Commission::PREFIX => {
            nodes!(payout::query::commissions_among(db, actor, ids).await?, Commission(Commission))
        }
        kind::Transfer::PREFIX => nodes!(payout::query::transfers_among(db, actor, ids).await?, Transfer(Transfer)),
        kind::Compensation::PREFIX => {
            nodes!(payment::query::compensations_among(db, actor, ids).await?, Compensation(Compensation))
        }
        kind::FactoryPayment::PREFIX => {
            let rows = payout::query::factory_payments_among(db, actor, ids).await?;
            let view = |(row, currency): (entity::factory_payment::Model, String)| {
                (row.id, Node::FactoryPayment(FactoryPayment::new(row, &currency)))
            };
            rows.into_iter().map(view).collect()
        }
        kind::Batch::PREFIX => batches_of(ctx, ids).await?,
        kind::Shipment::PREFIX => nodes!(batches::shipments(db, actor, ids).await?, Shipment(Shipment)),
        kind::Unit::PREFIX => nodes!(batches::units(db, actor, ids).await?, Unit(Unit)),
        kind::Parcel::PREFIX => nodes!(delivery::query::visible_among(db, actor, ids).await?, Parcel(Parcel)),
        kind::Factory::PREFIX => nodes!(batches::factories(db, actor, ids).await?, Factory(Factory)),
        kind::PromiseChange::PREFIX => {
            nodes!(promise::query::changes_among(db, actor, ids).await?, PromiseChange(PromiseChange::from))
        }
        kind::PromiseQuestion::PREFIX => {
            nodes!(promise::query::visible_among(db, actor, ids).await?, PromiseQuestion(PromiseQuestion::from))
        }
        _ => of_people(ctx, prefix, ids).await?,
    })
}

async fn of_people(ctx: &Context<'_>, prefix: &str, ids: &[Uuid]) -> Result<Found> {
    let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
    let db = app.db.read();
    Ok(match prefix {
        kind::Staff::PREFIX => nodes!(people::team_among(db, actor, ids).await?, Staff(Staff)),
        kind::Consent::PREFIX => nodes!(people::consents_among(db, actor, ids).await?, Consent(Consent)),
        kind::Message::PREFIX => nodes!(people::messages_among(db, actor, ids).await?, InboxMessage(InboxMessage)),
        kind::Member::PREFIX => {
            let mut members = people::members_among(db, actor, ids).await?;
            if members.len() < ids.len() && actor.member().is_ok() {
                members.extend(tryon::query::authors_among(db, actor, ids).await?);
            }
            nodes!(members, Member(Member::from))
        }
        kind::Address::PREFIX => {
            let Ok(me) = actor.member() else { return Ok(Vec::new()) };
            let own = book::list(app, me.brand_id, me.id).await?;
            let asked = own.into_iter().filter(|entry| ids.contains(&entry.row.id));
            asked.map(|entry| (entry.row.id, Node::Address(Address(entry)))).collect()
        }
        kind::Brand::PREFIX => match actor.brand_id() {
            Ok(own) if ids.contains(&own) => nodes!(load::of(ctx).load_one(BrandById(own)).await?, Brand(Brand)),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    })
}

/// What people upload, and the pictures of the designs they meet in whatever stage.
async fn media(ctx: &Context<'_>, ids: &[Uuid]) -> Result<Found> {
    let (db, actor) = (ctx.data_unchecked::<App>().db.read(), ctx.data_unchecked::<Actor>());
    let mut found = match actor {
        Actor::Factory(_) => batches::pictures(db, actor, ids).await?,
        _ => tryon::query::media_among(db, actor, ids).await?,
    };
    if actor.member().is_ok() && found.len() < ids.len() {
        found.extend(presale::query::pictures_among(db, actor, ids).await?);
    }
    Ok(nodes!(found, Media(Media)))
}

/// The brand's people see a batch whole, a factory its own side of it.
async fn batches_of(ctx: &Context<'_>, ids: &[Uuid]) -> Result<Found> {
    let (db, actor) = (ctx.data_unchecked::<App>().db.read(), ctx.data_unchecked::<Actor>());
    let rows = batches::batches(db, actor, ids).await?;
    Ok(match actor {
        Actor::Factory(_) => nodes!(rows, FactoryBatch(FactoryBatch)),
        _ => nodes!(rows, Batch(Batch)),
    })
}

/// Staff see a design as it is now; a member as it was when it was last put before her.
async fn designs(ctx: &Context<'_>, ids: &[Uuid]) -> Result<Found> {
    let (db, actor) = (ctx.data_unchecked::<App>().db.read(), ctx.data_unchecked::<Actor>());
    let Ok(me) = actor.member() else {
        return Ok(nodes!(design::query::visible_among(db, actor, ids).await?, Design(Design::from)));
    };
    let mut versions: HashMap<Uuid, Uuid> = tryon::query::tried_among(db, actor, ids).await?.into_iter().collect();
    versions.extend(round::query::slated_among(db, actor, ids).await?);
    versions.extend(presale::query::offered_among(db, actor, ids).await?);
    let loading = versions.into_iter().map(|(id, version)| async move {
        Ok::<_, crate::error::Error>((id, Node::Design(Design::load(ctx, me.brand_id, id, version).await?)))
    });
    futures_util::future::try_join_all(loading).await
}
