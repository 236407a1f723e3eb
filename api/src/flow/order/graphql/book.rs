//! The demand book as a matrix.

use async_graphql::Object;

use crate::flow::order::demand::{Book, Cell};
use crate::flow::presale::graphql::Sku;

/// Demand of a presale by colour and size.
pub struct DemandBook(pub Book);

/// Demand of a presale by colour and size.
#[Object]
impl DemandBook {
    /// Colours, the rows of the matrix, in the brand's order.
    async fn colors(&self) -> &[String] {
        &self.0.colors
    }

    /// Sizes, the columns of the matrix, in the brand's order.
    async fn sizes(&self) -> &[String] {
        &self.0.sizes
    }

    /// One cell a SKU, in the brand's order; a colour need not come in every size.
    async fn cells(&self) -> Vec<DemandCell> {
        self.0.cells.iter().cloned().map(DemandCell).collect()
    }

    /// Pieces of unpaid orders inside their hold, over all cells.
    async fn total_held(&self) -> i32 {
        self.0.cells.iter().map(|cell| cell.sku.held).sum()
    }

    /// Paid pieces, those of which only the first part is paid included, over all cells.
    async fn total_paid(&self) -> i32 {
        self.0.cells.iter().map(|cell| cell.sku.paid).sum()
    }

    /// Paid pieces in a batch, over all cells.
    async fn total_in_batch(&self) -> i32 {
        self.0.cells.iter().map(|cell| cell.in_batch).sum()
    }

    /// Pieces whose balance is not paid yet, over all cells. None of them is released before it is.
    async fn total_awaiting_balance(&self) -> i32 {
        self.0.cells.iter().map(|cell| cell.awaiting_balance).sum()
    }

    /// Wholly paid pieces that wait for a batch, over all cells.
    async fn total_open(&self) -> i32 {
        self.0.cells.iter().map(Cell::open).sum()
    }
}

/// Demand for one colour and size.
pub struct DemandCell(Cell);

/// Demand for one colour and size.
#[Object]
impl DemandCell {
    /// The colour and size.
    async fn sku(&self) -> Sku {
        self.0.sku.clone().into()
    }

    /// Pieces of unpaid orders inside their hold.
    async fn held(&self) -> i32 {
        self.0.sku.held
    }

    /// Paid pieces not refunded, those of which only the first part is paid included.
    async fn paid(&self) -> i32 {
        self.0.sku.paid
    }

    /// Paid pieces that are in a batch, shipped ones included.
    async fn in_batch(&self) -> i32 {
        self.0.in_batch
    }

    /// Pieces whose balance is not paid yet.
    async fn awaiting_balance(&self) -> i32 {
        self.0.awaiting_balance
    }

    /// Wholly paid pieces that wait for a batch.
    async fn open(&self) -> i32 {
        self.0.open()
    }
}
