//! Designs with pictures, the two rounds, and what the KOC wrote.

use chrono::Duration;
use entity::design::DesignStatus;
use entity::media::{MediaKind, MediaOwnerKind};
use entity::round::RoundStatus;
use entity::sample::SampleStatus;
use entity::tryon::{TryonFit, TryonMediaVerdict, TryonStatus, TryonTextVerdict};

use super::Makes;
use super::table::Tables;
use crate::plan::{self, CLOSED_ROUND, Kind, OPEN_ROUND, PICTURES, POSTS, SLATE, id};

/// As long as what a designer writes: with it a feed of twenty designs is about 34 kB.
const DESCRIPTION: &str = "小立领衬衫，收腰，肩线内收两厘米，适合肩窄的人。袖长做了三个选项，\
    袖口可以翻折。面料是六十支棉，洗后微皱，不透。前襟暗扣，坐下不会绷开。下摆前短后长，可以扎进裤腰，也可以放出来。\
    领口内侧用了柔软的包边，不磨脖子；口袋是真口袋，放得下手机。";

/// The designs of the slate, and one more that advanced from the closed round.
pub fn designs(makes: &Makes<'_>, tables: &mut Tables) {
    let (brand_id, designer_id) = (plan::brand_id(makes.brand), id(Kind::Staff, makes.brand, 0));
    for design in 0..=SLATE {
        tables.design.push(entity::design::Model {
            brand_id,
            id: id(Kind::Design, makes.brand, design),
            style_no: format!("D-{:04}", design + 1),
            designer_id,
            status: if design == SLATE { DesignStatus::Advanced } else { DesignStatus::InRound },
            version: 1,
            created_at: makes.now,
            updated_at: makes.now,
        });
        tables.design_version.push(entity::design_version::Model {
            brand_id,
            id: id(Kind::Version, makes.brand, design),
            design_id: id(Kind::Design, makes.brand, design),
            version: 1,
            title: format!("小立领收腰衬衫 {}", design + 1),
            description: DESCRIPTION.to_owned(),
            category: "衬衫".to_owned(),
            season: Some("早秋".to_owned()),
            fabric: Some("棉 100%，六十支".to_owned()),
            fit: Some("修身，肩窄".to_owned()),
            attributes: serde_json::json!([{ "name": "领型", "value": "小立领" }, { "name": "衣长", "value": "常规" }]),
            submitted_at: Some(makes.now),
            created_at: makes.now,
        });
        for picture in 0..PICTURES {
            tables.design_picture.push(entity::design_picture::Model {
                brand_id,
                design_version_id: id(Kind::Version, makes.brand, design),
                position: picture as i32 + 1,
                media_id: id(Kind::Media, makes.brand, design * PICTURES + picture),
            });
        }
    }
    let owned = (MediaOwnerKind::Staff, designer_id);
    (0..(SLATE + 1) * PICTURES).for_each(|index| media(makes, tables, index, owned));
    tables.brand_counter.push(entity::brand_counter::Model {
        brand_id,
        name: "style".to_owned(),
        value: SLATE as i64 + 1,
    });
}

/// A row without files: nobody of the scenario downloads pictures.
fn media(makes: &Makes<'_>, tables: &mut Tables, index: u64, owner: (MediaOwnerKind, uuid::Uuid)) {
    tables.media.push(entity::media::Model {
        brand_id: plan::brand_id(makes.brand),
        id: id(Kind::Media, makes.brand, index),
        kind: MediaKind::Picture,
        content_type: "image/jpeg".to_owned(),
        bytes: 180_000,
        width: Some(1_200),
        height: Some(1_600),
        sha256: format!("{index:064x}"),
        owner_kind: owner.0,
        owner_id: owner.1,
        created_at: makes.now,
        erased_at: None,
    });
}

pub fn rounds(makes: &Makes<'_>, tables: &mut Tables) {
    let brand_id = plan::brand_id(makes.brand);
    for round in [OPEN_ROUND, CLOSED_ROUND] {
        let round_id = id(Kind::Round, makes.brand, round);
        let closed = (round == CLOSED_ROUND).then(|| makes.now - Duration::days(2));
        tables.round.push(entity::round::Model {
            brand_id,
            id: round_id,
            title: "早秋衬衫".to_owned(),
            status: if closed.is_some() { RoundStatus::Closed } else { RoundStatus::Open },
            advance_count: 3,
            opens_at: makes.now - Duration::days(if closed.is_some() { 5 } else { 1 }),
            closes_at: closed.unwrap_or(makes.now + Duration::days(60)),
            closed_at: closed,
            tie_break: None,
            created_at: makes.now,
        });
        for community in 0..makes.plan.communities(makes.brand) {
            tables.round_community.push(entity::round_community::Model {
                brand_id,
                round_id,
                community_id: id(Kind::Community, makes.brand, community),
                members_at_close: closed.map(|_| 0),
            });
        }
    }
    for design in 0..=SLATE {
        let closed = design == SLATE;
        tables.round_entry.push(entity::round_entry::Model {
            brand_id,
            id: id(Kind::Entry, makes.brand, design),
            round_id: id(Kind::Round, makes.brand, if closed { CLOSED_ROUND } else { OPEN_ROUND }),
            design_id: id(Kind::Design, makes.brand, design),
            design_version_id: id(Kind::Version, makes.brand, design),
            position: if closed { 1 } else { design as i32 + 1 },
            picks: 0,
            frozen: closed,
            last_pick_at: None,
            rank: closed.then_some(1),
            advanced: closed,
        });
    }
}

/// Posts about the advanced design, shown to every community.
pub fn posts(makes: &Makes<'_>, tables: &mut Tables) {
    let (brand_id, koc) = (plan::brand_id(makes.brand), id(Kind::Member, makes.brand, 0));
    for post in 0..POSTS {
        let tryon_id = id(Kind::Tryon, makes.brand, post);
        let media_at = (SLATE + 1) * PICTURES + post;
        media(makes, tables, media_at, (MediaOwnerKind::Member, koc));
        tables.sample.push(entity::sample::Model {
            brand_id,
            id: id(Kind::Sample, makes.brand, post),
            entry_id: id(Kind::Entry, makes.brand, SLATE),
            design_id: id(Kind::Design, makes.brand, SLATE),
            design_version_id: id(Kind::Version, makes.brand, SLATE),
            koc_member_id: koc,
            size: "S".to_owned(),
            color: "白".to_owned(),
            status: SampleStatus::Kept,
            carrier: Some("SF".to_owned()),
            tracking_no: Some(format!("SF{post:010}")),
            dispatched_at: Some(makes.now),
            received_at: Some(makes.now),
            created_at: makes.now,
        });
        tables.tryon.push(written(makes, post, tryon_id, koc));
        tables.tryon_media.push(entity::tryon_media::Model {
            brand_id,
            tryon_id,
            position: 1,
            media_id: id(Kind::Media, makes.brand, media_at),
        });
        tables.tryon_community.extend((0..makes.plan.communities(makes.brand)).map(|community| {
            entity::tryon_community::Model {
                brand_id,
                community_id: id(Kind::Community, makes.brand, community),
                tryon_id,
                published_at: makes.now,
            }
        }));
    }
}

fn written(makes: &Makes<'_>, post: u64, tryon_id: uuid::Uuid, koc: uuid::Uuid) -> entity::tryon::Model {
    entity::tryon::Model {
        brand_id: plan::brand_id(makes.brand),
        id: tryon_id,
        sample_id: id(Kind::Sample, makes.brand, post),
        design_id: id(Kind::Design, makes.brand, SLATE),
        koc_member_id: koc,
        status: TryonStatus::Published,
        due_at: makes.now,
        revision: 1,
        body: "身高一五四，平时穿 S。肩线正好，抬手不吊。腰收得住，扎进去不鼓。".to_owned(),
        size_worn: Some("S".to_owned()),
        fit: Some(TryonFit::TrueToSize),
        cons: Some("袖子对我略长，需要翻一折；白色要穿浅色内衣。".to_owned()),
        height_cm: Some(154),
        weight_kg: Some(46),
        consent_id: Some(id(Kind::Consent, makes.brand, 0)),
        text_verdict: TryonTextVerdict::Pass,
        media_verdict: TryonMediaVerdict::Pass,
        is_ad: true,
        review_note: None,
        reviewed_by: None,
        submitted_at: Some(makes.now),
        published_at: Some(makes.now),
        publication_id: Some(id(Kind::Publication, makes.brand, post)),
        created_at: makes.now,
    }
}
