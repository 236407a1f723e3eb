//! What happens, as data.

use entity::presale::PresalePlan;
use smallbatch::wechat::pay::RefundStatus;
use smallbatch::wechat::standin::{CallbackFault, Fault};

/// Fen per piece, by the number of tiers reached. Odd amounts, so that no sum looks like another.
pub const PRICES: [i64; 3] = [10_007, 9_001, 8_009];
/// From how many committed pieces on the lower prices hold.
pub const FROM_PIECES: [i32; 2] = [2, 4];
/// Fen of each piece that are paid when ordering.
pub const DEPOSIT: i64 = 1_501;
pub const PREPAYMENT: i64 = 3_003;
pub const BUYERS: usize = 4;

#[derive(Clone, Debug)]
pub struct History {
    pub offer: Offer,
    pub steps: Vec<Step>,
}

/// What is sold.
#[derive(Clone, Copy, Debug)]
pub struct Offer {
    pub plan: PresalePlan,
    /// Price tiers, at most two.
    pub tiers: usize,
    pub moq: i32,
    /// Pieces of its two SKUs.
    pub caps: (i32, i32),
    pub open_hours: i64,
    pub balance_days: i32,
}

impl Offer {
    /// Fen per piece that are paid when ordering; 0 in a full plan.
    pub fn first_leg(&self) -> i64 {
        match self.plan {
            PresalePlan::Full => 0,
            PresalePlan::Deposit => DEPOSIT,
            PresalePlan::Prepayment => PREPAYMENT,
        }
    }

    /// Fen per piece when `reached` pieces were committed; `None` while the tier is not applied.
    pub fn price(&self, reached: Option<i32>) -> i64 {
        let met = FROM_PIECES[..self.tiers].iter().filter(|from| reached.is_some_and(|pieces| pieces >= **from));
        PRICES[met.count()]
    }
}

/// Whom or what a step is about: the `n`th of those there are at the time, from the newest on and counted around.
pub type Nth = u8;

#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// Someone does something.
    Do(Deed, How),
    /// Two do something at the same time.
    Meet(Deed, Deed),
    /// The last deed again under the same key, as after an answer that did not come.
    Again,
    /// An order is placed and made payable, and the buyer confirms in WeChat; we are told of it or not.
    Buy { buyer: Nth, pieces: (i32, i32), told: bool },
    /// A buyer confirms in WeChat what she was given to pay then or earlier.
    Pay(Nth),
    /// A leg of an order is paid under a number that our side gave up.
    Astray { order: Nth, leg: Nth },
    /// WeChat's answer to a prepay is lost to us, and the buyer pays all the same.
    Unstored(Nth),
    /// The clock goes on by so many seconds.
    Wait(i64),
    /// What becomes of the next notification of a payment or of a refund.
    Post { of: News, fault: CallbackFault },
    /// Whether notifications overtake one another from now on.
    Reorder(bool),
    /// How refunds end from now on, and after how many seconds.
    Ends(RefundStatus, i64),
    /// A person sends an abnormal refund elsewhere in WeChat Pay's console.
    Mend(Nth),
    /// The next calls of a kind go wrong.
    Weather(Call, Fault),
    /// WeChat Pay finds the account empty for the next so many refunds.
    Broke(u32),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    Payment,
    Refund,
}

/// Calls to WeChat Pay, by where they go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    Prepay,
    QueryOrClose,
    Refund,
}

impl Call {
    pub fn path(self) -> &'static str {
        match self {
            Call::Prepay => "/v3/pay/transactions/jsapi",
            Call::QueryOrClose => "/v3/pay/transactions/out-trade-no/",
            Call::Refund => "/v3/refund/domestic/refunds",
        }
    }
}

/// Whether it is let through, or the process dies on the way.
#[derive(Clone, Copy, Debug)]
pub enum How {
    Through,
    /// It gets so far as to wait this often.
    Cut {
        waits: u32,
        /// Whether it dies while what it waits for is under way, not after.
        midway: bool,
    },
}

/// What someone does who can be interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    Place {
        buyer: Nth,
        pieces: (i32, i32),
    },
    /// The buyer taps “pay”.
    Prepay(Nth),
    /// The buyer says that she has paid.
    Confirm(Nth),
    Cancel(Nth),
    /// WeChat tells of a payment, perhaps once more.
    TellPaid(Nth),
    /// WeChat tells of the end of a refund, perhaps once more.
    TellRefunded(Nth),
    /// A worker works until nothing is due.
    Work,
    ClosePresale,
    CancelPresale,
    RefundWhole(Nth),
    /// So many pieces of one line.
    RefundPieces {
        order: Nth,
        line: Nth,
        pieces: i32,
    },
    /// So many fen; all but one fen when not said.
    RefundAmount(Nth, Option<i64>),
    /// A refund that WeChat closed is sent again.
    Retry(Nth),
}
