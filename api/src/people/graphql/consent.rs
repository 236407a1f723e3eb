//! Consents, the need profile, the phone number and the nickname in the API.

use async_graphql::{Context, Enum, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use entity::consent;
use entity::consent::ConsentKind;

use super::view::Member;
use crate::app::App;
use crate::base::id::ConsentId;
use crate::base::payload::{UserError, split};
use crate::error::Result;
use crate::payload;
use crate::people::actor::Actor;
use crate::people::consent::{self as consents, Grant};
use crate::people::{door, nickname, phone, profile};

/// Uses of personal data that need a consent of their own.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(name = "ConsentKind", remote = "ConsentKind")]
pub enum Kind {
    /// Body figures and wishes of the need profile.
    BodyData,
    /// Pictures that show the member.
    Photos,
    /// The privacy terms as a whole.
    Privacy,
}

/// An agreement of a member.
pub struct Consent(pub consent::Model);

impl From<consent::Model> for Consent {
    fn from(row: consent::Model) -> Self {
        Consent(row)
    }
}

/// An agreement of a member.
#[Object]
impl Consent {
    /// `consent_…`.
    pub async fn id(&self) -> ConsentId {
        self.0.id.into()
    }

    /// What it is about.
    async fn kind(&self) -> Kind {
        self.0.kind.into()
    }

    /// Version of the text that was shown.
    async fn text_version(&self) -> &str {
        &self.0.text_version
    }

    /// When it was given.
    async fn granted_at(&self) -> DateTime<Utc> {
        self.0.granted_at
    }

    /// When it was taken back; null while it is in force.
    async fn withdrawn_at(&self) -> Option<DateTime<Utc>> {
        self.0.withdrawn_at
    }
}

/// What I would tell a shop assistant. Shown to me only.
#[derive(SimpleObject)]
pub struct NeedProfile {
    /// Body height in whole centimetres.
    pub height_cm: i32,
    /// Body weight in whole kilograms.
    pub weight_kg: i32,
    /// Round the bust, in whole centimetres.
    pub bust_cm: Option<i32>,
    /// Round the waist, in whole centimetres.
    pub waist_cm: Option<i32>,
    /// Round the hips, in whole centimetres.
    pub hip_cm: Option<i32>,
    /// In my own words.
    pub wishes: Option<String>,
    /// When I saved it last.
    pub updated_at: DateTime<Utc>,
}

impl From<(profile::NeedProfile, DateTime<Utc>)> for NeedProfile {
    fn from((kept, updated_at): (profile::NeedProfile, DateTime<Utc>)) -> Self {
        let profile::NeedProfile { height_cm, weight_kg, bust_cm, waist_cm, hip_cm, wishes } = kept;
        NeedProfile { height_cm, weight_kg, bust_cm, waist_cm, hip_cm, wishes, updated_at }
    }
}

/// Agrees to a use of my data.
#[derive(InputObject)]
pub struct GrantConsentInput {
    /// 8 to 64 characters of your making, new for each user action.
    pub idempotency_key: String,
    /// What it is about.
    pub kind: Kind,
    /// Version of the text you showed, up to 40 characters.
    pub text_version: String,
}

/// Takes an agreement back.
#[derive(InputObject)]
pub struct WithdrawConsentInput {
    /// 8 to 64 characters of your making, new for each user action.
    pub idempotency_key: String,
    /// What it is about; agreements to all versions of its text end.
    pub kind: Kind,
}

/// My need, in place of what I saved before.
#[derive(InputObject)]
pub struct SaveNeedProfileInput {
    /// Body height in whole centimetres, 80 to 230.
    pub height_cm: i32,
    /// Body weight in whole kilograms, 20 to 250.
    pub weight_kg: i32,
    /// Round the bust, in whole centimetres, 40 to 200.
    pub bust_cm: Option<i32>,
    /// Round the waist, in whole centimetres, 40 to 200.
    pub waist_cm: Option<i32>,
    /// Round the hips, in whole centimetres, 40 to 200.
    pub hip_cm: Option<i32>,
    /// In my own words, up to 400 characters: "short neck, want a slim waist".
    pub wishes: Option<String>,
}

/// Binds the phone number WeChat vouches for.
#[derive(InputObject)]
pub struct BindPhoneInput {
    /// What the `getPhoneNumber` button gave; not the code of `wx.login`. WeChat takes each once.
    pub code: String,
}

/// What I want to be called.
#[derive(InputObject)]
pub struct ChangeNicknameInput {
    /// Up to 32 characters.
    pub nickname: String,
}

payload!(
    /// The agreement, or why it was not recorded.
    GrantConsentPayload {
        /// As it is on record now.
        consent: Consent
    }
);
payload!(
    /// The newest of the agreements that ended, or why none did.
    WithdrawConsentPayload {
        /// As it is on record now.
        consent: Consent
    }
);

/// The saved need, or why it was refused.
#[derive(SimpleObject)]
pub struct SaveNeedProfilePayload {
    /// As it is kept now.
    pub need_profile: Option<NeedProfile>,
    /// Why it was refused; empty when it was done.
    pub user_errors: Vec<UserError>,
}

/// I, as changed, or why nothing changed.
#[derive(SimpleObject)]
pub struct MemberPayload {
    /// I, as changed.
    pub member: Option<Member>,
    /// Why it was refused; empty when it was done.
    pub user_errors: Vec<UserError>,
}

impl MemberPayload {
    fn of(ctx: &Context<'_>, outcome: Result<entity::member::Model>) -> Result<Self> {
        Ok(match split(ctx, outcome)? {
            Ok(member) => MemberPayload { member: Some(Member::own(member)), user_errors: Vec::new() },
            Err(user_errors) => MemberPayload { member: None, user_errors },
        })
    }
}

#[derive(Default)]
pub struct ConsentMutation;

#[Object]
impl ConsentMutation {
    /// Agrees to a use of my data, under the text that was shown.
    #[graphql(guard = "door::MEMBER", directive = door::needs::apply(door::MEMBER.roles()))]
    async fn grant_consent(&self, ctx: &Context<'_>, input: GrantConsentInput) -> Result<Option<GrantConsentPayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let grant = Grant { kind: input.kind.into(), text_version: input.text_version };
        GrantConsentPayload::of(ctx, consents::grant(app, actor, &input.idempotency_key, &grant).await).map(Some)
    }

    /// Takes an agreement back. Without the one to body data the need profile is deleted at once.
    #[graphql(guard = "door::MEMBER", directive = door::needs::apply(door::MEMBER.roles()))]
    async fn withdraw_consent(
        &self,
        ctx: &Context<'_>,
        input: WithdrawConsentInput,
    ) -> Result<Option<WithdrawConsentPayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let outcome = consents::withdraw(app, actor, &input.idempotency_key, input.kind.into()).await;
        WithdrawConsentPayload::of(ctx, outcome).map(Some)
    }

    /// Keeps my need in place of the last one; `CONSENT_MISSING` without consent to body data. There is
    /// no idempotency key because saving the same twice is saving it once.
    #[graphql(guard = "door::MEMBER", directive = door::needs::apply(door::MEMBER.roles()))]
    async fn save_need_profile(
        &self,
        ctx: &Context<'_>,
        input: SaveNeedProfileInput,
    ) -> Result<Option<SaveNeedProfilePayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let SaveNeedProfileInput { height_cm, weight_kg, bust_cm, waist_cm, hip_cm, wishes } = input;
        let typed = profile::NeedProfile { height_cm, weight_kg, bust_cm, waist_cm, hip_cm, wishes };
        Ok(Some(match split(ctx, profile::save(app, actor, typed).await)? {
            Ok(saved) => SaveNeedProfilePayload { need_profile: Some(saved.into()), user_errors: Vec::new() },
            Err(user_errors) => SaveNeedProfilePayload { need_profile: None, user_errors },
        }))
    }

    /// Binds my phone number. There is no idempotency key because a code works once.
    #[graphql(guard = "door::MEMBER", directive = door::needs::apply(door::MEMBER.roles()))]
    async fn bind_phone(&self, ctx: &Context<'_>, input: BindPhoneInput) -> Result<Option<MemberPayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        MemberPayload::of(ctx, phone::bind(app, actor, &input.code).await).map(Some)
    }

    /// Changes my nickname; others see it once it passed WeChat's content check. There is no idempotency
    /// key because saying the same name twice is saying it once.
    #[graphql(guard = "door::MEMBER", directive = door::needs::apply(door::MEMBER.roles()))]
    async fn change_nickname(&self, ctx: &Context<'_>, input: ChangeNicknameInput) -> Result<Option<MemberPayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        MemberPayload::of(ctx, nickname::change(app, actor, &input.nickname).await).map(Some)
    }
}
