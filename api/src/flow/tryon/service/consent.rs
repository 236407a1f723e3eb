//! A KOC takes her consent back: what it covered is shown no longer.

use entity::consent::{self, ConsentKind};
use entity::tryon::{self, TryonStatus};
use sea_orm::sea_query::{Expr, Query};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Set};
use serde_json::json;
use uuid::Uuid;

use crate::app::App;
use crate::base::fresh::Subject;
use crate::base::tx::{By, Move, Tx};
use crate::error::{Fault, Result};
use crate::flow::tryon::rules::{self, Event};
use crate::people;

const WHY: &str = "the KOC took back her consent to show photos";

/// Acts on a consent that was taken back. Repeats change nothing, and neither does one that comes
/// after the consent was given anew.
pub async fn consent_withdrawn(app: &App, brand_id: Uuid, koc_id: Uuid, kind: ConsentKind) -> Result<()> {
    app.write(brand_id, |tx| async move {
        match kind {
            ConsentKind::Photos => take_down(&tx, koc_id).await,
            ConsentKind::BodyData => forget_figures(&tx, koc_id).await,
            ConsentKind::Privacy => Ok(()),
        }
    })
    .await
}

/// Withdraws the posts that rest on a consent no longer in force. `UNAVAILABLE` when one of them moves meanwhile.
async fn take_down(tx: &Tx, koc_id: Uuid) -> Result<()> {
    let withdrawn = Query::select()
        .column(consent::Column::Id)
        .from(consent::Entity)
        .and_where(consent::Column::BrandId.eq(tx.brand_id()))
        .and_where(consent::Column::MemberId.eq(koc_id))
        .and_where(consent::Column::WithdrawnAt.is_not_null())
        .to_owned();
    let posts = tryon::Entity::find()
        .filter(tryon::Column::BrandId.eq(tx.brand_id()))
        .filter(tryon::Column::KocMemberId.eq(koc_id))
        .filter(tryon::Column::Status.is_in([TryonStatus::Submitted, TryonStatus::Approved, TryonStatus::Published]))
        .filter(tryon::Column::ConsentId.in_subquery(withdrawn))
        .all(tx.conn())
        .await?;
    for post in posts {
        let Some(to) = rules::next(post.status, Event::Withdraw) else { continue };
        let moved = tryon::Entity::update_many()
            .set(tryon::ActiveModel { status: Set(to), ..Default::default() })
            .filter(tryon::Column::BrandId.eq(tx.brand_id()))
            .filter(tryon::Column::Id.eq(post.id))
            .filter(tryon::Column::Status.eq(post.status))
            .exec(tx.conn())
            .await?;
        if moved.rows_affected == 0 {
            // It moved under our eyes, maybe into view: the event has to look at it again.
            return Err(Fault::Unavailable(format!("try-on {} moved while it was taken down", post.id)).into());
        }
        let step = Move {
            kind: "tryon",
            id: post.id,
            from: Some(post.status),
            to,
            event: "withdrawn",
            by: By::SYSTEM,
            why: Some(WHY),
        };
        tx.moved(step, json!({ "design_id": post.design_id, "koc_member_id": koc_id })).await?;
    }
    Ok(())
}

/// Clears height and weight from all her posts.
async fn forget_figures(tx: &Tx, koc_id: Uuid) -> Result<()> {
    if people::consent::in_force(tx.conn(), tx.brand_id(), koc_id, ConsentKind::BodyData).await?.is_some() {
        return Ok(());
    }
    tryon::Entity::update_many()
        .col_expr(tryon::Column::HeightCm, Expr::value(None::<i32>))
        .col_expr(tryon::Column::WeightKg, Expr::value(None::<i32>))
        .filter(tryon::Column::BrandId.eq(tx.brand_id()))
        .filter(tryon::Column::KocMemberId.eq(koc_id))
        .exec(tx.conn())
        .await?;
    // The consent's own news came before.
    tx.touch(Subject::Reads(tx.brand_id()));
    Ok(())
}
