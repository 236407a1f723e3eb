//! How far the refunds of a presale are.

use async_graphql::SimpleObject;
use entity::presale;
use sea_orm::ConnectionTrait;

use crate::base::db::sql;
use crate::base::money::Money;
use crate::error::Result;

/// How far the refunds of a presale that came to nothing are.
#[derive(SimpleObject)]
pub struct RefundProgress {
    /// Orders of which something was paid and that are in no batch: those to be refunded, and those that were.
    orders: i32,
    /// Orders whose money is wholly back with the buyer.
    refunded: i32,
    /// What is back with the buyers of those orders.
    amount: Money,
    /// Orders whose money is still here or on its way.
    pending: i32,
}

/// Counts them. Refunds are read as rows, since this stage comes before the one that writes them.
pub(super) async fn read(db: &impl ConnectionTrait, presale: &presale::Model) -> Result<RefundProgress> {
    let statement = sql(
        db.get_database_backend(),
        "select count(*) as orders, coalesce(sum(case when o.status = 'refunded' then 1 else 0 end), 0) as refunded, \
         cast(coalesce(sum((select coalesce(sum(r.amount), 0) from refund r where r.brand_id = o.brand_id \
         and r.order_id = o.id and r.status = 'succeeded')), 0) as bigint) as amount \
         from orders o where o.brand_id = $1 and o.presale_id = $2 \
         and o.status in ('deposit_paid', 'balance_due', 'paid', 'refund_pending', 'refunded')",
        [presale.brand_id.into(), presale.id.into()],
    );
    let row = db.query_one_raw(statement).await?;
    let row = row.ok_or_else(|| anyhow::anyhow!("a count returned no row"))?;
    let count = |name: &str| -> Result<i32> { Ok(i32::try_from(row.try_get::<i64>("", name)?).unwrap_or(i32::MAX)) };
    let (orders, refunded) = (count("orders")?, count("refunded")?);
    let amount = Money::new(row.try_get("", "amount")?, &presale.currency);
    Ok(RefundProgress { orders, refunded, amount, pending: orders - refunded })
}
