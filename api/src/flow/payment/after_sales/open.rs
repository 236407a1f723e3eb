//! The buyer asks for money back.

use std::collections::BTreeMap;

use entity::after_sales::{self, AfterSalesStatus};
use entity::after_sales_line;
use sea_orm::{ActiveModelTrait, EntityTrait, Set};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::{query, rules};
use crate::app::App;
use crate::base::once::{Done, Once};
use crate::base::text;
use crate::base::tx::{Move, Tx};
use crate::error::Result;
use crate::flow::order::lifecycle;
use crate::flow::order::query as orders;
use crate::flow::order::rules::price::{Due, amount_due};
use crate::flow::payment::refund::within;
use crate::people::actor::Actor;

#[derive(Serialize)]
pub struct Request {
    pub order_id: Uuid,
    /// Order line and pieces of it.
    pub lines: Vec<(Uuid, i32)>,
    pub reason: String,
}

/// Opens a case about pieces of the member's own order that was shipped. What they cost is fixed with it.
pub async fn open(app: &App, actor: &Actor, key: &str, input: &Request) -> Result<Done<after_sales::Model>> {
    let member = actor.member()?;
    let (brand_id, member_id) = (member.brand_id, member.id);
    let reason = &text::required("reason", &input.reason, 500)?;
    let once = &Once::new(member_id, "openAfterSales", key, input)?;
    app.write(brand_id, |tx| async move {
        let id = tx.new_id();
        orders::find_own(tx.conn(), brand_id, member_id, input.order_id).await?;
        if let Some(id) = once.begin(&tx, &id).await? {
            return Ok(Done::replay(query::find(tx.conn(), brand_id, id).await?));
        }
        lifecycle::touch(&tx, &[input.order_id]).await?;
        let order = orders::find(tx.conn(), brand_id, input.order_id).await?;
        rules::must_be_shipped(order.status)?;
        if query::waits(tx.conn(), brand_id, order.id).await? {
            return Err(rules::one_at_a_time().into());
        }
        let lines = orders::lines_of(tx.conn(), brand_id, order.id).await?;
        let pieces = rules::pieces(&lines, &input.lines)?;
        let terms = orders::terms(tx.conn(), &order).await?;
        let cost = amount_due(&terms, Due::Pieces(pieces.values().sum()), order.reached_pieces);
        let amount = within(&tx, order.id, cost).await?;
        if amount == 0 {
            return Err(rules::nothing_left().into());
        }
        let case = insert(&tx, id, order.id, amount, reason, &pieces).await?;
        let step = Move {
            kind: "after_sales",
            id,
            from: None,
            to: AfterSalesStatus::Requested,
            event: "requested",
            by: actor.by(),
            why: None,
        };
        tx.moved(step, json!({ "order_id": order.id, "member_id": member_id })).await?;
        Ok(Done::new(case))
    })
    .await
}

async fn insert(
    tx: &Tx,
    id: Uuid,
    order_id: Uuid,
    amount: i64,
    reason: &str,
    pieces: &BTreeMap<Uuid, i32>,
) -> Result<after_sales::Model> {
    let case = after_sales::ActiveModel {
        brand_id: Set(tx.brand_id()),
        id: Set(id),
        order_id: Set(order_id),
        status: Set(AfterSalesStatus::Requested),
        reason: Set(reason.to_owned()),
        answer: Set(None),
        amount: Set(amount),
        decided_by: Set(None),
        decided_at: Set(None),
        created_at: Set(tx.now()),
    }
    .insert(tx.conn())
    .await?;
    let lines = pieces.iter().map(|(line_id, pieces)| after_sales_line::ActiveModel {
        brand_id: Set(tx.brand_id()),
        case_id: Set(id),
        order_line_id: Set(*line_id),
        pieces: Set(*pieces),
    });
    after_sales_line::Entity::insert_many(lines).exec_without_returning(tx.conn()).await?;
    Ok(case)
}
