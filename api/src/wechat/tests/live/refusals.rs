//! Every error of the documents' table, given by the service, and what our error says to do about it.

use super::World;
use crate::wechat::pay::{BillKind, CloseOutcome};
use crate::wechat::standin::ScriptedRefusal;
use crate::wechat::{Advice, Error};

const NUMBER: &str = "PS20260301000001";

/// Status, code and words of a refusal, what to do, whether the outcome is unknown, whether time alone may cure it.
type Row = (u16, &'static str, &'static str, Advice, bool, bool);

const TABLE: &[Row] = &[
    (400, "PARAM_ERROR", "参数错误", Advice::Bug, false, false),
    (400, "INVALID_REQUEST", "订单未支付，不可退款", Advice::Bug, false, false),
    (400, "INVALID_REQUEST", "请求重入时，参数与首次请求时不一致", Advice::NewNumber, false, false),
    (400, "INVALID_REQUEST", "201 商户订单号重复", Advice::NewNumber, false, false),
    (400, "APPID_MCHID_NOT_MATCH", "appid和mch_id不匹配", Advice::Alarm, false, false),
    (400, "MCH_NOT_EXISTS", "商户号不存在", Advice::Alarm, false, false),
    (404, "MCH_NOT_EXISTS", "商户号不存在", Advice::Alarm, false, false),
    (400, "ORDERPAID", "该订单已支付", Advice::MarkPaid, false, false),
    (403, "ORDERPAID", "该订单已支付", Advice::MarkPaid, false, false),
    (400, "ORDER_CLOSED", "该订单已关闭", Advice::NewNumber, false, false),
    (401, "SIGN_ERROR", "签名错误", Advice::Alarm, false, false),
    (401, "SIGN_ERROR", "商户证书已过期", Advice::Alarm, false, false),
    (403, "NO_AUTH", "商户无权限", Advice::Alarm, false, false),
    (403, "RULE_LIMIT", "业务规则限制", Advice::Surface, false, false),
    (403, "TRADE_ERROR", "交易错误", Advice::Surface, false, false),
    (403, "ACCOUNT_ERROR", "账号异常", Advice::Surface, false, false),
    (403, "USER_ACCOUNT_ABNORMAL", "用户账户异常", Advice::Surface, false, false),
    (403, "OUT_TRADE_NO_USED", "商户订单号重复", Advice::NewNumber, false, false),
    (403, "NOT_ENOUGH", "余额不足", Advice::TopUp, false, true),
    (404, "ORDER_NOT_EXIST", "订单不存在", Advice::RepeatOriginal, false, false),
    (404, "RESOURCE_NOT_EXISTS", "退款单不存在", Advice::RepeatOriginal, false, false),
    (404, "NOT_FOUND", "记录不存在", Advice::RepeatOriginal, false, false),
    (429, "FREQUENCY_LIMITED", "频率超限", Advice::RepeatSame, true, true),
    (429, "FREQUENCY_LIMIT_EXCEED", "频率超限", Advice::RepeatSame, true, true),
    (429, "RATELIMIT_EXCEEDED", "频率超限", Advice::RepeatSame, true, true),
    (500, "SYSTEM_ERROR", "系统异常", Advice::RepeatSame, true, true),
    (502, "BANK_ERROR", "银行系统异常", Advice::RepeatSame, true, true),
    (503, "SERVICE_UNAVAILABLE", "服务不可用", Advice::RepeatSame, true, true),
    (400, "STATEMENT_CREATING", "账单生成中", Advice::AskLater, false, true),
    (400, "ALREADY_EXISTS", "记录已存在", Advice::Bug, false, false),
    // Without a code of ours the status has to do.
    (500, "SOMETHING_NEW", "", Advice::RepeatSame, true, true),
    (429, "", "", Advice::RepeatSame, true, true),
    (401, "", "", Advice::Alarm, false, false),
    (403, "SOMETHING_NEW", "", Advice::Surface, false, false),
    // The status varies for the same code, and the code counts.
    (403, "SYSTEM_ERROR", "系统异常", Advice::RepeatSame, true, true),
    (500, "ORDERPAID", "该订单已支付", Advice::MarkPaid, false, false),
];

impl World {
    fn refuse(&self, status: u16, code: &str, message: &str) {
        let (code, message) = (code.to_owned(), message.to_owned());
        self.standin.refuse("/v3/", ScriptedRefusal { status, code, message, times: 1 });
    }
}

#[actix_web::test]
async fn every_refusal_says_what_to_do() {
    let world = World::new();
    for &(status, code, message, advice, unknown, transient) in TABLE {
        world.refuse(status, code, message);
        let error = world.wechat.prepay(&world.account, &world.order(NUMBER, 100)).await.expect_err("refused");
        let expected = Error::Pay { status, code: code.to_owned(), message: message.to_owned() };
        assert_eq!(error, expected);
        assert_eq!(error.advice(), Some(advice), "{error}");
        assert_eq!((error.is_outcome_unknown(), error.is_transient()), (unknown, transient), "{error}");
        assert_eq!(error.is_alarm(), advice == Advice::Alarm, "{error}");
        assert_eq!(error.is_not_found(), advice == Advice::RepeatOriginal, "{error}");
        assert_eq!(error.is_number_spoilt(), advice == Advice::NewNumber, "{error}");
    }
    assert!(world.standin.books(&world.account.mchid).transactions.is_empty());
    assert!(world.wechat.prepay(&world.account, &world.order(NUMBER, 100)).await.is_ok(), "all refusals are used up");
}

#[actix_web::test]
async fn some_refusals_are_answers() {
    let world = World::new();
    world.refuse(400, "ORDERPAID", "该订单已支付");
    assert_eq!(world.wechat.close(&world.account, NUMBER).await, Ok(CloseOutcome::AlreadyPaid));
    world.refuse(404, "RESOURCE_NOT_EXISTS", "退款单不存在");
    assert_eq!(world.wechat.query_refund(&world.account, "R1").await, Ok(None));
    world.refuse(404, "NOT_FOUND", "记录不存在");
    assert_eq!(world.wechat.query_transfer(&world.account, "T1").await, Ok(None));
    world.refuse(400, "NO_STATEMENT_EXIST", "账单文件不存在");
    let date = chrono::NaiveDate::from_ymd_opt(2026, 2, 1).expect("a date");
    let bill = world.wechat.trade_bill(&world.account, date, BillKind::All).await.expect("an empty bill");
    assert!(bill.rows.is_empty());
}

#[actix_web::test]
async fn an_unsigned_success_is_no_success() {
    let world = World::new();
    for (status, code) in [(200, ""), (202, ""), (204, "")] {
        world.refuse(status, code, "");
        let error = world.wechat.prepay(&world.account, &world.order(NUMBER, 100)).await.expect_err("not believed");
        assert!(matches!(error, Error::Unverified(_)) && error.is_outcome_unknown(), "{status}: {error}");
    }
}
