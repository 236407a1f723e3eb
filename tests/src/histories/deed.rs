//! What someone does, by the use case behind the API.

use entity::refund::RefundStatus;
use serde_json::json;
use smallbatch::error::Result;
use smallbatch::flow::order::rules::Wanted;
use smallbatch::flow::order::service::{Place, place};
use smallbatch::flow::payment::refund::{Agreed, What, again, agreed};
use smallbatch::flow::payment::{cancel, confirm, notification, pay};
use smallbatch::flow::presale::service;
use smallbatch::wechat::pay::Notification;
use smallbatch::worker;
use uuid::Uuid;

use super::script::{BUYERS, Deed, Nth, PRICES};
use super::story::{Given, Story, nth};

/// No history leaves more to do than so many turns of a worker handle.
const MOST_TURNS: usize = 300;

/// A deed and whom it is done to.
#[derive(Clone)]
pub enum Ready {
    Place(usize, Place),
    Prepay(Uuid, usize),
    Confirm(Uuid, usize),
    Cancel(Uuid, usize),
    Tell(Notification),
    Work,
    ClosePresale,
    CancelPresale,
    GiveBack(Uuid, Part),
    Retry(Uuid),
}

#[derive(Clone, Copy)]
pub enum Part {
    Whole,
    Pieces(Uuid, i32),
    Amount(i64),
}

impl Story<'_> {
    /// Finds whom it is to be done to; `None` when there is nobody.
    pub async fn ready(&self, deed: Deed) -> Option<Ready> {
        let order = |n| self.nth_order(n);
        Some(match deed {
            Deed::Place { buyer, pieces } => self.basket(usize::from(buyer) % BUYERS, pieces),
            Deed::Prepay(n) => order(n).map(|(id, buyer)| Ready::Prepay(id, buyer))?,
            Deed::Confirm(n) => order(n).map(|(id, buyer)| Ready::Confirm(id, buyer))?,
            Deed::Cancel(n) => order(n).map(|(id, buyer)| Ready::Cancel(id, buyer))?,
            Deed::TellPaid(n) => {
                let sight = self.sight().await;
                let news: Vec<_> = sight.attempts.iter().filter_map(|it| sight.payment_news(self.world, it)).collect();
                Ready::Tell(nth(&news, n)?.clone())
            }
            Deed::TellRefunded(n) => {
                let sight = self.sight().await;
                let news: Vec<_> = sight.refunds.iter().filter_map(|it| sight.refund_news(self.world, it)).collect();
                Ready::Tell(nth(&news, n)?.clone())
            }
            Deed::Work => Ready::Work,
            Deed::ClosePresale => Ready::ClosePresale,
            Deed::CancelPresale => Ready::CancelPresale,
            Deed::RefundWhole(n) => Ready::GiveBack(order(n)?.0, Part::Whole),
            Deed::RefundAmount(n, Some(fen)) => Ready::GiveBack(order(n)?.0, Part::Amount(fen)),
            Deed::RefundAmount(n, None) => {
                let (sight, (order_id, _)) = (self.sight().await, order(n)?);
                let settling = sight.attempts_of(order_id).filter(|attempt| attempt.settles);
                let left: i64 = settling.map(|attempt| attempt.amount - attempt.refunded).sum();
                Ready::GiveBack(order_id, Part::Amount(left - 1))
            }
            Deed::RefundPieces { order, line, pieces } => self.some_pieces(order, line, pieces).await?,
            Deed::Retry(n) => {
                let sight = self.sight().await;
                let closed: Vec<_> = sight.refunds.iter().filter(|it| it.status == RefundStatus::Closed).collect();
                Ready::Retry(nth(&closed, n)?.id)
            }
        })
    }

    fn basket(&self, buyer: usize, pieces: (i32, i32)) -> Ready {
        let wanted = self.skus.iter().zip([pieces.0, pieces.1]).filter(|(_, quantity)| *quantity > 0);
        let order = Place {
            presale_id: self.presale.id,
            lines: wanted.map(|(sku_id, quantity)| Wanted { sku_id: *sku_id, quantity }).collect(),
            address_id: self.world.buyers[buyer].address_id,
            expected_amount: PRICES[0] * i64::from(pieces.0 + pieces.1),
            expected_promise_date: self.presale.promise_date,
            terms_version: "2026-01".to_owned(),
            koc_code: None,
        };
        Ready::Place(buyer, order)
    }

    async fn some_pieces(&self, order: Nth, line: Nth, pieces: i32) -> Option<Ready> {
        let (order_id, _) = self.nth_order(order)?;
        let sight = self.sight().await;
        let lines: Vec<_> = sight.lines_of(order_id).map(|line| line.id).collect();
        Some(Ready::GiveBack(order_id, Part::Pieces(*nth(&lines, line)?, pieces)))
    }

    /// Does it under an idempotency key; what a buyer is given to pay.
    pub async fn go(&self, deed: &Ready, key: &str) -> Result<Option<Given>> {
        let (app, desk, presale_id) = (self.world.app(), &self.world.desk, self.presale.id);
        let actor = |buyer: usize| &self.world.buyers[buyer].actor;
        match deed {
            Ready::Place(buyer, order) => drop(place(app, actor(*buyer), key, order).await?),
            Ready::Prepay(order_id, buyer) => {
                let payable = pay(app, actor(*buyer), key, *order_id).await?;
                return Ok(Some((payable.params, *buyer)));
            }
            Ready::Confirm(order_id, buyer) => drop(confirm(app, actor(*buyer), key, *order_id).await?),
            Ready::Cancel(order_id, buyer) => drop(cancel(app, actor(*buyer), key, *order_id).await?),
            Ready::Tell(news) => self.tell(news).await?,
            Ready::Work => self.work().await?,
            Ready::ClosePresale => drop(service::close(app, desk, key, presale_id).await?),
            Ready::CancelPresale => drop(service::cancel(app, desk, key, presale_id).await?),
            Ready::GiveBack(order_id, part) => {
                let what = match part {
                    Part::Whole => What::Whole,
                    Part::Pieces(line_id, pieces) => What::Pieces(vec![(*line_id, *pieces)]),
                    Part::Amount(fen) => What::Amount(*fen),
                };
                let input =
                    Agreed { order_id: *order_id, what, version: None, reason: "agreed on the phone".to_owned() };
                drop(agreed(app, desk, key, &input).await?);
            }
            Ready::Retry(refund_id) => drop(again(app, desk, key, *refund_id, None).await?),
        }
        Ok(None)
    }

    async fn work(&self) -> Result<()> {
        for _ in 0..MOST_TURNS {
            if worker::run_due(self.world.app()).await? == 0 {
                return Ok(());
            }
        }
        panic!("work keeps coming: a handler or timer re-arms itself without moving on");
    }

    /// Hands a notification over as the door does once it has verified it.
    pub async fn tell(&self, news: &Notification) -> Result<()> {
        notification::receive(self.world.app(), &self.world.account, news, json!({ "told": "again" })).await
    }
}
