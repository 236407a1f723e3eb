//! From asking for a bill to its bytes.

use std::io::Read;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use chrono::NaiveDate;
use flate2::read::MultiGzDecoder;
use reqwest::Url;
use serde::Deserialize;

use super::{Bill, BillKind, FundFlowBill, FundFlowTotals, TradeBill, TradeTotals, fund_flow, trade};
use crate::wechat::crypto::same;
use crate::wechat::pay::exchange::failure;
use crate::wechat::pay::sign::Signed;
use crate::wechat::{Account, Error, Refusal, Result, Wechat};

/// About half a million payments; a brand with more reads the file elsewhere.
const MAX_FILE: usize = 192 * 1024 * 1024;
/// What a packed file starts with.
const GZIP: [u8; 2] = [0x1f, 0x8b];

#[derive(Deserialize)]
struct Offer {
    hash_type: String,
    hash_value: String,
    download_url: String,
}

/// An unpacked file whose hash was right.
struct File {
    bytes: Vec<u8>,
    sha1: String,
}

impl Wechat {
    /// Payments and refunds of a day of Beijing, of the whole merchant account. Without any, empty.
    /// `STATEMENT_CREATING` ([`Error::is_transient`]) before the bill is there, which is at 10:00 on the next day.
    pub async fn trade_bill(&self, account: &Account, date: NaiveDate, kind: BillKind) -> Result<TradeBill> {
        let kind = kind.word();
        let target = format!("/v3/bill/tradebill?bill_date={date}&bill_type={kind}&tar_type=GZIP");
        let Some(file) = self.bill_file(account, &target).await? else {
            return Ok(Bill { date, rows: Vec::new(), totals: TradeTotals::default(), sha1: None });
        };
        let (rows, totals) = trade::read(&file.bytes)?;
        Ok(Bill { date, rows, totals, sha1: Some(file.sha1) })
    }

    /// Every movement of the merchant's basic account on a day of Beijing; otherwise like [`Wechat::trade_bill`].
    pub async fn fund_flow_bill(&self, account: &Account, date: NaiveDate) -> Result<FundFlowBill> {
        let target = format!("/v3/bill/fundflowbill?bill_date={date}&account_type=BASIC&tar_type=GZIP");
        let Some(file) = self.bill_file(account, &target).await? else {
            return Ok(Bill { date, rows: Vec::new(), totals: FundFlowTotals::default(), sha1: None });
        };
        let (rows, totals) = fund_flow::read(&file.bytes)?;
        Ok(Bill { date, rows, totals, sha1: Some(file.sha1) })
    }

    /// `None` on a day without movement.
    async fn bill_file(&self, account: &Account, target: &str) -> Result<Option<File>> {
        let offer = match self.pay_call(account, Signed { method: "GET", target, body: "" }).await {
            Ok(offer) => offer,
            Err(Error::Pay { code, .. }) if code == "NO_STATEMENT_EXIST" => return Ok(None),
            Err(error) => return Err(error),
        };
        let offer: Offer =
            serde_json::from_slice(&offer).map_err(|_| Error::Malformed("a bill's offer lacks a field"))?;
        if offer.hash_type != "SHA1" {
            return Err(Error::Malformed("a bill's hash is not SHA1"));
        }
        let target = target_of(&self.config.pay_base, &offer.download_url)?;
        let request = Signed { method: "GET", target: &target, body: "" };
        let answer = self.pay_send_up_to(account, &request, None, MAX_FILE).await?;
        if answer.status != 200 {
            return Err(failure(&answer));
        }
        let bytes = unpack(answer.body)?;
        let sha1 = hex::encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, &bytes));
        // The answer itself carries no signature; the hash came in one that did.
        if !same(&sha1, &offer.hash_value.to_ascii_lowercase()) {
            return Err(Error::Unverified(Refusal::Hash));
        }
        Ok(Some(File { bytes, sha1 }))
    }
}

/// Path and query of the address, which has to be on the very host we ask: a signed request is sent nowhere else.
fn target_of(base: &str, address: &str) -> Result<String> {
    let base = Url::parse(base).map_err(|_| Error::Settings("the address of WeChat Pay is not a URL"))?;
    let url = Url::parse(address).map_err(|_| Error::Malformed("a bill's address is not a URL"))?;
    let is_plain = url.username().is_empty() && url.password().is_none();
    if !is_plain || url.origin() != base.origin() {
        return Err(Error::Unverified(Refusal::OtherHost));
    }
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    Ok(format!("{}{query}", url.path()))
}

fn unpack(packed: Vec<u8>) -> Result<Vec<u8>> {
    if !packed.starts_with(&GZIP) {
        return Ok(packed);
    }
    let mut bytes = Vec::new();
    // One byte more than allowed tells a file that is too long from one that just fits.
    let limit = MAX_FILE as u64 + 1;
    MultiGzDecoder::new(packed.as_slice())
        .take(limit)
        .read_to_end(&mut bytes)
        .map_err(|_| Error::Malformed("a bill cannot be unpacked"))?;
    if bytes.len() > MAX_FILE { Err(Error::Malformed("a bill is too long")) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_fetched_from_the_same_host_only() {
        let base = "https://api.mch.weixin.qq.com";
        let path = "/v3/billdownload/file?token=a%2Bb&c=1";
        assert_eq!(target_of(base, &format!("{base}{path}")), Ok(path.to_owned()));
        assert_eq!(target_of(base, "https://api.mch.weixin.qq.com:443/f"), Ok("/f".to_owned()));
        for foreign in [
            "http://api.mch.weixin.qq.com/f",
            "https://api.mch.weixin.qq.com:8443/f",
            "https://api.mch.weixin.qq.com.example.com/f",
            "https://api.mch.weixin.qq.com@example.com/f",
            "https://user:word@api.mch.weixin.qq.com/f",
            "https://169.254.169.254/f",
            "file:///etc/passwd",
        ] {
            assert_eq!(target_of(base, foreign), Err(Error::Unverified(Refusal::OtherHost)), "{foreign}");
        }
        assert!(matches!(target_of(base, "/f"), Err(Error::Malformed(_))));
    }
}
