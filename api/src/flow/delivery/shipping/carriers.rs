//! The carriers that WeChat knows, kept for a day.

use std::time::Duration;

use bytes::Bytes;
use uuid::Uuid;

use crate::app::App;
use crate::error::Result;
use crate::people::wechat::{account, failed};
use crate::wechat::shipping::Carrier;
use crate::wechat::{Account, Error as WechatError};

const KEEP: Duration = Duration::from_secs(24 * 3600);

/// Every carrier that the brand's parcels may be uploaded with.
pub async fn all(app: &App, brand_id: Uuid) -> Result<Vec<Carrier>> {
    if let Some(kept) = kept(app, brand_id).await {
        return Ok(kept);
    }
    let account = account(app, brand_id).await?;
    fetch(app, &account).await.map_err(failed)
}

/// WeChat's code for a carrier as the brand's people named it, by that code or by WeChat's name. A list that does
/// not have it is fetched anew before that is believed.
pub(super) async fn code_of(app: &App, account: &Account, name: &str) -> Result<Option<String>, WechatError> {
    if let Some(kept) = kept(app, account.brand_id).await
        && let Some(code) = find(&kept, name)
    {
        return Ok(Some(code));
    }
    Ok(find(&fetch(app, account).await?, name))
}

fn find(carriers: &[Carrier], name: &str) -> Option<String> {
    let name = name.trim();
    let is_meant = |carrier: &&Carrier| carrier.code.eq_ignore_ascii_case(name) || carrier.name == name;
    carriers.iter().find(is_meant).map(|carrier| carrier.code.clone())
}

async fn kept(app: &App, brand_id: Uuid) -> Option<Vec<Carrier>> {
    let kept = app.cache.get(&key(brand_id)).await?;
    serde_json::from_slice(&kept).ok()
}

async fn fetch(app: &App, account: &Account) -> Result<Vec<Carrier>, WechatError> {
    let carriers = app.wechat.carriers(account).await?;
    let text = serde_json::to_vec(&carriers).expect("texts serialise");
    app.cache.put(&key(account.brand_id), Bytes::from(text), KEEP).await;
    Ok(carriers)
}

fn key(brand_id: Uuid) -> String {
    format!("carriers:{brand_id}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_carrier_is_known_by_its_code_and_by_its_name() {
        let carriers = [("SF", "顺丰速运"), ("YTO", "圆通速递")]
            .map(|(code, name)| Carrier { code: code.to_owned(), name: name.to_owned() });
        for name in ["SF", "sf", " 顺丰速运 "] {
            assert_eq!(find(&carriers, name).as_deref(), Some("SF"));
        }
        assert_eq!(find(&carriers, "顺丰"), None);
    }
}
