//! Telling WeChat what has left.

use entity::shipping_record::{
    Column, Entity, Model, ShippingRecordProblem as Problem, ShippingRecordStatus as Status,
};
use entity::{member, order, payment_attempt};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::outcome::{self, Verdict};
use super::rules::Content;
use super::{carriers, query};
use crate::app::App;
use crate::error::{Error, Result};
use crate::flow::order::query as orders;
use crate::flow::payment::query as payments;
use crate::flow::presale::query as presales;
use crate::people::vault::{self, AddressIn};
use crate::people::wechat::account;
use crate::wechat::shipping::{
    Contact, OrderKey, OrderState, Parcel, Shipment, ShipmentKind, ShipmentOutcome, TradeOrderState, mask_contact,
};
use crate::wechat::{Account, Error as WechatError};

/// WeChat's code of the carrier that wants a telephone number with each parcel.
const WANTS_CONTACT: &str = "SF";

/// Timer `shipping.upload`.
pub async fn upload(app: &App, brand_id: Uuid, attempt_id: Uuid) -> Result<()> {
    let found = query::record(app.db.read(), brand_id, attempt_id).await?;
    let Some(record) = found.filter(|record| record.status == Status::Pending) else { return Ok(()) };
    if let Some(verdict) = attempt(app, &record).await? {
        outcome::apply(app, &record, verdict).await?;
    }
    Ok(())
}

/// One try; `None` when the record was changed meanwhile, which has its own timer.
async fn attempt(app: &App, record: &Model) -> Result<Option<Verdict>> {
    let db = app.db.read();
    let payment = payments::attempt(db, record.brand_id, record.attempt_id).await?;
    if payment.refunded >= payment.amount {
        return Ok(Some(Verdict::Refunded));
    }
    let content = query::content(db, record.brand_id, record.order_id, record.is_split).await?;
    let Some(content) = content.filter(|content| content.digest() == record.content) else { return Ok(None) };
    let order = orders::find(db, record.brand_id, record.order_id).await?;
    let account = account(app, record.brand_id).await?;
    let shipment = match shipment(app, &account, record, &payment, &order, &content).await? {
        Ok(shipment) => shipment,
        Err(verdict) => return Ok(Some(verdict)),
    };
    let mut before = None;
    if record.in_doubt {
        match look(app, &account, &shipment).await {
            Ok(Looked { verdict: Some(verdict), .. }) => return Ok(Some(verdict)),
            Ok(Looked { verdict: None, completions }) => before = completions,
            Err(error) => return Ok(Some(failed(record, &error, true))),
        }
    }
    if !begin(app, record).await? {
        return Ok(None);
    }
    Ok(Some(match app.wechat.upload_shipping(&account, &shipment).await {
        Ok(ShipmentOutcome::Taken) => {
            Verdict::Taken { completions: before.map(|before| before + i32::from(content.is_complete)) }
        }
        Ok(said) => judge(app, &account, &shipment, record, said).await,
        Err(error) => failed(record, &error, false),
    }))
}

/// Writes down that a call is made, of which nobody knows yet what comes of it.
async fn begin(app: &App, record: &Model) -> Result<bool> {
    app.write(record.brand_id, |tx| async move {
        let begun = Entity::update_many()
            .col_expr(Column::InDoubt, Expr::value(true))
            .filter(Column::BrandId.eq(record.brand_id))
            .filter(Column::AttemptId.eq(record.attempt_id))
            .filter(Column::Version.eq(record.version))
            .filter(Column::Status.eq(Status::Pending))
            .exec(tx.conn())
            .await?;
        Ok(begun.rows_affected == 1)
    })
    .await
}

/// What is sent, or why it cannot be.
async fn shipment(
    app: &App,
    account: &Account,
    record: &Model,
    payment: &payment_attempt::Model,
    order: &order::Model,
    content: &Content,
) -> Result<Result<Shipment, Verdict>> {
    let db = app.db.read();
    let title = presales::find(db, order.brand_id, order.presale_id).await?.title;
    let member = member::Entity::find_by_id((order.brand_id, order.member_id)).one(db).await?;
    let member = member.ok_or_else(|| Error::not_found("member"))?;
    let mut parcels = Vec::with_capacity(content.parcels.len());
    for one in &content.parcels {
        let carrier = match carriers::code_of(app, account, &one.carrier).await {
            Ok(Some(code)) => code,
            Ok(None) => {
                let words = format!("WeChat knows no carrier “{}”", one.carrier);
                return Ok(Err(Verdict::Stuck(Problem::CarrierUnknown, words)));
            }
            Err(error) => return Ok(Err(failed(record, &error, record.in_doubt))),
        };
        let contact = if carrier == WANTS_CONTACT { contact(app, &member, order)? } else { None };
        let item_desc = format!("{title} ×{}", one.pieces);
        parcels.push(Parcel { tracking_no: one.tracking_no.clone(), carrier, item_desc, contact });
    }
    Ok(Ok(Shipment {
        order: OrderKey::OutTradeNo(payment.out_trade_no.clone()),
        kind: ShipmentKind::Express,
        is_split: content.is_split,
        is_complete: content.is_complete,
        parcels,
        uploaded_at: record.content_at,
        openid: member.openid,
    }))
}

/// The recipient's phone but for its last digits hidden; `None` when the buyer's data has been deleted.
fn contact(app: &App, member: &member::Model, order: &order::Model) -> Result<Option<Contact>> {
    if member.data_key.is_none() {
        return Ok(None);
    }
    let key = vault::data_key_of(&app.keyring, member)?;
    let address = vault::open_address(&key, AddressIn::Order(order.id), &order.address)?;
    Ok(mask_contact(&address.phone).map(Contact::Receiver))
}

/// What WeChat has of a payment.
struct Looked {
    /// `None` when it does not have what is to be sent.
    verdict: Option<Verdict>,
    /// How often it took a complete content.
    completions: Option<i32>,
}

async fn look(app: &App, account: &Account, shipment: &Shipment) -> Result<Looked, WechatError> {
    let Some(known) = app.wechat.shipping_record(account, &shipment.order).await? else {
        return Ok(Looked { verdict: None, completions: None });
    };
    let completions = outcome::completions(&known);
    let verdict = match known.state {
        TradeOrderState::Done => Some(Verdict::Settled),
        TradeOrderState::Refunded => Some(Verdict::Refunded),
        _ if holds(&known, shipment) => Some(Verdict::Taken { completions }),
        _ => None,
    };
    Ok(Looked { verdict, completions })
}

/// Whether WeChat has exactly this shipment.
fn holds(known: &OrderState, shipment: &Shipment) -> bool {
    let Some(has) = &known.shipping else { return false };
    let mut theirs: Vec<_> = has.parcels.iter().map(|one| (&*one.tracking_no, &*one.carrier)).collect();
    let mut ours: Vec<_> = shipment.parcels.iter().map(|one| (&*one.tracking_no, &*one.carrier)).collect();
    theirs.sort_unstable();
    ours.sort_unstable();
    has.is_split == shipment.is_split && has.is_complete == shipment.is_complete && theirs == ours
}

/// What an answer other than yes comes to. When WeChat says that it is too late, it is asked what it has.
async fn judge(app: &App, account: &Account, shipment: &Shipment, record: &Model, said: ShipmentOutcome) -> Verdict {
    let (problem, words) = match said {
        ShipmentOutcome::Taken => return Verdict::Taken { completions: None },
        ShipmentOutcome::NotYetKnown => return Verdict::later("WeChat does not know the payment yet"),
        ShipmentOutcome::RetryLater => return Verdict::later("WeChat is busy or cannot be reached"),
        ShipmentOutcome::Unknown => {
            return Verdict::Later { words: "WeChat gave no usable answer".to_owned(), in_doubt: true };
        }
        ShipmentOutcome::OtherPayer => {
            return Verdict::Stuck(Problem::Rejected, "WeChat says that somebody else paid".to_owned());
        }
        ShipmentOutcome::Rejected { code, msg } => {
            return Verdict::Stuck(Problem::Rejected, format!("WeChat refuses it ({code}): {msg}"));
        }
        ShipmentOutcome::AlreadyComplete | ShipmentOutcome::CorrectionUsed => {
            (Problem::CorrectionUsed, "WeChat takes no further correction of this payment")
        }
        ShipmentOutcome::NotShippable => (Problem::Rejected, "WeChat says that this payment cannot be shipped"),
    };
    match look(app, account, shipment).await {
        Ok(Looked { verdict: Some(verdict), .. }) => verdict,
        Ok(Looked { verdict: None, .. }) => Verdict::Stuck(problem, words.to_owned()),
        Err(error) => failed(record, &error, false),
    }
}

/// Wrong settings ring the alarm and are tried again, since a person will set them right.
fn failed(record: &Model, error: &WechatError, in_doubt: bool) -> Verdict {
    if error.is_alarm() {
        tracing::error!(attempt = %record.attempt_id, %error, "WeChat takes no shipping information");
    }
    match error {
        WechatError::Api { .. } | WechatError::Invalid(_) => Verdict::Stuck(Problem::Rejected, error.to_string()),
        _ => Verdict::Later { words: error.to_string(), in_doubt },
    }
}
