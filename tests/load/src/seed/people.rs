//! Brands, their people and communities, and the factories.

use anyhow::Result;
use chrono::Duration;
use entity::brand::BrandStatus;
use entity::community::CommunityStatus;
use entity::consent::ConsentKind;
use entity::factory::FactoryStatus;
use entity::member::{MemberGrade, MemberNicknameVerdict, MemberStatus};
use entity::membership::{MembershipSource, MembershipStatus};
use entity::session::SessionActorKind;
use entity::staff::{StaffRole, StaffStatus};
use smallbatch::base::crypto::{Place, sha256};
use smallbatch::people::vault::{AddressIn, PostalAddress, seal_address};
use smallbatch::people::wechat::Secrets;
use smallbatch::wechat::standin::test_account;

use super::Makes;
use super::table::Tables;
use crate::plan::{self, COMMUNITY, Kind, id};

/// How WeChat names a member.
pub fn openid(brand: usize, member: u64) -> String {
    format!("load-{brand}-{member}")
}

pub fn factories(makes: &Makes<'_>, tables: &mut Tables) {
    for factory in 0..makes.plan.factories() {
        let factory_id = id(Kind::Factory, factory, 0);
        tables.factory.push(entity::factory::Model {
            id: factory_id,
            name: format!("负载工厂 {factory}"),
            city: "Guangzhou".to_owned(),
            status: FactoryStatus::Active,
            feed_sequence: 0,
            created_at: makes.now,
        });
        tables.factory_key.push(entity::factory_key::Model {
            factory_id,
            id: id(Kind::FactoryKey, factory, 0),
            secret_hash: sha256(plan::factory_token(factory).as_bytes()),
            label: "load".to_owned(),
            // Just used, so that the first requests of a run do not each note their use.
            last_used_at: Some(makes.now),
            expires_at: None,
            revoked_at: None,
            created_at: makes.now,
        });
    }
}

pub fn brand(makes: &Makes<'_>, tables: &mut Tables) -> Result<()> {
    let brand_id = plan::brand_id(makes.brand);
    tables.brand.push(entity::brand::Model {
        id: brand_id,
        slug: slug(makes.brand),
        name: format!("负载品牌 {}", makes.brand),
        status: BrandStatus::Active,
        time_zone: "Asia/Shanghai".to_owned(),
        currency: "CNY".to_owned(),
        community_cap: COMMUNITY as i32,
        koc_max_communities: 1_000,
        koc_max_members: 1_000_000,
        refund_days: 15,
        late_interest_bp: 300,
        created_at: makes.now,
    });
    account(makes, tables)?;
    tables.staff.push(entity::staff::Model {
        brand_id,
        id: id(Kind::Staff, makes.brand, 0),
        email: format!("designer@{}.test", slug(makes.brand)),
        name: "Designer".to_owned(),
        role: StaffRole::Designer,
        // Nobody signs in with it: not an argon2 string.
        password_hash: "!".to_owned(),
        status: StaffStatus::Active,
        failed_attempts: 0,
        locked_until: None,
        created_at: makes.now,
    });
    for member in 0..makes.plan.members[makes.brand] {
        person(makes, tables, member);
    }
    communities(makes, tables);
    Ok(())
}

fn slug(brand: usize) -> String {
    format!("load-{brand}")
}

/// The stand-in's, sealed as the app seals it.
fn account(makes: &Makes<'_>, tables: &mut Tables) -> Result<()> {
    let brand_id = plan::brand_id(makes.brand);
    let account = test_account(brand_id, &slug(makes.brand), 100_000 + makes.brand as u32);
    let credentials = smallbatch::people::admin::WechatCredentials::of(&account, |_| None);
    let secrets = Secrets {
        app_secret: credentials.app_secret,
        merchant_key_pem: credentials.merchant_key_pem,
        api_v3_key: credentials.api_v3_key,
        push_token: credentials.push_token,
        push_aes_key: credentials.push_aes_key,
    };
    let place = Place::new("brand_wechat.secrets", brand_id);
    tables.brand_wechat.push(entity::brand_wechat::Model {
        brand_id,
        appid: account.appid,
        mchid: account.mchid,
        merchant_serial: account.merchant_serial,
        platform_key_id: account.platform_key_id,
        platform_public_key: account.platform_public_key_pem,
        presale_template_id: None,
        balance_template_id: None,
        promise_template_id: None,
        transfer_template_id: None,
        secrets: makes.keyring.current().seal_json(&place, &secrets),
        key_id: makes.keyring.current_id().to_owned(),
        updated_at: makes.now,
    });
    Ok(())
}

/// A member with a session and one address. The first of a brand is its KOC.
fn person(makes: &Makes<'_>, tables: &mut Tables, index: u64) {
    let (brand_id, member_id) = (plan::brand_id(makes.brand), id(Kind::Member, makes.brand, index));
    let (key, wrapped) = makes.keyring.new_data_key(member_id);
    tables.member.push(entity::member::Model {
        brand_id,
        id: member_id,
        openid: openid(makes.brand, index),
        unionid: None,
        grade: if index == 0 { MemberGrade::Koc } else { MemberGrade::Member },
        status: MemberStatus::Active,
        nickname: (index == 0).then(|| "小满".to_owned()),
        nickname_verdict: MemberNicknameVerdict::Pass,
        data_key: Some(wrapped),
        key_id: Some(makes.keyring.current_id().to_owned()),
        session_key: None,
        phone: None,
        phone_masked: None,
        last_seen_at: makes.now,
        created_at: makes.now,
    });
    let token = plan::member_token(makes.brand, index);
    tables.session.push(entity::session::Model {
        brand_id,
        id: id(Kind::Session, makes.brand, index),
        token_hash: sha256(token.as_bytes()),
        refresh_hash: sha256(format!("refresh {token}").as_bytes()),
        actor_kind: SessionActorKind::Member,
        member_id: Some(member_id),
        staff_id: None,
        expires_at: makes.now + Duration::days(300),
        refresh_expires_at: makes.now + Duration::days(360),
        revoked_at: None,
        created_at: makes.now,
    });
    let address_id = id(Kind::Address, makes.brand, index);
    let sealed = seal_address(&key, AddressIn::Book(address_id), &home());
    tables.address.push(entity::address::Model {
        brand_id,
        id: address_id,
        member_id,
        sealed: sealed.sealed,
        recipient_masked: sealed.recipient_masked,
        phone_masked: sealed.phone_masked,
        region: sealed.region,
        is_default: true,
        deleted_at: None,
        created_at: makes.now,
    });
}

pub fn home() -> PostalAddress {
    PostalAddress {
        recipient: "王小花".into(),
        phone: "13912345678".into(),
        province: "上海市".into(),
        city: "上海市".into(),
        district: "徐汇区".into(),
        street: "漕溪北路 1 号".into(),
    }
}

/// Everyone but the KOC is in one community; the communities fill up in the order of the members.
fn communities(makes: &Makes<'_>, tables: &mut Tables) {
    let (brand_id, koc) = (plan::brand_id(makes.brand), id(Kind::Member, makes.brand, 0));
    let (members, communities) = (makes.plan.members[makes.brand], makes.plan.communities(makes.brand));
    tables.koc.push(entity::koc::Model {
        brand_id,
        member_id: koc,
        code: "LQAD22".to_owned(),
        communities: communities as i32,
        members: members as i32 - 1,
        created_at: makes.now,
    });
    tables.consent.push(entity::consent::Model {
        brand_id,
        id: id(Kind::Consent, makes.brand, 0),
        member_id: koc,
        kind: ConsentKind::Photos,
        text_version: "1".to_owned(),
        granted_at: makes.now,
        withdrawn_at: None,
    });
    for community in 0..communities {
        let from = (community * COMMUNITY).max(1);
        let to = ((community + 1) * COMMUNITY).min(members);
        tables.community.push(entity::community::Model {
            brand_id,
            id: id(Kind::Community, makes.brand, community),
            koc_member_id: koc,
            name: format!("小个子 {community}"),
            need: "155 以下，肩窄腰细，通勤".to_owned(),
            invite_code: format!("L{community:07}"),
            cap: COMMUNITY as i32,
            member_count: (to - from) as i32,
            status: CommunityStatus::Active,
            created_at: makes.now,
        });
        tables.membership.extend((from..to).map(|member| entity::membership::Model {
            brand_id,
            community_id: id(Kind::Community, makes.brand, community),
            member_id: id(Kind::Member, makes.brand, member),
            status: MembershipStatus::Active,
            source: MembershipSource::InviteCode,
            scene: None,
            joined_at: makes.now - Duration::days(30),
            left_at: None,
        }));
    }
}
