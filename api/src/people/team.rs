//! A brand's team and its KOCs: who is let in, who is shown out, who leads communities.

use entity::koc;
use entity::member::{self, MemberGrade, MemberStatus};
use entity::staff::{self, StaffRole, StaffStatus};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Set, SqlErr};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::actor::Actor;
use super::{password, query, session};
use crate::app::App;
use crate::base::fresh::Subject;
use crate::base::id::random_bytes;
use crate::base::once::{Done, Once};
use crate::base::text;
use crate::base::tx::{By, Move, Tx};
use crate::error::{Code, Error, Fault, Refusal, Result};
use crate::flow::community;

/// A person to let in. The password is left out of what idempotency keeps a hash of.
#[derive(Serialize)]
pub struct NewStaff {
    pub email: String,
    pub name: String,
    pub role: StaffRole,
    #[serde(skip)]
    pub password: String,
}

/// The address as accounts are looked up by it.
pub fn normalise_email(typed: &str) -> String {
    typed.trim().to_lowercase()
}

/// Lets a person into the team. Refused when the e-mail is taken.
pub async fn create_staff(app: &App, actor: &Actor, key: &str, input: &NewStaff) -> Result<Done<staff::Model>> {
    let owner = actor.staff(&[])?;
    let brand_id = owner.brand_id;
    let once = &Once::new(owner.id, "createStaffAccount", key, input)?;
    let row = &Checked::of(input).await?;
    app.write(brand_id, |tx| async move {
        let id = tx.new_id();
        if let Some(id) = once.begin(&tx, &id).await? {
            return Ok(Done::replay(query::staff(tx.conn(), brand_id, id).await?));
        }
        insert(&tx, id, row, actor.by()).await?;
        Ok(Done::new(query::staff(tx.conn(), brand_id, id).await?))
    })
    .await
}

/// What has passed all checks that need no database.
pub(super) struct Checked {
    email: String,
    name: String,
    role: StaffRole,
    password_hash: String,
}

impl Checked {
    pub(super) async fn of(input: &NewStaff) -> Result<Self> {
        let email = normalise_email(&text::required("email", &input.email, 254)?);
        let shaped = email.split_once('@').is_some_and(|(user, host)| !user.is_empty() && host.contains('.'));
        if !shaped || email.contains(char::is_whitespace) {
            return Err(Refusal::invalid(
                "email",
                "This is not an e-mail address; it looks like name@example.com.",
                "邮箱格式有误，应类似 name@example.com。",
            )
            .into());
        }
        password::check_strength("password", &input.password)?;
        let name = text::required("name", &input.name, 40)?;
        Ok(Checked { email, name, role: input.role, password_hash: password::hash(&input.password).await? })
    }
}

pub(super) async fn insert(tx: &Tx, id: Uuid, person: &Checked, by: By) -> Result<()> {
    let row = staff::ActiveModel {
        brand_id: Set(tx.brand_id()),
        id: Set(id),
        email: Set(person.email.clone()),
        name: Set(person.name.clone()),
        role: Set(person.role),
        password_hash: Set(person.password_hash.clone()),
        status: Set(StaffStatus::Active),
        failed_attempts: Set(0),
        locked_until: Set(None),
        created_at: Set(tx.now()),
    };
    staff::Entity::insert(row).exec_without_returning(tx.conn()).await.map_err(|error| match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => Error::from(Refusal::invalid(
            "email",
            "Someone of this brand signs in with this e-mail already; use another one.",
            "该邮箱已被本品牌的其他账号使用，请更换邮箱。",
        )),
        _ => error.into(),
    })?;
    let step = Move { kind: "staff", id, from: None, to: StaffStatus::Active, event: "created", by, why: None };
    tx.moved(step, json!({})).await
}

/// Shows a person out: the account is disabled and its sessions end at once.
pub async fn disable_staff(app: &App, actor: &Actor, key: &str, staff_id: Uuid) -> Result<Done<staff::Model>> {
    let owner = actor.staff(&[])?;
    let brand_id = owner.brand_id;
    let once = &Once::new(owner.id, "disableStaff", key, &staff_id)?;
    if owner.id == staff_id {
        return Err(Refusal::invalid(
            "staffId",
            "You cannot disable your own account; another owner can.",
            "不能停用自己的账号，请由其他所有者操作。",
        )
        .into());
    }
    app.write(brand_id, |tx| async move {
        let found = query::staff(tx.conn(), brand_id, staff_id).await?;
        if once.begin(&tx, &staff_id).await?.is_some() {
            return Ok(Done::replay(found));
        }
        let disabled = staff::Entity::update_many()
            .col_expr(staff::Column::Status, Expr::value(StaffStatus::Disabled))
            .filter(staff::Column::BrandId.eq(brand_id))
            .filter(staff::Column::Id.eq(staff_id))
            .filter(staff::Column::Status.eq(StaffStatus::Active))
            .exec(tx.conn())
            .await?;
        if disabled.rows_affected != 1 {
            return Err(Refusal::wrong_state("DISABLED", "This account is disabled already.", "该账号已停用。").into());
        }
        session::revoke_of_staff(&tx, staff_id).await?;
        let (from, to) = (Some(StaffStatus::Active), StaffStatus::Disabled);
        let step = Move { kind: "staff", id: staff_id, from, to, event: "disabled", by: actor.by(), why: None };
        tx.moved(step, json!({})).await?;
        Ok(Done::new(query::staff(tx.conn(), brand_id, staff_id).await?))
    })
    .await
}

/// Makes a member a KOC. Refused when she is one.
pub async fn grant_koc(app: &App, actor: &Actor, key: &str, member_id: Uuid) -> Result<Done<member::Model>> {
    let staff = actor.staff(&[StaffRole::Merchandiser])?;
    let brand_id = staff.brand_id;
    let once = &Once::new(staff.id, "grantKoc", key, &member_id)?;
    app.write(brand_id, |tx| async move {
        let found = query::member(tx.conn(), brand_id, member_id).await?;
        if once.begin(&tx, &member_id).await?.is_some() {
            return Ok(Done::replay(found));
        }
        if found.status != MemberStatus::Active {
            return Err(Fault::Forbidden("a banned member cannot lead communities").into());
        }
        let granted = member::Entity::update_many()
            .col_expr(member::Column::Grade, Expr::value(MemberGrade::Koc))
            .filter(member::Column::BrandId.eq(brand_id))
            .filter(member::Column::Id.eq(member_id))
            .filter(member::Column::Grade.eq(MemberGrade::Member))
            .filter(member::Column::Status.eq(MemberStatus::Active))
            .exec(tx.conn())
            .await?;
        if granted.rows_affected != 1 {
            return Err(Refusal::new(Code::WrongState, "This member is a KOC already.", "该会员已是 KOC。").into());
        }
        tx.touch(Subject::Access(member_id));
        count_from_zero(&tx, member_id).await?;
        let (from, to) = (Some(MemberGrade::Member), MemberGrade::Koc);
        let step = Move { kind: "member", id: member_id, from, to, event: "made_koc", by: actor.by(), why: None };
        tx.moved(step, json!({})).await?;
        Ok(Done::new(query::member(tx.conn(), brand_id, member_id).await?))
    })
    .await
}

async fn count_from_zero(tx: &Tx, member_id: Uuid) -> Result<()> {
    let mut random = [0; 6];
    random_bytes(&mut random);
    let row = koc::ActiveModel {
        brand_id: Set(tx.brand_id()),
        member_id: Set(member_id),
        code: Set(community::rules::koc_code(random)),
        communities: Set(0),
        members: Set(0),
        created_at: Set(tx.now()),
    };
    let keep = OnConflict::columns([koc::Column::BrandId, koc::Column::MemberId]).do_nothing().to_owned();
    koc::Entity::insert(row).on_conflict(keep).exec_without_returning(tx.conn()).await?;
    Ok(())
}
