//! Which histories there are.

use entity::presale::PresalePlan;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use smallbatch::base::id::random_bytes;
use smallbatch::wechat::pay::RefundStatus;
use smallbatch::wechat::standin::{CallbackFault, Fault, FaultKind};

use super::script::{Call, Deed, History, How, News, Offer, Step};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// The `n`th seed of a run (SplitMix64).
pub fn seed_of(run: u64, n: usize) -> u64 {
    let mut mixed = run.wrapping_add((n as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// The history of a seed, as something that can be made smaller.
pub fn drawn(seed: u64) -> impl ValueTree<Value = History> {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    history().new_tree(&mut runner).expect("a history")
}

/// While it sells; after it closed; after the brand thought better of it. The later acts come to be in some only.
fn history() -> impl Strategy<Value = History> {
    let closing = (Just(Step::Do(Deed::ClosePresale, How::Through)), turns());
    let close = (any::<bool>(), closing).prop_map(|(waits, (close, turns))| {
        // Holds must end before it can be judged.
        let wait = waits.then_some(Step::Wait(16 * MINUTE));
        wait.into_iter().chain([close]).chain(turns).collect::<Vec<_>>()
    });
    let withdraw = turns().prop_map(|turns| {
        let cancel = Step::Do(Deed::CancelPresale, How::Through);
        [cancel].into_iter().chain(turns).collect::<Vec<_>>()
    });
    let second = prop_oneof![1 => Just(Vec::new()), 3 => joined(close, vec(step(), 0..12))];
    let third = prop_oneof![3 => Just(Vec::new()), 1 => joined(withdraw, vec(step(), 0..5))];
    let first = (vec(buy(), 1..4), vec(scene(), 0..3), vec(step(), 1..11));
    let first = first.prop_map(|(buys, scenes, steps)| [buys, scenes.concat(), steps].concat());
    let steps = (first, second, third).prop_map(|(first, second, third)| [first, second, third].concat());
    (offer(), steps).prop_map(|(offer, steps)| History { offer, steps })
}

fn joined(
    a: impl Strategy<Value = Vec<Step>>,
    b: impl Strategy<Value = Vec<Step>>,
) -> impl Strategy<Value = Vec<Step>> {
    (a, b).prop_map(|(a, b)| [a, b].concat())
}

fn turns() -> impl Strategy<Value = Vec<Step>> {
    vec(how().prop_map(|how| Step::Do(Deed::Work, how)), 1..4)
}

fn offer() -> impl Strategy<Value = Offer> {
    let plan = prop_oneof![Just(PresalePlan::Full), Just(PresalePlan::Deposit), Just(PresalePlan::Prepayment)];
    (plan, 0..=2usize, 1..=3i32, (1..=4i32, 1..=4i32), 2..=60i64, 1..=3i32).prop_map(
        |(plan, tiers, moq, caps, open_hours, balance_days)| Offer { plan, tiers, moq, caps, open_hours, balance_days },
    )
}

fn pieces() -> impl Strategy<Value = (i32, i32)> {
    prop_oneof![3 => Just((1, 0)), 2 => Just((0, 1)), 2 => Just((1, 1)), 1 => Just((2, 0)), 1 => Just((2, 1))]
}

fn buy() -> impl Strategy<Value = Step> {
    (0..4u8, pieces(), proptest::bool::weighted(0.8)).prop_map(|(buyer, pieces, told)| Step::Buy {
        buyer,
        pieces,
        told,
    })
}

fn place() -> impl Strategy<Value = Step> {
    (0..4u8, pieces()).prop_map(|(buyer, pieces)| Step::Do(Deed::Place { buyer, pieces }, How::Through))
}

/// A way into a state that steps drawn one by one seldom find.
fn scene() -> impl Strategy<Value = Vec<Step>> {
    let untold = (0..4u8, pieces()).prop_map(|(buyer, pieces)| Step::Buy { buyer, pieces, told: false });
    let through = |deed| Step::Do(deed, How::Through);
    prop_oneof![
        (place(), cut()).prop_map(|(place, how)| vec![place, Step::Do(Deed::Prepay(0), how)]),
        (place(), cut())
            .prop_map(move |(place, how)| { vec![place, through(Deed::Prepay(0)), Step::Do(Deed::Cancel(0), how)] }),
        (untold, cut()).prop_map(|(buy, how)| vec![buy, Step::Do(Deed::Confirm(0), how)]),
        (buy(), cut()).prop_map(move |(buy, how)| {
            vec![buy, through(Deed::Work), through(Deed::Cancel(0)), Step::Do(Deed::Work, how)]
        }),
        (0..4u8, pieces(), cut())
            .prop_map(|(buyer, pieces, how)| { vec![Step::Do(Deed::Place { buyer, pieces }, how), Step::Again] }),
    ]
}

fn how() -> impl Strategy<Value = How> {
    prop_oneof![3 => Just(How::Through), 2 => cut()]
}

fn cut() -> impl Strategy<Value = How> {
    let waits = prop_oneof![2 => 1..4u32, 3 => 4..16u32, 4 => 16..45u32, 2 => 45..300u32];
    (waits, any::<bool>()).prop_map(|(waits, midway)| How::Cut { waits, midway })
}

fn deed() -> impl Strategy<Value = Deed> {
    let order = 0..6u8;
    prop_oneof![
        14 => (0..4u8, pieces()).prop_map(|(buyer, pieces)| Deed::Place { buyer, pieces }),
        24 => order.clone().prop_map(Deed::Prepay),
        10 => order.clone().prop_map(Deed::Confirm),
        10 => order.clone().prop_map(Deed::Cancel),
        8 => order.clone().prop_map(Deed::TellPaid),
        5 => order.clone().prop_map(Deed::TellRefunded),
        30 => Just(Deed::Work),
        1 => Just(Deed::ClosePresale),
        1 => Just(Deed::CancelPresale),
        3 => order.clone().prop_map(Deed::RefundWhole),
        7 => (order.clone(), 0..2u8, 1..=2i32)
            .prop_map(|(order, line, pieces)| Deed::RefundPieces { order, line, pieces }),
        7 => (order.clone(), proptest::option::weighted(0.7, 1..4_000i64))
            .prop_map(|(order, fen)| Deed::RefundAmount(order, fen)),
        5 => order.prop_map(Deed::Retry),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        18 => (deed(), how()).prop_map(|(deed, how)| Step::Do(deed, how)),
        5 => (deed(), deed()).prop_map(|(one, other)| Step::Meet(one, other)),
        2 => Just(Step::Again),
        3 => buy(),
        9 => (0..8u8).prop_map(Step::Pay),
        2 => (0..6u8, 0..2u8).prop_map(|(order, leg)| Step::Astray { order, leg }),
        1 => (0..6u8).prop_map(Step::Unstored),
        7 => wait(),
        4 => post(),
        1 => any::<bool>().prop_map(Step::Reorder),
        4 => ends(),
        1 => (0..4u8).prop_map(Step::Mend),
        6 => weather(),
        1 => (1..3u32).prop_map(Step::Broke),
    ]
}

fn wait() -> impl Strategy<Value = Step> {
    let spans =
        [1, 10, 30, 130, 130, 130, 10 * MINUTE, 14 * MINUTE, 15 * MINUTE, HOUR, 2 * HOUR, DAY, 3 * DAY, 16 * DAY];
    proptest::sample::select(spans.to_vec()).prop_map(Step::Wait)
}

fn post() -> impl Strategy<Value = Step> {
    let fault = prop_oneof![
        3 => Just(CallbackFault::Drop),
        2 => Just(CallbackFault::Duplicate),
        2 => proptest::sample::select(vec![20, 10 * MINUTE, HOUR]).prop_map(CallbackFault::Delay),
        1 => Just(CallbackFault::Probe),
        1 => Just(CallbackFault::WrongKey),
        1 => Just(CallbackFault::Tampered),
    ];
    let of = prop_oneof![Just(News::Payment), Just(News::Refund)];
    (of, fault).prop_map(|(of, fault)| Step::Post { of, fault })
}

fn ends() -> impl Strategy<Value = Step> {
    let result = prop_oneof![
        2 => Just(RefundStatus::Success),
        2 => Just(RefundStatus::Closed),
        2 => Just(RefundStatus::Abnormal),
    ];
    (result, proptest::sample::select(vec![0, 0, 40, HOUR])).prop_map(|(result, seconds)| Step::Ends(result, seconds))
}

fn weather() -> impl Strategy<Value = Step> {
    let call = prop_oneof![1 => Just(Call::Prepay), 2 => Just(Call::QueryOrClose), 2 => Just(Call::Refund)];
    let kind = proptest::sample::select(vec![
        FaultKind::SystemError,
        FaultKind::Throttled,
        FaultKind::BadGateway,
        FaultKind::Reset,
        FaultKind::Slow(12),
        FaultKind::WrongKey,
        FaultKind::Tampered,
    ]);
    (call, kind, any::<bool>(), 1..3u32).prop_map(|(call, kind, applied, times)| {
        // Who asks too often is turned away at the door.
        let applied = applied && kind != FaultKind::Throttled;
        Step::Weather(call, Fault { kind, applied, times })
    })
}

/// A seed as people write it: decimal, or hexadecimal after `0x`.
pub fn read_seed(text: &str) -> Option<u64> {
    match text.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    }
}

pub fn any_seed() -> u64 {
    let mut bytes = [0; 8];
    random_bytes(&mut bytes);
    u64::from_le_bytes(bytes)
}
