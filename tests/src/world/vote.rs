//! From designs to a try-on post.

use chrono::Duration;
use serde_json::{Value, json};

use super::World;
use crate::picture;

impl World<'_> {
    async fn design(&mut self, number: u8) -> String {
        let media = self.designer.upload(picture(number)).await;
        self.ids.insert("pictureId", media.clone());
        let content = json!({
            "title": self.marked(&format!("design {number}")),
            "description": self.marked("description"),
            "category": self.marked("shirt"),
            "season": self.marked("spring"),
            "fabric": self.marked("linen"),
            "fit": self.marked("loose"),
            "attributes": [{ "name": self.marked("collar"), "value": self.marked("high") }],
            "pictureIds": [media],
        });
        let made = self.designer.mutate("createDesign", json!({ "content": content }), "design { id }").await;
        let id = made.text("createDesign.design.id");
        self.designer
            .mutate("submitDesign", json!({ "designId": id }), "design { id }")
            .await
            .ok("submitDesign.design.id");
        id
    }

    async fn round(&self, name: &str, designs: &[&str], advances: i32) -> String {
        let input = json!({
            "title": self.marked(name),
            "communityIds": [self.id("communityId")],
            "designIds": designs,
            "advanceCount": advances,
            "opensAt": self.brand.app.at(Duration::zero()),
            "closesAt": self.brand.app.at(Duration::days(30)),
        });
        self.merchandiser.mutate("createRound", input, "round { id }").await.text("createRound.round.id")
    }

    /// One round that is over, with a winner, a second and a third that the buyer picked, and one that is open. One
    /// design is in none.
    pub(super) async fn vote(&mut self) {
        let mut designs = Vec::new();
        for number in 1..=6 {
            designs.push(self.design(number).await);
        }
        let round = self.round("round", &[&designs[0], &designs[1], &designs[4]], 3).await;
        for design in [&designs[0], &designs[1], &designs[4]] {
            self.buyer.pick(&round, design).await.ok("pickDesign.entry.id");
        }
        let fields = "round { entries { id design { id } } }";
        let closed = self.merchandiser.mutate("closeRound", json!({ "roundId": round }), fields).await;
        let entries = closed.ok("closeRound.round.entries");
        let wanted = [("entryId", &designs[0]), ("secondEntryId", &designs[1]), ("thirdEntryId", &designs[4])];
        for (name, design) in wanted {
            let of = |entry: &&Value| entry["design"]["id"] == json!(design);
            let entry = entries.as_array().expect("a list").iter().find(of).expect("an entry");
            self.ids.insert(name, entry["id"].as_str().expect("an id").to_owned());
        }
        let open = self.round("next", &[&designs[2], &designs[3]], 1).await;
        self.buyer.pick(&open, &designs[2]).await.ok("pickDesign.entry.id");
        self.ids.insert("roundId", round);
        self.ids.insert("openRoundId", open);
        self.ids.insert("designId", designs[0].clone());
        self.ids.insert("openDesignId", designs[2].clone());
    }

    /// A sample goes to the KOC, and her post about it is out.
    pub(super) async fn show(&mut self) {
        let post = self.sample("entryId").await;
        self.act("approveTryOn", json!({ "tryOnId": post })).await;
        self.koc.mutate("publishTryOn", json!({ "tryOnId": post }), "tryOn { id }").await.ok("publishTryOn.tryOn.id");
        self.brand.app.settle().await;
        self.ids.insert("tryOnId", post);
    }

    /// A sample of an entry goes to the KOC, and what she says of it waits for its review; her try-on.
    pub(super) async fn sample(&mut self, entry: &str) -> String {
        let input = json!({ "entryId": self.id(entry), "kocId": self.koc.id, "size": "M", "color": self.marked("white"),
            "tryOnDueAt": self.brand.app.at(Duration::days(7)) });
        let asked = self.merchandiser.mutate("requestSample", input, "sample { id tryOn { id } }").await;
        let (sample, post) = (asked.text("requestSample.sample.id"), asked.text("requestSample.sample.tryOn.id"));
        let sent = json!({ "sampleId": sample, "carrier": self.marked("carrier"), "trackingNo": format!("{}-SF1", self.mark()) });
        self.merchandiser.mutate("dispatchSample", sent, "sample { id }").await.ok("dispatchSample.sample.id");
        let got = json!({ "sampleId": sample });
        self.koc.mutate("confirmSampleReceived", got, "sample { id }").await.ok("confirmSampleReceived.sample.id");
        let media = self.koc.upload(picture(9)).await;
        self.ids.entry("mediaId").or_insert(media.clone());
        let input = json!({ "tryOnId": post, "body": self.marked("body"), "sizeWorn": "M", "fit": "TRUE_TO_SIZE",
            "cons": self.marked("cons"), "mediaIds": [media], "heightCm": 160, "weightKg": 55 });
        self.koc.mutate("submitTryOn", input, "tryOn { id }").await.ok("submitTryOn.tryOn.id");
        self.brand.app.settle().await;
        self.ids.entry("sampleId").or_insert(sample);
        post
    }

    /// The merchandiser does something that must work.
    pub(super) async fn act(&self, name: &str, input: Value) {
        self.merchandiser.mutate(name, input, "__typename").await.ok(name);
    }
}
