//! The only way out to WeChat.
//!
//! Two hosts with different manners stand behind one [`Wechat`]: the mini-program API (an `access_token` in the
//! query, errors as HTTP 200 with `errcode`) and WeChat Pay v3 (every request signed, every answer signed). Who is
//! speaking is decided per call by the brand's [`Account`].
mod account;
mod crypto;
mod error;
mod fit;
mod http;
mod login;
mod message;
pub mod pay;
pub mod push;
mod security;
pub mod shipping;
#[cfg(feature = "standin")]
pub mod standin;
#[cfg(test)]
mod tests;
mod token;
mod user_data;

use std::sync::Arc;
use std::time::Duration;

pub use account::Account;
pub use error::{Advice, Error, Refusal, Result};
pub use fit::fit;
pub use login::{Login, Phone};
pub use message::{SendOutcome, SubscribeMessage};
pub use security::{MediaType, Scene, Suggest, Verdict};
pub use user_data::open_user_data;

use crate::base::clock::Clock;

/// Where WeChat is and how long to wait for it.
#[derive(Clone, Debug)]
pub struct WechatConfig {
    /// `https://api.weixin.qq.com`, or the stand-in's address.
    pub api_base: String,
    /// `https://api.mch.weixin.qq.com`, or the stand-in's address.
    pub pay_base: String,
    /// Our own address as WeChat reaches it, without a trailing slash.
    pub public_base_url: String,
    /// For one call, from connecting to the last byte of the answer.
    pub timeout: Duration,
}

/// A client for every brand's calls; clones share connections and cached tokens.
#[derive(Clone, Debug)]
pub struct Wechat {
    http: reqwest::Client,
    config: Arc<WechatConfig>,
    clock: Clock,
    tokens: Arc<token::Tokens>,
    platform_keys: Arc<pay::PlatformKeys>,
    backoff: Duration,
}

impl Wechat {
    /// Fails only if the TLS set-up of this machine cannot be used.
    pub fn new(mut config: WechatConfig, clock: Clock) -> Result<Self> {
        for base in [&mut config.api_base, &mut config.pay_base, &mut config.public_base_url] {
            base.truncate(base.trim_end_matches('/').len());
        }
        let http = reqwest::Client::builder()
            .user_agent(concat!("smallbatch/", env!("CARGO_PKG_VERSION")))
            .timeout(config.timeout)
            .connect_timeout(config.timeout)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(|_| Error::Settings("the HTTP client cannot be set up"))?;
        Ok(Self {
            http,
            config: Arc::new(config),
            clock,
            tokens: Arc::default(),
            platform_keys: Arc::default(),
            backoff: Duration::from_secs(1),
        })
    }

    /// The first pause after "system busy" (one second unless told); each further pause doubles it.
    pub fn with_backoff(mut self, first: Duration) -> Self {
        self.backoff = first;
        self
    }

    /// Our own address for WeChat to call back; `path` starts with a slash.
    pub fn public_url(&self, path: &str) -> String {
        format!("{}{path}", self.config.public_base_url)
    }
}
