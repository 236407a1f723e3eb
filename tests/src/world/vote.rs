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

    async fn round(&self, name: &str, designs: &[&str]) -> String {
        let input = json!({
            "title": self.marked(name),
            "communityIds": [self.id("communityId")],
            "designIds": designs,
            "advanceCount": 1,
            "opensAt": self.brand.app.at(Duration::zero()),
            "closesAt": self.brand.app.at(Duration::days(30)),
        });
        self.merchandiser.mutate("createRound", input, "round { id }").await.text("createRound.round.id")
    }

    /// One round that is over, with a winner the buyer picked, and one that is open.
    pub(super) async fn vote(&mut self) {
        let designs = [self.design(1).await, self.design(2).await, self.design(3).await, self.design(4).await];
        let round = self.round("round", &[&designs[0], &designs[1]]).await;
        self.buyer.pick(&round, &designs[0]).await.ok("pickDesign.entry.id");
        let fields = "round { entries { id } }";
        let closed = self.merchandiser.mutate("closeRound", json!({ "roundId": round }), fields).await;
        self.ids.insert("entryId", closed.text("closeRound.round.entries.0.id"));
        let open = self.round("next", &[&designs[2], &designs[3]]).await;
        self.buyer.pick(&open, &designs[2]).await.ok("pickDesign.entry.id");
        self.ids.insert("roundId", round);
        self.ids.insert("openRoundId", open);
        self.ids.insert("designId", designs[0].clone());
        self.ids.insert("openDesignId", designs[2].clone());
    }

    /// A sample goes to the KOC, and her post about it is out.
    pub(super) async fn show(&mut self) {
        let input = json!({ "entryId": self.id("entryId"), "kocId": self.koc.id, "size": "M", "color": self.marked("white"),
            "tryOnDueAt": self.brand.app.at(Duration::days(7)) });
        let asked = self.merchandiser.mutate("requestSample", input, "sample { id tryOn { id } }").await;
        let (sample, post) = (asked.text("requestSample.sample.id"), asked.text("requestSample.sample.tryOn.id"));
        let sent = json!({ "sampleId": sample, "carrier": self.marked("carrier"), "trackingNo": format!("{}-SF1", self.mark()) });
        self.merchandiser.mutate("dispatchSample", sent, "sample { id }").await.ok("dispatchSample.sample.id");
        let got = json!({ "sampleId": sample });
        self.koc.mutate("confirmSampleReceived", got, "sample { id }").await.ok("confirmSampleReceived.sample.id");
        let media = self.koc.upload(picture(9)).await;
        self.ids.insert("mediaId", media.clone());
        let input = json!({ "tryOnId": post, "body": self.marked("body"), "sizeWorn": "M", "fit": "TRUE_TO_SIZE",
            "cons": self.marked("cons"), "mediaIds": [media], "heightCm": 160, "weightKg": 55 });
        self.koc.mutate("submitTryOn", input, "tryOn { id }").await.ok("submitTryOn.tryOn.id");
        self.brand.app.settle().await;
        self.act("approveTryOn", json!({ "tryOnId": post })).await;
        self.koc.mutate("publishTryOn", json!({ "tryOnId": post }), "tryOn { id }").await.ok("publishTryOn.tryOn.id");
        self.brand.app.settle().await;
        self.ids.insert("sampleId", sample);
        self.ids.insert("tryOnId", post);
    }

    /// The merchandiser does something that must work.
    pub(super) async fn act(&self, name: &str, input: Value) {
        self.merchandiser.mutate(name, input, "__typename").await.ok(name);
    }
}
