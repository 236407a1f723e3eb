//! A whole brand in which everything was used once, every text carries the brand's mark, and every id is
//! known by the name of the argument that takes it. Who may see what is tried on two such brands.

mod half_way;
mod less_smooth;
mod make;
mod sell;
mod values;
mod vote;

use std::collections::BTreeMap;

use entity::staff::StaffRole;
use serde_json::json;

use crate::{Brand, Person, TestApp};

/// A brand, its people, and its ids.
pub struct World<'a> {
    pub brand: Brand<'a>,
    pub merchandiser: Person<'a>,
    pub designer: Person<'a>,
    pub support: Person<'a>,
    pub finance: Person<'a>,
    /// Leads the community and posted about the design that won.
    pub koc: Person<'a>,
    /// In the community; picked the winner and bought it twice, one of the orders was refunded.
    pub buyer: Person<'a>,
    /// Of the brand, but of no community, and bought nothing.
    pub bystander: Person<'a>,
    /// Makes the batch.
    pub factory: Person<'a>,
    /// By argument: `roundId` → `round_01…`. `openRoundId` is a round that takes picks.
    pub ids: BTreeMap<&'static str, String>,
    /// The phone number of every address and of nobody in another brand.
    pub phone: String,
}

impl TestApp {
    /// Plays the whole flow in a brand of this mark (its slug), for `factory`. `number` tells the brands' phones apart.
    pub async fn world<'a>(&'a self, mark: &str, number: u8, factory: &Person<'a>) -> World<'a> {
        let brand = self.brand(mark).await;
        let mut world = World {
            merchandiser: brand.staff(StaffRole::Merchandiser).await,
            designer: brand.staff(StaffRole::Designer).await,
            support: brand.staff(StaffRole::Support).await,
            finance: brand.staff(StaffRole::Finance).await,
            koc: brand.koc(&format!("{mark}-koc")).await,
            buyer: brand.member(&format!("{mark}-buyer")).await,
            bystander: brand.member(&format!("{mark}-bystander")).await,
            factory: factory.clone(),
            ids: BTreeMap::new(),
            phone: format!("1390000{number:02}77"),
            brand,
        };
        let sacked = world.brand.staff(StaffRole::Support).await;
        for (name, person) in
            [("memberId", &world.buyer), ("kocId", &world.koc), ("staffId", &sacked), ("factoryId", &world.factory)]
        {
            world.ids.insert(name, person.id.clone());
        }
        let brand_id = smallbatch::base::id::BrandId::new(world.brand.id).to_string();
        world.ids.insert("brandId", brand_id);
        world.gather().await;
        world.introduce().await;
        world.vote().await;
        world.show().await;
        world.sell().await;
        world.make().await;
        world.less_smooth().await;
        world.half_way().await;
        self.settle().await;
        world
    }
}

impl<'a> World<'a> {
    pub fn mark(&self) -> &str {
        &self.brand.slug
    }

    pub fn id(&self, name: &str) -> &str {
        self.ids.get(name).unwrap_or_else(|| panic!("the world has no {name}"))
    }

    fn marked(&self, text: &str) -> String {
        format!("{} {text}", self.brand.slug)
    }

    /// The KOC's community, with the buyer in it, who says what she needs and agrees to what is asked.
    async fn gather(&mut self) {
        let input = json!({ "kocId": self.koc.id, "name": self.marked("circle"), "need": self.marked("slim waist") });
        let made = self.koc.mutate("createCommunity", input, "community { id inviteCode }").await;
        let code = made.text("createCommunity.community.inviteCode");
        let joins = json!({ "inviteCode": code, "source": "INVITE_CODE" });
        self.buyer.mutate("joinCommunity", joins, "community { id }").await.ok("joinCommunity.community.id");
        self.look_on(&code).await;
        self.ids.insert("communityId", made.text("createCommunity.community.id"));
        for (person, kinds) in [(&self.koc, vec!["PHOTOS", "BODY_DATA"]), (&self.buyer, vec!["BODY_DATA"])] {
            for kind in kinds {
                let input = json!({ "kind": kind, "textVersion": "2026-01" });
                person.mutate("grantConsent", input, "consent { kind }").await.ok("grantConsent.consent.kind");
            }
        }
        let query =
            "mutation($input: SaveNeedProfileInput!) { saveNeedProfile(input: $input) { userErrors { code } } }";
        let need = json!({ "heightCm": 160, "weightKg": 55, "bustCm": 84, "waistCm": 68, "hipCm": 90, "wishes": self.marked("wish") });
        self.buyer.gql(query, json!({ "input": need })).await.ok("saveNeedProfile");
    }
}
