//! The size × colour matrix as it is shown.

use async_graphql::{Context, SimpleObject};
use entity::batch;

use super::super::loader::CellsOf;
use super::super::rules::matrix;
use crate::base::id::SkuId;
use crate::error::Result;
use crate::load;

/// One colour and size of a batch.
#[derive(SimpleObject, Clone)]
pub struct BatchCell {
    /// Names the SKU in progress reports and ship notices.
    pub sku_id: SkuId,
    /// Article code on cut ticket and label.
    pub sku_code: String,
    /// Colour, as the presale names it.
    pub color: String,
    /// Size, as the presale names it.
    pub size: String,
    /// Size designation for the label by GB/T 1335, such as `160/84A`.
    pub size_designation: Option<String>,
    /// Pieces to make.
    pub pieces: i32,
    /// Pieces that have left the factory.
    pub shipped: i32,
}

/// One colour of the matrix.
#[derive(SimpleObject)]
pub struct BatchMatrixRow {
    /// Colour of the row.
    pub color: String,
    /// One per size, in the order of `sizes`; null where nothing is to make.
    pub cells: Vec<Option<BatchCell>>,
    /// Pieces of the row.
    pub total: i32,
}

/// Colours down, sizes across, in the order of the presale's SKUs.
#[derive(SimpleObject)]
pub struct BatchMatrix {
    /// Colours, top to bottom.
    pub colors: Vec<String>,
    /// Sizes, left to right.
    pub sizes: Vec<String>,
    /// The colours with their cells.
    pub rows: Vec<BatchMatrixRow>,
    /// Pieces per size, in the order of `sizes`.
    pub size_totals: Vec<i32>,
    /// The size totals reduced by their greatest common divisor: what the marker is laid by.
    pub size_ratio: Vec<i32>,
    /// Pieces in all.
    pub total: i32,
}

impl From<matrix::Cell> for BatchCell {
    fn from(cell: matrix::Cell) -> Self {
        BatchCell {
            sku_id: cell.sku_id.into(),
            sku_code: cell.code,
            color: cell.color,
            size: cell.size,
            size_designation: cell.size_designation,
            pieces: cell.pieces,
            shipped: cell.shipped,
        }
    }
}

impl From<matrix::Matrix> for BatchMatrix {
    fn from(matrix: matrix::Matrix) -> Self {
        let size_ratio = matrix.size_ratio();
        let rows = matrix.rows.into_iter().map(|row| BatchMatrixRow {
            color: row.color,
            cells: row.cells.into_iter().map(|cell| cell.map(BatchCell::from)).collect(),
            total: row.total,
        });
        let rows: Vec<_> = rows.collect();
        BatchMatrix {
            colors: rows.iter().map(|row| row.color.clone()).collect(),
            sizes: matrix.sizes,
            rows,
            size_totals: matrix.size_totals,
            size_ratio,
            total: matrix.total,
        }
    }
}

/// The matrix of a batch.
pub async fn of(ctx: &Context<'_>, batch: &batch::Model) -> Result<BatchMatrix> {
    let cells = load::of(ctx).load_one(CellsOf(batch.brand_id, batch.id)).await?.unwrap_or_default();
    Ok(matrix::Matrix::of(cells).into())
}
