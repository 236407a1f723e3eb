//! The people of the tests: a brand with its team, members who sign in through WeChat, KOCs, factories.

use entity::staff::StaffRole;
use entity::subscribe_message::MessagePurpose;
use serde_json::json;
use smallbatch::base::id::{FactoryId, MemberId};
use smallbatch::people::admin::{self, NewBrand, NewStaff, WechatCredentials};
use smallbatch::wechat::standin::{StandinBrand, test_account};
use uuid::Uuid;

use crate::{Person, TestApp};

const PASSWORD: &str = "correct horse battery";
/// The template of every test brand for opened presales.
pub const TEMPLATE: &str = template(MessagePurpose::Presale);

/// The subscribe-message templates of every test brand.
pub const fn template(purpose: MessagePurpose) -> &'static str {
    match purpose {
        MessagePurpose::Presale => "tmpl-presale-opened",
        MessagePurpose::Balance => "tmpl-balance-due",
        MessagePurpose::Promise => "tmpl-promise-changed",
        MessagePurpose::Transfer => "tmpl-transfer-waiting",
    }
}

/// A brand with its WeChat account registered at the stand-in.
pub struct Brand<'a> {
    pub app: &'a TestApp,
    pub id: Uuid,
    pub slug: String,
    pub account: smallbatch::wechat::Account,
    pub owner: Person<'a>,
}

/// How a staff member signs in here; a list of trusted operations must have it.
pub const SIGN_IN: &str =
    "mutation($input: SignInStaffInput!) { signInStaff(input: $input) { accessToken userErrors { code } } }";

impl TestApp {
    /// A new brand. Each one of a test gets its own appid and merchant account.
    pub async fn brand(&self, slug: &str) -> Brand<'_> {
        let n = slug.bytes().fold(7u32, |n, byte| n.wrapping_mul(31).wrapping_add(u32::from(byte))) % 9000;
        let account = test_account(Uuid::nil(), slug, n);
        let id = admin::create_brand(
            &self.app,
            NewBrand {
                slug: slug.to_owned(),
                name: format!("Brand {slug}"),
                time_zone: "Asia/Shanghai".to_owned(),
                currency: "CNY".to_owned(),
                wechat: WechatCredentials::of(&account, |purpose| Some(template(purpose).to_owned())),
            },
        )
        .await
        .expect("a brand");
        let push_url = format!("{}/wechat/push/{slug}", self.url);
        let registered = StandinBrand::of(&account, Some(push_url)).expect("usable keys");
        let registered = registered.with_template(template(MessagePurpose::Promise), &["thing1", "date2", "time3"]);
        let others = [MessagePurpose::Presale, MessagePurpose::Balance, MessagePurpose::Transfer];
        self.standin.register(others.into_iter().fold(registered, |brand, purpose| {
            brand.with_template(template(purpose), &["thing1", "amount2", "time3"])
        }));
        let owner = self.staff_of(id, slug, StaffRole::Owner).await;
        Brand { app: self, id, slug: slug.to_owned(), account, owner }
    }

    async fn staff_of(&self, brand_id: Uuid, slug: &str, role: StaffRole) -> Person<'_> {
        let email = format!("{}@{slug}.test", self.app.ids.next().simple());
        let name = format!("{role:?}");
        let new = NewStaff { email: email.clone(), name, role, password: PASSWORD.to_owned() };
        let id = admin::create_staff(&self.app, brand_id, new).await.expect("a staff account");
        let input = json!({ "input": { "brand": slug, "email": email, "password": PASSWORD } });
        let answer = self.send(None, SIGN_IN, input).await;
        let mut person = Person::with_token(self, Some(answer.text("signInStaff.accessToken")));
        person.id = smallbatch::base::id::StaffId::new(id).to_string();
        person
    }

    /// A factory with an API key.
    pub async fn factory(&self, name: &str) -> Person<'_> {
        let id = admin::create_factory(&self.app, name, "Guangzhou").await.expect("a factory");
        let (_, token) = admin::create_factory_key(&self.app, id, "test", None).await.expect("a key");
        let mut person = Person::with_token(self, Some(token));
        person.id = FactoryId::new(id).to_string();
        person
    }
}

impl<'a> Brand<'a> {
    pub async fn staff(&self, role: StaffRole) -> Person<'a> {
        self.app.staff_of(self.id, &self.slug, role).await
    }

    pub async fn merchandiser(&self) -> Person<'a> {
        self.staff(StaffRole::Merchandiser).await
    }

    /// A fresh `wx.login` code for an openid.
    pub fn login_code(&self, openid: &str) -> String {
        self.app.standin.login_code(&self.account.appid, openid)
    }

    /// Signs a member in; `name` is the openid, so the same name is the same member.
    pub async fn member(&self, name: &str) -> Person<'a> {
        let query = "mutation($input: SignInWithWechatInput!) { signInWithWechat(input: $input) { accessToken viewer { member { id } } userErrors { code message } } }";
        let input = json!({ "input": { "brand": self.slug, "code": self.login_code(name) } });
        let answer = self.app.send(None, query, input).await;
        let mut person = Person::with_token(self.app, Some(answer.text("signInWithWechat.accessToken")));
        person.id = answer.text("signInWithWechat.viewer.member.id");
        person.openid = name.to_owned();
        person.appid = self.account.appid.clone();
        person
    }

    /// A member whom the owner made a KOC.
    pub async fn koc(&self, name: &str) -> Person<'a> {
        let koc = self.member(name).await;
        self.owner.mutate("grantKoc", json!({ "memberId": koc.id }), "member { id }").await.ok("grantKoc.member.id");
        koc
    }

    /// A community of `koc` with `members` in it; its id.
    pub async fn community(&self, koc: &Person<'_>, members: &[&Person<'_>]) -> String {
        let input = json!({ "kocId": koc.id, "name": "Petite", "need": "160 cm, slim waist" });
        let made = self.owner.mutate("createCommunity", input, "community { id inviteCode }").await;
        let code = made.text("createCommunity.community.inviteCode");
        for member in members {
            let input = json!({ "inviteCode": code, "source": "INVITE_CODE" });
            member.mutate("joinCommunity", input, "community { id }").await.ok("joinCommunity.community.id");
        }
        made.text("createCommunity.community.id")
    }

    pub fn member_uuid(person: &Person<'_>) -> Uuid {
        MemberId::parse(&person.id).expect("a member").0
    }
}
