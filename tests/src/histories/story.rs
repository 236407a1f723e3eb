//! Plays a history.

use std::collections::BTreeSet;

use chrono::Duration;
use entity::{order, presale};
use futures_util::future::join;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use smallbatch::error::{Error, Fault, Result as Outcome};
use smallbatch::flow::presale::rules::plan::{FirstLeg, Plan, Tier};
use smallbatch::flow::presale::rules::{Sku, Terms};
use smallbatch::flow::presale::service::{Draft, draft, open, schedule};
use smallbatch::wechat::pay::{AbnormalRefundTo, PayParams, RefundStatus};
use smallbatch::wechat::standin::{CallbackFault, ScriptedRefusal, Switches};
use smallbatch::worker;
use uuid::Uuid;

use super::cut::cut;
use super::deed::Ready;
use super::reached::{Kind, Reached};
use super::script::{Call, Deed, FROM_PIECES, How, News, Nth, Offer, PRICES, Step};
use super::sight::Sight;
use super::world::{World, no_fees};

/// A history under way.
pub struct Story<'a> {
    pub world: &'a World<'a>,
    pub offer: Offer,
    pub presale: presale::Model,
    pub skus: Vec<Uuid>,
    /// Orders and the numbers of their buyers, oldest first.
    pub orders: Vec<(Uuid, usize)>,
    /// What buyers were given to pay, with their numbers.
    given: Vec<Given>,
    last: Option<(Ready, String)>,
    switches: Switches,
    /// Orders that were paid under a number that our side gave up: no poll looks for such money.
    pub strayed: BTreeSet<Uuid>,
    pub reached: Reached,
}

/// What a buyer pays with, and who she is.
pub type Given = (PayParams, usize);

impl<'a> Story<'a> {
    /// Opens the presale.
    pub async fn open(world: &'a World<'a>, offer: Offer) -> Outcome<Story<'a>> {
        let (app, desk) = (world.app(), &world.desk);
        world.test.standin.seed(1);
        world.test.standin.set_switches(no_fees());
        let draft_of = Draft { entry_id: world.entry_id, terms: terms(world, &offer) };
        let drafted = draft(app, desk, &world.key(), &draft_of).await?.value;
        schedule(app, desk, &world.key(), drafted.id).await?;
        let presale = open(app, desk, &world.key(), drafted.id).await?.value;
        let mut story = Story {
            world,
            offer,
            presale,
            skus: Vec::new(),
            orders: Vec::new(),
            given: Vec::new(),
            last: None,
            switches: no_fees(),
            strayed: BTreeSet::new(),
            reached: Reached::default(),
        };
        story.skus = story.sight().await.skus.iter().map(|sku| sku.id).collect();
        // What was told of it before has nothing to do with money.
        while worker::run_due(app).await? > 0 {}
        Ok(story)
    }

    pub async fn sight(&self) -> Sight {
        Sight::of(self.world, self.presale.id).await
    }

    /// An order and the number of its buyer.
    pub fn nth_order(&self, n: Nth) -> Option<(Uuid, usize)> {
        nth(&self.orders, n).copied()
    }

    pub async fn step(&mut self, step: Step) -> Result<(), String> {
        match step {
            Step::Do(deed, how) => self.act(deed, how).await?,
            Step::Again => {
                if let Some((deed, key)) = self.last.clone() {
                    let again = self.go(&deed, &key).await;
                    self.given.extend(fair(again)?);
                }
            }
            Step::Meet(one, other) => self.meet(one, other).await?,
            Step::Buy { buyer, pieces, told } => {
                if !told {
                    self.arrange(Step::Post { of: News::Payment, fault: CallbackFault::Drop });
                }
                self.buy(buyer, pieces).await?;
            }
            Step::Pay(n) => {
                let n = nth(&self.given, n).cloned();
                self.confirm_in_wechat(n);
            }
            Step::Astray { order, leg } => self.pay_astray(order, leg).await?,
            Step::Unstored(n) => self.pay_unstored(n).await?,
            Step::Wait(seconds) => self.world.app().clock.advance(Duration::seconds(seconds)),
            Step::Mend(n) => self.mend(n).await,
            Step::Post { .. } | Step::Reorder(_) | Step::Ends(..) | Step::Weather(..) | Step::Broke(_) => {
                self.arrange(step);
            }
        }
        self.world.listen().await;
        self.look().await;
        self.note_on_the_way().await;
        Ok(())
    }

    /// What the stand-in is to do from now on.
    fn arrange(&mut self, step: Step) {
        let standin = &self.world.test.standin;
        match step {
            Step::Post { of: News::Payment, fault } => standin.set_callback_fault("TRANSACTION.", fault, 1),
            Step::Post { of: News::Refund, fault } => standin.set_callback_fault("REFUND.", fault, 1),
            Step::Weather(call, fault) => standin.set_fault(call.path(), fault),
            Step::Broke(times) => {
                let (code, message) = ("NOT_ENOUGH".to_owned(), String::new());
                standin.refuse(Call::Refund.path(), ScriptedRefusal { status: 403, code, message, times });
            }
            Step::Reorder(reorders) => self.switches.reorder_seconds = if reorders { 600 } else { 0 },
            Step::Ends(result, seconds) => {
                (self.switches.refund_result, self.switches.refund_seconds) = (result, seconds);
            }
            _ => {}
        }
        standin.set_switches(self.switches.clone());
    }

    async fn act(&mut self, deed: Deed, how: How) -> Result<(), String> {
        let Some(deed) = self.ready(deed).await else { return Ok(()) };
        let key = self.world.key();
        let done = cut(self.go(&deed, &key), how).await;
        self.last = Some((deed.clone(), key));
        if let Some(outcome) = done {
            self.given.extend(fair(outcome)?);
            return Ok(());
        }
        // A commit that was begun ends, and orders are written together by a task that outlives those who wait for it.
        let lane = (self.world.brand_id, self.presale.id);
        while self.world.app().orders.waiting(&lane).is_some() {
            tokio::task::yield_now().await;
        }
        self.world.app().home.rest().await;
        self.world.listen().await;
        self.note_crash(&deed).await;
        Ok(())
    }

    async fn meet(&mut self, one: Deed, other: Deed) -> Result<(), String> {
        let (Some(one), Some(other)) = (self.ready(one).await, self.ready(other).await) else { return Ok(()) };
        let (a, b) = (self.world.key(), self.world.key());
        let (one, other) = join(self.go(&one, &a), self.go(&other, &b)).await;
        self.given.extend(fair(one)?);
        self.given.extend(fair(other)?);
        self.reached.note(Kind::AtTheSameTime);
        Ok(())
    }

    async fn buy(&mut self, buyer: Nth, pieces: (i32, i32)) -> Result<(), String> {
        self.act(Deed::Place { buyer, pieces }, How::Through).await?;
        self.look().await;
        let before = self.given.len();
        self.act(Deed::Prepay(0), How::Through).await?;
        let given = self.given.get(before).cloned();
        self.confirm_in_wechat(given);
        Ok(())
    }

    /// WeChat may refuse: it is paid, closed, or too old.
    pub fn confirm_in_wechat(&mut self, given: Option<Given>) {
        let Some((params, buyer)) = given else { return };
        // What it says is not ours to judge.
        let _ = self.world.test.standin.pay(&params, &self.world.buyers[buyer].openid);
    }

    /// The orders there are by now.
    async fn look(&mut self) {
        let orders = order::Entity::find()
            .filter(order::Column::BrandId.eq(self.world.brand_id))
            .filter(order::Column::PresaleId.eq(self.presale.id))
            .order_by_asc(order::Column::Id);
        let orders = orders.all(self.world.app().db.read()).await.expect("orders read");
        let buyer = |id: Uuid| self.world.buyers.iter().position(|buyer| buyer.id == id);
        self.orders = orders.iter().map(|order| (order.id, buyer(order.member_id).expect("a buyer"))).collect();
    }

    /// Sends the `n`th abnormal refund elsewhere.
    async fn mend(&mut self, n: Nth) {
        let sight = self.sight().await;
        let abnormal: Vec<_> = sight.booked_refunds().filter(|it| it.status == RefundStatus::Abnormal).collect();
        let Some(refund) = nth(&abnormal, n) else { return };
        let (wechat, to) = (&self.world.app().wechat, &AbnormalRefundTo::MerchantBankCard);
        // When WeChat is not well either, the person comes again later.
        let _ = wechat.apply_abnormal_refund(&self.world.account, &refund.refund_id, &refund.out_refund_no, to).await;
    }
}

/// The `n`th of `all` from the newest on, counted around.
pub fn nth<T>(all: &[T], n: Nth) -> Option<&T> {
    all.iter().rev().nth(usize::from(n) % all.len().max(1))
}

/// A refusal is an answer, and so is “later”; anything else is a mistake of ours.
pub fn fair<T>(outcome: Outcome<Option<T>>) -> Result<Option<T>, String> {
    match outcome {
        Ok(value) => Ok(value),
        Err(Error::Refused(_) | Error::Fault(Fault::Unavailable(_) | Fault::Overtaken(_))) => Ok(None),
        Err(error) if error.is_retryable() => Ok(None),
        Err(error) => Err(format!("an answer that nobody should get: {error}")),
    }
}

fn terms(world: &World<'_>, offer: &Offer) -> Terms {
    let sku = |size: &str, cap| Sku { color: "红".to_owned(), size: size.to_owned(), size_designation: None, cap };
    let first = FirstLeg { amount: offer.first_leg(), balance_days: offer.balance_days };
    let plan = match offer.plan {
        presale::PresalePlan::Full => Plan::Full,
        presale::PresalePlan::Deposit => Plan::Deposit(first),
        presale::PresalePlan::Prepayment => Plan::Prepayment(first),
    };
    let tiers = FROM_PIECES.into_iter().zip(&PRICES[1..]).take(offer.tiers);
    let now = world.app().clock.now();
    Terms {
        title: "亚麻连衣裙".to_owned(),
        skus: vec![sku("S", offer.caps.0), sku("M", offer.caps.1)],
        price: PRICES[0],
        commission_bp: 0,
        plan,
        tiers: tiers.map(|(from_pieces, unit_price)| Tier { from_pieces, unit_price: *unit_price }).collect(),
        member_limit: 5,
        moq: offer.moq,
        opens_at: now + Duration::minutes(1),
        closes_at: now + Duration::hours(offer.open_hours),
        promise_date: (now + Duration::days(60)).date_naive(),
        community_ids: Vec::new(),
        hold_out_percent: 0,
    }
}
