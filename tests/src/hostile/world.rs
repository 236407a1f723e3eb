//! The people and things that hostile requests are about.

use serde_json::json;
use smallbatch::base::id::kind;
use smallbatch::base::id::{Id, Kind};

use super::expand::World;
use crate::{Brand, Person, TestApp, picture};

/// Two brands in the middle of their flow. Names of ids as the corpus uses them, and of tokens as `token.<persona>`.
pub async fn build(app: &TestApp) -> World {
    let mut world = World::new();
    let brand = app.brand("linen").await;
    let other = app.brand("denim").await;
    let factory = app.factory("Sunrise").await;
    let stranger = app.factory("Moonrise").await;
    let mut put = |name: &str, value: &str| _ = world.insert(name.to_owned(), value.to_owned());

    let sold = brand.sold(&[&[("red/S", 1)], &[("blue/M", 1)]]).await;
    put("batch", &brand.released(&sold.presale, &[&factory]).await);
    put("soldPresale", &sold.presale);
    let [(mei, order), (lan, order_of_lan)] = &sold.orders[..] else { panic!("two orders") };
    let theirs = other.sold(&[&[("red/S", 1)]]).await;
    let (eve, order_of_other) = &theirs.orders[0];
    for (name, value) in [
        ("order", order),
        ("lanOrder", order_of_lan),
        ("otherOrder", order_of_other),
        ("otherPresale", &theirs.presale),
        ("otherMember", &eve.id),
        ("member", &mei.id),
        ("lan", &lan.id),
        ("factory", &factory.id),
        ("otherStaff", &other.owner.id),
        ("loginCode", &brand.login_code("new-member")),
    ] {
        put(name, value);
    }
    for (name, person) in [("address", mei), ("lanAddress", lan), ("otherAddress", eve)] {
        put(name, &address(person).await);
    }
    let koc = open_things(&brand, [mei, lan], "", &mut put).await;
    let other_koc = open_things(&other, [eve, eve], "other", &mut put).await;
    put("otherKoc", &other_koc.id);
    put("koc", &koc.id);
    let gone = brand.member("gone").await;
    gone.gql("mutation { signOut { signedOut } }", json!({})).await.ok("");

    let tokens = [
        ("member", mei),
        ("lan", lan),
        ("other", eve),
        ("koc", &koc),
        ("owner", &brand.owner),
        ("otherOwner", &other.owner),
        ("factory", &factory),
        ("otherFactory", &stranger),
        ("expired", &gone),
    ];
    for (name, person) in tokens {
        put(&format!("token.{name}"), person.token.as_deref().expect("signed in"));
    }
    for (name, id) in missing(app) {
        put(name, &id);
    }
    world
}

/// A round and a presale that are open, a draft, a picture; names begin with `prefix`. The KOC of their community.
async fn open_things<'a>(
    brand: &Brand<'a>,
    members: [&Person<'_>; 2],
    prefix: &str,
    put: &mut impl FnMut(&str, &str),
) -> Person<'a> {
    let mut put = |name: &str, value: &str| match prefix {
        "" => put(name, value),
        _ => put(&format!("{prefix}{}{}", name[..1].to_uppercase(), &name[1..]), value),
    };
    let koc = brand.koc("leader").await;
    let joining = if members[0].id == members[1].id { &members[..1] } else { &members[..] };
    let community = brand.community(&koc, joining).await;
    let (closed, entry, advanced) = brand.advanced_entry(&community, &[members[0]]).await;
    let (presale, skus) = brand.open_presale_of(&entry).await;
    let designs = brand.designs(2).await;
    let round = brand.open_round(&[&community], &designs, 1).await;
    put("community", &community);
    put("closedRound", &closed);
    put("entry", &entry);
    put("advancedDesign", &advanced);
    put("openPresale", &presale);
    put("sku", &skus["red/S"]);
    put("design", &designs[0]);
    put("round", &round);
    put("media", &brand.owner.upload(picture(9)).await);
    koc
}

async fn address(person: &Person<'_>) -> String {
    let address = json!({ "recipient": "王小花", "phone": "13912345678", "province": "上海市", "city": "上海市", "street": "漕溪北路 1 号" });
    person.mutate("addAddress", json!({ "address": address }), "address { id }").await.text("addAddress.address.id")
}

/// Well-formed ids of nothing.
fn missing(app: &TestApp) -> Vec<(&'static str, String)> {
    fn id<K: Kind>(app: &TestApp) -> String {
        Id::<K>::new(app.app.ids.next()).to_string()
    }
    vec![
        ("noMember", id::<kind::Member>(app)),
        ("noOrder", id::<kind::Order>(app)),
        ("noRound", id::<kind::Round>(app)),
        ("noDesign", id::<kind::Design>(app)),
        ("noPresale", id::<kind::Presale>(app)),
        ("noAddress", id::<kind::Address>(app)),
        ("noBatch", id::<kind::Batch>(app)),
        ("noCommunity", id::<kind::Community>(app)),
        ("noMedia", id::<kind::Media>(app)),
        ("noSku", id::<kind::Sku>(app)),
        ("noEntry", id::<kind::RoundEntry>(app)),
        ("noTryOn", id::<kind::TryOn>(app)),
        ("noSample", id::<kind::Sample>(app)),
        ("noRefund", id::<kind::Refund>(app)),
        ("noStaff", id::<kind::Staff>(app)),
        ("noFactory", id::<kind::Factory>(app)),
        ("noParcel", id::<kind::Parcel>(app)),
        ("noMessage", id::<kind::Message>(app)),
    ]
}
