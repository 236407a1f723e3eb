//! The long-tail need: what a member would tell a shop assistant. Sealed, and kept only while she
//! consents to the use of body data.

use chrono::{DateTime, Utc};
use entity::consent::ConsentKind;
use entity::need_profile;
use sea_orm::sea_query::OnConflict;
use sea_orm::{EntityTrait, Set};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::actor::Actor;
use super::{consent, mine, vault};
use crate::app::App;
use crate::base::text;
use crate::error::{Refusal, Result};

/// Body figures in whole centimetres and kilograms. No `Debug`: it must not reach a log.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NeedProfile {
    pub height_cm: i32,
    pub weight_kg: i32,
    pub bust_cm: Option<i32>,
    pub waist_cm: Option<i32>,
    pub hip_cm: Option<i32>,
    pub wishes: Option<String>,
}

impl NeedProfile {
    /// Refuses figures no grown or growing person has; trims the wishes.
    fn checked(self) -> Result<Self> {
        within("heightCm", self.height_cm, 80, 230)?;
        within("weightKg", self.weight_kg, 20, 250)?;
        for (field, figure) in [("bustCm", self.bust_cm), ("waistCm", self.waist_cm), ("hipCm", self.hip_cm)] {
            if let Some(figure) = figure {
                within(field, figure, 40, 200)?;
            }
        }
        let wishes = text::optional("wishes", self.wishes.as_deref(), 400)?;
        Ok(NeedProfile { wishes, ..self })
    }
}

fn within(field: &str, figure: i32, low: i32, high: i32) -> Result<(), Refusal> {
    if (low..=high).contains(&figure) {
        return Ok(());
    }
    Err(Refusal::invalid(
        field,
        format!("“{field}” must be between {low} and {high}, not {figure}."),
        format!("“{field}”须在 {low} 至 {high} 之间，而不是 {figure}。"),
    ))
}

/// Keeps the caller's need profile in place of the last one. Needs consent to body data.
pub async fn save(app: &App, actor: &Actor, input: NeedProfile) -> Result<(NeedProfile, DateTime<Utc>)> {
    let (brand_id, member_id) = (actor.member()?.brand_id, actor.member()?.id);
    let profile = input.checked()?;
    let kept = &profile;
    let saved_at = app
        .write(brand_id, |tx| async move {
            mine::enter(&tx, member_id).await?;
            let consent = consent::in_force(tx.conn(), brand_id, member_id, ConsentKind::BodyData).await?;
            let consent = consent.ok_or_else(|| consent::missing(ConsentKind::BodyData))?;
            let key = vault::data_key(app, tx.conn(), brand_id, member_id).await?;
            let row = need_profile::ActiveModel {
                brand_id: Set(brand_id),
                member_id: Set(member_id),
                consent_id: Set(consent.id),
                sealed: Set(key.seal_json(&vault::profile_place(member_id), kept)),
                updated_at: Set(tx.now()),
            };
            use need_profile::Column::{BrandId, ConsentId, MemberId, Sealed, UpdatedAt};
            let replace =
                OnConflict::columns([BrandId, MemberId]).update_columns([ConsentId, Sealed, UpdatedAt]).to_owned();
            need_profile::Entity::insert(row).on_conflict(replace).exec_without_returning(tx.conn()).await?;
            Ok(tx.now())
        })
        .await?;
    Ok((profile, saved_at))
}

/// The member's own profile; nothing when she has none.
pub async fn find(app: &App, brand_id: Uuid, member_id: Uuid) -> Result<Option<(NeedProfile, DateTime<Utc>)>> {
    let Some(row) = need_profile::Entity::find_by_id((brand_id, member_id)).one(app.db.read()).await? else {
        return Ok(None);
    };
    let key = vault::data_key(app, app.db.read(), brand_id, member_id).await?;
    Ok(Some((key.open_json(&vault::profile_place(member_id), &row.sealed)?, row.updated_at)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(height_cm: i32, waist_cm: Option<i32>) -> NeedProfile {
        NeedProfile { height_cm, weight_kg: 55, bust_cm: None, waist_cm, hip_cm: None, wishes: Some("  ".into()) }
    }

    #[test]
    fn figures_stay_within_what_people_have() {
        for (height_cm, waist_cm, fits) in
            [(160, None, true), (80, Some(40), true), (79, None, false), (231, None, false), (160, Some(201), false)]
        {
            assert_eq!(profile(height_cm, waist_cm).checked().is_ok(), fits, "{height_cm} {waist_cm:?}");
        }
        assert!(profile(160, None).checked().unwrap().wishes.is_none());
    }
}
