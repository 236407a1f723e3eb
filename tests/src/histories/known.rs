//! Histories that once did not end well, as small as they came.

use entity::presale::PresalePlan;
use smallbatch::wechat::pay::RefundStatus;

use super::script::{Deed, History, How, Offer, Step};

const WORK: Step = Step::Do(Deed::Work, How::Through);

/// Its name, and the history.
type Known = (&'static str, fn() -> History);

/// All of them, by name.
pub const ALL: [Known; 2] = [
    ("doubled_after_all_went_back", doubled_after_all_went_back),
    ("closed_twice_over_the_same_fen", closed_twice_over_the_same_fen),
];

fn done(deed: Deed) -> Step {
    Step::Do(deed, How::Through)
}

fn offer(plan: PresalePlan) -> Offer {
    Offer { plan, tiers: 0, moq: 1, caps: (4, 4), open_hours: 10, balance_days: 1 }
}

/// WeChat closes the refund of a tier's difference and then the refund of everything. The first is sent again, and
/// the second is over more than is left: it could not be sent again, and the buyer's money was stuck.
pub fn closed_twice_over_the_same_fen() -> History {
    let steps = vec![
        Step::Buy { buyer: 0, pieces: (1, 0), told: true },
        Step::Buy { buyer: 1, pieces: (1, 0), told: true },
        Step::Ends(RefundStatus::Closed, 0),
        done(Deed::ClosePresale),
        WORK,
        done(Deed::CancelPresale),
        WORK,
    ];
    History { offer: Offer { tiers: 1, ..offer(PresalePlan::Full) }, steps }
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
