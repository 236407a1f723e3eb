//! Counts per stage and cell: cumulative, never falling, never ahead of the stage before.

use std::collections::{BTreeMap, BTreeSet};

use entity::batch_progress::BatchProgressStage as Stage;
use uuid::Uuid;

use crate::error::{Code, Detail, Refusal};

/// In the order of making.
pub const STAGES: [Stage; 6] = [Stage::FabricIn, Stage::Cut, Stage::Sewn, Stage::Finished, Stage::Qc, Stage::Packed];

/// What one SKU has reached: ordered, counted per stage, shipped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reached {
    pub ordered: i32,
    pub shipped: i32,
    /// In the order of [`STAGES`].
    pub stages: [i32; STAGES.len()],
}

/// By SKU.
pub type Counts = BTreeMap<Uuid, Reached>;

pub fn index_of(stage: Stage) -> usize {
    match stage {
        Stage::FabricIn => 0,
        Stage::Cut => 1,
        Stage::Sewn => 2,
        Stage::Finished => 3,
        Stage::Qc => 4,
        Stage::Packed => 5,
    }
}

impl Reached {
    /// The most `stage` may count: what the stage before has reached, or what was ordered.
    fn ceiling(&self, stage: Stage) -> i32 {
        match index_of(stage) {
            0 => self.ordered,
            index => self.stages[index - 1],
        }
    }

    pub fn packed(&self) -> i32 {
        self.stages[index_of(Stage::Packed)]
    }
}

/// Checks a report of cumulative counts for one stage.
pub fn check_report(counts: &Counts, stage: Stage, cells: &[(Uuid, i32)]) -> Result<(), Refusal> {
    for (sku_id, reached, given) in known_cells(counts, cells)? {
        let (floor, ceiling) = (reached.stages[index_of(stage)], reached.ceiling(stage));
        if given < floor {
            return Err(fallen(sku_id, floor, given));
        }
        if given > ceiling {
            return Err(ahead(sku_id, ceiling, given));
        }
    }
    Ok(())
}

/// Checks a ship notice: at least one piece a cell, never more than packed and not shipped yet.
pub fn check_shipment(counts: &Counts, cells: &[(Uuid, i32)]) -> Result<(), Refusal> {
    for (sku_id, reached, given) in known_cells(counts, cells)? {
        let left = reached.packed() - reached.shipped;
        if given < 1 || given > left {
            return Err(Refusal::new(
                Code::QuantityOutOfRange,
                format!("{given} pieces cannot be shipped: {left} are reported as packed and not shipped yet."),
                format!("无法发出 {given} 件：已报装箱且未发货的为 {left} 件。"),
            )
            .field("cells.pieces")
            .detail(Detail::QuantityOutOfRange { sku_id, allowed: left, given }));
        }
    }
    Ok(())
}

/// Each cell with what its SKU has reached; refuses none at all, foreign SKUs and repeats.
fn known_cells<'a>(counts: &'a Counts, cells: &[(Uuid, i32)]) -> Result<Vec<(Uuid, &'a Reached, i32)>, Refusal> {
    if cells.is_empty() {
        return Err(Refusal::invalid("cells", "Give the count of at least one SKU.", "请至少填写一个 SKU 的数量。"));
    }
    let mut seen = BTreeSet::new();
    let mut known = Vec::with_capacity(cells.len());
    for (sku_id, given) in cells {
        if !seen.insert(sku_id) {
            return Err(Refusal::invalid(
                "cells.skuId",
                "A SKU is given twice; give each once.",
                "同一 SKU 重复填写，请只填写一次。",
            ));
        }
        let Some(reached) = counts.get(sku_id) else {
            return Err(Refusal::invalid(
                "cells.skuId",
                "A SKU is not part of this batch; use those of its matrix.",
                "该 SKU 不属于此批次，请使用批次矩阵中的 SKU。",
            ));
        };
        known.push((*sku_id, reached, *given));
    }
    Ok(known)
}

fn fallen(sku_id: Uuid, floor: i32, given: i32) -> Refusal {
    Refusal::new(
        Code::QuantityOutOfRange,
        format!("Counts are cumulative: {floor} pieces were reported before, so {given} is too few."),
        format!("数量为累计值：此前已报 {floor} 件，{given} 件过少。"),
    )
    .field("cells.pieces")
    .detail(Detail::QuantityOutOfRange { sku_id, allowed: floor, given })
}

fn ahead(sku_id: Uuid, ceiling: i32, given: i32) -> Refusal {
    Refusal::new(
        Code::QuantityOutOfRange,
        format!("At most {ceiling} pieces can have reached this stage, by the order and the stage before; {given} is too many."),
        format!("根据订单数量和上一工序，此工序最多 {ceiling} 件，{given} 件过多。"),
    )
    .field("cells.pieces")
    .detail(Detail::QuantityOutOfRange { sku_id, allowed: ceiling, given })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SKUS: [u128; 3] = [1, 2, 3];

    fn batch_of(ordered: [i32; 3]) -> Counts {
        let reached = |ordered| Reached { ordered, ..Reached::default() };
        SKUS.iter().zip(ordered).map(|(sku, ordered)| (Uuid::from_u128(*sku), reached(ordered))).collect()
    }

    fn apply(counts: &mut Counts, stage: Stage, cells: &[(Uuid, i32)]) {
        for (sku, pieces) in cells {
            counts.get_mut(sku).unwrap().stages[index_of(stage)] = *pieces;
        }
    }

    proptest! {
        #[test]
        fn accepted_reports_keep_every_stage_within_the_one_before_and_never_fall(
            ordered in [1..30i32, 1..30, 1..30],
            reports in prop::collection::vec((0..6usize, prop::collection::vec((1..5u128, -3..35i32), 0..4), any::<bool>()), 0..80)
        ) {
            let mut counts = batch_of(ordered);
            for (stage, cells, is_shipment) in reports {
                let before = counts.clone();
                let cells: Vec<_> = cells.into_iter().map(|(sku, n)| (Uuid::from_u128(sku), n)).collect();
                if is_shipment {
                    if check_shipment(&counts, &cells).is_ok() {
                        cells.iter().for_each(|(sku, n)| counts.get_mut(sku).unwrap().shipped += n);
                    }
                } else if check_report(&counts, STAGES[stage], &cells).is_ok() {
                    apply(&mut counts, STAGES[stage], &cells);
                }
                for (sku, now) in &counts {
                    let was = &before[sku];
                    prop_assert!(now.stages.iter().zip(was.stages).all(|(now, was)| *now >= was));
                    prop_assert!(now.stages.windows(2).all(|pair| pair[0] >= pair[1]));
                    prop_assert!(now.stages[0] <= now.ordered && (0..=now.packed()).contains(&now.shipped));
                }
            }
        }
    }

    #[test]
    fn a_refusal_names_the_nearest_count_that_would_do() {
        let sku = Uuid::from_u128(1);
        let mut counts = batch_of([10, 10, 10]);
        let allowed = |refusal: Refusal| match refusal.detail {
            Detail::QuantityOutOfRange { allowed, .. } => allowed,
            other => panic!("{other:?}"),
        };
        assert_eq!(allowed(check_report(&counts, Stage::FabricIn, &[(sku, 11)]).unwrap_err()), 10);
        assert_eq!(allowed(check_report(&counts, Stage::Cut, &[(sku, 1)]).unwrap_err()), 0);
        apply(&mut counts, Stage::FabricIn, &[(sku, 8)]);
        assert_eq!(allowed(check_report(&counts, Stage::FabricIn, &[(sku, 7)]).unwrap_err()), 8);
        assert_eq!(allowed(check_report(&counts, Stage::Cut, &[(sku, 9)]).unwrap_err()), 8);
        assert_eq!(allowed(check_shipment(&counts, &[(sku, 1)]).unwrap_err()), 0);
    }

    #[test]
    fn foreign_repeated_and_missing_skus_are_refused() {
        let counts = batch_of([10, 10, 10]);
        let sku = Uuid::from_u128(1);
        for cells in [vec![], vec![(sku, 1), (sku, 2)], vec![(Uuid::from_u128(9), 1)]] {
            assert_eq!(check_report(&counts, Stage::FabricIn, &cells).unwrap_err().code, Code::Invalid);
        }
    }
}
