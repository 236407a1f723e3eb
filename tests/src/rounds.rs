//! The first half of the flow in a few calls: designs that are submitted, rounds that are open or closed.

use chrono::Duration;
use entity::staff::StaffRole;
use serde_json::{Value, json};

use crate::{Answer, Brand, Person, picture};

/// What a design says and shows, ready for `createDesign`.
pub fn design_content(title: &str, pictures: &[&str]) -> Value {
    json!({
        "title": title,
        "description": "Small stand-up collar, slim waist.",
        "category": "Shirt",
        "attributes": [{ "name": "Collar", "value": "Stand-up" }],
        "pictureIds": pictures,
    })
}

impl<'a> Brand<'a> {
    pub async fn designer(&self) -> Person<'a> {
        self.staff(StaffRole::Designer).await
    }

    /// `count` submitted designs of one designer, each with a picture; their ids in order.
    pub async fn designs(&self, count: usize) -> Vec<String> {
        let designer = self.designer().await;
        let media = designer.upload(picture(7)).await;
        let mut ids = Vec::with_capacity(count);
        for number in 1..=count {
            let input = json!({ "content": design_content(&format!("Design {number}"), &[&media]) });
            let id = designer.mutate("createDesign", input, "design { id }").await.text("createDesign.design.id");
            let submitted = designer.mutate("submitDesign", json!({ "designId": id }), "design { id }").await;
            submitted.ok("submitDesign.design.id");
            ids.push(id);
        }
        ids
    }

    /// Asks for a round that opens `opens_in` from now and lasts twelve hours.
    pub async fn ask_for_round(&self, communities: &[&str], designs: &[String], k: i32, opens_in: Duration) -> Answer {
        let input = json!({
            "title": "Early autumn",
            "communityIds": communities,
            "designIds": designs,
            "advanceCount": k,
            "opensAt": self.app.at(opens_in),
            "closesAt": self.app.at(opens_in + Duration::hours(12)),
        });
        self.owner.mutate("createRound", input, "round { id status }").await
    }

    /// A round that is open now and closes in twelve hours; its id.
    pub async fn open_round(&self, communities: &[&str], designs: &[String], k: i32) -> String {
        self.ask_for_round(communities, designs, k, Duration::zero()).await.text("createRound.round.id")
    }

    /// An entry of a round closed by hand after `pickers` picked its first design: round, entry and design ids.
    pub async fn advanced_entry(&self, community: &str, pickers: &[&Person<'_>]) -> (String, String, String) {
        let designs = self.designs(2).await;
        let round = self.open_round(&[community], &designs, 1).await;
        for picker in pickers {
            picker.pick(&round, &designs[0]).await.ok("pickDesign.entry.id");
        }
        let fields = "round { entries { id advanced } }";
        let closed = self.owner.mutate("closeRound", json!({ "roundId": round }), fields).await;
        assert_eq!(closed.ok("closeRound.round.entries.0.advanced"), json!(true));
        let entry = closed.text("closeRound.round.entries.0.id");
        (round, entry, designs[0].clone())
    }
}

impl Person<'_> {
    pub async fn pick(&self, round: &str, design: &str) -> Answer {
        let input = json!({ "roundId": round, "designId": design });
        self.mutate("pickDesign", input, "entry { id picks pickedByMe }").await
    }

    pub async fn unpick(&self, round: &str, design: &str) -> Answer {
        let input = json!({ "roundId": round, "designId": design });
        self.mutate("unpickDesign", input, "entry { id picks pickedByMe }").await
    }
}
