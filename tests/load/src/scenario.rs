//! The mixed load: who does what, drawn by the number of the request.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Result;
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use uuid::Uuid;

use crate::client::{self, Member};
use crate::plan::{self, PRESALE, Plan, SKUS, SLATE};
use crate::zipf::{random, unit};

/// The operations, in the order of the report.
pub const NAMES: [&str; 6] = ["feed", "presale page", "order list", "factory feed", "pick", "place order"];
const PICK: usize = 4;
const PLACE: usize = 5;
/// How reads are divided among the first four.
const READS: [f64; 4] = [0.4, 0.3, 0.2, 0.1];

/// Requests a second.
#[derive(Clone, Copy, Debug, clap::Args, serde::Serialize)]
pub struct Mix {
    /// Feeds, presale pages, order lists and factory feeds as 4 : 3 : 2 : 1.
    #[arg(long, default_value_t = 2_000.0)]
    pub reads: f64,
    #[arg(long, default_value_t = 500.0)]
    pub picks: f64,
    #[arg(long, default_value_t = 100.0)]
    pub orders: f64,
}

impl Mix {
    pub fn rate(&self) -> f64 {
        self.reads + self.picks + self.orders
    }
}

/// A run over a plan.
pub struct Scenario<'a> {
    plan: &'a Plan,
    /// Where each operation's part of 0 … 1 ends.
    upto: [f64; 6],
    seed: u64,
    /// Picks of each brand so far; the next one's member and design follow from it.
    picks: Vec<AtomicU64>,
}

impl<'a> Scenario<'a> {
    /// `seed` makes a run's keys its own; `picks` are those that each brand has already.
    pub fn new(plan: &'a Plan, mix: Mix, seed: u64, picks: &BTreeMap<Uuid, u64>) -> Self {
        let reads = READS.map(|share| share * mix.reads);
        let mut sum = 0.0;
        let rates = [reads[0], reads[1], reads[2], reads[3], mix.picks, mix.orders];
        let upto = rates.map(|rate| {
            sum += rate / mix.rate();
            sum
        });
        let there = |brand| picks.get(&plan::brand_id(brand)).copied().unwrap_or(0);
        Scenario { plan, upto, seed, picks: (0..plan.brands()).map(|brand| there(brand).into()).collect() }
    }

    /// The n-th request: which operation, and its bytes.
    pub fn request(&self, n: u64) -> (usize, Vec<u8>) {
        let draw = |what: u64| random(self.seed ^ what, n);
        let at = unit(draw(1));
        let operation = self.upto.iter().position(|upto| at < *upto).unwrap_or(NAMES.len() - 1);
        let brand = self.plan.traffic.rank(draw(2));
        (operation, self.request_of(operation, brand, n, draw(3)))
    }

    fn request_of(&self, operation: usize, brand: usize, n: u64, chance: u64) -> Vec<u8> {
        // The first of a brand is its KOC, who is in no community and neither picks nor buys.
        let others = self.plan.members[brand] - 1;
        let someone = Member { brand, index: 1 + chance % others };
        match operation {
            0 => client::feed(someone),
            1 => client::presale_page(someone, PRESALE),
            2 => client::order_list(Member { brand, index: chance % self.plan.buyers(brand) }),
            3 => client::factory_feed((chance % self.plan.factories() as u64) as usize),
            PICK => {
                let pick = self.picks[brand].fetch_add(1, Ordering::Relaxed);
                let who = Member { brand, index: 1 + pick % others };
                client::pick(who, pick / others % SLATE, &self.key(n))
            }
            PLACE => {
                let skus = [chance % SKUS, (chance + 1 + chance / SKUS % (SKUS - 1)) % SKUS];
                client::place_order(someone, PRESALE, &skus, &self.key(n))
            }
            _ => unreachable!("six operations"),
        }
    }

    fn key(&self, n: u64) -> String {
        format!("{:016x}-{n}", self.seed)
    }

    /// Picks that found every member's pick of every design made already and so changed nothing.
    pub fn repeats(&self) -> u64 {
        let brands = self.picks.iter().zip(&self.plan.members);
        brands.map(|(picks, members)| picks.load(Ordering::Relaxed).saturating_sub((members - 1) * SLATE)).sum()
    }
}

/// Picks of each brand that are in the database.
pub async fn picks_there(db: &DatabaseConnection) -> Result<BTreeMap<Uuid, u64>> {
    let sql = "select brand_id, count(*) as picks from pick group by brand_id";
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    let pair = |row: &sea_orm::QueryResult| {
        let picks: i64 = row.try_get("", "picks")?;
        Ok((row.try_get("", "brand_id")?, picks as u64))
    };
    rows.iter().map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Size;

    #[test]
    fn the_mix_is_kept_and_no_pick_is_made_twice() {
        let plan = Plan::new(Size { brands: 5, members: 1_000, first: 0, skew: 1.0 });
        let mix = Mix { reads: 70.0, picks: 20.0, orders: 10.0 };
        let scenario = Scenario::new(&plan, mix, 1, &BTreeMap::new());
        let mut times = [0; 6];
        let mut picks = std::collections::HashSet::new();
        for n in 0..10_000 {
            let (operation, request) = scenario.request(n);
            times[operation] += 1;
            if operation == PICK {
                let text = String::from_utf8(request).unwrap();
                // The token and everything but the key tell picks apart.
                let (head, body) = text.split_once("\r\n\r\n").unwrap();
                let token = head.lines().find(|line| line.starts_with("authorization")).unwrap();
                let body = body.replace(&scenario.key(n), "");
                assert!(picks.insert((token.to_owned(), body.clone())), "{body}");
            }
        }
        let expected = [2_800, 2_100, 1_400, 700, 2_000, 1_000];
        for (name, (times, expected)) in NAMES.iter().zip(times.into_iter().zip(expected)) {
            assert!(i32::abs(times - expected) < expected / 5, "{name}: {times} of {expected}");
        }
        assert_eq!(scenario.repeats(), 0);
    }
}
