//! Pure decisions: caps and codes.

use crate::error::{Code, Detail, Refusal};

/// Characters of a code: no 0/O, 1/I/L, which people mix up when typing from a poster.
const ALPHABET: &[u8; 31] = b"23456789ABCDEFGHJKMNPQRSTUVWXYZ";
const CODE_LEN: usize = 8;
const KOC_CODE_LEN: usize = 6;

/// An invite code from random bytes: 31^8 ≈ 8.5 × 10^11 of them.
pub fn invite_code(random: [u8; CODE_LEN]) -> String {
    code(&random)
}

/// The code a KOC passes on, from random bytes: 31^6 ≈ 8.9 × 10^8 of them, for a handful of KOCs a brand.
pub fn koc_code(random: [u8; KOC_CODE_LEN]) -> String {
    code(&random)
}

fn code(random: &[u8]) -> String {
    random.iter().map(|byte| ALPHABET[usize::from(*byte) % ALPHABET.len()] as char).collect()
}

/// The code as people may have typed it: spaces, dashes and lower case do not matter.
pub fn normalise_code(typed: &str) -> String {
    typed.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).take(16).collect()
}

/// The cap of a new community: as asked, never above the brand's.
pub fn cap(asked: Option<i32>, brand_cap: i32) -> Result<i32, Refusal> {
    match asked {
        None => Ok(brand_cap),
        Some(cap) if (1..=brand_cap).contains(&cap) => Ok(cap),
        Some(_) => Err(Refusal::invalid(
            "cap",
            format!("A community of this brand holds 1 to {brand_cap} members."),
            format!("本品牌的社群人数须为 1 至 {brand_cap} 人。"),
        )
        .detail(Detail::LimitReached { limit: brand_cap })),
    }
}

pub fn too_many_communities(limit: i32) -> Refusal {
    Refusal::new(
        Code::LimitReached,
        format!("This KOC already leads {limit} communities, the most the brand allows."),
        format!("该 KOC 已负责 {limit} 个社群，达到品牌上限。"),
    )
    .detail(Detail::LimitReached { limit })
}

pub fn too_many_members(limit: i32) -> Refusal {
    Refusal::new(
        Code::Full,
        format!("This KOC already leads {limit} members, the most the brand allows."),
        format!("该 KOC 的会员已达上限 {limit} 人。"),
    )
    .detail(Detail::LimitReached { limit })
}

pub fn full(cap: i32) -> Refusal {
    Refusal::new(
        Code::Full,
        format!("This community is full ({cap} members); ask the KOC for another one."),
        format!("该社群已满（{cap} 人），请向 KOC 询问其他社群。"),
    )
    .detail(Detail::LimitReached { limit: cap })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_reads_back_however_it_was_typed() {
        let code = invite_code([0, 30, 31, 255, 7, 8, 9, 10]);
        assert_eq!(code.len(), 8);
        let typed = format!(" {}-{} ", code[..4].to_lowercase(), &code[4..]);
        assert_eq!(normalise_code(&typed), code);
    }

    #[test]
    fn a_cap_stays_within_the_brands() {
        assert_eq!(cap(None, 300).unwrap(), 300);
        assert_eq!(cap(Some(50), 300).unwrap(), 50);
        assert!(cap(Some(301), 300).is_err() && cap(Some(0), 300).is_err());
    }
}
