//! The checks before any call, in the order and with the texts of the real service.

use std::collections::HashMap;

use actix_web::HttpRequest;
use chrono::{DateTime, Utc};

use super::Refused;
use crate::wechat::standin::keys::signed_by;
use crate::wechat::standin::model::StandinBrand;
use crate::wechat::standin::state::State;

const MAX_SKEW: u64 = 300;

const fn sign_error(text: &'static str) -> Refused {
    Refused(401, "SIGN_ERROR", text)
}

/// The brand behind the request's `Authorization`; of several with one merchant account, any.
pub(super) fn check(
    state: &State,
    now: DateTime<Utc>,
    request: &HttpRequest,
    body: &[u8],
) -> Result<StandinBrand, Refused> {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    if header("User-Agent").is_none() {
        return Err(Refused(400, "PARAM_ERROR", "缺少User-Agent"));
    }
    let Some(authorization) = header("Authorization") else {
        return Err(sign_error(if request.path().starts_with("/v3/pay/") {
            "签名信息错误，验签失败"
        } else {
            "Http头Authorization值格式错误，请参考《微信支付商户REST API签名规则》"
        }));
    };
    let Some(parts) = authorization.strip_prefix("WECHATPAY2-SHA256-RSA2048 ") else {
        return Err(sign_error("HTTP头Authorization认证类型不正确"));
    };
    let parts = read_parts(parts);
    let part = |name| parts.get(name).copied().unwrap_or_default();
    let timestamp = part("timestamp");
    if !timestamp.parse::<i64>().is_ok_and(|sent| now.timestamp().abs_diff(sent) <= MAX_SKEW) {
        return Err(sign_error("Http头Authorization中的timestamp与发起请求的时间不得超过5分钟"));
    }
    let brand = state.brands.values().find(|brand| brand.mchid == part("mchid"));
    let brand = brand.ok_or(Refused(400, "MCH_NOT_EXISTS", "商户号不存在"))?;
    if brand.merchant_serial != part("serial_no") {
        return Err(sign_error("商户证书序列号有误。请使用签名私钥匹配的证书序列号"));
    }
    let target = request.uri().path_and_query().map_or("", |target| target.as_str());
    let head = format!("{}\n{target}\n{timestamp}\n{}\n", request.method(), part("nonce_str"));
    let message = [head.as_bytes(), body, b"\n"].concat();
    if !signed_by(&brand.merchant_public_key_pem, &message, part("signature")) {
        return Err(sign_error("签名错误"));
    }
    Ok(brand.clone())
}

/// Whom the request says it is from.
pub(super) fn mchid(request: &HttpRequest) -> Option<String> {
    let header = request.headers().get("Authorization")?.to_str().ok()?;
    let (_, parts) = header.split_once(' ')?;
    read_parts(parts).get("mchid").map(|&mchid| mchid.to_owned())
}

/// `name="value"` pairs in any order.
fn read_parts(text: &str) -> HashMap<&str, &str> {
    text.split(',')
        .filter_map(|part| part.trim().split_once('='))
        .map(|(name, value)| (name, value.trim_matches('"')))
        .collect()
}
