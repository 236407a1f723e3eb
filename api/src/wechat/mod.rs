use crate::base::clock::Clock;
pub struct WechatConfig {
    pub api_base: String,
    pub pay_base: String,
    pub timeout: std::time::Duration,
}
pub struct Wechat;
impl Wechat {
    pub fn new(_: WechatConfig, _: Clock) -> anyhow::Result<Self> {
        Ok(Wechat)
    }
}
