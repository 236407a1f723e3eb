//! What is known of those who order together.

use sea_orm::{ConnectionTrait, QueryResult};
use serde_json::json;
use uuid::Uuid;

use super::Request;
use crate::base::db::sql;
use crate::base::rows::{ANY_BRAND, Kind, left_join_one, rows};
use crate::base::tx::Tx;
use crate::error::Result;
use crate::flow::presale::query::{COMMUNITIES, Offer};

/// The member of one request.
pub(super) struct Buyer {
    /// Hash of the input and answer stored under her key.
    pub stored: Option<(Vec<u8>, serde_json::Value)>,
    pub invited_by: Option<Uuid>,
    pub voted_in: Option<Uuid>,
    /// The KOC whose code she gave; none when it is nobody's here.
    pub coded: Option<Uuid>,
    /// The KOC of the community that the order counts for.
    pub led_by: Option<Uuid>,
    /// Her wrapped data key and the id of the key it is wrapped with; none when it is shredded.
    pub data_key: Option<(Vec<u8>, String)>,
    /// The entry of her address book that she named, sealed; none when it is not hers or was removed.
    pub address: Option<Vec<u8>>,
    /// Pieces of the presale she holds or has paid.
    pub counted: i32,
}

/// The buyers of `requests`, each at its place. One statement.
pub(super) async fn buyers(tx: &Tx, offer: &Offer, requests: &[Request]) -> Result<Vec<Buyer>> {
    let backend = tx.conn().get_database_backend();
    let columns = [
        ("n", Kind::Int),
        ("member_id", Kind::Uuid),
        ("key", Kind::Text),
        ("address_id", Kind::Uuid),
        ("koc_code", Kind::Text),
    ];
    let one = |table, name, condition| left_join_one(backend, table, name, condition);
    let text = format!(
        "select x.*, {} from (select v.n, i.input_hash, i.answer, m.data_key, m.key_id, a.sealed, \
         coalesce(b.pieces, 0) as counted, v.koc_code, {COMMUNITIES} from {} {} {} {} {}) as x order by x.n",
        kocs(offer),
        rows(backend, 4, &columns),
        one(
            "idempotency",
            "i",
            "i.brand_id = $1 and i.actor_id = v.member_id and i.operation = 'placeOrder' and i.key = v.key"
        ),
        one("member", "m", "m.brand_id = $1 and m.id = v.member_id"),
        one(
            "address",
            "a",
            "a.brand_id = $1 and a.id = v.address_id and a.member_id = v.member_id and a.deleted_at is null"
        ),
        one("presale_buyer", "b", "b.brand_id = $1 and b.presale_id = $2 and b.member_id = v.member_id"),
    );
    let one = |(n, r): (usize, &Request)| json!({ "n": n, "member_id": r.member_id, "key": r.once.key(), "address_id": r.input.address_id, "koc_code": r.koc_code });
    let asked: serde_json::Value = requests.iter().enumerate().map(one).collect();
    let values = [tx.brand_id().into(), offer.presale.id.into(), offer.presale.entry_id.into(), asked.into()];
    let text = text.replace("$1", ANY_BRAND);
    let found = tx.conn().query_all_raw(sql(backend, &text, values)).await?;
    found.iter().map(buyer).collect()
}

/// Columns `coded` and `led_by`: who may earn with the order `x`. Only a KOC who is one now.
fn kocs(offer: &Offer) -> String {
    let is_koc = "e.grade = 'koc' and e.status = 'active'";
    format!(
        "(select k.member_id from koc k join member e on e.brand_id = k.brand_id and e.id = k.member_id \
         where k.brand_id = $1 and k.code = x.koc_code and {is_koc}) as coded, \
         (select c.koc_member_id from community c join member e on e.brand_id = c.brand_id and e.id = c.koc_member_id \
         where c.brand_id = $1 and c.id = x.{} and {is_koc}) as led_by",
        offer.counts_for()
    )
}

fn buyer(row: &QueryResult) -> Result<Buyer> {
    let input_hash: Option<Vec<u8>> = row.try_get("", "input_hash")?;
    let answer: Option<serde_json::Value> = row.try_get("", "answer")?;
    let data_key: Option<Vec<u8>> = row.try_get("", "data_key")?;
    let key_id: Option<String> = row.try_get("", "key_id")?;
    Ok(Buyer {
        stored: input_hash.zip(answer),
        invited_by: row.try_get("", "invited_by")?,
        voted_in: row.try_get("", "voted_in")?,
        coded: row.try_get("", "coded")?,
        led_by: row.try_get("", "led_by")?,
        data_key: data_key.zip(key_id),
        address: row.try_get("", "sealed")?,
        counted: row.try_get("", "counted")?,
    })
}
