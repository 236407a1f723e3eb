//! What a Chinese hang tag must say (GB/T 5296.4-2012; safety classes of GB 18401-2010). Sizes come
//! from the matrix, so they are not repeated here.

use serde::{Deserialize, Serialize};

use crate::base::text;
use crate::error::{Refusal, Result};

/// Safety class of GB 18401.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SafetyClass {
    A,
    B,
    C,
}

/// The words of the tag, one for all pieces of a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HangTag {
    pub product_name: String,
    pub fibre_content: String,
    /// In the order of GB/T 8685: washing, bleaching, drying, ironing, professional care.
    pub care_symbols: Vec<String>,
    pub product_standard: String,
    pub safety_class: SafetyClass,
    pub maker_name: String,
    pub maker_address: String,
    pub storage_note: Option<String>,
}

const MAX_SYMBOLS: usize = 12;

/// The tag with its texts trimmed; refused when something the standard asks for is missing.
pub fn checked(tag: &HangTag) -> Result<HangTag> {
    if tag.care_symbols.is_empty() || tag.care_symbols.len() > MAX_SYMBOLS {
        return Err(Refusal::invalid(
            "hangTag.careSymbols",
            format!("A hang tag carries 1 to {MAX_SYMBOLS} care symbols (GB/T 8685)."),
            format!("吊牌须有 1 至 {MAX_SYMBOLS} 个维护符号（GB/T 8685）。"),
        )
        .into());
    }
    let symbols = tag.care_symbols.iter().map(|symbol| text::required("hangTag.careSymbols", symbol, 40));
    Ok(HangTag {
        product_name: text::required("hangTag.productName", &tag.product_name, 60)?,
        fibre_content: text::required("hangTag.fibreContent", &tag.fibre_content, 200)?,
        care_symbols: symbols.collect::<Result<_>>()?,
        product_standard: text::required("hangTag.productStandard", &tag.product_standard, 60)?,
        safety_class: tag.safety_class,
        maker_name: text::required("hangTag.makerName", &tag.maker_name, 100)?,
        maker_address: text::required("hangTag.makerAddress", &tag.maker_address, 200)?,
        storage_note: text::optional("hangTag.storageNote", tag.storage_note.as_deref(), 200)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    fn tag() -> HangTag {
        HangTag {
            product_name: " 连衣裙 ".to_owned(),
            fibre_content: "棉 100%".to_owned(),
            care_symbols: vec!["手洗".to_owned(), "不可漂白".to_owned()],
            product_standard: "FZ/T 81004-2012".to_owned(),
            safety_class: SafetyClass::B,
            maker_name: "制造商".to_owned(),
            maker_address: "地址".to_owned(),
            storage_note: Some("  ".to_owned()),
        }
    }

    #[test]
    fn a_complete_tag_passes_trimmed() {
        let checked = checked(&tag()).unwrap();
        assert_eq!(checked.product_name, "连衣裙");
        assert_eq!(checked.storage_note, None);
    }

    #[test]
    fn each_missing_field_is_refused_by_name() {
        type Spoil = fn(&mut HangTag);
        let missing: [(&str, Spoil); 6] = [
            ("productName", |tag| tag.product_name.clear()),
            ("fibreContent", |tag| tag.fibre_content = " ".to_owned()),
            ("careSymbols", |tag| tag.care_symbols.clear()),
            ("productStandard", |tag| tag.product_standard.clear()),
            ("makerName", |tag| tag.maker_name.clear()),
            ("makerAddress", |tag| tag.maker_address.clear()),
        ];
        for (field, clear) in missing {
            let mut tag = tag();
            clear(&mut tag);
            match checked(&tag) {
                Err(Error::Refused(refusal)) => assert_eq!(refusal.field, ["hangTag", field]),
                other => panic!("{field}: {other:?}"),
            }
        }
    }
}
