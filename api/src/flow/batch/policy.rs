//! May this actor do this to this batch?

use entity::batch::{self, BatchStatus};
use entity::staff::StaffRole;
use uuid::Uuid;

use crate::error::Result;
use crate::people::actor::{Actor, StaffActor};

/// Who releases, cancels and closes.
pub fn may_release(actor: &Actor) -> Result<&StaffActor> {
    actor.staff(&[StaffRole::Merchandiser])
}

/// Who takes in what the factory sent.
pub fn may_receive(actor: &Actor) -> Result<&StaffActor> {
    actor.staff(&[StaffRole::Merchandiser, StaffRole::Support])
}

/// A factory sees the batches it holds or held last, and those offered to it that nobody holds.
pub fn factory_sees(factory_id: Uuid, batch: &batch::Model, is_offered: bool) -> bool {
    match batch.factory_id {
        Some(holder) => holder == factory_id,
        None => is_offered && batch.status == BatchStatus::Released,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    fn batch(status: BatchStatus, factory_id: Option<Uuid>) -> batch::Model {
        let nil = Uuid::nil();
        batch::Model {
            brand_id: nil,
            id: nil,
            batch_no: "B-000001".to_owned(),
            presale_id: nil,
            design_id: nil,
            design_version_id: nil,
            status,
            revision: 1,
            epoch: 0,
            factory_id,
            lease_expires_at: None,
            progress_revision: 0,
            pieces: 1,
            shipped_pieces: 0,
            price_per_piece: 0,
            currency: "CNY".to_owned(),
            due_date: Default::default(),
            ship_to: String::new(),
            hang_tag: serde_json::Value::Null,
            note: None,
            released_at: DateTime::UNIX_EPOCH,
            created_at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_factory_sees_what_it_holds_and_what_is_offered_and_free() {
        let (me, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        assert!(factory_sees(me, &batch(BatchStatus::Released, None), true));
        assert!(!factory_sees(me, &batch(BatchStatus::Released, None), false));
        assert!(!factory_sees(me, &batch(BatchStatus::Cancelled, None), true));
        assert!(!factory_sees(me, &batch(BatchStatus::Leased, Some(other)), true));
        assert!(factory_sees(me, &batch(BatchStatus::InProduction, Some(me)), false));
    }
}
