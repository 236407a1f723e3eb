use chrono::{DateTime, Utc};
use entity::round::{self, RoundStatus};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, QueryFilter};
use serde::Serialize;
use uuid::Uuid;

use super::{CLOSE_TIMER, OPEN_TIMER, moved, transition};
use crate::app::App;
use crate::base::once::{Done, Once};
use crate::error::{Code, Refusal, Result};
use crate::flow::round::rules::{self, Window};
use crate::flow::round::{policy, query};
use crate::people::actor::Actor;

#[derive(Serialize)]
pub struct ChangeWindow {
    pub round_id: Uuid,
    /// `None` keeps it.
    pub opens_at: Option<DateTime<Utc>>,
    /// `None` keeps it.
    pub closes_at: Option<DateTime<Utc>>,
}

/// Moves the window of a scheduled round, or the end of an open one. Picks already made stand.
pub async fn change_window(app: &App, actor: &Actor, key: &str, input: &ChangeWindow) -> Result<Done<round::Model>> {
    let staff = policy::may_run(actor)?;
    let brand_id = staff.brand_id;
    let once = &Once::new(staff.id, "changeRoundWindow", key, input)?;
    app.write(brand_id, |tx| async move {
        let round = query::find(tx.conn(), brand_id, input.round_id).await?;
        if once.begin(&tx, &round.id).await?.is_some() {
            return Ok(Done::replay(round));
        }
        let now = Window { opens_at: round.opens_at, closes_at: round.closes_at };
        let window = rules::moved_window(round.status, now, (input.opens_at, input.closes_at), tx.now())?;
        let changed = transition(&tx, round.id, round.status, round.status)
            .col_expr(round::Column::OpensAt, Expr::value(window.opens_at))
            .col_expr(round::Column::ClosesAt, Expr::value(window.closes_at))
            .filter(round::Column::ClosesAt.eq(round.closes_at))
            .exec_with_returning(tx.conn())
            .await?;
        let changed = changed.into_iter().next().ok_or_else(faster)?;
        if changed.status == RoundStatus::Scheduled {
            tx.set_timer(OPEN_TIMER, round.id, window.opens_at).await?;
        }
        tx.set_timer(CLOSE_TIMER, round.id, window.closes_at).await?;
        moved(&tx, round.id, (Some(round.status), round.status), "window_changed", actor.by(), None).await?;
        Ok(Done::new(changed))
    })
    .await
}

fn faster() -> Refusal {
    Refusal::new(
        Code::Stale,
        "This round was changed by someone else just now; load it again.",
        "该选款刚被他人修改，请重新加载。",
    )
}
