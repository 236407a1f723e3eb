//! Phone numbers: their shape, and binding the one WeChat vouches for.

use entity::member;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::actor::Actor;
use super::{mask, mine, query, vault, wechat as account};
use crate::app::App;
use crate::error::{Code, Error, Refusal, Result};
use crate::wechat::{self, Phone};

/// The number as it is kept: eleven digits for mainland China, `+` and 7 to 15 digits elsewhere
/// (E.164). Spaces and dashes do not matter; `+86` is taken off.
pub fn normalise(typed: &str) -> Option<String> {
    let number: String = typed.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (abroad, rest) = match number.strip_prefix('+') {
        Some(rest) => match rest.strip_prefix("86") {
            Some(rest) => (false, rest),
            None => (true, rest),
        },
        None => (false, &*number),
    };
    if abroad {
        let shaped = digits(rest) && (7..=15).contains(&rest.len()) && !rest.starts_with('0');
        return shaped.then(|| format!("+{rest}"));
    }
    // Mobile numbers of mainland China: 1, then 3 to 9, eleven digits in all.
    let mobile = digits(rest) && rest.len() == 11 && rest.starts_with('1') && rest.as_bytes()[1] >= b'3';
    mobile.then(|| rest.to_owned())
}

/// Keeps the number of WeChat's phone button. Needs no idempotency key: the code is taken once.
pub async fn bind(app: &App, actor: &Actor, code: &str) -> Result<member::Model> {
    let (brand_id, member_id) = (actor.member()?.brand_id, actor.member()?.id);
    let account = account::account(app, brand_id).await?;
    let phone = &kept(&app.wechat.phone_number(&account, code).await.map_err(refused)?);
    app.write(brand_id, |tx| async move {
        mine::enter(&tx, member_id).await?;
        let key = vault::data_key(app, tx.conn(), brand_id, member_id).await?;
        let sealed = key.seal(&vault::phone_place(member_id), phone.as_bytes());
        member::Entity::update_many()
            .col_expr(member::Column::Phone, Expr::value(Some(sealed)))
            .col_expr(member::Column::PhoneMasked, Expr::value(Some(mask::phone(phone))))
            .filter(member::Column::BrandId.eq(brand_id))
            .filter(member::Column::Id.eq(member_id))
            .exec(tx.conn())
            .await?;
        query::member(tx.conn(), brand_id, member_id).await
    })
    .await
}

fn kept(phone: &Phone) -> String {
    if phone.country_code == "86" { phone.number.clone() } else { format!("+{}{}", phone.country_code, phone.number) }
}

fn refused(error: wechat::Error) -> Error {
    match error {
        wechat::Error::CodeInvalid => Refusal::new(
            Code::BadCredentials,
            "This phone code is not valid, was used before or is older than five minutes; press the button again.",
            "手机号凭证无效、已使用或已超过五分钟，请重新点击按钮。",
        )
        .field("code")
        .into(),
        other => account::failed(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_the_mainland_and_of_the_world_are_told_apart() {
        for (typed, kept) in [
            ("138 1234-5678", Some("13812345678")),
            ("+86 13812345678", Some("13812345678")),
            ("+852 6123 4567", Some("+85261234567")),
            ("12812345678", None),
            ("1381234567", None),
            ("138123456789", None),
            ("02112345678", None),
            ("+0123456789", None),
            ("+123", None),
            ("1381234567８", None),
            ("", None),
        ] {
            assert_eq!(normalise(typed).as_deref(), kept, "{typed}");
        }
    }
}
