//! Which paid pieces are waiting to be made.

use std::collections::{BTreeMap, HashMap, HashSet};

use uuid::Uuid;

/// A paid order line, in the order its pieces are to be served: by payment time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaidLine {
    pub id: Uuid,
    pub sku_id: Uuid,
    pub quantity: i32,
    pub refunded: i32,
}

/// One garment to make for one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    pub order_line_id: Uuid,
    pub sku_id: Uuid,
    /// 1 … quantity of the line.
    pub piece_no: i32,
}

/// The pieces of `lines` that are paid, not refunded and in no live batch. `live` holds the
/// (line, piece) pairs that are in one.
pub fn waiting(lines: &[PaidLine], live: &HashSet<(Uuid, i32)>) -> Vec<Piece> {
    let mut taken = HashMap::<Uuid, i32>::new();
    for (line, _) in live {
        *taken.entry(*line).or_default() += 1;
    }
    let mut waiting = Vec::new();
    for line in lines {
        let open = line.quantity - line.refunded - taken.get(&line.id).copied().unwrap_or(0);
        let free = (1..=line.quantity).filter(|piece_no| !live.contains(&(line.id, *piece_no)));
        waiting.extend(free.take(usize::try_from(open).unwrap_or(0)).map(|piece_no| Piece {
            order_line_id: line.id,
            sku_id: line.sku_id,
            piece_no,
        }));
    }
    waiting
}

/// Pieces per SKU.
pub fn per_sku(pieces: &[Piece]) -> BTreeMap<Uuid, i32> {
    let mut cells = BTreeMap::new();
    for piece in pieces {
        *cells.entry(piece.sku_id).or_default() += 1;
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_paid_piece_is_live_or_waiting_or_refunded_exactly_once(
            lines in prop::collection::vec((1..6i32, 0..6i32, prop::collection::vec(any::<bool>(), 6)), 1..20)
        ) {
            let mut live = HashSet::new();
            let mut paid = Vec::new();
            for (index, (quantity, refunded, in_batch)) in lines.into_iter().enumerate() {
                let (id, refunded) = (Uuid::from_u128(index as u128), refunded.min(quantity));
                let allowed = usize::try_from(quantity - refunded).unwrap();
                let pieces = (1..=quantity).filter(|piece| in_batch[*piece as usize - 1]).take(allowed);
                live.extend(pieces.map(|piece| (id, piece)));
                paid.push(PaidLine { id, sku_id: Uuid::from_u128(index as u128 % 3), quantity, refunded });
            }
            let waiting = waiting(&paid, &live);
            let unique: HashSet<_> = waiting.iter().map(|piece| (piece.order_line_id, piece.piece_no)).collect();
            prop_assert_eq!(unique.len(), waiting.len());
            prop_assert!(unique.is_disjoint(&live));
            for line in &paid {
                let of_line = |set: &HashSet<(Uuid, i32)>| set.iter().filter(|(id, _)| *id == line.id).count() as i32;
                prop_assert_eq!(of_line(&unique) + of_line(&live) + line.refunded, line.quantity);
            }
            prop_assert_eq!(per_sku(&waiting).values().sum::<i32>(), waiting.len() as i32);
        }
    }
}
