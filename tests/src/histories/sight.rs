//! What our rows say of the orders of a presale, and what WeChat's books say of the same money.

use std::collections::HashMap;

use entity::compensation::CompensationReason;
use entity::journal_line::LedgerAccount;
use entity::payment_attempt::PaymentAttemptStatus;
use entity::{
    compensation, journal_line, order, order_line, payment_attempt, payment_leg, presale, presale_buyer, presale_sku,
    refund,
};
use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter, QueryOrder};
use smallbatch::wechat::pay::{self, Notification, NotificationEvent, RefundState, TradeState, Transaction};
use smallbatch::wechat::standin::{BookedRefund, BookedTransaction};
use uuid::Uuid;

use super::world::World;

pub struct Sight {
    pub presale: presale::Model,
    pub orders: Vec<order::Model>,
    pub lines: Vec<order_line::Model>,
    pub legs: Vec<payment_leg::Model>,
    pub attempts: Vec<payment_attempt::Model>,
    pub refunds: Vec<refund::Model>,
    pub compensations: Vec<compensation::Model>,
    pub skus: Vec<presale_sku::Model>,
    pub counted: Vec<presale_buyer::Model>,
    /// Fen on the accounts of an order; debits are positive.
    ledger: HashMap<(Uuid, LedgerAccount), i64>,
    /// Payments at WeChat, by our number.
    paid: HashMap<String, BookedTransaction>,
    /// Refunds at WeChat, by our number.
    back: HashMap<String, BookedRefund>,
}

impl Sight {
    pub async fn of(world: &World<'_>, presale_id: Uuid) -> Self {
        let (db, brand_id) = (world.app().db.read(), world.brand_id);
        let presale = presale::Entity::find_by_id((brand_id, presale_id)).one(db).await;
        let orders = order::Entity::find()
            .filter(order::Column::BrandId.eq(brand_id))
            .filter(order::Column::PresaleId.eq(presale_id))
            .order_by_asc(order::Column::Id);
        let orders = orders.all(db).await.expect("orders read");
        let ids: Vec<Uuid> = orders.iter().map(|order| order.id).collect();
        let skus = presale_sku::Entity::find()
            .filter(presale_sku::Column::BrandId.eq(brand_id))
            .filter(presale_sku::Column::PresaleId.eq(presale_id))
            .order_by_asc(presale_sku::Column::Position);
        let counted = presale_buyer::Entity::find()
            .filter(presale_buyer::Column::BrandId.eq(brand_id))
            .filter(presale_buyer::Column::PresaleId.eq(presale_id));
        let mut sight = Sight {
            presale: presale.expect("presales read").expect("the presale"),
            skus: skus.all(db).await.expect("SKUs read"),
            counted: counted.all(db).await.expect("limits read"),
            orders,
            lines: Vec::new(),
            legs: Vec::new(),
            attempts: Vec::new(),
            refunds: Vec::new(),
            compensations: Vec::new(),
            ledger: HashMap::new(),
            paid: HashMap::new(),
            back: HashMap::new(),
        };
        sight.read_money(db, brand_id, &ids).await;
        sight.read_books(world);
        sight
    }

    async fn read_money(&mut self, db: &DatabaseConnection, brand_id: Uuid, ids: &[Uuid]) {
        macro_rules! rows {
            ($table:ident, $sort:ident) => {
                $table::Entity::find()
                    .filter($table::Column::BrandId.eq(brand_id))
                    .filter($table::Column::OrderId.is_in(ids.iter().copied()))
                    .order_by_asc($table::Column::$sort)
                    .all(db)
                    .await
                    .expect("money reads")
            };
        }
        self.lines = rows!(order_line, Id);
        self.legs = rows!(payment_leg, Id);
        self.attempts = rows!(payment_attempt, Id);
        self.refunds = rows!(refund, Id);
        self.compensations = rows!(compensation, Id);
        for line in rows!(journal_line, Position) {
            let order_id = line.order_id.expect("found by its order");
            *self.ledger.entry((order_id, line.account)).or_default() += line.amount;
        }
    }

    fn read_books(&mut self, world: &World<'_>) {
        let books = world.test.standin.books(&world.account.mchid);
        let mine = |number: &str| self.attempts.iter().any(|attempt| attempt.out_trade_no == number);
        let paid = books.transactions.into_iter().filter(|booked| mine(&booked.out_trade_no));
        self.paid = paid.map(|booked| (booked.out_trade_no.clone(), booked)).collect();
        let back = books.refunds.into_iter().filter(|booked| mine(&booked.out_trade_no));
        self.back = back.map(|booked| (booked.out_refund_no.clone(), booked)).collect();
    }

    pub fn booked(&self, attempt: &payment_attempt::Model) -> Option<&BookedTransaction> {
        self.paid.get(&attempt.out_trade_no)
    }

    pub fn booked_refund(&self, refund: &refund::Model) -> Option<&BookedRefund> {
        self.back.get(&refund.out_refund_no)
    }

    /// Deposits that are owed once more; what a late refund bears is owed apart.
    pub fn doubled(&self) -> impl Iterator<Item = &compensation::Model> {
        self.compensations.iter().filter(|it| it.reason == CompensationReason::DepositDoubled)
    }

    pub fn booked_refunds(&self) -> impl Iterator<Item = &BookedRefund> {
        self.back.values()
    }

    /// What stands on an account of an order.
    pub fn on(&self, order_id: Uuid, account: LedgerAccount) -> i64 {
        self.ledger.get(&(order_id, account)).copied().unwrap_or_default()
    }

    pub fn attempts_of(&self, order_id: Uuid) -> impl Iterator<Item = &payment_attempt::Model> {
        self.attempts.iter().filter(move |attempt| attempt.order_id == order_id)
    }

    pub fn refunds_of(&self, order_id: Uuid) -> impl Iterator<Item = &refund::Model> {
        self.refunds.iter().filter(move |refund| refund.order_id == order_id)
    }

    pub fn lines_of(&self, order_id: Uuid) -> impl Iterator<Item = &order_line::Model> {
        self.lines.iter().filter(move |line| line.order_id == order_id)
    }

    pub fn order(&self, id: Uuid) -> &order::Model {
        self.orders.iter().find(|order| order.id == id).expect("an order of the presale")
    }

    /// WeChat has the money, and our rows do not say so.
    pub fn paid_unknown_to_us(&self) -> impl Iterator<Item = &payment_attempt::Model> {
        let is_paid =
            move |attempt: &&payment_attempt::Model| self.booked(attempt).is_some_and(|it| it.state.is_paid());
        self.attempts.iter().filter(is_paid).filter(|attempt| attempt.status != PaymentAttemptStatus::Paid)
    }
}

/// What WeChat says of the same things.
impl Sight {
    /// Of a payment that it took.
    pub fn payment_news(&self, world: &World<'_>, attempt: &payment_attempt::Model) -> Option<Notification> {
        let booked = self.booked(attempt).filter(|it| it.state.is_paid())?;
        let report = Transaction {
            appid: booked.appid.clone(),
            mchid: world.account.mchid.clone(),
            out_trade_no: booked.out_trade_no.clone(),
            transaction_id: Some(booked.transaction_id.clone()),
            trade_state: TradeState::Success,
            amount_fen: Some(booked.amount_fen),
            currency: Some("CNY".to_owned()),
            openid: Some(booked.openid.clone()),
            success_time: Some(world.app().clock.now()),
            attach: None,
        };
        let event = NotificationEvent::Transaction(report);
        Some(Notification { id: format!("EV-{}", booked.transaction_id), event })
    }

    /// Of a refund that came to an end.
    pub fn refund_news(&self, world: &World<'_>, refund: &refund::Model) -> Option<Notification> {
        let booked = self.booked_refund(refund).filter(|it| it.status != pay::RefundStatus::Processing)?;
        let attempt = self.attempts.iter().find(|attempt| attempt.id == refund.attempt_id)?;
        let is_back = booked.status == pay::RefundStatus::Success;
        let state = RefundState {
            refund_id: booked.refund_id.clone(),
            out_refund_no: booked.out_refund_no.clone(),
            transaction_id: self.booked(attempt)?.transaction_id.clone(),
            out_trade_no: booked.out_trade_no.clone(),
            mchid: Some(world.account.mchid.clone()),
            status: booked.status,
            refund_fen: booked.amount_fen,
            total_fen: attempt.amount,
            success_time: is_back.then(|| world.app().clock.now()),
            user_received_account: None,
        };
        // It may end once more: abnormal, then elsewhere.
        let id = format!("EV-{}-{:?}", booked.refund_id, booked.status);
        Some(Notification { id, event: NotificationEvent::Refund(state) })
    }
}
