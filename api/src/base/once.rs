//! Repeatable mutations: one key, one effect, one answer, across processes and crashes.
//!
//! The row is written in the transaction of the effect and the unique index decides, not a look
//! before. Only effects are stored: a refusal changed nothing, so repeating it simply asks again.

use sea_orm::ConnectionTrait;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::crypto::sha256;
use super::db::sql;
use super::tx::Tx;
use crate::error::{Code, Refusal, Result};

/// What a mutation did, and whether this answer is the stored one of an earlier request.
#[derive(Clone, Debug)]
pub struct Done<T> {
    pub value: T,
    pub replayed: bool,
}

impl<T> Done<T> {
    pub fn new(value: T) -> Self {
        Done { value, replayed: false }
    }

    pub fn replay(value: T) -> Self {
        Done { value, replayed: true }
    }

    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Done<U> {
        Done { value: f(self.value), replayed: self.replayed }
    }
}

/// One request's claim on its idempotency key.
pub struct Once {
    actor_id: Uuid,
    operation: &'static str,
    key: String,
    input_hash: Vec<u8>,
}

impl Once {
    /// `key` is 8 to 64 characters of the client's making; `input` is everything else it sent.
    pub fn new(actor_id: Uuid, operation: &'static str, key: &str, input: &impl Serialize) -> Result<Self> {
        let shaped = (8..=64).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic());
        if !shaped {
            return Err(Refusal::invalid(
                "idempotencyKey",
                "The idempotency key must be 8 to 64 visible ASCII characters; a fresh UUID per user action is a good one.",
                "幂等键须为 8 至 64 个可见 ASCII 字符，建议每次用户操作生成一个新的 UUID。",
            )
            .into());
        }
        let input = serde_json::to_vec(input).expect("inputs serialise");
        Ok(Once { actor_id, operation, key: key.to_owned(), input_hash: sha256(&input) })
    }

    /// Claims the key inside `tx` with the answer that a repeat shall get. `None`: go on, the key is
    /// ours. `Some(answer)`: the effect has happened before, answer so. Another request with the
    /// same key that is still running makes this one wait for its outcome.
    pub async fn begin<A: Serialize + DeserializeOwned>(&self, tx: &Tx, answer: &A) -> Result<Option<A>> {
        let backend = tx.conn().get_database_backend();
        let answer = serde_json::to_value(answer).expect("answers serialise");
        let claim = sql(
            backend,
            "insert into idempotency (brand_id, actor_id, operation, key, input_hash, answer, created_at) \
             values ($1, $2, $3, $4, $5, $6, $7) on conflict (brand_id, actor_id, operation, key) do nothing",
            [
                tx.brand_id().into(),
                self.actor_id.into(),
                self.operation.into(),
                self.key.clone().into(),
                self.input_hash.clone().into(),
                answer.into(),
                tx.now().into(),
            ],
        );
        if tx.conn().execute_raw(claim).await?.rows_affected() == 1 {
            return Ok(None);
        }
        let stored = sql(
            backend,
            "select input_hash, answer from idempotency where brand_id = $1 and actor_id = $2 and operation = $3 and key = $4",
            [tx.brand_id().into(), self.actor_id.into(), self.operation.into(), self.key.clone().into()],
        );
        let row = tx.conn().query_one_raw(stored).await?;
        let row = row.ok_or_else(|| anyhow::anyhow!("an idempotency row vanished"))?;
        self.recall(&row.try_get::<Vec<u8>>("", "input_hash")?, row.try_get("", "answer")?).map(Some)
    }

    /// The stored answer of an earlier request with this key; refused when its input was another.
    pub fn recall<A: DeserializeOwned>(&self, input_hash: &[u8], answer: serde_json::Value) -> Result<A> {
        if input_hash != self.input_hash {
            return Err(Refusal::new(
                Code::IdempotencyKeyReused,
                "This idempotency key was used with another input; use a new key for a new action.",
                "该幂等键已用于其他输入，新的操作请使用新的幂等键。",
            )
            .field("idempotencyKey")
            .into());
        }
        let answer = serde_json::from_value(answer);
        Ok(answer.map_err(|e| anyhow::anyhow!("a stored answer of {}: {e}", self.operation))?)
    }

    /// For those who claim many keys in one statement.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// SHA-256 of the input.
    pub fn input_hash(&self) -> &[u8] {
        &self.input_hash
    }
}
