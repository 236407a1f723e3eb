//! Calling WeChat about a transfer until its outcome is known, always under the same number.

use entity::member::{self, MemberStatus};
use entity::transfer::{self, Column, TransferKind, TransferStatus};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::outcome::{apply, give_up};
use super::{DRIVE, query, rules};
use crate::app::App;
use crate::error::{Error, Result};
use crate::flow::payment::{notification, problem};
use crate::people::wechat::{account, failed};
use crate::wechat::pay::{Transfer, TransferBill, TransferScene};
use crate::wechat::{Account, Error as WechatError};

/// WeChat reported about a number: a reason to ask. The notification changes nothing by itself.
pub(super) async fn reported(app: &App, brand_id: Uuid, event_id: &str, number: &str) -> Result<()> {
    app.write(brand_id, |tx| async move {
        match query::transfer_by_number(tx.conn(), brand_id, number).await? {
            Some(row) if rules::is_final(row.status) => Ok(()),
            Some(row) => tx.set_timer(DRIVE, row.id, tx.now()).await,
            None => problem::note(&tx, event_id, &format!("no payout of ours: transfer {number}")).await,
        }
    })
    .await
}

/// What came of a call.
enum Answer {
    Bill(Box<TransferBill>),
    /// WeChat does not know the number.
    Unknown,
    /// A person asked for it back just now: nothing was called.
    Withdrawn,
}

/// Timer [`DRIVE`]: the next call about a transfer.
pub(super) async fn drive(app: &App, brand_id: Uuid, id: Uuid) -> Result<()> {
    let row = query::transfer(app.db.read(), brand_id, id).await?;
    if rules::is_final(row.status) {
        return Ok(());
    }
    let account = account(app, brand_id).await?;
    let payee = member::Entity::find_by_id((brand_id, row.member_id)).one(app.db.read()).await?;
    let payee = payee.ok_or_else(|| Error::not_found("member"))?;
    match call(app, &account, &row, &payee).await? {
        Ok(Answer::Bill(bill)) => {
            let problem = apply(app, &account, &payee, &bill).await?;
            if let Some(problem) = &problem {
                tracing::error!(transfer = %id, problem, "a transfer does not fit");
            }
            note(app, &row, problem).await?;
            look_again(app, &row).await
        }
        Ok(Answer::Unknown) => unknown(app, &row).await,
        Ok(Answer::Withdrawn) => look_again(app, &row).await,
        Err(error) => {
            note(app, &row, Some(error.to_string())).await?;
            if !error.is_transient() {
                tracing::error!(transfer = %id, %error, "WeChat Pay refuses a transfer");
            }
            Err(failed(error))
        }
    }
}

/// The call that is due by the state of the transfer.
async fn call(
    app: &App,
    account: &Account,
    row: &transfer::Model,
    payee: &member::Model,
) -> Result<Result<Answer, WechatError>> {
    let is_unwanted = row.cancel_requested_at.is_some() || payee.status == MemberStatus::Deleted;
    // Without its package the member cannot confirm; only the original call brings it. One that was taken and waits for
    // the merchant's money goes on with that call, too.
    let is_unmade = match row.status {
        TransferStatus::Created | TransferStatus::Accepted => true,
        TransferStatus::Waiting => row.package_info.is_none(),
        _ => false,
    };
    let outcome = if is_unwanted && rules::is_cancellable(row.status) && row.status != TransferStatus::Created {
        app.wechat.cancel_transfer(account, &row.out_bill_no).await
    } else if is_unmade && !is_unwanted {
        if !announce(app, row).await? {
            return Ok(Ok(Answer::Withdrawn));
        }
        app.wechat.transfer(account, &made(app, account, row, payee)).await
    } else {
        return Ok(ask(app, account, row).await);
    };
    Ok(match outcome {
        Ok(bill) => Ok(Answer::Bill(Box::new(bill))),
        // What it refuses may be known to it all the same: made before, confirmed before it was cancelled.
        Err(error) if !error.is_transient() => match ask(app, account, row).await {
            Ok(Answer::Bill(bill)) => Ok(Answer::Bill(bill)),
            Ok(Answer::Unknown | Answer::Withdrawn) | Err(_) => Err(error),
        },
        Err(error) => Err(error),
    })
}

async fn ask(app: &App, account: &Account, row: &transfer::Model) -> Result<Answer, WechatError> {
    let bill = app.wechat.query_transfer(account, &row.out_bill_no).await?;
    Ok(bill.map_or(Answer::Unknown, |bill| Answer::Bill(Box::new(bill))))
}

/// As it is called each time: with other parameters WeChat would refuse to repeat it.
fn made(app: &App, account: &Account, row: &transfer::Model, payee: &member::Model) -> Transfer {
    let (remark, scene) = match row.kind {
        TransferKind::Commission => (
            "社群推广佣金",
            TransferScene::Remuneration { job: "社群推广".to_owned(), reason: "社群推广佣金".to_owned() },
        ),
        TransferKind::Compensation => ("订单赔偿", TransferScene::Compensation { reason: "商家违约赔偿".to_owned() }),
    };
    Transfer {
        out_bill_no: row.out_bill_no.clone(),
        openid: payee.openid.clone(),
        amount_fen: row.amount,
        user_name: None,
        remark: remark.to_owned(),
        scene,
        notify_url: notification::url(app, account),
    }
}

/// Writes that WeChat is about to be asked to make it; false when a person asked for it back in the meantime.
async fn announce(app: &App, row: &transfer::Model) -> Result<bool> {
    let (brand_id, id) = (row.brand_id, row.id);
    app.write(brand_id, |tx| async move {
        // Once it is made, a repetition makes nothing.
        let called_at = if row.status == TransferStatus::Created { Some(tx.now()) } else { row.called_at };
        let announced = transfer::Entity::update_many()
            .col_expr(Column::CalledAt, Expr::value(called_at))
            .filter(Column::BrandId.eq(brand_id))
            .filter(Column::Id.eq(id))
            .filter(Column::CancelRequestedAt.is_null())
            .exec(tx.conn())
            .await?;
        Ok(announced.rows_affected == 1)
    })
    .await
}

/// A transfer that is not wanted and that WeChat does not know long after it was last called is over; any other that it
/// does not know is a riddle.
async fn unknown(app: &App, row: &transfer::Model) -> Result<()> {
    if row.status != TransferStatus::Created {
        let what = format!("WeChat Pay took transfer {} and does not know it now", row.id);
        note(app, row, Some(what.clone())).await?;
        return Err(anyhow::anyhow!(what).into());
    }
    let (brand_id, id) = (row.brand_id, row.id);
    app.write(brand_id, |tx| async move {
        let row = query::transfer(tx.conn(), brand_id, id).await?;
        match row.called_at.map(|at| at + rules::SETTLED).filter(|settled| *settled > tx.now()) {
            Some(settled) => tx.set_timer(DRIVE, id, settled).await,
            None => give_up(&tx, &row).await.map(drop),
        }
    })
    .await
}

async fn look_again(app: &App, row: &transfer::Model) -> Result<()> {
    let (brand_id, id) = (row.brand_id, row.id);
    app.write(brand_id, |tx| async move {
        let row = query::transfer(tx.conn(), brand_id, id).await?;
        if rules::is_final(row.status) {
            return Ok(());
        }
        let is_cancelling = row.cancel_requested_at.is_some();
        tx.set_timer(DRIVE, id, rules::next_look(row.created_at, is_cancelling, tx.now())).await
    })
    .await
}

/// Counts a call and keeps its error for people to read.
async fn note(app: &App, row: &transfer::Model, error: Option<String>) -> Result<()> {
    let (brand_id, id, error) = (row.brand_id, row.id, &error);
    app.write(brand_id, |tx| async move {
        transfer::Entity::update_many()
            .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
            .col_expr(Column::LastError, Expr::value(error.clone()))
            .filter(Column::BrandId.eq(brand_id))
            .filter(Column::Id.eq(id))
            .exec(tx.conn())
            .await?;
        Ok(())
    })
    .await
}
