//! The one schema, merged in flow order.

use async_graphql::{MergedObject, MergedSubscription, Schema};

use crate::app::App;
use crate::flow::batch::graphql::{BatchMutation, BatchQuery, FactoryMutation, FactoryQuery, FactorySubscription};
use crate::flow::community::graphql::{CommunityMutation, CommunityQuery};
use crate::flow::delivery::graphql::{DeliveryMutation, DeliveryQuery, ShippingMutation, ShippingQuery};
use crate::flow::design::graphql::{DesignMutation, DesignQuery};
use crate::flow::order::graphql::{OrderMutation, OrderQuery, OrderSubscription};
use crate::flow::payment::graphql::{
    BackMutation, BackQuery, FinanceMutation, FinanceQuery, LedgerQuery, PaymentMutation, PaymentQuery,
    ReconcileMutation, ReconcileQuery, RefundDeskMutation,
};
use crate::flow::payout::graphql::{PayoutMutation, PayoutQuery};
use crate::flow::presale::graphql::{PresaleMutation, PresaleQuery, PresaleSubscription};
use crate::flow::promise::graphql::{PromiseMutation, PromiseQuery};
use crate::flow::round::graphql::{RoundMutation, RoundQuery, RoundSubscription};
use crate::flow::tryon::graphql::{TryOnMutation, TryOnQuery};
use crate::growth::graphql::GrowthQuery;
use crate::insight::graphql::InsightQuery;
use crate::node::NodeQuery;
use crate::people::graphql::{InboxSubscription, PeopleMutation, PeopleQuery};
use crate::storage::upload::StorageMutation;

/// Everything that can be read.
///
/// An answer says in `extensions.cost` how many points it costs to run, which the request takes from the caller's
/// bucket: 1 for each field, multiplied by the page (`first`, `last`, 20 when neither is given, or the number of `ids`) of
/// each list it stands in. What the server has in memory gives nine tenths back. A request of more than 10,000 points is
/// refused with `LIMIT_EXCEEDED`, one that finds the bucket empty with `RATE_LIMITED` and a `Retry-After`. Asking for
/// smaller pages and for fewer fields inside them costs less.
#[derive(MergedObject, Default)]
pub struct Query(
    PeopleQuery,
    CommunityQuery,
    DesignQuery,
    RoundQuery,
    TryOnQuery,
    PresaleQuery,
    OrderQuery,
    PaymentQuery,
    LedgerQuery,
    FinanceQuery,
    ReconcileQuery,
    BackQuery,
    BatchQuery,
    FactoryQuery,
    DeliveryQuery,
    ShippingQuery,
    PayoutQuery,
    PromiseQuery,
    GrowthQuery,
    InsightQuery,
    NodeQuery,
);

/// Everything that can be done, by verbs. A refusal that was to be expected is data: `userErrors` says why. Where an
/// `idempotencyKey` is asked for, a repeat with the same key does nothing twice and answers the same.
///
/// Costs points as reading does; see `Query`.
#[derive(MergedObject, Default)]
pub struct Mutation(
    PeopleMutation,
    StorageMutation,
    CommunityMutation,
    DesignMutation,
    RoundMutation,
    TryOnMutation,
    PresaleMutation,
    OrderMutation,
    PaymentMutation,
    FinanceMutation,
    ReconcileMutation,
    RefundDeskMutation,
    BackMutation,
    BatchMutation,
    FactoryMutation,
    DeliveryMutation,
    ShippingMutation,
    PayoutMutation,
    PromiseMutation,
);

/// What is pushed over a WebSocket: each begins with the current state and goes on with what changes.
#[derive(MergedSubscription, Default)]
pub struct Subscription(
    InboxSubscription,
    RoundSubscription,
    PresaleSubscription,
    OrderSubscription,
    FactorySubscription,
);

pub type ApiSchema = Schema<Query, Mutation, Subscription>;

/// Builds the schema around `app`. The query guard at the edge bounds size before this sees a
/// query; the limits here are a second line for what runs inside.
pub fn build(app: App) -> ApiSchema {
    let introspection = app.config.introspection;
    let builder = Schema::build(Query::default(), Mutation::default(), Subscription::default());
    let builder = builder.data(app).limit_recursive_depth(64);
    if introspection { builder } else { builder.disable_introspection().disable_suggestions() }.finish()
}

/// The schema as it is printed to `schema.graphql`.
pub fn sdl() -> String {
    let schema = Schema::build(Query::default(), Mutation::default(), Subscription::default()).finish();
    schema.sdl_with_options(async_graphql::SDLExportOptions::new().sorted_enum_items().include_specified_by())
}
