//! The demand book: a presale's pieces by colour and size, and how far each has come.

use std::collections::HashMap;

use entity::presale_sku;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use crate::base::db::sql;
use crate::error::Result;
use crate::flow::presale;

/// One colour and size.
#[derive(Clone, Debug)]
pub struct Cell {
    pub sku: presale_sku::Model,
    /// Paid pieces that are in a batch, shipped ones included.
    pub in_batch: i32,
    /// Pieces of which the balance is not paid yet.
    pub awaiting_balance: i32,
}

impl Cell {
    /// Pieces that are wholly paid and wait for a batch.
    pub fn open(&self) -> i32 {
        self.sku.paid - self.in_batch - self.awaiting_balance
    }
}

/// Size × colour, in the order the brand gave them.
#[derive(Clone, Debug)]
pub struct Book {
    pub colors: Vec<String>,
    pub sizes: Vec<String>,
    pub cells: Vec<Cell>,
}

/// Reads the book of a presale. Two statements.
pub async fn book(db: &impl ConnectionTrait, brand_id: Uuid, presale_id: Uuid) -> Result<Book> {
    let skus = presale::query::skus_of(db, brand_id, presale_id).await?;
    let mut pieces = pieces_by_sku(db, brand_id, presale_id).await?;
    let (mut colors, mut sizes) = (Vec::new(), Vec::new());
    for sku in &skus {
        for (axis, value) in [(&mut colors, &sku.color), (&mut sizes, &sku.size)] {
            if !axis.contains(value) {
                axis.push(value.clone());
            }
        }
    }
    let cell = |sku: presale_sku::Model| {
        let (in_batch, awaiting_balance) = pieces.remove(&sku.id).unwrap_or_default();
        Cell { sku, in_batch, awaiting_balance }
    };
    let cells = skus.into_iter().map(cell).collect();
    Ok(Book { colors, sizes, cells })
}

/// Pieces in a batch and pieces whose balance is not paid, by SKU.
async fn pieces_by_sku(
    db: &impl ConnectionTrait,
    brand_id: Uuid,
    presale_id: Uuid,
) -> Result<HashMap<Uuid, (i32, i32)>> {
    let statement = sql(
        db.get_database_backend(),
        "select l.sku_id, \
         cast(sum(case when o.status in ('deposit_paid', 'balance_due') then 0 else l.quantity - l.refunded end) as integer) as in_batch, \
         cast(sum(case when o.status in ('deposit_paid', 'balance_due') then l.quantity - l.refunded else 0 end) as integer) as awaiting \
         from orders o join order_line l on l.brand_id = o.brand_id and l.order_id = o.id \
         where o.brand_id = $1 and o.presale_id = $2 \
         and o.status in ('deposit_paid', 'balance_due', 'in_batch', 'shipped', 'received', 'completed') \
         group by l.sku_id",
        [brand_id.into(), presale_id.into()],
    );
    let mut pieces = HashMap::new();
    for row in db.query_all_raw(statement).await? {
        pieces.insert(row.try_get("", "sku_id")?, (row.try_get("", "in_batch")?, row.try_get("", "awaiting")?));
    }
    Ok(pieces)
}
