//! From pick to order, for one design of one round.

use sea_orm::{ConnectionTrait, Statement, Value};
use uuid::Uuid;

use crate::error::Result;

/// Counts of different people. A member of several of the round's communities counts once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Funnel {
    /// Active members of the communities now, and whoever picked in the round and left since.
    pub members: u64,
    /// Of them, those whose pick of this design stands.
    pub pickers: u64,
    /// Pickers who bought it.
    pub picker_orders: u64,
    /// All who bought it.
    pub orders: u64,
}

impl Funnel {
    pub fn others(&self) -> u64 {
        self.members - self.pickers
    }

    pub fn other_orders(&self) -> u64 {
        self.orders - self.picker_orders
    }
}

/// Who paid, were it the first part only, and has not got the money back. An order that is being refunded
/// or forfeited is none.
const BOUGHT: &str = "('deposit_paid', 'balance_due', 'paid', 'in_batch', 'shipped', 'received', 'completed')";

/// The funnel of the whole round, or of one of its communities: its members, and picks that count
/// for it. One statement, over every presale of the round's entry of the design; whoever buys
/// without being in the audience is not in the funnel.
pub async fn read(
    db: &impl ConnectionTrait,
    brand_id: Uuid,
    round_id: Uuid,
    design_id: Uuid,
    community_id: Option<Uuid>,
) -> Result<Funnel> {
    let (in_community, of_community) = match community_id {
        Some(_) => ("and c.community_id = $4", "and p.community_id = $4"),
        None => ("", ""),
    };
    let text = format!(
        "with audience as ( \
           select m.member_id from round_community c \
           join membership m on m.brand_id = c.brand_id and m.community_id = c.community_id and m.status = 'active' \
           where c.brand_id = $1 and c.round_id = $2 {in_community} \
           union \
           select p.member_id from pick p where p.brand_id = $1 and p.round_id = $2 {of_community} \
         ), picker as ( \
           select p.member_id from pick p where p.brand_id = $1 and p.round_id = $2 and p.design_id = $3 {of_community} \
         ), buyer as ( \
           select distinct o.member_id from round_entry e \
           join presale s on s.brand_id = e.brand_id and s.entry_id = e.id \
           join orders o on o.brand_id = s.brand_id and o.presale_id = s.id and o.status in {BOUGHT} \
           where e.brand_id = $1 and e.round_id = $2 and e.design_id = $3 \
         ) \
         select count(*) as members, count(p.member_id) as pickers, count(b.member_id) as orders, \
           count(case when p.member_id is not null then b.member_id end) as picker_orders \
         from audience a left join picker p on p.member_id = a.member_id left join buyer b on b.member_id = a.member_id"
    );
    let mut values: Vec<Value> = vec![brand_id.into(), round_id.into(), design_id.into()];
    values.extend(community_id.map(Value::from));
    let statement = Statement::from_sql_and_values(db.get_database_backend(), text, values);
    let row = db.query_one_raw(statement).await?;
    let row = row.ok_or_else(|| anyhow::anyhow!("a count returned no row"))?;
    let count = |name: &str| -> Result<u64> { Ok(u64::try_from(row.try_get::<i64>("", name)?).unwrap_or(0)) };
    Ok(Funnel {
        members: count("members")?,
        pickers: count("pickers")?,
        picker_orders: count("picker_orders")?,
        orders: count("orders")?,
    })
}
