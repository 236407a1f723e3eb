//! The books in the API.

mod kinds;
mod view;

pub use kinds::{ActorKind, Event, LedgerAccount, Side};
pub use view::{LedgerEntry, LedgerStatement};

use async_graphql::{Context, Object};
use chrono::NaiveDate;
use entity::{journal, state_change};
use uuid::Uuid;

use crate::app::App;
use crate::base::id::OrderId;
use crate::base::lang::Lang;
use crate::base::page::{List, Page, PageArgs};
use crate::error::{Error, Result};
use crate::flow::order::graphql::Order;
use crate::flow::order::loader::OrderById;
use crate::flow::payment::ledger::{query, statement};
use crate::load;
use crate::people::actor::Actor;
use crate::people::door;
use crate::people::graphql::Staff;
use crate::people::loader::StaffById;

fn lang(ctx: &Context<'_>) -> Lang {
    ctx.data_opt::<Lang>().copied().unwrap_or_default()
}

/// An order of the brand; finance may see all of them.
pub(super) async fn order(ctx: &Context<'_>, brand_id: Uuid, id: Option<Uuid>) -> Result<Option<Order>> {
    let Some(id) = id else { return Ok(None) };
    let found = load::of(ctx).load_one(OrderById(brand_id, id)).await?;
    Ok(Some(found.ok_or_else(|| Error::not_found("order"))?.into()))
}

/// The person of the staff that an actor is, if it is one.
pub(super) async fn staff(
    ctx: &Context<'_>,
    brand_id: Uuid,
    kind: state_change::StateChangeActorKind,
    id: Option<Uuid>,
) -> Result<Option<Staff>> {
    match (kind, id) {
        (state_change::StateChangeActorKind::Staff, Some(id)) => {
            Ok(load::of(ctx).load_one(StaffById(brand_id, id)).await?.map(Staff))
        }
        _ => Ok(None),
    }
}

#[derive(Default)]
pub struct LedgerQuery;

#[Object]
impl LedgerQuery {
    /// An account of the books by day. `GET /finance/statement.csv` has its single lines.
    #[graphql(guard = "door::FINANCE", directive = door::needs::apply(door::FINANCE.roles()))]
    async fn ledger_statement(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "First day, in the brand's time zone.")] from: NaiveDate,
        #[graphql(desc = "Last day, included; at most 366 days from the first.")] to: NaiveDate,
        #[graphql(desc = "Which account.")] account: LedgerAccount,
    ) -> Result<Option<LedgerStatement>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let read = statement::read(app.db.read(), actor.brand_id()?, account.into(), from, to).await?;
        Ok(Some(LedgerStatement(read)))
    }

    /// What happened to the brand's money, newest first.
    #[graphql(guard = "door::FINANCE", directive = door::needs::apply(door::FINANCE.roles()))]
    #[allow(clippy::too_many_arguments)] // GraphQL arguments are function arguments
    async fn ledger_entries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only from this day on, in the brand's time zone.")] from: Option<NaiveDate>,
        #[graphql(desc = "Only up to the end of this day.")] to: Option<NaiveDate>,
        #[graphql(desc = "Only those with a line of this account.")] account: Option<LedgerAccount>,
        #[graphql(desc = "Only those about this order.")] order_id: Option<OrderId>,
        #[graphql(desc = "Page size from the start, up to 100.")] first: Option<i32>,
        #[graphql(desc = "Cursor to start after.")] after: Option<String>,
        #[graphql(desc = "Page size from the end, up to 100.")] last: Option<i32>,
        #[graphql(desc = "Cursor to end before.")] before: Option<String>,
    ) -> Result<Option<Page<LedgerEntry>>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let (db, brand_id) = (app.db.read(), actor.brand_id()?);
        let mut wanted = query::Wanted {
            account: account.map(Into::into),
            order_id: order_id.map(|id| id.0),
            ..query::Wanted::default()
        };
        if from.is_some() || to.is_some() {
            let (_, zone) = query::brand(db, brand_id).await?;
            let day = |day: Option<NaiveDate>| day.map(|day| statement::Span::new(day, day, zone)).transpose();
            wanted.from = day(from)?.map(|day| day.starts());
            wanted.until = day(to)?.map(|day| day.ends());
        }
        List::newest_first("ledgerEntries", order_id.map_or(brand_id, |id| id.0))
            .page(
                ctx,
                db,
                query::journals(brand_id, wanted),
                journal::Column::Id,
                &PageArgs::new(first, after, last, before),
                |row: journal::Model| (row.id, LedgerEntry(row)),
            )
            .await
            .map(Some)
    }
}
