//! Signing in and out in the API.

use async_graphql::{Context, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::viewer::Viewer;
use crate::app::App;
use crate::base::payload::{UserError, split};
use crate::error::Result;
use crate::people::actor::{Actor, ClientIp};
use crate::people::door;
use crate::people::session::{self, SignedIn, member, staff};

/// Signs a member in.
#[derive(InputObject)]
pub struct SignInWithWechatInput {
    /// Short name of the brand whose mini-program this is.
    pub brand: String,
    /// What `wx.login` gave; WeChat takes each code once, within five minutes.
    pub code: String,
    /// What the member wants to be called, up to 32 characters; others see it after a content check.
    /// Missing: the last one stays.
    pub nickname: Option<String>,
}

/// Signs one of a brand's team in.
#[derive(InputObject)]
pub struct SignInStaffInput {
    /// Short name of the brand.
    pub brand: String,
    /// The address of the account; upper and lower case do not matter.
    pub email: String,
    /// The account's password.
    pub password: String,
}

/// Asks for new tokens.
#[derive(InputObject)]
pub struct RefreshSessionInput {
    /// The latest refresh token of the session; each works once.
    pub refresh_token: String,
}

/// A session, or why there is none. Keep both tokens on the device and nowhere else.
#[derive(SimpleObject)]
pub struct SignInPayload {
    /// Who signed in. What depends on the caller deeper down is answered once requests carry the token.
    pub viewer: Option<Viewer>,
    /// Goes into `Authorization: Bearer …` of each request.
    pub access_token: Option<String>,
    /// Trades for new tokens once the access token has ended.
    pub refresh_token: Option<String>,
    /// When the access token ends.
    pub expires_at: Option<DateTime<Utc>>,
    /// True when this sign-in made the member.
    pub is_new_member: bool,
    /// Why it was refused; empty when signed in.
    pub user_errors: Vec<UserError>,
}

impl SignInPayload {
    fn of(ctx: &Context<'_>, outcome: Result<SignedIn>) -> Result<Self> {
        Ok(match split(ctx, outcome)? {
            Ok(SignedIn { actor, tokens, is_new }) => SignInPayload {
                viewer: Some(Viewer(actor)),
                access_token: Some(tokens.access),
                refresh_token: Some(tokens.refresh),
                expires_at: Some(tokens.expires_at),
                is_new_member: is_new,
                user_errors: Vec::new(),
            },
            Err(user_errors) => SignInPayload {
                viewer: None,
                access_token: None,
                refresh_token: None,
                expires_at: None,
                is_new_member: false,
                user_errors,
            },
        })
    }
}

/// The session of this request has ended.
#[derive(SimpleObject)]
pub struct SignOutPayload {
    /// Always true: ending a session twice is fine.
    pub signed_out: bool,
}

#[derive(Default)]
pub struct SessionMutation;

#[Object]
impl SessionMutation {
    /// Signs a member in with the code of `wx.login`; the first time makes her a member. There is no
    /// idempotency key because a code works once: after a lost answer call `wx.login` again.
    async fn sign_in_with_wechat(
        &self,
        ctx: &Context<'_>,
        input: SignInWithWechatInput,
    ) -> Result<Option<SignInPayload>> {
        let app = ctx.data_unchecked::<App>();
        let outcome = member::sign_in(app, &input.brand, &input.code, input.nickname.as_deref()).await;
        SignInPayload::of(ctx, outcome).map(Some)
    }

    /// Signs one of a brand's team in. Five wrong passwords lock the account for 15 minutes, each
    /// further one for twice as long.
    async fn sign_in_staff(&self, ctx: &Context<'_>, input: SignInStaffInput) -> Result<Option<SignInPayload>> {
        let app = ctx.data_unchecked::<App>();
        let ip = ctx.data_opt::<ClientIp>().copied().unwrap_or_default();
        SignInPayload::of(ctx, staff::sign_in(app, ip, &input.brand, &input.email, &input.password).await).map(Some)
    }

    /// Trades a refresh token for new tokens; both old ones end at once. `UNAUTHENTICATED` for a token
    /// that was used, revoked or is too old: sign in again.
    async fn refresh_session(&self, ctx: &Context<'_>, input: RefreshSessionInput) -> Result<Option<SignInPayload>> {
        SignInPayload::of(ctx, session::refresh(ctx.data_unchecked::<App>(), &input.refresh_token).await).map(Some)
    }

    /// Ends the session of this request, everywhere at once.
    #[graphql(guard = "door::BRAND", directive = door::needs::apply(door::BRAND.roles()))]
    async fn sign_out(&self, ctx: &Context<'_>) -> Result<Option<SignOutPayload>> {
        session::sign_out(ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>()).await?;
        Ok(Some(SignOutPayload { signed_out: true }))
    }
}
