//! The consent ledger of one-time subscribe messages: an accepted sheet grants one message of each
//! accepted template (WeChat docs: subscribe messages). WeChat's push is the proof, not the client.

use entity::subscribe_grant;
use entity::subscribe_message::MessageStatus;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use crate::base::db::sql;
use crate::base::tx::Tx;
use crate::error::Result;
use crate::people;
use crate::wechat::push::SubscribeItem;

/// A member answered a subscribe sheet. Whoever is no member of the brand is nobody to tell.
pub async fn answered(tx: &Tx, openid: &str, items: &[SubscribeItem]) -> Result<()> {
    let Some(member_id) = member(tx, openid).await? else { return Ok(()) };
    for item in items.iter().filter(|item| item.accepted) {
        let statement = sql(
            tx.conn().get_database_backend(),
            "insert into subscribe_grant (brand_id, member_id, template_id, granted, spent, updated_at) \
             values ($1, $2, $3, 1, 0, $4) on conflict (brand_id, member_id, template_id) \
             do update set granted = subscribe_grant.granted + 1, updated_at = excluded.updated_at",
            [tx.brand_id().into(), member_id.into(), item.template_id.clone().into(), tx.now().into()],
        );
        tx.conn().execute_raw(statement).await?;
    }
    Ok(())
}

/// A member changed her mind in WeChat's settings: what was refused has no grants left.
pub async fn changed(tx: &Tx, openid: &str, items: &[SubscribeItem]) -> Result<()> {
    let Some(member_id) = member(tx, openid).await? else { return Ok(()) };
    for item in items.iter().filter(|item| !item.accepted) {
        use_up(tx, member_id, &item.template_id).await?;
    }
    Ok(())
}

async fn member(tx: &Tx, openid: &str) -> Result<Option<Uuid>> {
    let found = people::query::member_by_openid(tx.conn(), tx.brand_id(), openid).await?;
    Ok(found.map(|member| member.id))
}

/// Takes one grant; false when none is left.
pub(super) async fn spend(tx: &Tx, member_id: Uuid, template_id: &str) -> Result<bool> {
    let spent = of(tx, member_id, template_id)
        .col_expr(subscribe_grant::Column::Spent, Expr::col(subscribe_grant::Column::Spent).add(1))
        .filter(Expr::col(subscribe_grant::Column::Spent).lt(Expr::col(subscribe_grant::Column::Granted)))
        .exec(tx.conn())
        .await?;
    Ok(spent.rows_affected == 1)
}

/// What becomes of the grant of a message that was sent.
pub(super) async fn after(tx: &Tx, member_id: Uuid, template_id: &str, became: MessageStatus) -> Result<()> {
    match became {
        MessageStatus::Pending => give_back(tx, member_id, template_id).await,
        MessageStatus::Refused => use_up(tx, member_id, template_id).await,
        _ => Ok(()),
    }
}

/// Gives a grant back whose message WeChat did not take.
async fn give_back(tx: &Tx, member_id: Uuid, template_id: &str) -> Result<()> {
    of(tx, member_id, template_id)
        .col_expr(subscribe_grant::Column::Spent, Expr::col(subscribe_grant::Column::Spent).sub(1))
        .filter(subscribe_grant::Column::Spent.gt(0))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// WeChat says that no grant is left, whatever we counted.
async fn use_up(tx: &Tx, member_id: Uuid, template_id: &str) -> Result<()> {
    of(tx, member_id, template_id)
        .col_expr(subscribe_grant::Column::Spent, Expr::col(subscribe_grant::Column::Granted))
        .exec(tx.conn())
        .await?;
    Ok(())
}

fn of(tx: &Tx, member_id: Uuid, template_id: &str) -> sea_orm::UpdateMany<subscribe_grant::Entity> {
    subscribe_grant::Entity::update_many()
        .col_expr(subscribe_grant::Column::UpdatedAt, Expr::value(tx.now()))
        .filter(subscribe_grant::Column::BrandId.eq(tx.brand_id()))
        .filter(subscribe_grant::Column::MemberId.eq(member_id))
        .filter(subscribe_grant::Column::TemplateId.eq(template_id))
}
