//! How a brand returns money: in how many days, and at what interest when it is later.

use entity::audit::AuditAction;
use entity::brand::{self, Column};
use entity::staff::StaffRole;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::audit;
use crate::app::App;
use crate::base::fresh::Subject;
use crate::base::id::BrandId;
use crate::base::once::{Done, Once};
use crate::error::{Error, Refusal, Result};
use crate::people::actor::Actor;

/// The law leaves a seller fifteen days.
pub const MAX_DAYS: i32 = 15;
/// 36 % a year, beyond which no court enforces interest.
pub const MAX_INTEREST_BP: i32 = 3_600;

/// Sets both for presales that come to nothing from now on; a refund that is due keeps its day.
pub async fn set(app: &App, actor: &Actor, key: &str, days: i32, interest_bp: i32) -> Result<Done<brand::Model>> {
    let staff = actor.staff(&[StaffRole::Finance])?;
    let brand_id = staff.brand_id;
    check(days, interest_bp)?;
    let once = &Once::new(staff.id, "setRefundTerms", key, &(days, interest_bp))?;
    app.write(brand_id, |tx| async move {
        let find = brand::Entity::find_by_id(brand_id);
        if once.begin(&tx, &()).await?.is_some() {
            let brand = find.one(tx.conn()).await?;
            return Ok(Done::replay(brand.ok_or_else(|| Error::not_found("brand"))?));
        }
        brand::Entity::update_many()
            .col_expr(Column::RefundDays, Expr::value(days))
            .col_expr(Column::LateInterestBp, Expr::value(interest_bp))
            .filter(Column::Id.eq(brand_id))
            .exec(tx.conn())
            .await?;
        tx.touch(Subject::Reads(brand_id));
        let words = format!("{days} days, {interest_bp} hundredths of a percent a year");
        let deed = audit::Deed {
            action: AuditAction::RefundTermsSet,
            subject: BrandId::new(brand_id).to_string(),
            order_id: None,
            amount: None,
            why: Some(&words),
        };
        audit::note(&tx, actor.by(), deed).await?;
        let brand = find.one(tx.conn()).await?;
        Ok(Done::new(brand.ok_or_else(|| Error::not_found("brand"))?))
    })
    .await
}

fn check(days: i32, interest_bp: i32) -> Result<(), Refusal> {
    if !(1..=MAX_DAYS).contains(&days) {
        return Err(Refusal::invalid(
            "refundDays",
            format!(
                "A presale that came to nothing is refunded within 1 to {MAX_DAYS} days, which is what the law leaves; choose one of them."
            ),
            format!("预售未成的退款期限须为 1 至 {MAX_DAYS} 天（法定上限），请重新填写。"),
        ));
    }
    if !(0..=MAX_INTEREST_BP).contains(&interest_bp) {
        return Err(Refusal::invalid(
            "lateInterestBp",
            format!("Interest is 0 to {MAX_INTEREST_BP} hundredths of a percent a year; 300 is 3 %."),
            format!("逾期利率须为每年 0 至 {MAX_INTEREST_BP} 个基点（万分之一），300 即 3%。"),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_stay_within_what_the_law_leaves() {
        for (days, interest) in [(1, 0), (15, 300), (7, MAX_INTEREST_BP)] {
            assert!(check(days, interest).is_ok());
        }
        for (days, interest) in [(0, 0), (16, 0), (7, -1), (7, MAX_INTEREST_BP + 1)] {
            assert!(check(days, interest).is_err());
        }
    }
}
