//! What WeChat was not told of: payments whose shipping or declaration does not go on by itself. The records of
//! shipping are read as rows, since this stage comes before the one that writes them.

use chrono::{DateTime, Utc};
use entity::presale_declaration::{self, PresaleDeclarationStatus};
use entity::shipping_record::{self, ShippingRecordProblem};
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use super::{Cause, Stuck};
use crate::base::db::{columns, sql};
use crate::error::Result;

const STUCK_SHIPPING: &str = "s.brand_id = $1 and s.status in ('pending', 'stuck') and (s.status = 'stuck' \
    or (s.last_error is not null and s.content_at <= $2))";
const STUCK_DECLARATION: &str = "d.brand_id = $1 and d.status in ('pending', 'refused') and (d.status = 'refused' \
    or (d.last_error is not null and d.created_at <= $2))";

/// A payment of which WeChat was not told something.
#[derive(Clone, Debug)]
pub enum Untold {
    Shipping(shipping_record::Model),
    Declaration(presale_declaration::Model),
}

impl Untold {
    pub fn cause(&self) -> Cause {
        match self {
            Untold::Shipping(record) => match record.problem {
                Some(ShippingRecordProblem::CarrierUnknown) => Cause::CarrierUnknown,
                Some(ShippingRecordProblem::CorrectionUsed) => Cause::CorrectionUsed,
                Some(ShippingRecordProblem::Rejected) => Cause::ShippingRefused,
                None => Cause::ShippingFailing,
            },
            Untold::Declaration(declaration) => match declaration.status {
                PresaleDeclarationStatus::Refused => Cause::DeclarationRefused,
                _ => Cause::DeclarationFailing,
            },
        }
    }

    pub fn since(&self) -> DateTime<Utc> {
        match self {
            Untold::Shipping(record) => record.content_at,
            Untold::Declaration(declaration) => declaration.created_at,
        }
    }

    pub fn order_id(&self) -> Uuid {
        match self {
            Untold::Shipping(record) => record.order_id,
            Untold::Declaration(declaration) => declaration.order_id,
        }
    }

    pub fn why(&self) -> Option<&str> {
        match self {
            Untold::Shipping(record) => record.last_error.as_deref(),
            Untold::Declaration(declaration) => declaration.last_error.as_deref(),
        }
    }
}

/// The oldest of both kinds, at most `limit` of each, and how many there are. Three statements.
pub(super) async fn untold(
    db: &impl ConnectionTrait,
    brand_id: Uuid,
    patience: DateTime<Utc>,
    limit: i32,
) -> Result<(Vec<Stuck>, i64)> {
    let values = || [brand_id.into(), patience.into(), i64::from(limit).into()];
    let mut found = Vec::new();
    let text = format!(
        "select {}, a.amount as paid from shipping_record s \
         join payment_attempt a on a.brand_id = s.brand_id and a.id = s.attempt_id \
         where {STUCK_SHIPPING} order by s.content_at, s.attempt_id limit $3",
        columns::<shipping_record::Entity>("s", "e_")
    );
    for row in db.query_all_raw(sql(db.get_database_backend(), &text, values())).await? {
        let record = shipping_record::Model::from_query_result(&row, "e_")?;
        found.push(Stuck::Untold(Untold::Shipping(record), row.try_get("", "paid")?));
    }
    let text = format!(
        "select {}, a.amount as paid from presale_declaration d \
         join payment_attempt a on a.brand_id = d.brand_id and a.id = d.attempt_id \
         where {STUCK_DECLARATION} order by d.created_at, d.attempt_id limit $3",
        columns::<presale_declaration::Entity>("d", "e_")
    );
    for row in db.query_all_raw(sql(db.get_database_backend(), &text, values())).await? {
        let declaration = presale_declaration::Model::from_query_result(&row, "e_")?;
        found.push(Stuck::Untold(Untold::Declaration(declaration), row.try_get("", "paid")?));
    }
    let text = format!(
        "select (select count(*) from shipping_record s where {STUCK_SHIPPING}) \
         + (select count(*) from presale_declaration d where {STUCK_DECLARATION}) as count"
    );
    let count = db.query_one_raw(sql(db.get_database_backend(), &text, [brand_id.into(), patience.into()])).await?;
    let count = count.ok_or_else(|| anyhow::anyhow!("a count returned no row"))?;
    Ok((found, count.try_get("", "count")?))
}
