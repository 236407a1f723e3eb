//! The brand, its people, the KOC with her community, and the members who join it.

use anyhow::Result;
use entity::staff::StaffRole;
use entity::subscribe_message::MessagePurpose;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde_json::{Value, json};

use super::{ABREAST, MEMBERS, Pilot};
use crate::app::App;
use crate::base::crypto::random_token;
use crate::cli::{self, standin_template};
use crate::demo::caller::text;
use crate::people::admin::{self, NewBrand, NewStaff, WechatCredentials};
use crate::wechat::Account;
use crate::wechat::standin::test_account;

/// The pilot's brand.
pub const SLUG: &str = "pilot";
pub const KOC: &str = "demo-openid-koc";

fn account() -> Account {
    test_account(uuid::Uuid::nil(), SLUG, 1)
}

pub fn openid(number: usize) -> String {
    format!("demo-openid-member-{number:03}")
}

impl Pilot<'_> {
    pub(super) async fn cast(&self) -> Result<()> {
        self.bar.set_message("a brand, its people, a factory");
        self.found_brand(self.app).await?;
        self.found_factory(self.app).await?;
        for role in ["merchandiser", "designer", "support", "finance"] {
            self.sign_in_staff(role).await?;
        }
        self.bar.set_message("a KOC founds a community");
        self.found_community().await?;
        self.bar.set_message("members sign in and join");
        stream::iter(0..MEMBERS)
            .map(|number| self.join(number))
            .buffer_unordered(ABREAST)
            .try_collect::<Vec<()>>()
            .await?;
        self.diary.save()
    }

    async fn found_brand(&self, app: &App) -> Result<()> {
        self.diary
            .once("brand", || async {
                let new = NewBrand {
                    slug: SLUG.to_owned(),
                    name: "小单 Pilot".to_owned(),
                    time_zone: "Asia/Shanghai".to_owned(),
                    currency: "CNY".to_owned(),
                    wechat: WechatCredentials::of(&account(), |purpose| Some(standin_template(purpose).to_owned())),
                };
                Ok(json!(admin::create_brand(app, new).await?.to_string()))
            })
            .await?;
        let brand_id = self.diary.text("brand")?.parse()?;
        cli::introduce(app, self.standin, brand_id).await?;
        for role in
            [StaffRole::Owner, StaffRole::Merchandiser, StaffRole::Designer, StaffRole::Support, StaffRole::Finance]
        {
            let name = format!("{role:?}").to_lowercase();
            self.diary
                .once(&format!("{name}.password"), || async {
                    let password = random_token();
                    let email = format!("{name}@{SLUG}.example");
                    let new = NewStaff { email, name: name.clone(), role, password: password.clone() };
                    admin::create_staff(app, brand_id, new).await?;
                    Ok(json!(password))
                })
                .await?;
        }
        Ok(())
    }

    async fn found_factory(&self, app: &App) -> Result<()> {
        self.diary
            .once("factory.token", || async {
                let factory = admin::create_factory(app, "示例工厂 Sample Factory", "Guangzhou").await?;
                self.diary.note("factory", crate::base::id::FactoryId::new(factory).to_string());
                let (_, token) = admin::create_factory_key(app, factory, "demo", None).await?;
                Ok(json!(token))
            })
            .await?;
        Ok(())
    }

    /// A fresh token for a member of staff; also when the demo starts again and the old one may have ended.
    pub async fn sign_in_staff(&self, role: &str) -> Result<()> {
        let input = json!({ "brand": SLUG, "email": format!("{role}@{SLUG}.example"), "password": self.diary.text(&format!("{role}.password"))? });
        let payload = self.stranger.act_plain("signInStaff", input, "accessToken").await?;
        self.diary.note(&format!("{role}.token"), text(&payload, "accessToken")?);
        Ok(())
    }

    async fn found_community(&self) -> Result<()> {
        self.sign_in_member("koc", KOC).await?;
        let merchandiser = self.caller("merchandiser.token")?;
        let koc_id = self.diary.text("koc.id")?;
        merchandiser.act("grantKoc", "grant-koc", json!({ "memberId": koc_id }), "member { id }").await?;
        let koc = self.caller("koc.token")?;
        let need = "160 cm, 55 kg, short neck, want a slim waist";
        let input = json!({ "kocId": koc_id, "name": "小个子通勤 Petite at work", "need": need });
        let made = koc.act("createCommunity", "community", input, "community { id inviteCode }").await?;
        self.diary.note("community", text(&made, "community.id")?);
        self.diary.note("invite", text(&made, "community.inviteCode")?);
        self.diary.save()
    }

    /// Signs in with a fresh `wx.login` code; notes token and id under `name`.
    pub async fn sign_in_member(&self, name: &str, openid: &str) -> Result<()> {
        let code = self.standin.login_code(&account().appid, openid);
        let input = json!({ "brand": SLUG, "code": code });
        let payload =
            self.stranger.act_plain("signInWithWechat", input, "accessToken viewer { member { id } }").await?;
        self.diary.note(&format!("{name}.token"), text(&payload, "accessToken")?);
        self.diary.note(&format!("{name}.id"), text(&payload, "viewer.member.id")?);
        Ok(())
    }

    async fn join(&self, number: usize) -> Result<()> {
        let name = format!("member.{number}");
        if self.diary.get(&format!("{name}.token")).is_none() {
            self.sign_in_member(&name, &openid(number)).await?;
        }
        self.bar.inc(1);
        let source = ["INVITE_CODE", "QR_CODE", "SHARE_CARD", "GROUP"][number % 4];
        let input = json!({ "inviteCode": self.diary.text("invite")?, "source": source });
        let joined: Value =
            self.member(number)?.act("joinCommunity", &format!("join-{number}"), input, "community { id }").await?;
        text(&joined, "community.id")?;
        self.bar.inc(1);
        Ok(())
    }

    pub(super) fn accept_messages(&self, number: usize) {
        self.standin.accept_subscribe(&account().appid, &openid(number), standin_template(MessagePurpose::Presale));
    }
}
