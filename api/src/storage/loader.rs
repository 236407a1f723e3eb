//! Batched reads.

use crate::load::by_id;

by_id! {
    /// A media row by (brand, id).
    MediaById: media
}
