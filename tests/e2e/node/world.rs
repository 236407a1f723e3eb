//! One of everything, made as people make it, and whom it is shown to.

use chrono::Duration;
use entity::staff::StaffRole;
use serde_json::json;
use tests::{Brand, Person, TestApp, picture};

/// Whom a thing is shown to, by the names of [`World::people`].
pub struct Thing {
    pub kind: &'static str,
    pub id: String,
    pub seen_by: Vec<&'static str>,
}

/// One of everything, and people who may see some of it.
pub struct World<'a> {
    pub people: Vec<(&'static str, Person<'a>)>,
    pub things: Vec<Thing>,
}

const TEAM: &[&str] = &["owner", "designer"];
const COMMUNITY: &[&str] = &["picker", "koc"];
const OTHERS: &[&str] = &["red", "blue", "passer"];

impl<'a> World<'a> {
    pub async fn set(app: &'a TestApp) -> World<'a> {
        let (brand, rival) = (app.brand("sb").await, app.brand("rival").await);
        let [holder, loser, idle] = [app.factory("One").await, app.factory("Two").await, app.factory("Three").await];
        let sold = brand.sold(&[&[("red/S", 2)], &[("blue/M", 1)]]).await;
        let ((red, order), (blue, cancelled)) = (sold.orders[0].clone(), sold.orders[1].clone());
        blue.mutate("cancelOrder", json!({ "orderId": cancelled }), "order { id }").await.ok("cancelOrder.order");
        app.settle().await;
        let people = vec![
            ("owner", brand.owner.clone()),
            ("designer", brand.staff(StaffRole::Designer).await),
            ("picker", brand.member("picker").await),
            ("koc", brand.member("koc").await),
            ("red", red),
            ("blue", blue),
            ("passer", brand.member("passer").await),
            ("holder", holder.clone()),
            ("loser", loser.clone()),
            ("idle", idle),
            ("rival", rival.owner.clone()),
            // The same human as red, in another brand.
            ("twin", rival.member("buyer-0").await),
        ];
        let batch = brand.released(&sold.presale, &[&holder, &loser]).await;
        let epoch = holder.takes(&batch).await;
        holder.packs(&batch, epoch, sold.cells(&[("red/S", 2)])).await;
        holder.ships(&batch, epoch, "SF100001", sold.cells(&[("red/S", 2)]), true).await.ok("shipBatch.batch");
        let mut world = World { people, things: Vec::new() };
        world.note_people(&brand).await;
        world.note_votes(&sold.presale).await;
        world.note_posts(&sold.presale).await;
        world.note_sales(&sold.presale, sold.sku("red/S"), &order, &cancelled).await;
        world.note_making(&batch, &order).await;
        world
    }

    pub fn person(&self, name: &str) -> &Person<'a> {
        &self.people.iter().find(|(own, _)| *own == name).expect("a person of this name").1
    }

    pub fn thing(&self, kind: &str) -> &Thing {
        self.things.iter().find(|thing| thing.kind == kind).expect("a thing of this kind")
    }

    fn note(&mut self, kind: &'static str, id: &str, seen_by: &[&[&'static str]]) {
        self.things.push(Thing { kind, id: id.to_owned(), seen_by: seen_by.concat() });
    }

    async fn read(&self, name: &str, query: &str, id: &str, path: &str) -> String {
        self.person(name).gql(query, json!({ "id": id })).await.text(path)
    }

    async fn note_people(&mut self, brand: &Brand<'a>) {
        let own = |kind: &str| format!("{{ viewer {{ {kind} }} }}");
        let id = self.read("owner", &own("brand { id }"), "", "viewer.brand.id").await;
        self.note("Brand", &id, &[TEAM, COMMUNITY, OTHERS]);
        let [designer, red, koc] = ["designer", "red", "koc"].map(|name| self.person(name).id.clone());
        self.note("Staff", &designer, &[TEAM]);
        self.note("Member", &red, &[TEAM, &["red"]]);
        self.note("Member", &koc, &[TEAM, &["koc", "picker"]]);
        let consent = json!({ "kind": "PHOTOS", "textVersion": "2026-01" });
        let consent = self.person("koc").mutate("grantConsent", consent, "consent { id }").await;
        self.note("Consent", &consent.text("grantConsent.consent.id"), &[&["koc"]]);
        let id = self.read("red", &own("addresses { id }"), "", "viewer.addresses.0.id").await;
        self.note("Address", &id, &[&["red"]]);
        let inbox = own("inbox(first: 1) { edges { node { id } } }");
        let id = self.read("picker", &inbox, "", "viewer.inbox.edges.0.node.id").await;
        self.note("InboxMessage", &id, &[&["picker"]]);
        let [holder, loser, idle] = ["holder", "loser", "idle"].map(|name| self.person(name).id.clone());
        self.note("Factory", &holder, &[TEAM, &["holder"]]);
        self.note("Factory", &loser, &[TEAM, &["loser"]]);
        self.note("Factory", &idle, &[&["idle"]]);
        assert_eq!(brand.slug, "sb");
    }

    async fn note_votes(&mut self, presale: &str) {
        let communities = "{ communities(first: 1) { edges { node { id } } } }";
        let id = self.read("owner", communities, "", "communities.edges.0.node.id").await;
        self.note("Community", &id, &[TEAM, COMMUNITY]);
        let rounds =
            "{ rounds(first: 1) { edges { node { id entries { id design { id version { pictures { id } } } } } } } }";
        let round = self.person("owner").gql(rounds, json!({})).await;
        let at = |path: &str| round.text(&format!("rounds.edges.0.node.{path}"));
        self.note("Round", &at("id"), &[TEAM, COMMUNITY]);
        self.note("RoundEntry", &at("entries.0.id"), &[TEAM, COMMUNITY]);
        self.note("Design", &at("entries.0.design.id"), &[TEAM, COMMUNITY, OTHERS]);
        self.note("Design", &at("entries.1.design.id"), &[TEAM, COMMUNITY]);
        let cover = at("entries.0.design.version.pictures.0.id");
        self.note("Media", &cover, &[TEAM, COMMUNITY, OTHERS, &["holder"]]);
        let sold = "query($id: ID!) { presale(id: $id) { entryId } }";
        assert_eq!(self.read("owner", sold, presale, "presale.entryId").await, at("entries.0.id"));
    }

    async fn note_posts(&mut self, presale: &str) {
        let (owner, koc) = (self.person("owner").clone(), self.person("koc").clone());
        let sold = "query($id: ID!) { presale(id: $id) { entryId } }";
        let entry = self.read("owner", sold, presale, "presale.entryId").await;
        let input = json!({ "entryId": entry, "kocId": koc.id, "size": "M", "color": "red",
            "tryOnDueAt": owner.app().at(Duration::days(7)) });
        let asked = owner.mutate("requestSample", input, "sample { id tryOn { id } }").await;
        let (sample, post) = (asked.text("requestSample.sample.id"), asked.text("requestSample.sample.tryOn.id"));
        let sent = json!({ "sampleId": sample, "carrier": "SF", "trackingNo": "SF1234567890" });
        owner.mutate("dispatchSample", sent, "sample { id }").await.ok("dispatchSample.sample");
        let got = json!({ "sampleId": sample });
        koc.mutate("confirmSampleReceived", got, "sample { id }").await.ok("confirmSampleReceived.sample");
        let photo = koc.upload(picture(9)).await;
        let written = json!({ "tryOnId": post, "body": "腰线很好看", "sizeWorn": "M", "fit": "TRUE_TO_SIZE",
            "cons": "领口偏紧", "mediaIds": [photo] });
        koc.mutate("submitTryOn", written, "tryOn { id }").await.ok("submitTryOn.tryOn");
        owner.app().settle().await;
        let approved = json!({ "tryOnId": post, "acceptUnchecked": false });
        owner.mutate("approveTryOn", approved, "tryOn { id }").await.ok("approveTryOn.tryOn");
        koc.mutate("publishTryOn", json!({ "tryOnId": post }), "tryOn { id }").await.ok("publishTryOn.tryOn");
        self.note("Sample", &sample, &[TEAM, &["koc"]]);
        self.note("TryOn", &post, &[TEAM, COMMUNITY]);
        self.note("Media", &photo, &[TEAM, COMMUNITY]);
        let unused = koc.upload(picture(10)).await;
        self.note("Media", &unused, &[&["koc"]]);
    }

    async fn note_sales(&mut self, presale: &str, sku: &str, order: &str, cancelled: &str) {
        self.note("Presale", presale, &[TEAM, COMMUNITY, OTHERS]);
        self.note("Sku", sku, &[TEAM, COMMUNITY, OTHERS]);
        self.note("Order", order, &[TEAM, &["red"]]);
        let lines = "query($id: ID!) { order(id: $id) { lines { id } } }";
        let id = self.read("red", lines, order, "order.lines.0.id").await;
        self.note("OrderLine", &id, &[TEAM, &["red"]]);
        let refunds = "query($id: ID!) { refunds(orderId: $id) { edges { node { id } } } }";
        let id = self.read("blue", refunds, cancelled, "refunds.edges.0.node.id").await;
        self.note("Refund", &id, &[TEAM, &["blue"]]);
    }

    async fn note_making(&mut self, batch: &str, order: &str) {
        self.note("Batch", batch, &[TEAM, &["holder"]]);
        let made = "query($id: ID!) { batch(id: $id) { shipments { id } \
            cutTicket { units(first: 2) { edges { node { id } } } } } }";
        let made = self.person("owner").gql(made, json!({ "id": batch })).await;
        self.note("Shipment", &made.text("batch.shipments.0.id"), &[TEAM, &["holder"]]);
        for place in ["0", "1"] {
            let unit = made.text(&format!("batch.cutTicket.units.edges.{place}.node.id"));
            self.note("Unit", &unit, &[TEAM, &["holder"]]);
        }
        let parcels = "query($id: ID!) { delivery(orderId: $id) { parcels { id } } }";
        let id = self.read("red", parcels, order, "delivery.parcels.0.id").await;
        self.note("Parcel", &id, &[TEAM, &["red"]]);
        let sent =
            json!({ "batchId": batch, "parcels": [{ "parcelId": id, "carrier": "SF", "trackingNo": "SF900001" }] });
        self.person("owner").mutate("dispatchParcels", sent, "parcels { id }").await.ok("dispatchParcels.parcels");
        let lines = json!([{ "lineId": self.thing("OrderLine").id, "pieces": 1 }]);
        let input = json!({ "orderId": order, "lines": lines, "reason": "a seam is open" });
        let case = self.person("red").mutate("openAfterSales", input, "afterSales { id }").await;
        self.note("AfterSales", &case.text("openAfterSales.afterSales.id"), &[TEAM, &["red"]]);
    }
}
