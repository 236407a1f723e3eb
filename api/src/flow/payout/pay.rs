//! Finance staff pay KOCs: one, or all to whom something is available.

use entity::audit::AuditAction;
use entity::commission;
use entity::staff::StaffRole;
use entity::state_change::StateChangeActorKind;
use entity::transfer::{self, TransferKind};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::rules::{self, Limits, refusal};
use super::transfer::{Order, write};
use super::{commission as earned, query};
use crate::app::App;
use crate::base::id::MemberId;
use crate::base::once::{Done, Once};
use crate::base::text;
use crate::base::tx::{By, Tx};
use crate::error::{Error, Result};
use crate::flow::payment::audit;
use crate::people::actor::Actor;

pub(super) fn limits(app: &App) -> Limits {
    Limits { min: app.config.transfer_min, max: app.config.transfer_max }
}

/// Pays a KOC everything that is available of her; the transfers that carry it. Refused when that is nothing, or less
/// than one transfer takes.
pub async fn one(
    app: &App,
    actor: &Actor,
    key: &str,
    member_id: Uuid,
    why: Option<&str>,
) -> Result<Done<Vec<transfer::Model>>> {
    let staff = actor.staff(&[StaffRole::Finance])?;
    let brand_id = staff.brand_id;
    let why = &text::optional("why", why, audit::MAX_WHY)?;
    let once = &Once::new(staff.id, "payCommission", key, &(member_id, why))?;
    app.write(brand_id, |tx| async move {
        let payout_id = tx.new_id();
        if let Some(payout_id) = once.begin(&tx, &payout_id).await? {
            return Ok(Done::replay(query::payout(tx.conn(), brand_id, payout_id).await?));
        }
        pay(&tx, actor.by(), limits(app), payout_id, member_id, why.as_deref()).await.map(Done::new)
    })
    .await
}

/// How many are paid, and how much.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Run {
    pub payees: usize,
    /// Fen.
    pub amount: i64,
}

/// What a payout of a run is asked for with.
#[derive(Debug, Serialize, Deserialize)]
pub struct Request {
    pub member_id: Uuid,
    pub staff_id: Uuid,
    pub why: Option<String>,
}

/// Starts a payout for every KOC to whom enough is available. Each is made by itself a moment later, so that a run over
/// all KOCs of a brand is no long transaction, and a crash stops none of it.
pub async fn all(app: &App, actor: &Actor, key: &str, why: Option<&str>) -> Result<Done<Run>> {
    let staff = actor.staff(&[StaffRole::Finance])?;
    let (brand_id, staff_id) = (staff.brand_id, staff.id);
    let why = &text::optional("why", why, audit::MAX_WHY)?;
    let once = &Once::new(staff_id, "payCommissions", key, why)?;
    app.write(brand_id, |tx| async move {
        let payees = query::payees(tx.conn(), brand_id, limits(app).min).await?;
        let run = Run { payees: payees.len(), amount: payees.iter().map(|(_, fen)| fen).sum() };
        if let Some(run) = once.begin(&tx, &run).await? {
            return Ok(Done::replay(run));
        }
        for (member_id, _) in payees {
            let request = Request { member_id, staff_id, why: why.clone() };
            tx.emit("payout", tx.new_id(), "requested", json!({ "request": request })).await?;
        }
        Ok(Done::new(run))
    })
    .await
}

/// A payout of a run, under the id of its request. Told again it does nothing; nor when the KOC was paid in between.
pub async fn requested(app: &App, brand_id: Uuid, payout_id: Uuid, request: &Request) -> Result<()> {
    let by = By { kind: StateChangeActorKind::Staff, id: Some(request.staff_id) };
    let paid = app
        .write(brand_id, |tx| async move {
            if !query::payout(tx.conn(), brand_id, payout_id).await?.is_empty() {
                return Ok(());
            }
            pay(&tx, by, limits(app), payout_id, request.member_id, request.why.as_deref()).await.map(drop)
        })
        .await;
    match paid {
        Err(Error::Refused(why)) => {
            tracing::info!(member = %request.member_id, %why, "a KOC of a run is not paid");
            Ok(())
        }
        paid => paid,
    }
}

async fn pay(
    tx: &Tx,
    by: By,
    limits: Limits,
    payout_id: Uuid,
    member_id: Uuid,
    why: Option<&str>,
) -> Result<Vec<transfer::Model>> {
    let brand_id = tx.brand_id();
    query::payee(tx.conn(), brand_id, member_id).await?;
    let payable = query::payable(tx.conn(), brand_id, member_id).await?;
    let open: Vec<_> = payable.iter().map(|earned| (earned.id, rules::open(earned))).collect();
    let total = open.iter().map(|(_, fen)| fen).sum();
    let Some((parts, first)) = rules::parts(total, limits).zip(payable.first()) else {
        return Err(refusal::too_little(total, limits).into());
    };
    let order = Order { payout_id, kind: TransferKind::Commission, member_id, currency: &first.currency };
    let mut transfers = Vec::with_capacity(parts.len());
    for lines in rules::allot(&open, &parts) {
        transfers.push(write(tx, by, &order, &lines).await?);
    }
    let on_its_way = |before: commission::Model| {
        let after = commission::Model { paying: rules::open(&before), ..before.clone() };
        (before, after)
    };
    earned::save(tx, by, payable.into_iter().map(on_its_way).collect(), "payout_started").await?;
    let subject = MemberId::new(member_id).to_string();
    let deed = audit::Deed { action: AuditAction::CommissionPaid, subject, order_id: None, amount: Some(total), why };
    audit::note(tx, by, deed).await?;
    Ok(transfers)
}
