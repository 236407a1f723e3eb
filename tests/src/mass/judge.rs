//! Each buyer was refunded exactly once, and everything says so.

use std::collections::BTreeMap;

use entity::journal_line::LedgerAccount;
use entity::order::OrderStatus;
use entity::refund::RefundStatus;
use smallbatch::wechat::pay;

use super::sale::Sale;
use crate::histories::sight::Sight;
use crate::histories::world::World;

pub async fn all(world: &World<'_>, sale: &Sale) {
    let sight = Sight::of(world, sale.presale_id).await;
    let books = world.test.standin.books(&world.account.mchid);
    assert_eq!(sight.orders.len(), sale.orders.len());
    let mut at_wechat: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for refund in &books.refunds {
        assert_eq!(refund.status, pay::RefundStatus::Success, "{refund:?}");
        at_wechat.entry(&refund.out_trade_no).or_default().push(refund.amount_fen);
    }
    assert_eq!(books.refunds.len(), sale.orders.len(), "one refund an order");
    for (order_id, paid) in &sale.orders {
        assert_eq!(sight.order(*order_id).status, OrderStatus::Refunded, "order {order_id}");
        let attempts: Vec<_> = sight.attempts_of(*order_id).collect();
        assert_eq!(attempts.len(), 1, "order {order_id}");
        assert_eq!(at_wechat.get(attempts[0].out_trade_no.as_str()), Some(&vec![*paid]), "order {order_id}");
        let ours: Vec<_> = sight.refunds_of(*order_id).map(|it| (it.status, it.amount)).collect();
        assert_eq!(ours, [(RefundStatus::Succeeded, *paid)], "order {order_id}");
        for account in [LedgerAccount::Clearing, LedgerAccount::RefundsPayable, LedgerAccount::MemberPayments] {
            assert_eq!(sight.on(*order_id, account), 0, "{account:?} of order {order_id}");
        }
    }
    let fen = |amounts: &[i64]| amounts.iter().sum::<i64>();
    let back: Vec<i64> = books.refunds.iter().map(|refund| refund.amount_fen).collect();
    let paid: Vec<i64> = sale.orders.iter().map(|(_, paid)| *paid).collect();
    assert_eq!(fen(&back), fen(&paid), "what went back is what was paid");
    assert!(sight.skus.iter().all(|sku| (sku.held, sku.paid) == (0, 0)), "every piece is free again");
    assert!(sight.counted.iter().all(|counted| counted.pieces == 0), "nobody's limit is used up");
}
