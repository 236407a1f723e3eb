//! What factories are owed for accepted pieces, and what the bank paid them.

use chrono::NaiveDate;
use entity::audit::AuditAction;
use entity::factory_account::{self, Column};
use entity::staff::StaffRole;
use entity::{factory_payable, factory_payment};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, Set, SqlErr};
use serde::Serialize;
use uuid::Uuid;

use super::query;
use super::rules::refusal;
use crate::app::App;
use crate::base::db::sql;
use crate::base::id::FactoryPaymentId;
use crate::base::once::{Done, Once};
use crate::base::text;
use crate::base::tx::{By, Tx};
use crate::error::{Error, Fault, Refusal, Result};
use crate::flow::batch::query as batches;
use crate::flow::payment::audit;
use crate::flow::payment::ledger::query::brand;
use crate::flow::payment::ledger::record;
use crate::flow::payment::ledger::rules::{self as books, Event, Party};
use crate::people::actor::Actor;

/// The brand has taken a batch in: it owes the factory its price for each piece that came. Once, however often it is told.
pub async fn accrue(app: &App, brand_id: Uuid, batch_id: Uuid) -> Result<()> {
    app.write(brand_id, |tx| async move {
        let batch = batches::find(tx.conn(), brand_id, batch_id).await?;
        let Some(factory_id) = batch.factory_id else { return Ok(()) };
        let pieces = pieces_taken_in(&tx, batch_id).await?;
        let amount = i64::from(pieces) * batch.price_per_piece;
        if amount == 0 {
            return Ok(());
        }
        account(&tx, factory_id, &batch.currency).await?;
        let row = factory_payable::Model {
            brand_id,
            id: tx.new_id(),
            factory_id,
            batch_id,
            pieces,
            price_per_piece: batch.price_per_piece,
            amount,
            created_at: tx.now(),
        };
        if write(&tx, &row).await? { owe(&tx, &row, &batch.currency).await } else { Ok(()) }
    })
    .await
}

async fn pieces_taken_in(tx: &Tx, batch_id: Uuid) -> Result<i32> {
    let statement = sql(
        tx.conn().get_database_backend(),
        "select cast(coalesce(sum(s.pieces), 0) as integer) as pieces from shipment s \
         where s.brand_id = $1 and s.batch_id = $2 and s.received_at is not null",
        [tx.brand_id().into(), batch_id.into()],
    );
    let row = tx.conn().query_one_raw(statement).await?.ok_or_else(|| anyhow::anyhow!("a sum returned no row"))?;
    Ok(row.try_get("", "pieces")?)
}

/// The factory's account, opened when it is the first time.
async fn account(tx: &Tx, factory_id: Uuid, currency: &str) -> Result<()> {
    let row = factory_account::ActiveModel {
        brand_id: Set(tx.brand_id()),
        factory_id: Set(factory_id),
        currency: Set(currency.to_owned()),
        accrued: Set(0),
        paid: Set(0),
    };
    factory_account::Entity::insert(row)
        .on_conflict(OnConflict::columns([Column::BrandId, Column::FactoryId]).do_nothing().to_owned())
        .exec_without_returning(tx.conn())
        .await?;
    Ok(())
}

/// False when it was told before.
async fn write(tx: &Tx, row: &factory_payable::Model) -> Result<bool> {
    use factory_payable::Column;
    let written = factory_payable::Entity::insert(row.clone().into_active_model())
        .on_conflict(OnConflict::columns([Column::BrandId, Column::BatchId]).do_nothing().to_owned())
        .exec_without_returning(tx.conn())
        .await?;
    Ok(written == 1)
}

async fn owe(tx: &Tx, row: &factory_payable::Model, currency: &str) -> Result<()> {
    factory_account::Entity::update_many()
        .col_expr(Column::Accrued, Expr::col(Column::Accrued).add(row.amount))
        .filter(Column::BrandId.eq(row.brand_id))
        .filter(Column::FactoryId.eq(row.factory_id))
        .exec(tx.conn())
        .await?;
    let party = Party::Factory(row.factory_id);
    let of = Event { source_id: row.id, order_id: None, party, currency, amount: row.amount };
    record(tx, By::SYSTEM, books::factory_accrued(&of)?);
    Ok(())
}

/// A bank transfer that was made.
#[derive(Clone, Serialize)]
pub struct Payment {
    pub factory_id: Uuid,
    /// Fen.
    pub amount: i64,
    /// The bank's day.
    pub paid_on: NaiveDate,
    /// The bank's number of it.
    pub reference: String,
    pub why: Option<String>,
}

/// Records a payment that the bank made: once by its reference, and never more than is owed.
pub async fn record_payment(
    app: &App,
    actor: &Actor,
    key: &str,
    input: &Payment,
) -> Result<Done<factory_payment::Model>> {
    let staff = actor.staff(&[StaffRole::Finance])?;
    let (brand_id, staff_id) = (staff.brand_id, staff.id);
    let reference = &text::required("reference", &input.reference, 64)?;
    let why = &text::optional("why", input.why.as_deref(), audit::MAX_WHY)?;
    let once = &Once::new(staff_id, "recordFactoryPayment", key, input)?;
    app.write(brand_id, |tx| async move {
        let id = tx.new_id();
        if let Some(id) = once.begin(&tx, &id).await? {
            return Ok(Done::replay(query::factory_payment(tx.conn(), brand_id, id).await?));
        }
        let (_, zone) = brand(tx.conn(), brand_id).await?;
        check_day(input.paid_on, tx.now().with_timezone(&zone).date_naive())?;
        let account = query::factory_account(tx.conn(), brand_id, input.factory_id).await?;
        not_recorded(&tx, input.factory_id, reference).await?;
        pay(&tx, &account, input.amount).await?;
        let row = factory_payment::Model {
            brand_id,
            id,
            factory_id: input.factory_id,
            amount: input.amount,
            paid_on: input.paid_on,
            reference: reference.clone(),
            recorded_by: staff_id,
            created_at: tx.now(),
        };
        insert(&row, &tx).await?;
        let party = Party::Factory(row.factory_id);
        let of = Event { source_id: id, order_id: None, party, currency: &account.currency, amount: row.amount };
        record(&tx, actor.by(), books::factory_paid(&of)?.because(reference.as_str()));
        let deed = audit::Deed {
            action: AuditAction::FactoryPaymentRecorded,
            subject: FactoryPaymentId::new(id).to_string(),
            order_id: None,
            amount: Some(row.amount),
            why: why.as_deref(),
        };
        audit::note(&tx, actor.by(), deed).await?;
        Ok(Done::new(row))
    })
    .await
}

fn check_day(paid_on: NaiveDate, today: NaiveDate) -> Result<(), Refusal> {
    let first = NaiveDate::from_ymd_opt(2000, 1, 1);
    if paid_on <= today && Some(paid_on) >= first { Ok(()) } else { Err(refusal::impossible_day()) }
}

async fn not_recorded(tx: &Tx, factory_id: Uuid, reference: &str) -> Result<()> {
    use factory_payment::Column;
    let known = factory_payment::Entity::find()
        .filter(Column::BrandId.eq(tx.brand_id()))
        .filter(Column::FactoryId.eq(factory_id))
        .filter(Column::Reference.eq(reference));
    match known.one(tx.conn()).await? {
        Some(known) => Err(refusal::recorded_before(FactoryPaymentId::new(known.id).to_string()).into()),
        None => Ok(()),
    }
}

async fn pay(tx: &Tx, account: &factory_account::Model, amount: i64) -> Result<()> {
    if amount < 1 {
        return Err(Refusal::invalid("amount", "A payment is at least one fen.", "付款金额至少为 1 分。").into());
    }
    let paid = factory_account::Entity::update_many()
        .col_expr(Column::Paid, Expr::col(Column::Paid).add(amount))
        .filter(Column::BrandId.eq(account.brand_id))
        .filter(Column::FactoryId.eq(account.factory_id))
        .filter(Expr::col(Column::Accrued).sub(Expr::col(Column::Paid)).gte(amount))
        .exec(tx.conn())
        .await?;
    if paid.rows_affected == 1 {
        return Ok(());
    }
    let now = query::factory_account(tx.conn(), account.brand_id, account.factory_id).await?;
    Err(refusal::more_than_owed(now.accrued - now.paid, &now.currency).into())
}

/// Of two who record the same transfer at the same time, the second meets the first's.
async fn insert(row: &factory_payment::Model, tx: &Tx) -> Result<()> {
    let inserted = row.clone().into_active_model().insert(tx.conn()).await;
    inserted.map(drop).map_err(|error| match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => Error::Fault(Fault::Overtaken("a reference")),
        _ => Error::from(error),
    })
}
