//! The finance side of the report.

use serde_json::{Value, json};

use super::caller::at;

/// The accounts on which the pilot moves something.
pub const ACCOUNTS: [&str; 5] = ["CLEARING", "MEMBER_PAYMENTS", "REFUNDS_PAYABLE", "REVENUE", "PROVIDER_FEES"];

/// Stable names for programs; amounts in fen.
pub fn json(money: &Value) -> Value {
    let fen = |value: &Value, path: &str| at(value, &format!("{path}.minorUnits")).clone();
    let accounts: serde_json::Map<String, Value> =
        ACCOUNTS.iter().map(|account| (account.to_string(), fen(money, &format!("{account}.closing")))).collect();
    let bill = |day: &Value| {
        json!({
            "date": day["date"],
            "status": day["status"],
            "payments": at(day, "bill.payments"),
            "refunds": at(day, "bill.refunds"),
            "paid": fen(day, "bill.paid"),
            "fees": fen(day, "bill.fees"),
            "movement": fen(day, "bill.movement"),
            "difference": fen(day, "difference"),
        })
    };
    json!({
        "accounts": accounts,
        "stuck": at(money, "financeDesk.stuck.totalCount"),
        "ledgerHead": at(money, "financeDesk.ledgerHead"),
        "bills": days(money).iter().map(bill).collect::<Vec<_>>(),
    })
}

/// Plain text, 80 columns.
pub fn text(money: &Value) -> String {
    let word = |value: &Value, path: &str| at(value, path).as_str().unwrap_or("–").to_owned();
    let mut out = String::from("\nFinance (every fen accounted for)\n");
    for account in ACCOUNTS {
        let (name, closing) =
            (word(money, &format!("{account}.accountName")), word(money, &format!("{account}.closing.formatted")));
        out.push_str(&format!("  {name:<20}{closing:>14}\n"));
    }
    out.push_str(&format!(
        "  in flight: {} payments, {} refunds; stuck: {}\n",
        at(money, "financeDesk.attemptsOpen.count"),
        at(money, "financeDesk.refundsOnTheirWay.count"),
        at(money, "financeDesk.stuck.totalCount"),
    ));
    // Days on which something moved.
    for day in days(money).iter().filter(|day| at(day, "bill.movement.minorUnits") != 0) {
        out.push_str(&format!(
            "  WeChat Pay's bill of {}: {} payments {}, fees {}; difference {} ({})\n",
            word(day, "date"),
            at(day, "bill.payments"),
            word(day, "bill.paid.formatted"),
            word(day, "bill.fees.formatted"),
            word(day, "difference.formatted"),
            word(day, "status"),
        ));
    }
    out
}

fn days(money: &Value) -> &[Value] {
    at(money, "reconciliations.nodes").as_array().map_or(&[], Vec::as_slice)
}
