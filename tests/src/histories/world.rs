//! What histories share: a brand with a design to sell, someone at its desk, and buyers.

use entity::staff::StaffRole;
use entity::{outbox, timer};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;
use smallbatch::app::App;
use smallbatch::base::id::{AddressId, RoundEntryId, StaffId};
use smallbatch::people::actor::{Actor, MemberActor, StaffActor};
use smallbatch::wechat::Account;
use smallbatch::wechat::standin::Switches;
use smallbatch::worker;
use uuid::Uuid;

use super::script::BUYERS;
use crate::TestApp;
use crate::people::Brand;

/// WeChat as it is when nothing goes wrong, but keeping no fee: the books of a history know payments and refunds only,
/// and by the next morning the day's bill would have fees booked.
pub(crate) fn no_fees() -> Switches {
    Switches { fee_per_ten_thousand: 0, ..Switches::default() }
}

pub struct World<'a> {
    pub test: &'a TestApp,
    pub brand: Brand<'a>,
    pub brand_id: Uuid,
    pub account: Account,
    /// The owner, who may do what everybody at the desk may.
    pub desk: Actor,
    pub buyers: Vec<Buyer>,
    /// The round entry of the design that is sold.
    pub entry_id: Uuid,
}

pub struct Buyer {
    pub id: Uuid,
    pub actor: Actor,
    pub openid: String,
    pub address_id: Uuid,
}

impl<'a> World<'a> {
    pub async fn new(test: &'a TestApp) -> Self {
        let brand = test.brand("linen").await;
        let mut buyers = Vec::new();
        let picker = brand.member("buyer-0").await;
        let koc = brand.koc("koc").await;
        let community = brand.community(&koc, &[&picker]).await;
        let (_, entry, _) = brand.advanced_entry(&community, &[&picker]).await;
        for n in 0..BUYERS {
            buyers.push(Buyer::of(&brand, &format!("buyer-{n}")).await);
        }
        test.settle().await;
        let desk = StaffActor {
            brand_id: brand.id,
            id: StaffId::parse(&brand.owner.id).expect("a staff id").0,
            session_id: Uuid::nil(),
            role: StaffRole::Owner,
        };
        World {
            test,
            brand_id: brand.id,
            desk: Actor::Staff(desk),
            buyers,
            entry_id: RoundEntryId::parse(&entry).expect("an entry").0,
            account: Account { brand_id: brand.id, ..brand.account.clone() },
            brand,
        }
    }

    pub fn app(&self) -> &'a App {
        &self.test.app
    }

    /// A fresh idempotency key.
    pub fn key(&self) -> String {
        self.app().ids.next().to_string()
    }

    /// Works off what is due, and lets WeChat say what it has to say; what is leased or failed stays.
    pub async fn settle(&self) -> Result<(), String> {
        for _ in 0..200 {
            self.listen().await;
            match worker::run_due(self.app()).await {
                Ok(0) => {
                    self.listen().await;
                    return Ok(());
                }
                Ok(_) => {}
                // A notification was being taken at the same time.
                Err(error) if error.is_retryable() => {}
                Err(error) => return Err(format!("the worker: {error}")),
            }
        }
        Err("work keeps coming: a handler or timer re-arms itself without moving on".to_owned())
    }

    /// Waits for the notifications that are due to arrive.
    pub async fn listen(&self) {
        self.test.standin.tick();
        self.test.standin.settle().await;
    }

    /// Open timers of the brand.
    pub async fn timers(&self) -> Vec<timer::Model> {
        let open = timer::Entity::find()
            .filter(timer::Column::BrandId.eq(self.brand_id))
            .filter(timer::Column::DoneAt.is_null());
        open.all(self.app().db.read()).await.expect("timers read")
    }

    /// Events of the brand that were not handed out yet.
    pub async fn events(&self) -> Vec<outbox::Model> {
        let open = outbox::Entity::find()
            .filter(outbox::Column::BrandId.eq(self.brand_id))
            .filter(outbox::Column::DoneAt.is_null());
        open.all(self.app().db.read()).await.expect("the outbox reads")
    }
}

impl Buyer {
    /// A member with an address, signed in.
    pub async fn of(brand: &Brand<'_>, name: &str) -> Self {
        let person = brand.member(name).await;
        let address = json!({ "address": {
            "recipient": "王小花", "phone": "13812345678", "province": "上海市", "city": "上海市",
            "district": "徐汇区", "street": "漕溪北路 1 号" } });
        let added = person.mutate("addAddress", address, "address { id }").await;
        let id = Brand::member_uuid(&person);
        let member = MemberActor { brand_id: brand.id, id, session_id: Uuid::nil(), is_koc: false };
        Buyer {
            id,
            actor: Actor::Member(member),
            openid: person.openid.clone(),
            address_id: AddressId::parse(&added.text("addAddress.address.id")).expect("an address").0,
        }
    }
}
