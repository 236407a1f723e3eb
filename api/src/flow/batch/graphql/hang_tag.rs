//! The Chinese hang tag, in and out.

use async_graphql::{Enum, InputObject, SimpleObject};
use entity::batch;

use super::super::rules::hang_tag as rules;
use crate::error::Result;

/// Safety class of textiles by GB 18401.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "rules::SafetyClass")]
pub enum SafetyClass {
    /// For infants.
    A,
    /// Worn directly on the skin.
    B,
    /// Not worn directly on the skin.
    C,
}

/// What the hang tag says (GB/T 5296.4), apart from the size, which each SKU carries.
#[derive(SimpleObject)]
pub struct HangTag {
    /// Name of the product in the standard's words.
    pub product_name: String,
    /// Fibres and their shares, such as `棉 100%`.
    pub fibre_content: String,
    /// Care symbols by GB/T 8685: washing, bleaching, drying, ironing, professional care.
    pub care_symbols: Vec<String>,
    /// Number of the product standard.
    pub product_standard: String,
    /// Safety class by GB 18401.
    pub safety_class: SafetyClass,
    /// Maker or brand responsible for the product.
    pub maker_name: String,
    /// Address of the maker.
    pub maker_address: String,
    /// How to store the garment, when it needs care in storage.
    pub storage_note: Option<String>,
}

/// What the hang tag must say (GB/T 5296.4). Sizes come from the presale's SKUs.
#[derive(InputObject)]
pub struct HangTagInput {
    /// Name of the product in the standard's words, up to 60 characters.
    pub product_name: String,
    /// Fibres and their shares, such as `棉 100%`, up to 200 characters.
    pub fibre_content: String,
    /// 1 to 12 care symbols by GB/T 8685 in its order: washing, bleaching, drying, ironing, professional care.
    pub care_symbols: Vec<String>,
    /// Number of the product standard, such as `FZ/T 81004-2012`.
    pub product_standard: String,
    /// Safety class by GB 18401.
    pub safety_class: SafetyClass,
    /// Maker or brand responsible for the product, up to 100 characters.
    pub maker_name: String,
    /// Address of the maker, up to 200 characters.
    pub maker_address: String,
    /// How to store the garment, when it needs care in storage.
    pub storage_note: Option<String>,
}

impl From<HangTagInput> for rules::HangTag {
    fn from(input: HangTagInput) -> Self {
        rules::HangTag {
            product_name: input.product_name,
            fibre_content: input.fibre_content,
            care_symbols: input.care_symbols,
            product_standard: input.product_standard,
            safety_class: input.safety_class.into(),
            maker_name: input.maker_name,
            maker_address: input.maker_address,
            storage_note: input.storage_note,
        }
    }
}

/// The tag stored with a batch.
pub fn of(batch: &batch::Model) -> Result<HangTag> {
    let tag: rules::HangTag = serde_json::from_value(batch.hang_tag.clone())
        .map_err(|error| anyhow::anyhow!("the hang tag of batch {}: {error}", batch.batch_no))?;
    Ok(HangTag {
        product_name: tag.product_name,
        fibre_content: tag.fibre_content,
        care_symbols: tag.care_symbols,
        product_standard: tag.product_standard,
        safety_class: tag.safety_class.into(),
        maker_name: tag.maker_name,
        maker_address: tag.maker_address,
        storage_note: tag.storage_note,
    })
}
