//! Holds the database against what people were told.

use std::collections::{HashMap, HashSet};

use anyhow::{Result, ensure};
use load::plan::{self, Kind, PRESALE, Plan};
use load::server::connect;
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use uuid::Uuid;

use crate::clients::{Crowd, Entry, Known, Wish};
use crate::services::Services;

/// `smallbatch check` finds no breach; what was acknowledged is there, what was refused is not, and
/// nothing is there that nobody asked for.
pub async fn all(services: &Services, plan: &Plan, crowd: &Crowd, kills: usize) -> Result<()> {
    services.check()?;
    let db = connect(&services.database_url(), false).await?;
    let (picks, orders) = (picks(&db).await?, orders(&db).await?);
    db.close().await?;
    let wrong = {
        let log = crowd.log();
        [wrong_picks(&log.entries, &picks), wrong_orders(&log.entries, &orders)].concat()
    };
    ensure!(
        wrong.is_empty(),
        "after {kills} kills log and database differ in {} places:\n{}",
        wrong.len(),
        wrong.iter().take(20).cloned().collect::<Vec<_>>().join("\n")
    );
    ensure!(plan.brands() > 0 && !picks.is_empty(), "nobody picked anything");
    eprintln!("\rafter {kills} kills: {} picks and {} orders, all as people were told", picks.len(), orders.len());
    Ok(())
}

/// (member, design) of the open rounds.
async fn picks(db: &DatabaseConnection) -> Result<HashSet<(Uuid, Uuid)>> {
    let text = "select p.member_id, p.design_id from pick p join round r on r.brand_id = p.brand_id and r.id = p.round_id \
                where r.status = 'open'";
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), text)).await?;
    rows.iter().map(|row| Ok((row.try_get("", "member_id")?, row.try_get("", "design_id")?))).collect()
}

/// An order that was placed under a key.
struct Placed {
    id: Uuid,
    member: Uuid,
    skus: HashSet<Uuid>,
}

/// By key; a key of two orders or an order without its lines cannot be told apart from a loss, so the
/// statement joins strictly and the counts are compared.
async fn orders(db: &DatabaseConnection) -> Result<HashMap<String, Placed>> {
    let text = "select i.key, o.id, o.member_id, l.sku_id from idempotency i \
                join orders o on o.brand_id = i.brand_id and o.id = cast(i.answer #>> '{}' as uuid) \
                join order_line l on l.brand_id = o.brand_id and l.order_id = o.id where i.operation = 'placeOrder'";
    let mut found: HashMap<String, Placed> = HashMap::new();
    for row in db.query_all_raw(Statement::from_string(db.get_database_backend(), text)).await? {
        let (key, id, member): (String, Uuid, Uuid) =
            (row.try_get("", "key")?, row.try_get("", "id")?, row.try_get("", "member_id")?);
        let placed = found.entry(key).or_insert_with(|| Placed { id, member, skus: HashSet::new() });
        placed.skus.insert(row.try_get("", "sku_id")?);
    }
    let text = "select (select count(*) from idempotency where operation = 'placeOrder') as keys, \
                (select count(*) from orders o where exists (select 1 from state_change s where s.brand_id = o.brand_id \
                and s.subject_id = o.id and s.event = 'placed')) as orders";
    let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), text)).await?;
    let row = row.ok_or_else(|| anyhow::anyhow!("a count returned no row"))?;
    let (keys, placed): (i64, i64) = (row.try_get("", "keys")?, row.try_get("", "orders")?);
    ensure!(keys as usize == found.len(), "{keys} keys of orders, but {} orders with lines", found.len());
    ensure!(placed == keys, "{placed} orders were placed under {keys} keys");
    Ok(found)
}

fn wrong_picks(entries: &[Entry], there: &HashSet<(Uuid, Uuid)>) -> Vec<String> {
    let mut asked = HashSet::new();
    let mut wrong = Vec::new();
    for entry in entries {
        let Wish::Pick { who, design } = &entry.wish else { continue };
        let pick = (plan::id(Kind::Member, who.0, who.1), plan::id(Kind::Design, who.0, *design));
        if matches!(entry.known, Known::Done(_)) && !there.contains(&pick) {
            wrong.push(format!("lost: {:?} {}", entry.wish, entry.key));
        }
        if entry.known != Known::NotDone {
            asked.insert(pick);
        }
    }
    wrong.extend(there.difference(&asked).map(|pick| format!("nobody's pick: {pick:?}")));
    wrong
}

fn wrong_orders(entries: &[Entry], there: &HashMap<String, Placed>) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut keys = HashSet::new();
    for entry in entries {
        let Wish::Place { who, skus } = &entry.wish else { continue };
        keys.insert(entry.key.as_str());
        let skus: HashSet<Uuid> = skus.iter().map(|sku| plan::sku_id(who.0, PRESALE, *sku)).collect();
        match (&entry.known, there.get(&entry.key)) {
            (Known::Done(_), None) => wrong.push(format!("lost: {:?} {}", entry.wish, entry.key)),
            (Known::NotDone, Some(_)) => wrong.push(format!("refused, yet there: {:?} {}", entry.wish, entry.key)),
            (Known::Done(told), Some(placed)) if told.is_none_or(|told| told.0 != placed.id) => {
                wrong.push(format!("another order than she was told: {:?} {}", entry.wish, entry.key));
            }
            (_, Some(placed)) if placed.member != plan::id(Kind::Member, who.0, who.1) || placed.skus != skus => {
                wrong.push(format!("other lines than she ordered: {:?} {}", entry.wish, entry.key));
            }
            _ => {}
        }
    }
    wrong.extend(there.keys().filter(|key| !keys.contains(key.as_str())).map(|key| format!("nobody's order: {key}")));
    wrong
}
