//! Who gets what when many ask at once: the pieces as they were read, given away in the order of
//! asking. Only memory; [`super::capacity::hold`] makes it true or says that it no longer is.

use std::collections::BTreeMap;

use entity::{presale, presale_sku};
use uuid::Uuid;

use super::capacity::{Pieces, sold_out};
use super::query::Offer;
use super::rules;
use crate::error::{Code, Detail, Error, Refusal, Result};

pub struct Shelf {
    pub(super) presale: presale::Model,
    skus: BTreeMap<Uuid, presale_sku::Model>,
    /// Given away so far.
    pub(super) by_member: Pieces,
    pub(super) by_sku: Pieces,
}

impl Shelf {
    pub fn new(offer: &Offer) -> Self {
        Shelf {
            presale: offer.presale.clone(),
            skus: offer.skus.iter().map(|sku| (sku.id, sku.clone())).collect(),
            by_member: Pieces::new(),
            by_sku: Pieces::new(),
        }
    }

    /// Whether a member, who has `counted` pieces of the presale already, may have `pieces`.
    pub fn allows(&self, member_id: Uuid, counted: i32, pieces: &Pieces) -> Result<()> {
        let had = i64::from(counted) + i64::from(self.by_member.get(&member_id).copied().unwrap_or(0));
        let total: i64 = pieces.values().map(|n| i64::from(*n)).sum();
        if had + total > i64::from(self.presale.member_limit) {
            return Err(limit_reached(&self.presale).into());
        }
        for (sku_id, n) in pieces {
            let sku = self.skus.get(sku_id).ok_or_else(|| Error::not_found("SKU"))?;
            if !sku.selling {
                return Err(rules::not_selling(&self.presale).into());
            }
            if sku.cap - sku.held - sku.paid < *n {
                return Err(sold_out(sku).into());
            }
        }
        Ok(())
    }

    /// Gives away what [`Shelf::allows`].
    pub fn take(&mut self, member_id: Uuid, pieces: &Pieces) {
        for (sku_id, n) in pieces {
            *self.by_member.entry(member_id).or_default() += n;
            *self.by_sku.entry(*sku_id).or_default() += n;
            if let Some(sku) = self.skus.get_mut(sku_id) {
                sku.held += n;
            }
        }
    }
}

fn limit_reached(presale: &presale::Model) -> Refusal {
    let limit = presale.member_limit;
    Refusal::new(
        Code::LimitReached,
        format!("Each member may order at most {limit} pieces of “{}”, open orders included.", presale.title),
        format!("“{}”每位会员限购 {limit} 件（含未支付的订单）。", presale.title),
    )
    .detail(Detail::LimitReached { limit })
}
