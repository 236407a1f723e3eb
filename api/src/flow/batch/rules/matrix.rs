//! The size × colour matrix of a batch and the ratio a marker is laid by.

use uuid::Uuid;

/// One colour and size of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    pub sku_id: Uuid,
    pub code: String,
    pub color: String,
    pub size: String,
    /// GB/T 1335 designation, `160/84A`.
    pub size_designation: Option<String>,
    pub pieces: i32,
    pub shipped: i32,
}

/// One colour of the matrix: its cells in the order of the sizes; `None` where nothing is to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub color: String,
    pub cells: Vec<Option<Cell>>,
    pub total: i32,
}

/// Colours down, sizes across, both in the order in which the presale lists its SKUs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matrix {
    pub sizes: Vec<String>,
    pub rows: Vec<Row>,
    /// Per size, in the order of `sizes`.
    pub size_totals: Vec<i32>,
    pub total: i32,
}

impl Matrix {
    /// `cells` in the order of the presale's SKUs.
    pub fn of(cells: Vec<Cell>) -> Self {
        let mut matrix = Matrix::default();
        for cell in &cells {
            if !matrix.sizes.contains(&cell.size) {
                matrix.sizes.push(cell.size.clone());
            }
        }
        matrix.size_totals = vec![0; matrix.sizes.len()];
        for cell in cells {
            matrix.put(cell);
        }
        matrix
    }

    fn put(&mut self, cell: Cell) {
        let column = self.sizes.iter().position(|size| *size == cell.size).expect("every size has a column");
        self.size_totals[column] += cell.pieces;
        self.total += cell.pieces;
        let row = match self.rows.iter().position(|row| row.color == cell.color) {
            Some(row) => row,
            None => {
                let cells = vec![None; self.sizes.len()];
                self.rows.push(Row { color: cell.color.clone(), cells, total: 0 });
                self.rows.len() - 1
            }
        };
        self.rows[row].total += cell.pieces;
        self.rows[row].cells[column] = Some(cell);
    }

    /// The size totals divided by their greatest common divisor: `1-2-1` for 10, 20, 10.
    pub fn size_ratio(&self) -> Vec<i32> {
        let divisor = self.size_totals.iter().copied().fold(0, gcd).max(1);
        self.size_totals.iter().map(|total| total / divisor).collect()
    }
}

fn gcd(a: i32, b: i32) -> i32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cell(color: usize, size: usize, pieces: i32) -> Cell {
        Cell {
            sku_id: Uuid::from_u128((color * 100 + size) as u128),
            code: format!("{color}-{size}"),
            color: format!("c{color}"),
            size: format!("s{size}"),
            size_designation: None,
            pieces,
            shipped: 0,
        }
    }

    proptest! {
        #[test]
        fn totals_agree_and_the_ratio_is_reduced(
            cells in prop::collection::btree_map((0..4usize, 0..6usize), 1..500i32, 1..20)
        ) {
            let matrix = Matrix::of(cells.iter().map(|((color, size), n)| cell(*color, *size, *n)).collect());
            let sum: i32 = cells.values().sum();
            prop_assert_eq!(matrix.total, sum);
            prop_assert_eq!(matrix.rows.iter().map(|row| row.total).sum::<i32>(), sum);
            prop_assert_eq!(matrix.size_totals.iter().sum::<i32>(), sum);
            let ratio = matrix.size_ratio();
            prop_assert_eq!(ratio.iter().copied().fold(0, gcd), 1);
            prop_assert!(ratio.iter().zip(&matrix.size_totals).all(|(r, t)| r * matrix.size_totals[0] == t * ratio[0]));
        }
    }

    #[test]
    fn an_empty_corner_of_the_matrix_stays_empty() {
        let matrix = Matrix::of(vec![cell(0, 0, 10), cell(0, 1, 20), cell(1, 1, 5)]);
        assert_eq!(matrix.sizes, ["s0", "s1"]);
        assert!(matrix.rows[1].cells[0].is_none());
        assert_eq!(matrix.size_ratio(), [2, 5]);
    }
}
