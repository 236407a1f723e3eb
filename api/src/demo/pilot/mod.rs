//! The pilot, step by step, through the public API: what a brand, a KOC, 205 members and a factory did.
//!
//! Each step is noted in the diary under a name and repeatable by its idempotency key, so a run that
//! was interrupted goes on, and a step is never done twice.

mod cast;
mod finance;
mod make;
mod sell;
mod show;
mod vote;

use std::time::Duration;

use anyhow::{Context, Result, bail};
use indicatif::ProgressBar;
use serde_json::{Value, json};

use super::caller::{Caller, at};
use super::diary::Diary;
use super::report::Report;
use crate::app::App;
use crate::wechat::standin::Standin;

/// Members of the community.
pub const MEMBERS: usize = 205;
/// Designs on the slate.
pub const DESIGNS: usize = 20;
/// Members who picked design 1, and how many of them ordered.
pub const PICKERS: usize = 52;
pub const PICKER_ORDERS: usize = 35;
/// Orders of members who had not picked it.
pub const OTHER_ORDERS: usize = 8;
/// Steps that the progress bar counts.
pub const STEPS: u64 = (MEMBERS * 2 + DESIGNS + vote::PICKS_IN_ALL + (PICKER_ORDERS + OTHER_ORDERS) * 4 + 27) as u64;

/// Requests under way at once; a phone network would not do more, and one core is the demo's own.
const ABREAST: usize = 6;

/// Everything a step may need.
pub struct Pilot<'a> {
    pub app: &'a App,
    pub standin: &'a Standin,
    pub diary: &'a Diary,
    pub stranger: Caller,
    pub bar: ProgressBar,
}

impl Pilot<'_> {
    /// Plays whatever the diary does not hold yet.
    pub async fn play(&self) -> Result<()> {
        self.cast().await.context("casting the pilot")?;
        self.vote().await.context("the round")?;
        self.show().await.context("the try-on")?;
        self.sell().await.context("the presale")?;
        self.make().await.context("the batch")?;
        self.diary.note("finished", true);
        self.diary.save()
    }

    /// Fresh sessions for those whose tokens are printed; the old ones may have ended.
    pub async fn greet_again(&self) -> Result<()> {
        self.sign_in_staff("merchandiser").await?;
        self.sign_in_staff("finance").await?;
        self.sign_in_member("koc", cast::KOC).await?;
        self.sign_in_member("member.0", &cast::openid(0)).await?;
        self.diary.save()
    }

    /// Asks the API for everything that the report shows.
    pub async fn report(&self) -> Result<Report> {
        let merchandiser = self.caller("merchandiser.token")?;
        let data = merchandiser
            .ask(
                "query Report($round: ID!, $design: ID!, $presale: ID!, $batch: ID!, $tryOn: ID!) { \
                   round(id: $round) { entries { rank picks advanced design { styleNo version { title } } } } \
                   funnel(roundId: $round, designId: $design) { pickers pickerOrders others otherOrders members orders \
                     pickerRate { basisPoints formatted } otherRate { basisPoints formatted } rate { basisPoints formatted } } \
                   demandBook(presaleId: $presale) { colors sizes totalHeld totalPaid totalInBatch totalOpen \
                     cells { sku { color size } held paid inBatch open } } \
                   batch(id: $batch) { batchNo status pieces shippedPieces progressRevision } \
                   tryOn(id: $tryOn) { adLabel body cons sizeWorn fit } }",
                json!({
                    "round": self.diary.text("round")?,
                    "design": self.diary.text("design.1")?,
                    "presale": self.diary.text("presale")?,
                    "batch": self.diary.text("batch")?,
                    "tryOn": self.diary.text("tryon")?,
                }),
            )
            .await?;
        let mut ranking: Vec<Value> = at(&data, "round.entries").as_array().cloned().unwrap_or_default();
        ranking.sort_by_key(|entry| entry["rank"].as_i64().unwrap_or(i64::MAX));
        Ok(Report {
            funnel: data["funnel"].clone(),
            ranking,
            demand: data["demandBook"].clone(),
            batch: data["batch"].clone(),
            tryon: data["tryOn"].clone(),
            finance: self.money().await?,
        })
    }

    /// The caller whose token the diary holds under `note`.
    fn caller(&self, note: &str) -> Result<Caller> {
        Ok(self.stranger.with_token(&self.diary.text(note)?))
    }

    fn member(&self, number: usize) -> Result<Caller> {
        self.caller(&format!("member.{number}.token"))
    }

    /// Asks `question` until `done` says yes; what the worker or WeChat do takes a moment.
    async fn until(
        &self,
        what: &str,
        caller: &Caller,
        query: &str,
        variables: Value,
        done: impl Fn(&Value) -> bool,
    ) -> Result<Value> {
        for _ in 0..300 {
            let data = caller.ask(query, variables.clone()).await?;
            if done(&data) {
                return Ok(data);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        bail!("waited 30 s for {what}")
    }
}
