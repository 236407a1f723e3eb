//! The brand's books: double entry, append-only, each brand's journals one chain.
//!
//! ```text
//! payment settled       clearing           → member payments | deposits held
//! refund requested      where the money is → refunds payable
//! refund succeeded      refunds payable    → clearing
//! refund closed         refunds payable    → where the money is
//! order received        member payments    → revenue
//! ```
//!
//! What happens to money is turned into balanced journals by [`rules`] and handed to [`record`], in the
//! transaction that makes it happen. They are written when all else of that transaction is: see [`post`].
//! Nothing here updates or deletes a journal; [`chain`] tells how one that somebody changed is found.

pub mod accounts;
pub mod book;
pub mod chain;
pub mod export;
mod post;
pub mod query;
pub mod rules;
pub mod statement;
pub mod words;

pub use post::record;
