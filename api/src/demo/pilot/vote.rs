//! Twenty designs with pictures, one round, and everybody's picks.

use anyhow::Result;
use chrono::Duration;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde_json::{Value, json};

use super::{ABREAST, DESIGNS, MEMBERS, PICKERS, Pilot};
use crate::demo::caller::{at, text};
use crate::demo::pictures;

/// Title, category and fabric of each design, as drawn.
const SLATE: [(&str, &str, &str); DESIGNS] = [
    ("碎花茶歇裙 Floral tea dress", "dress", "viscose"),
    ("竖条衬衫 Striped shirt", "shirt", "cotton poplin"),
    ("陶土半裙 Terracotta skirt", "skirt", "linen blend"),
    ("横条针织 Striped knit", "knit", "wool blend"),
    ("驼色大衣 Camel coat", "coat", "wool"),
    ("橄榄长裤 Olive trousers", "trousers", "cotton twill"),
    ("酒红吊带裙 Wine slip dress", "dress", "satin"),
    ("波点衬衣 Dotted blouse", "blouse", "viscose"),
    ("绿格百褶裙 Check pleats", "skirt", "wool blend"),
    ("豆沙开衫 Rose cardigan", "knit", "cotton rib"),
    ("红波点裙 Dotted tea dress", "dress", "viscose"),
    ("鼠尾草衬衫 Sage shirt", "shirt", "linen"),
    ("格纹大衣 Check coat", "coat", "wool blend"),
    ("碎花半裙 Floral skirt", "skirt", "cotton"),
    ("紫罗纹针织 Plum rib knit", "knit", "merino"),
    ("丁香吊带裙 Lilac slip dress", "dress", "satin"),
    ("细条西裤 Pinstripe trousers", "trousers", "wool blend"),
    ("蓝衬衣 Blue blouse", "blouse", "chambray"),
    ("蓝格茶歇裙 Check tea dress", "dress", "cotton"),
    ("青灰开衫 Teal cardigan", "knit", "cotton"),
];

/// How many picked each design: design 1 leads with 52, as in the pilot.
const PICKS: [usize; DESIGNS] = [PICKERS, 47, 43, 40, 36, 31, 28, 25, 25, 20, 18, 16, 14, 12, 10, 9, 7, 5, 4, 2];
pub const PICKS_IN_ALL: usize = {
    let (mut sum, mut n) = (0, 0);
    while n < DESIGNS {
        sum += PICKS[n];
        n += 1;
    }
    sum
};

/// The `k`-th picker of a design: spread over the members, no one twice (3 and 205 have no common divisor).
pub fn picker(design: usize, k: usize) -> usize {
    (design * 31 + k * 3) % MEMBERS
}

impl Pilot<'_> {
    pub(super) async fn vote(&self) -> Result<()> {
        self.bar.set_message("twenty designs with pictures");
        stream::iter(1..=DESIGNS).map(|number| self.draw(number)).buffer_unordered(2).try_collect::<Vec<()>>().await?;
        // One after the other, so that design 1 gets style number D-0001.
        for number in 1..=DESIGNS {
            self.propose(number).await?;
        }
        self.bar.set_message("members pick");
        self.open_round().await?;
        let picks = PICKS.iter().enumerate().flat_map(|(n, &count)| (0..count).map(move |k| (n + 1, k)));
        stream::iter(picks)
            .map(|(design, k)| self.pick(design, k))
            .buffer_unordered(ABREAST)
            .try_collect::<Vec<()>>()
            .await?;
        let merchandiser = self.caller("merchandiser.token")?;
        merchandiser
            .act("closeRound", "close-round", json!({ "roundId": self.diary.text("round")? }), "round { status }")
            .await?;
        self.bar.inc(1);
        let entries = merchandiser
            .ask(
                "query($id: ID!) { round(id: $id) { entries { id rank } } }",
                json!({ "id": self.diary.text("round")? }),
            )
            .await?;
        let winner =
            at(&entries, "round.entries").as_array().into_iter().flatten().find(|entry| entry["rank"] == 1).cloned();
        self.diary.note("entry", text(&winner.unwrap_or_default(), "id")?);
        self.diary.save()
    }

    async fn draw(&self, number: usize) -> Result<()> {
        let designer = self.caller("designer.token")?;
        let upload = || async {
            let bytes = tokio::task::spawn_blocking(move || pictures::design(number as u32)).await?;
            Ok(json!(designer.upload(bytes).await?))
        };
        self.diary.once(&format!("picture.{number}"), upload).await.map(drop)
    }

    async fn propose(&self, number: usize) -> Result<()> {
        let designer = self.caller("designer.token")?;
        let picture = self.diary.text(&format!("picture.{number}"))?;
        let (title, category, fabric) = SLATE[number - 1];
        let content = json!({
            "title": title,
            "description": "Proposed for the petite community; one base size 160/84A.",
            "category": category,
            "season": "2026 spring",
            "fabric": fabric,
            "fit": "regular",
            "pictureIds": [picture],
        });
        let made = designer
            .act("createDesign", &format!("design-{number}"), json!({ "content": content }), "design { id }")
            .await?;
        let id = text(&made, "design.id")?;
        designer.act("submitDesign", &format!("submit-{number}"), json!({ "designId": id }), "design { id }").await?;
        self.diary.note(&format!("design.{number}"), id);
        self.bar.inc(1);
        Ok(())
    }

    async fn open_round(&self) -> Result<()> {
        let merchandiser = self.caller("merchandiser.token")?;
        let now = self.app.clock.now();
        let opens_at = self.diary.once("round.opens", || async { Ok(json!(now.to_rfc3339())) }).await?;
        let closes_at =
            self.diary.once("round.closes", || async { Ok(json!((now + Duration::days(7)).to_rfc3339())) }).await?;
        let designs: Vec<Value> =
            (1..=DESIGNS).filter_map(|number| self.diary.get(&format!("design.{number}"))).collect();
        let input = json!({
            "title": "春季选款 Spring round",
            "communityIds": [self.diary.text("community")?],
            "designIds": designs,
            "advanceCount": 5,
            "opensAt": opens_at,
            "closesAt": closes_at,
        });
        let made = merchandiser.act("createRound", "round", input, "round { id status }").await?;
        self.diary.note("round", text(&made, "round.id")?);
        self.bar.inc(1);
        self.diary.save()
    }

    async fn pick(&self, design: usize, k: usize) -> Result<()> {
        if self.diary.get("entry").is_none() {
            let input = json!({ "roundId": self.diary.text("round")?, "designId": self.diary.text(&format!("design.{design}"))? });
            self.member(picker(design, k))?
                .act("pickDesign", &format!("pick-{design}-{k}"), input, "entry { picks }")
                .await?;
        }
        self.bar.inc(1);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn nobody_picks_a_design_twice_and_the_first_leads() {
        for (n, &count) in PICKS.iter().enumerate() {
            assert_eq!((0..count).map(|k| picker(n + 1, k)).collect::<BTreeSet<_>>().len(), count);
        }
        assert!(PICKS[1..].iter().all(|&count| count < PICKS[0]));
    }
}
