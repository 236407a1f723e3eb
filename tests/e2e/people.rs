//! Who comes in, what they may know of each other, and what is theirs alone.

use chrono::Duration;
use entity::staff::StaffRole;
use entity::{member, outbox};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};
use smallbatch::app::App;
use smallbatch::people::admin::{self, NewStaff};
use smallbatch::people::{self, book, privacy};
use smallbatch::wechat::Suggest;
use smallbatch::wechat::standin::{Fault, FaultKind};
use tests::{Answer, Brand, Person};

use super::*;

const PASSWORD: &str = "a long enough password";

async fn sign_in(app: &TestApp, brand: &str, code: &str) -> Answer {
    let query = "mutation($input: SignInWithWechatInput!) { signInWithWechat(input: $input) { accessToken refreshToken \
                 expiresAt isNewMember viewer { kind member { id nickname } brand { slug } } userErrors { code message field } } }";
    app.send(None, query, json!({ "input": { "brand": brand, "code": code, "nickname": "Plum" } })).await
}

async fn refresh(app: &TestApp, token: &str) -> Answer {
    let query = "mutation($input: RefreshSessionInput!) { refreshSession(input: $input) { accessToken refreshToken \
                 userErrors { code } viewer { kind } } }";
    app.send(None, query, json!({ "input": { "refreshToken": token } })).await
}

async fn sign_in_staff(app: &TestApp, brand: &str, email: &str, password: &str) -> Answer {
    let query = "mutation($input: SignInStaffInput!) { signInStaff(input: $input) { accessToken viewer { staff { id role } } \
                 userErrors { code message ... on LockedOut { until } } } }";
    app.send(None, query, json!({ "input": { "brand": brand, "email": email, "password": password } })).await
}

async fn designer(app: &TestApp, brand: &Brand<'_>, email: &str) -> uuid::Uuid {
    let new = NewStaff { email: email.into(), name: "D".into(), role: StaffRole::Designer, password: PASSWORD.into() };
    admin::create_staff(&app.app, brand.id, new).await.expect("a staff account")
}

async fn who(app: &TestApp, token: &str) -> Answer {
    app.caller(Some(token)).gql("{ viewer { kind member { id phoneMasked } } }", json!({})).await
}

async fn rename(person: &Person<'_>, nickname: &str) {
    let query = "mutation($input: ChangeNicknameInput!) { changeNickname(input: $input) { member { nickname } userErrors { code } } }";
    let renamed = person.gql(query, json!({ "input": { "nickname": nickname } })).await;
    assert_eq!(renamed.text("changeNickname.member.nickname"), nickname);
}

async fn save_profile(person: &Person<'_>, height_cm: i32) -> Answer {
    let query = "mutation($input: SaveNeedProfileInput!) { saveNeedProfile(input: $input) { needProfile { heightCm wishes } \
                 userErrors { code field } } }";
    let input = json!({ "heightCm": height_cm, "weightKg": 55, "wishes": "slim waist" });
    person.gql(query, json!({ "input": input })).await
}

fn home() -> Value {
    json!({ "recipient": "王小花", "phone": "+86 138 1234 5678", "province": "上海市", "city": "上海市", "district": "徐汇区", "street": "漕溪北路 1 号" })
}

e2e! {
    async fn the_first_sign_in_makes_a_member_and_the_next_one_finds_her(app) {
        let brand = app.brand("linen").await;
        let first = sign_in(app, "linen", &brand.login_code("mei")).await;
        assert_eq!(first.ok("signInWithWechat.isNewMember"), true);
        assert_eq!(first.text("signInWithWechat.viewer.kind"), "MEMBER");
        assert_eq!(first.text("signInWithWechat.viewer.brand.slug"), "linen");
        assert_eq!(first.text("signInWithWechat.viewer.member.nickname"), "Plum");
        let again = sign_in(app, "linen", &brand.login_code("mei")).await;
        assert_eq!(again.ok("signInWithWechat.isNewMember"), false);
        assert_eq!(again.text("signInWithWechat.viewer.member.id"), first.text("signInWithWechat.viewer.member.id"));
    }

    async fn two_phones_signing_in_for_the_first_time_at_once_are_one_member(app) {
        let brand = app.brand("linen").await;
        let (one, two) = (brand.login_code("mei"), brand.login_code("mei"));
        let (one, two) = tokio::join!(sign_in(app, "linen", &one), sign_in(app, "linen", &two));
        assert_eq!(one.text("signInWithWechat.viewer.member.id"), two.text("signInWithWechat.viewer.member.id"));
        let new = [one, two].iter().filter(|answer| answer.ok("signInWithWechat.isNewMember") == true).count();
        assert_eq!(new, 1);
    }

    async fn a_login_code_works_once_and_the_refusal_says_what_to_do(app) {
        let brand = app.brand("linen").await;
        let code = brand.login_code("mei");
        sign_in(app, "linen", &code).await.ok("signInWithWechat.accessToken");
        let refusal = sign_in(app, "linen", &code).await.refusal();
        assert_eq!((refusal["code"].as_str(), refusal["field"][0].as_str()), (Some("BAD_CREDENTIALS"), Some("code")));
        assert!(refusal["message"].as_str().unwrap_or_default().contains("wx.login"), "{refusal}");
        assert_eq!(sign_in(app, "linen", "never-issued").await.refused(), "BAD_CREDENTIALS");
        assert_eq!(sign_in(app, "nobody", "x").await.fault(), "NOT_FOUND");
    }

    async fn while_wechat_is_down_signing_in_is_unavailable_and_the_code_still_works_after(app) {
        let brand = app.brand("linen").await;
        let code = brand.login_code("mei");
        app.standin.set_fault("/sns/jscode2session", Fault::before(FaultKind::BadGateway));
        assert_eq!(sign_in(app, "linen", &code).await.fault(), "UNAVAILABLE");
        sign_in(app, "linen", &code).await.ok("signInWithWechat.accessToken");
    }

    async fn a_token_of_one_brand_opens_nothing_in_another(app) {
        let (linen, wool) = (app.brand("linen").await, app.brand("wool").await);
        let mei = linen.member("mei").await;
        let token = mei.token.clone().expect("a token");
        let moved = token.replace(&linen.id.simple().to_string(), &wool.id.simple().to_string());
        assert_ne!(moved, token);
        assert_eq!(who(app, &moved).await.fault(), "UNAUTHENTICATED");
        let member = wool.merchandiser().await.gql("query($id: ID!) { member(id: $id) { id } }", json!({ "id": mei.id })).await;
        assert_eq!(member.fault(), "NOT_FOUND");
    }

    async fn refreshing_ends_both_old_tokens(app) {
        let brand = app.brand("linen").await;
        let first = sign_in(app, "linen", &brand.login_code("mei")).await;
        let (access, old) = (first.text("signInWithWechat.accessToken"), first.text("signInWithWechat.refreshToken"));
        let next = refresh(app, &old).await;
        assert_eq!(next.text("refreshSession.viewer.kind"), "MEMBER");
        assert_eq!(who(app, &access).await.fault(), "UNAUTHENTICATED");
        assert_eq!(refresh(app, &old).await.fault(), "UNAUTHENTICATED");
        assert_eq!(refresh(app, &access).await.fault(), "UNAUTHENTICATED");
        who(app, &next.text("refreshSession.accessToken")).await.ok("viewer.member.id");
    }

    async fn an_access_token_ends_before_its_refresh_token(app) {
        let brand = app.brand("linen").await;
        let first = sign_in(app, "linen", &brand.login_code("mei")).await;
        app.advance(Duration::hours(25)).await;
        assert_eq!(who(app, &first.text("signInWithWechat.accessToken")).await.fault(), "UNAUTHENTICATED");
        let next = refresh(app, &first.text("signInWithWechat.refreshToken")).await;
        app.advance(Duration::days(61)).await;
        assert_eq!(refresh(app, &next.text("refreshSession.refreshToken")).await.fault(), "UNAUTHENTICATED");
    }

    async fn signing_out_ends_the_session_at_once(app) {
        let mei = app.brand("linen").await.member("mei").await;
        assert_eq!(mei.gql("mutation { signOut { signedOut } }", json!({})).await.ok("signOut.signedOut"), true);
        assert_eq!(mei.gql("{ viewer { kind } }", json!({})).await.fault(), "UNAUTHENTICATED");
    }

    async fn five_wrong_passwords_lock_an_account_and_the_lock_opens_by_itself(app) {
        let brand = app.brand("linen").await;
        designer(app, &brand, "An@linen.test").await;
        for _ in 0..4 {
            assert_eq!(sign_in_staff(app, "linen", "an@linen.test", "a wrong password").await.refused(), "BAD_CREDENTIALS");
        }
        // A right one in between starts the count anew.
        sign_in_staff(app, "linen", "an@linen.test", PASSWORD).await.ok("signInStaff.accessToken");
        for _ in 0..5 {
            assert_eq!(sign_in_staff(app, "linen", "an@linen.test", "a wrong password").await.refused(), "BAD_CREDENTIALS");
        }
        let locked = sign_in_staff(app, "linen", "an@linen.test", PASSWORD).await.refusal();
        assert_eq!(locked["code"], "LOCKED_OUT");
        let until: chrono::DateTime<chrono::Utc> = locked["until"].as_str().and_then(|at| at.parse().ok()).expect("an instant");
        assert_eq!(until, app.now() + Duration::minutes(15));
        app.advance(Duration::minutes(15)).await;
        let answer = sign_in_staff(app, "linen", " AN@Linen.test ", PASSWORD).await;
        assert_eq!(answer.text("signInStaff.viewer.staff.role"), "DESIGNER");
    }

    async fn a_stranger_cannot_tell_which_accounts_exist(app) {
        let brand = app.brand("linen").await;
        // Redis outlives a test: accounts nobody tried before.
        let (known, unknown) = (format!("{}@linen.test", app.app.ids.next()), format!("{}@linen.test", app.app.ids.next()));
        designer(app, &brand, &known).await;
        for (brand, email) in [("linen", &known), ("linen", &unknown), ("nobody", &known)] {
            for _ in 0..5 {
                let answer = sign_in_staff(app, brand, email, "a wrong password").await;
                assert_eq!(answer.refused(), "BAD_CREDENTIALS", "{brand} {email}");
            }
            assert_eq!(sign_in_staff(app, brand, email, PASSWORD).await.refused(), "LOCKED_OUT", "{brand} {email}");
        }
    }

    async fn many_guesses_at_once_get_no_more_than_five(app) {
        let brand = app.brand("linen").await;
        designer(app, &brand, "an@linen.test").await;
        let guess = || sign_in_staff(app, "linen", "an@linen.test", "a wrong password");
        let answers = futures_util::future::join_all((0..12).map(|_| guess())).await;
        let looked_at = answers.iter().filter(|answer| answer.body["data"]["signInStaff"]["userErrors"][0]["code"] == "BAD_CREDENTIALS");
        assert!(looked_at.count() <= 5);
    }

    async fn only_the_owner_manages_the_team_and_a_disabled_account_is_out_at_once(app) {
        let brand = app.brand("linen").await;
        let support = brand.staff(StaffRole::Support).await;
        let new = json!({ "email": "new@linen.test", "name": "New", "role": "FINANCE", "password": PASSWORD });
        assert_eq!(support.mutate("createStaffAccount", new.clone(), "staff { id }").await.fault(), "FORBIDDEN");
        let made = brand.owner.mutate("createStaffAccount", new.clone(), "staff { id email isActive }").await;
        assert_eq!(made.text("createStaffAccount.staff.email"), "new@linen.test");
        assert_eq!(brand.owner.mutate("createStaffAccount", new, "staff { id }").await.refused(), "INVALID");
        let out = json!({ "staffId": support.id });
        assert_eq!(brand.owner.mutate("disableStaff", out, "staff { isActive }").await.ok("disableStaff.staff.isActive"), false);
        assert_eq!(support.gql("{ viewer { kind } }", json!({})).await.fault(), "UNAUTHENTICATED");
        let herself = json!({ "staffId": brand.owner.id });
        assert_eq!(brand.owner.mutate("disableStaff", herself, "staff { id }").await.refused(), "INVALID");
    }

    async fn a_need_profile_needs_consent_and_goes_with_it(app) {
        let mei = app.brand("linen").await.member("mei").await;
        let read = "{ viewer { consents { kind textVersion } needProfile { heightCm weightKg wishes } } }";
        assert_eq!(save_profile(&mei, 160).await.refused(), "CONSENT_MISSING");
        let grant = json!({ "kind": "BODY_DATA", "textVersion": "2026-01" });
        mei.mutate("grantConsent", grant, "consent { id }").await.ok("grantConsent.consent.id");
        assert_eq!(save_profile(&mei, 79).await.refusal()["field"][0], "heightCm");
        save_profile(&mei, 160).await.ok("saveNeedProfile.needProfile");
        save_profile(&mei, 161).await.ok("saveNeedProfile.needProfile");
        let mine = mei.gql(read, json!({})).await;
        assert_eq!(mine.int("viewer.needProfile.heightCm"), 161);
        assert_eq!(mine.text("viewer.consents.0.textVersion"), "2026-01");
        mei.mutate("withdrawConsent", json!({ "kind": "BODY_DATA" }), "consent { withdrawnAt }").await.ok("withdrawConsent.consent.withdrawnAt");
        let mine = mei.gql(read, json!({})).await;
        assert!(mine.at("viewer.needProfile").is_null() && mine.at("viewer.consents.0").is_null());
        assert_eq!(save_profile(&mei, 160).await.refused(), "CONSENT_MISSING");
        assert_eq!(mei.mutate("withdrawConsent", json!({ "kind": "BODY_DATA" }), "consent { id }").await.refused(), "WRONG_STATE");
    }

    async fn a_phone_number_is_bound_by_wechats_word_and_shown_masked(app) {
        let brand = app.brand("linen").await;
        let (mei, lan) = (brand.member("mei").await, brand.member("lan").await);
        let code = app.standin.phone_code(&mei.appid, "mei", "13812345678");
        let bind = "mutation($input: BindPhoneInput!) { bindPhone(input: $input) { member { phoneMasked } userErrors { code } } }";
        let bound = mei.gql(bind, json!({ "input": { "code": code } })).await;
        assert_eq!(bound.text("bindPhone.member.phoneMasked"), "138******78");
        assert_eq!(mei.gql(bind, json!({ "input": { "code": code } })).await.refused(), "BAD_CREDENTIALS");
        let staff = brand.staff(StaffRole::Support).await;
        let seen = staff.gql("query($id: ID!) { member(id: $id) { phoneMasked } }", json!({ "id": mei.id })).await;
        assert_eq!(seen.text("member.phoneMasked"), "138******78");
        assert_eq!(lan.gql("query($id: ID!) { member(id: $id) { phoneMasked } }", json!({ "id": mei.id })).await.fault(), "FORBIDDEN");
    }

    async fn an_address_book_is_read_in_full_by_its_owner_alone(app) {
        let brand = app.brand("linen").await;
        let (mei, lan) = (brand.member("mei").await, brand.member("lan").await);
        let add = json!({ "address": home(), "idempotencyKey": "the-first-one" });
        let added = mei.mutate("addAddress", add.clone(), "replayed address { id phone isDefault region }").await;
        let id = added.text("addAddress.address.id");
        assert_eq!(added.text("addAddress.address.phone"), "13812345678");
        assert_eq!(added.text("addAddress.address.region"), "上海市 徐汇区");
        assert_eq!(added.ok("addAddress.address.isDefault"), true);
        let again = mei.mutate("addAddress", add, "replayed address { id }").await;
        assert_eq!((again.text("addAddress.address.id"), again.ok("addAddress.replayed")), (id.clone(), json!(true)));
        let mut other = home();
        other["street"] = json!("别处 2 号");
        let reused = json!({ "address": other, "idempotencyKey": "the-first-one" });
        assert_eq!(mei.mutate("addAddress", reused, "address { id }").await.refused(), "IDEMPOTENCY_KEY_REUSED");

        let book = "{ viewer { addresses { id recipient phone street } } }";
        assert_eq!(mei.gql(book, json!({})).await.text("viewer.addresses.0.recipient"), "王小花");
        assert_eq!(lan.gql(book, json!({})).await.at("viewer.addresses"), &json!([]));
        let change = json!({ "addressId": id, "address": other });
        assert_eq!(lan.mutate("changeAddress", change.clone(), "address { id }").await.fault(), "NOT_FOUND");
        assert_eq!(lan.mutate("removeAddress", json!({ "addressId": id }), "removedId").await.fault(), "NOT_FOUND");
        assert_eq!(mei.mutate("changeAddress", change, "address { street }").await.text("changeAddress.address.street"), "别处 2 号");
        assert_eq!(mei.mutate("removeAddress", json!({ "addressId": id }), "removedId").await.text("removeAddress.removedId"), id);
        assert_eq!(mei.gql(book, json!({})).await.at("viewer.addresses"), &json!([]));
    }

    async fn an_address_book_holds_twenty_entries_one_of_them_the_default(app) {
        let mei = app.brand("linen").await.member("mei").await;
        let mut address = home();
        address["isDefault"] = json!(true);
        for _ in 0..20 {
            mei.mutate("addAddress", json!({ "address": address }), "address { id }").await.ok("addAddress.address.id");
        }
        assert_eq!(mei.mutate("addAddress", json!({ "address": address }), "address { id }").await.refusal()["limit"], 20);
        let book = mei.gql("{ viewer { addresses { isDefault } } }", json!({})).await.ok("viewer.addresses");
        let defaults = book.as_array().into_iter().flatten().filter(|entry| entry["isDefault"] == true);
        assert_eq!(defaults.count(), 1);
        address["phone"] = json!("12345");
        assert_eq!(mei.mutate("addAddress", json!({ "address": address }), "address { id }").await.refusal()["field"][0], "phone");
    }

    async fn a_nickname_is_shown_to_others_once_it_passed_the_check(app) {
        let brand = app.brand("linen").await;
        let (mei, staff) = (brand.member("mei").await, brand.staff(StaffRole::Support).await);
        let rename = "mutation($input: ChangeNicknameInput!) { changeNickname(input: $input) { member { nickname } userErrors { code } } }";
        app.standin.set_verdict("bad", Suggest::Risky);
        for (nickname, verdict) in [("Plum", "pass"), ("bad Plum", "risky")] {
            let renamed = mei.gql(rename, json!({ "input": { "nickname": nickname } })).await;
            assert_eq!(renamed.text("changeNickname.member.nickname"), nickname);
            app.settle().await;
            let row = people::query::member(app.app.db.read(), brand.id, Brand::member_uuid(&mei)).await.expect("a member");
            assert_eq!(sea_orm::ActiveEnum::to_value(&row.nickname_verdict), verdict);
        }
        let found = staff.gql("{ members(nickname: \"bad%\") { edges { node { id } } } }", json!({})).await;
        assert_eq!(found.at("members.edges"), &json!([]), "a percent sign stands for itself");
        let found = staff.gql("{ members(nickname: \"bad\") { edges { node { id nickname } } } }", json!({})).await;
        assert_eq!(found.text("members.edges.0.node.id"), mei.id);
    }

    async fn a_nickname_that_wechat_will_not_check_waits_for_a_person(app) {
        let brand = app.brand("linen").await;
        let mei = brand.member("mei").await;
        // WeChat does not know this openid, and never will.
        member::Entity::update_many()
            .col_expr(member::Column::Openid, Expr::value("unknown-at-wechat"))
            .filter(member::Column::BrandId.eq(brand.id))
            .exec(app.app.db.read()).await.expect("updated");
        rename(&mei, "Plum").await;
        app.settle().await;
        let row = people::query::member(app.app.db.read(), brand.id, Brand::member_uuid(&mei)).await.expect("a member");
        assert_eq!(sea_orm::ActiveEnum::to_value(&row.nickname_verdict), "review");
    }

    async fn a_nickname_that_wechat_puts_off_holds_up_nothing_else_of_hers(app) {
        let brand = app.brand("linen").await;
        let mei = brand.member("mei").await;
        let grant = json!({ "kind": "PHOTOS", "textVersion": "2026-01" });
        mei.mutate("grantConsent", grant, "consent { id }").await.ok("grantConsent.consent.id");
        app.standin.set_fault("/wxa/msg_sec_check", Fault { times: 2, ..Fault::before(FaultKind::Throttled) });
        rename(&mei, "Plum").await;
        mei.mutate("withdrawConsent", json!({ "kind": "PHOTOS" }), "consent { id }").await.ok("withdrawConsent.consent.id");
        app.settle().await;
        let open = outbox::Entity::find().filter(outbox::Column::DoneAt.is_null()).all(app.app.db.read()).await.expect("events");
        assert_eq!(open.iter().map(|event| event.kind.as_str()).collect::<Vec<_>>(), ["nickname.offered"]);
        // Put off twice: the second try, then the third, each after its pause.
        app.advance(Duration::minutes(1)).await;
        app.advance(Duration::minutes(1)).await;
        let row = people::query::member(app.app.db.read(), brand.id, Brand::member_uuid(&mei)).await.expect("a member");
        assert_eq!(sea_orm::ActiveEnum::to_value(&row.nickname_verdict), "pass");
    }

    async fn a_rotated_factory_key_works_beside_the_new_one_for_a_while(app) {
        let factory = admin::create_factory(&app.app, "North Mill", "Ningbo").await.expect("a factory");
        let (old_id, old) = admin::create_factory_key(&app.app, factory, "line 1", None).await.expect("a key");
        let (_, new) = admin::rotate_factory_key(&app.app, factory, old_id, Duration::hours(24)).await.expect("a new key");
        for token in [&old, &new] {
            let answer = app.caller(Some(token)).gql("{ viewer { kind factory { city } } }", json!({})).await;
            assert_eq!((answer.text("viewer.kind"), answer.text("viewer.factory.city")), ("FACTORY".into(), "Ningbo".into()));
        }
        app.advance(Duration::hours(24)).await;
        assert_eq!(who(app, &old).await.fault(), "UNAUTHENTICATED");
        assert_eq!(who(app, &new).await.text("viewer.kind"), "FACTORY");
        assert!(admin::rotate_factory_key(&app.app, factory, old_id, Duration::hours(1)).await.is_err());
    }

    async fn rotating_the_encryption_key_moves_everything_and_a_second_run_finds_nothing(app) {
        let brand = app.brand("linen").await;
        let mei = brand.member("mei").await;
        mei.mutate("addAddress", json!({ "address": home() }), "address { id }").await.ok("addAddress.address.id");
        let mut config = app.app.config.clone();
        config.encryption_keys.insert("new".to_owned(), vec![9; 32]);
        config.current_key = "new".to_owned();
        let both = App::start(config.clone(), app.app.clock.clone()).await.expect("an app with both keys");
        let rotated = admin::rotate_encryption(&both).await.expect("a rotation");
        assert_eq!((rotated.members, rotated.brands), (1, 1));
        assert_eq!(admin::rotate_encryption(&both).await.expect("nothing left"), admin::Rotated::default());
        config.encryption_keys.retain(|id, _| id == "new");
        let without_old = App::start(config, app.app.clock.clone()).await.expect("an app with the new key");
        let book = book::list(&without_old, brand.id, Brand::member_uuid(&mei)).await.expect("the address book opens");
        assert_eq!(book[0].address.recipient, "王小花");
        people::wechat::account(&without_old, brand.id).await.expect("the account opens");
        for other in [both, without_old] {
            other.db.close().await.expect("the database closes");
        }
    }

    async fn who_closes_her_wechat_account_is_forgotten_and_may_come_back_as_somebody_new(app) {
        let brand = app.brand("linen").await;
        let mei = brand.member("mei").await;
        mei.mutate("addAddress", json!({ "address": home() }), "address { id }").await.ok("addAddress.address.id");
        for _ in 0..2 {
            privacy::account_cancelled(&app.app, brand.id, "mei").await.expect("a deletion");
        }
        assert_eq!(mei.gql("{ viewer { kind } }", json!({})).await.fault(), "UNAUTHENTICATED");
        let id = Brand::member_uuid(&mei);
        assert!(people::vault::data_key(&app.app, app.app.db.read(), brand.id, id).await.is_err());
        let seen = brand.owner.gql("query($id: ID!) { member(id: $id) { id } }", json!({ "id": mei.id })).await;
        assert_eq!(seen.fault(), "NOT_FOUND");
        let back = brand.member("mei").await;
        assert_ne!(back.id, mei.id);
        assert_eq!(back.gql("{ viewer { addresses { id } } }", json!({})).await.at("viewer.addresses"), &json!([]));
    }

    async fn who_takes_her_phone_number_back_has_none_here(app) {
        let brand = app.brand("linen").await;
        let mei = brand.member("mei").await;
        let code = app.standin.phone_code(&mei.appid, "mei", "13812345678");
        let bind = "mutation($input: BindPhoneInput!) { bindPhone(input: $input) { member { phoneMasked } userErrors { code } } }";
        mei.gql(bind, json!({ "input": { "code": code } })).await.ok("bindPhone.member.phoneMasked");
        privacy::authorization_revoked(&app.app, brand.id, "mei", "8").await.expect("a withdrawal");
        privacy::authorization_revoked(&app.app, brand.id, "a stranger", "8").await.expect("nothing to do");
        assert!(who(app, mei.token.as_deref().expect("a token")).await.at("viewer.member.phoneMasked").is_null());
    }
}
