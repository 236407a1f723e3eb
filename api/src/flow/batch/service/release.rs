//! Release: all paid pieces that wait become one batch, in one transaction.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use chrono_tz::Tz;
use entity::allocation::{self, AllocationStatus};
use entity::batch::{self, BatchStatus};
use entity::factory::{self, FactoryStatus};
use entity::presale::{self, PresaleStatus};
use entity::unit::{self, UnitStatus};
use entity::{batch_cell, batch_offer, brand};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveEnum, ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, Set, SqlErr,
};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::super::rules::feed::News;
use super::super::rules::hang_tag::{self, HangTag};
use super::super::rules::pieces::{Piece, per_sku, waiting};
use super::super::rules::{refusal, unit_code};
use super::super::{policy, query};
use crate::app::App;
use crate::base::id::random_bytes;
use crate::base::once::{Done, Once};
use crate::base::text;
use crate::base::tx::{Move, Tx};
use crate::error::{Error, Refusal, Result};
use crate::flow::order::lifecycle;
use crate::flow::presale::service as presales;
use crate::people::actor::Actor;

#[derive(Serialize)]
pub struct Release {
    pub presale_id: Uuid,
    /// Offered to; the first to claim holds it.
    pub factory_ids: BTreeSet<Uuid>,
    /// Fen paid to the factory.
    pub price_per_piece: i64,
    pub due_date: NaiveDate,
    pub ship_to: String,
    pub hang_tag: HangTag,
    pub note: Option<String>,
}

const MAX_FACTORIES: usize = 50;
/// ¥100,000: a guard against a price typed in the wrong unit.
const MAX_PRICE: i64 = 10_000_000;
/// Rows per insert: nine values each stay far below SQLite's 32,766 and PostgreSQL's 65,535 binds.
const CHUNK: usize = 2_000;

/// What is left of the input once it is checked.
struct Terms {
    ship_to: String,
    hang_tag: HangTag,
    note: Option<String>,
}

/// Releases every paid piece of a succeeded presale that is in no live batch. Repeating it under
/// another key releases what was paid since, or refuses: a piece is never in two live batches.
pub async fn release(app: &App, actor: &Actor, key: &str, input: &Release) -> Result<Done<batch::Model>> {
    let staff = policy::may_release(actor)?;
    let terms = &check(input)?;
    let once = &Once::new(staff.id, "releaseBatch", key, input)?;
    app.write(staff.brand_id, |tx| async move {
        let id = tx.new_id();
        if let Some(id) = once.begin(&tx, &id).await? {
            return Ok(Done::replay(query::find(tx.conn(), tx.brand_id(), id).await?));
        }
        check_due_date(&tx, input.due_date).await?;
        check_factories(&tx, &input.factory_ids).await?;
        // Two releases of a presale follow each other, and refunds of missing pieces with them, so that
        // each sees which pieces the one before has taken.
        presales::touch(&tx, input.presale_id).await?;
        let presale = succeeded(&tx, input.presale_id).await?;
        let batch_no = format!("B-{:06}", tx.next_number("batch").await?);
        lifecycle::into_batch(&tx, actor.by(), presale.id).await?;
        // In this order: should another batch be cancelled between the two reads, its pieces still count
        // as taken and wait for the next release. The other way round they would be in this batch while
        // their orders are free to be cancelled.
        let live = query::live_pieces(tx.conn(), tx.brand_id(), presale.id).await?;
        let lines = query::paid_lines(tx.conn(), tx.brand_id(), presale.id).await?;
        let pieces = waiting(&lines, &live);
        if pieces.is_empty() {
            return Err(refusal::nothing_to_release().into());
        }
        let batch = insert_batch(&tx, id, batch_no, &presale, input, terms, pieces.len()).await?;
        insert_cells(&tx, id, &pieces).await?;
        insert_pieces(&tx, id, &pieces).await?;
        insert_offers(&tx, id, &input.factory_ids).await?;
        let news = News { epoch: 0, holder: None, offered: input.factory_ids.iter().copied().collect() };
        let step = Move {
            kind: "batch",
            id,
            from: None,
            to: BatchStatus::Released,
            event: "released",
            by: actor.by(),
            why: None,
        };
        tx.moved(step, json!(news)).await?;
        Ok(Done::new(batch))
    })
    .await
}

fn check(input: &Release) -> Result<Terms> {
    if input.factory_ids.is_empty() || input.factory_ids.len() > MAX_FACTORIES {
        return Err(Refusal::invalid(
            "factoryIds",
            format!("Offer the batch to 1 to {MAX_FACTORIES} factories."),
            format!("请选择 1 至 {MAX_FACTORIES} 家工厂。"),
        )
        .into());
    }
    if !(0..=MAX_PRICE).contains(&input.price_per_piece) {
        return Err(Refusal::invalid(
            "pricePerPiece",
            format!("The price per piece is given in fen, 0 to {MAX_PRICE}."),
            format!("单件加工价以分为单位，须为 0 至 {MAX_PRICE}。"),
        )
        .into());
    }
    Ok(Terms {
        ship_to: text::required("shipTo", &input.ship_to, 300)?,
        hang_tag: hang_tag::checked(&input.hang_tag)?,
        note: text::optional("note", input.note.as_deref(), 1_000)?,
    })
}

/// The day is the brand's, not the server's.
async fn check_due_date(tx: &Tx, due_date: NaiveDate) -> Result<()> {
    let brand = brand::Entity::find_by_id(tx.brand_id()).one(tx.conn()).await?;
    let brand = brand.ok_or_else(|| Error::not_found("brand"))?;
    let zone: Tz = brand.time_zone.parse().unwrap_or(Tz::UTC);
    if due_date >= tx.now().with_timezone(&zone).date_naive() {
        return Ok(());
    }
    Err(Refusal::invalid(
        "dueDate",
        "The due date has passed; give today or a later day.",
        "交期已过，请填写今天或之后的日期。",
    )
    .into())
}

async fn check_factories(tx: &Tx, factory_ids: &BTreeSet<Uuid>) -> Result<()> {
    let working = factory::Entity::find()
        .filter(factory::Column::Id.is_in(factory_ids.iter().copied()))
        .filter(factory::Column::Status.eq(FactoryStatus::Active))
        .count(tx.conn())
        .await?;
    if working == factory_ids.len() as u64 { Ok(()) } else { Err(refusal::no_such_factory().into()) }
}

async fn succeeded(tx: &Tx, presale_id: Uuid) -> Result<presale::Model> {
    let presale = presale::Entity::find_by_id((tx.brand_id(), presale_id)).one(tx.conn()).await?;
    let presale = presale.ok_or_else(|| Error::not_found("presale"))?;
    match presale.status {
        PresaleStatus::Succeeded => Ok(presale),
        other => Err(refusal::presale_not_succeeded(&other.to_value()).into()),
    }
}

async fn insert_batch(
    tx: &Tx,
    id: Uuid,
    batch_no: String,
    presale: &presale::Model,
    input: &Release,
    terms: &Terms,
    pieces: usize,
) -> Result<batch::Model> {
    let row = batch::Model {
        brand_id: tx.brand_id(),
        id,
        batch_no,
        presale_id: presale.id,
        design_id: presale.design_id,
        design_version_id: presale.design_version_id,
        status: BatchStatus::Released,
        revision: 1,
        epoch: 0,
        factory_id: None,
        lease_expires_at: None,
        progress_revision: 0,
        pieces: i32::try_from(pieces).map_err(|_| anyhow::anyhow!("{pieces} pieces in one batch"))?,
        shipped_pieces: 0,
        price_per_piece: input.price_per_piece,
        currency: presale.currency.clone(),
        due_date: input.due_date,
        ship_to: terms.ship_to.clone(),
        hang_tag: json!(terms.hang_tag),
        note: terms.note.clone(),
        released_at: tx.now(),
        created_at: tx.now(),
    };
    let insert = batch::Entity::insert(row.clone().into_active_model().reset_all());
    insert.exec_without_returning(tx.conn()).await?;
    Ok(row)
}

async fn insert_cells(tx: &Tx, batch_id: Uuid, pieces: &[Piece]) -> Result<()> {
    let cells = per_sku(pieces).into_iter().map(|(sku_id, pieces)| batch_cell::ActiveModel {
        brand_id: Set(tx.brand_id()),
        batch_id: Set(batch_id),
        sku_id: Set(sku_id),
        pieces: Set(pieces),
        shipped: Set(0),
    });
    batch_cell::Entity::insert_many(cells).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// One allocation and one unit a piece; two statements for each 2,000 pieces. The unique index on
/// live (line, piece) refuses a piece that another release has taken in the meantime.
async fn insert_pieces(tx: &Tx, batch_id: Uuid, pieces: &[Piece]) -> Result<()> {
    for chunk in pieces.chunks(CHUNK) {
        let ids: Vec<Uuid> = chunk.iter().map(|_| tx.new_id()).collect();
        let allocations = chunk.iter().zip(&ids).map(|(piece, id)| allocation::ActiveModel {
            brand_id: Set(tx.brand_id()),
            id: Set(*id),
            order_line_id: Set(piece.order_line_id),
            piece_no: Set(piece.piece_no),
            batch_id: Set(batch_id),
            sku_id: Set(piece.sku_id),
            status: Set(AllocationStatus::Live),
            created_at: Set(tx.now()),
            ended_at: Set(None),
        });
        let inserted = allocation::Entity::insert_many(allocations).exec_without_returning(tx.conn()).await;
        inserted.map_err(|error| match error.sql_err() {
            Some(SqlErr::UniqueConstraintViolation(_)) => Error::from(refusal::taken_meanwhile()),
            _ => Error::from(error),
        })?;
        insert_units(tx, batch_id, chunk, &ids).await?;
    }
    Ok(())
}

/// Codes are random; in the rare case that one is in use the chunk gets new ones.
async fn insert_units(tx: &Tx, batch_id: Uuid, pieces: &[Piece], allocations: &[Uuid]) -> Result<()> {
    for _ in 0..3 {
        let units = pieces.iter().zip(allocations).map(|(piece, allocation_id)| {
            let mut random = [0; unit_code::RANDOM_LEN];
            random_bytes(&mut random);
            unit::ActiveModel {
                brand_id: Set(tx.brand_id()),
                id: Set(tx.new_id()),
                code: Set(unit_code::code(random)),
                allocation_id: Set(*allocation_id),
                batch_id: Set(batch_id),
                sku_id: Set(piece.sku_id),
                status: Set(UnitStatus::Planned),
                shipment_id: Set(None),
                parcel_id: Set(None),
            }
        });
        let free = OnConflict::columns([unit::Column::BrandId, unit::Column::Code]).do_nothing().to_owned();
        let inserted = unit::Entity::insert_many(units).on_conflict(free).exec_without_returning(tx.conn()).await?;
        if inserted == pieces.len() as u64 {
            return Ok(());
        }
        unit::Entity::delete_many()
            .filter(unit::Column::BrandId.eq(tx.brand_id()))
            .filter(unit::Column::AllocationId.is_in(allocations.iter().copied()))
            .exec(tx.conn())
            .await?;
    }
    Err(anyhow::anyhow!("no free unit codes for batch {batch_id}").into())
}

async fn insert_offers(tx: &Tx, batch_id: Uuid, factory_ids: &BTreeSet<Uuid>) -> Result<()> {
    let offers = factory_ids.iter().map(|factory_id| batch_offer::ActiveModel {
        brand_id: Set(tx.brand_id()),
        batch_id: Set(batch_id),
        factory_id: Set(*factory_id),
    });
    batch_offer::Entity::insert_many(offers).exec_without_returning(tx.conn()).await?;
    Ok(())
}
