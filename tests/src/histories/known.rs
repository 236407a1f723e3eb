//! Histories that once did not end well, as small as they came.

use entity::presale::PresalePlan;

use super::script::{Deed, History, How, Offer, Step};

const WORK: Step = Step::Do(Deed::Work, How::Through);

/// All of them, by name.
pub const ALL: [(&str, fn() -> History); 1] = [("doubled_after_all_went_back", doubled_after_all_went_back)];

fn done(deed: Deed) -> Step {
    Step::Do(deed, How::Through)
}

fn offer(plan: PresalePlan) -> Offer {
    Offer { plan, tiers: 0, moq: 1, caps: (4, 4), open_hours: 10, balance_days: 1 }
}

/// All money of a deposit order is back bit by bit, a piece of it is still to be made, and the brand takes its word
/// back: what it owes on top was counted when no piece was left, came to nothing, and held the order up for ever.
pub fn doubled_after_all_went_back() -> History {
    let steps = vec![
        Step::Buy { buyer: 0, pieces: (2, 0), told: true },
        done(Deed::ClosePresale),
        WORK,
        done(Deed::Prepay(0)),
        Step::Pay(0),
        done(Deed::RefundAmount(0, None)),
        done(Deed::RefundPieces { order: 0, line: 0, pieces: 1 }),
        WORK,
        done(Deed::CancelPresale),
    ];
    History { offer: offer(PresalePlan::Deposit), steps }
}
