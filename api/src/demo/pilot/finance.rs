//! The pilot's money as the brand's finance people see it.

use anyhow::Result;
use chrono::Duration;
use serde_json::{Value, json};

use super::Pilot;
use crate::demo::caller::at;
use crate::demo::money::ACCOUNTS;

impl Pilot<'_> {
    /// Waits until the days whose bills are there have been held against them, as happens by itself.
    pub async fn reconcile(&self) -> Result<()> {
        let query = "{ reconciliations(first: 10) { nodes { status bill { payments } } } }";
        let read = |data: &Value| {
            let days = at(data, "reconciliations.nodes").as_array().cloned().unwrap_or_default();
            days.iter().any(|day| at(day, "bill.payments").as_i64() > Some(0))
                && days.iter().all(|day| day["status"] != "WAITING")
        };
        self.until("WeChat Pay's bill", &self.caller("finance.token")?, query, json!({}), read).await?;
        Ok(())
    }

    /// Everything that the report shows of it.
    pub(super) async fn money(&self) -> Result<Value> {
        let now = self.app.clock.now();
        let days =
            json!({ "from": (now - Duration::days(30)).date_naive(), "to": (now + Duration::days(1)).date_naive() });
        let statements: Vec<_> = ACCOUNTS
            .iter()
            .map(|account| format!("{account}: ledgerStatement(from: $from, to: $to, account: {account}) {{ accountName closing {{ minorUnits formatted }} }}"))
            .collect();
        let query = format!(
            "query Money($from: NaiveDate!, $to: NaiveDate!) {{ {} \
             financeDesk {{ memberPayments {{ formatted minorUnits }} refundsPayable {{ formatted minorUnits }} \
             attemptsOpen {{ count }} refundsOnTheirWay {{ count }} stuck {{ totalCount }} ledgerHead {{ seq hash }} }} \
             reconciliations(first: 10) {{ nodes {{ date status bill {{ payments refunds paid {{ formatted minorUnits }} \
             fees {{ formatted minorUnits }} movement {{ formatted minorUnits }} }} difference {{ formatted minorUnits }} }} }} }}",
            statements.join(" ")
        );
        self.caller("finance.token")?.ask(&query, days).await
    }
}
