//! One day from its bills to its result. Everything it writes may be written twice.

use entity::reconciliation;
use uuid::Uuid;

use super::fetch::{Bills, bills};
use super::rules::{Books, Comparison, compare};
use super::{book, heal, keep, query, read};
use crate::app::App;
use crate::error::{Error, Fault, Result};
use crate::flow::payment::ledger;
use crate::flow::payment::settle::unreachable;
use crate::people::wechat::account;
use crate::wechat::Error as WechatError;

/// Timer `bills.reconcile`: holds the bills of a day against our rows. Bills that are not there yet, or that do not
/// have their hash, are asked for again, ever more seldom, and say so on the row.
pub(in crate::flow::payment) async fn reconcile(app: &App, brand_id: Uuid, id: Uuid) -> Result<()> {
    let day = query::find(app.db.read(), brand_id, id).await?;
    let outcome = look(app, &day).await;
    match &outcome {
        Ok(()) => {}
        Err(Error::Fault(Fault::Unavailable(why))) => keep::in_vain(app, &day, why).await?,
        // A person has to know of it just so; what it was is in the log.
        Err(_) => keep::in_vain(app, &day, "it fails here; the log of the worker says why").await?,
    }
    outcome
}

async fn look(app: &App, day: &reconciliation::Model) -> Result<()> {
    let account = account(app, day.brand_id).await?;
    let bills = bills(app, &account, day.bill_date).await.map_err(|error| in_vain(day, &error))?;
    let healed = heal::heal(app, &account, &bills).await?;
    let found = compared(app, day, &bills).await?;
    let (currency, _) = ledger::query::brand(app.db.read(), day.brand_id).await?;
    book::enter(app, day, &currency, &found.named).await?;
    keep::result(app, day, &currency, &bills, &found, healed).await?;
    if !found.differences.is_empty() {
        tracing::error!(date = %day.bill_date, differences = found.differences.len(), "a day's bill and our rows differ");
    }
    Ok(())
}

async fn compared(app: &App, day: &reconciliation::Model, bills: &Bills) -> Result<Comparison> {
    let (db, brand_id) = (app.db.read(), day.brand_id);
    let named = read::named(db, brand_id, &bills.trades).await?;
    let of_day = read::of_day(db, brand_id, day.bill_date).await?;
    let attempts = named.attempts.values().chain(&of_day.attempts).map(|attempt| attempt.id);
    let refunds = named.refunds.values().chain(&of_day.refunds).map(|refund| refund.row.id);
    let mut subjects: Vec<_> = attempts.chain(refunds).collect();
    subjects.sort_unstable();
    subjects.dedup();
    let entries = read::entries(db, brand_id, &subjects).await?;
    let transfers = read::transfers(db, brand_id, &bills.flows).await?;
    Ok(compare(day.id, bills, &Books { named, of_day, entries, transfers }))
}

/// A file that is not what was announced rings the alarm besides.
fn in_vain(day: &reconciliation::Model, error: &WechatError) -> Error {
    if matches!(error, WechatError::Unverified(_) | WechatError::Malformed(_)) {
        tracing::error!(date = %day.bill_date, %error, "a day's bill cannot be believed");
    }
    unreachable(error)
}
