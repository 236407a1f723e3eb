//! The client against the stand-in over real HTTP.
mod bill;
mod control;
mod faults;
mod inbox;
mod keys;
mod login;
mod message;
mod notify;
mod pay;
mod refund;
mod refusals;
mod security;
mod shipping;
mod token;
mod transfer;

use std::time::Duration;

use uuid::Uuid;

use self::inbox::Inbox;
use crate::base::clock::Clock;
use crate::wechat::pay::{PayParams, Prepay};
use crate::wechat::standin::{Standin, StandinBrand, test_account};
use crate::wechat::{Account, Wechat, WechatConfig};

const TEMPLATE: &str = "tpl-presale-open";
const OPENID: &str = "o-first-user";

/// One brand, its WeChat, and a place for callbacks; time stands still until moved.
struct World {
    standin: Standin,
    wechat: Wechat,
    account: Account,
    clock: Clock,
    inbox: Inbox,
}

fn client(base: &str, clock: &Clock, timeout: Duration) -> Wechat {
    let config = WechatConfig {
        api_base: base.to_owned(),
        pay_base: base.to_owned(),
        public_base_url: "https://shop.example.com".to_owned(),
        timeout,
    };
    Wechat::new(config, clock.clone()).expect("a client").with_backoff(Duration::ZERO)
}

impl World {
    fn new() -> Self {
        Self::of(test_account(Uuid::nil(), "first", 1))
    }

    fn of(account: Account) -> Self {
        let clock = Clock::fake("2026-03-01T02:00:00Z".parse().expect("a time"));
        let standin = Standin::start(clock.clone(), 0).expect("a stand-in");
        let inbox = Inbox::start();
        let brand = StandinBrand::of(&account, Some(inbox.url("/push"))).expect("readable keys");
        standin.register(brand.with_template(TEMPLATE, &["thing1", "amount2"]));
        let wechat = client(&standin.base_url(), &clock, Duration::from_secs(10));
        Self { standin, wechat, account, clock, inbox }
    }

    /// The same client with little patience.
    fn hasty(&self) -> Wechat {
        client(&self.standin.base_url(), &self.clock, Duration::from_millis(150))
    }

    fn order(&self, number: &str, amount_fen: i64) -> Prepay {
        Prepay {
            out_trade_no: number.to_owned(),
            description: "预售-羊毛大衣".to_owned(),
            amount_fen,
            openid: OPENID.to_owned(),
            time_expire: self.clock.now() + chrono::Duration::minutes(30),
            notify_url: self.inbox.url("/pay"),
            attach: Some("order:1".to_owned()),
            client_ip: Some("203.0.113.7".to_owned()),
        }
    }

    async fn params(&self, order: &Prepay) -> PayParams {
        let prepay_id = self.wechat.prepay(&self.account, order).await.expect("a prepay_id");
        self.wechat.pay_params(&self.account, &prepay_id).expect("signed")
    }

    /// Orders and pays; the notification has arrived when this returns.
    async fn buy(&self, number: &str, amount_fen: i64) -> String {
        let params = self.params(&self.order(number, amount_fen)).await;
        let id = self.standin.pay(&params, OPENID).expect("paid");
        self.standin.settle().await;
        id
    }

    async fn log_in(&self, openid: &str) {
        let code = self.standin.login_code(&self.account.appid, openid);
        self.wechat.login(&self.account, &code).await.expect("a login");
    }

    async fn pass(&self, by: chrono::Duration) {
        self.clock.advance(by);
        self.standin.tick();
        self.standin.settle().await;
    }
}
