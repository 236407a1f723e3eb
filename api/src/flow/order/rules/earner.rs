//! Who earns with an order. One person at most, named when it is placed (运营规范 5.9: one level of commission).

use uuid::Uuid;

use crate::error::Refusal;

/// The KOC whose code the buyer `gave`, else the one who leads her community. `coded` is whom the code names, `led_by`
/// who leads the community that the order counts for. Nobody earns with what she buys herself.
pub fn earner(buyer: Uuid, gave: bool, coded: Option<Uuid>, led_by: Option<Uuid>) -> Result<Option<Uuid>, Refusal> {
    match (gave, coded) {
        (true, None) => Err(Refusal::invalid(
            "kocCode",
            "This code is not a KOC's here; check it with her, or order without a code.",
            "推荐码无效，请与推荐人核对，或不填推荐码直接下单。",
        )),
        (true, Some(koc)) if koc == buyer => Err(Refusal::invalid(
            "kocCode",
            "This is your own code, which earns nothing with your own orders; order without it.",
            "不能使用自己的推荐码，请不填推荐码直接下单。",
        )),
        (true, Some(koc)) => Ok(Some(koc)),
        (false, _) => Ok(led_by.filter(|koc| *koc != buyer)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_counts_before_the_community_and_nobody_earns_with_her_own_order() {
        let [buyer, koc, other] = [1, 2, 3].map(Uuid::from_u128);
        assert_eq!(earner(buyer, true, Some(koc), Some(other)), Ok(Some(koc)));
        assert_eq!(earner(buyer, false, None, Some(other)), Ok(Some(other)));
        assert_eq!(earner(buyer, false, None, None), Ok(None));
        assert_eq!(earner(buyer, false, None, Some(buyer)), Ok(None), "a KOC in her own community");
        assert!(earner(buyer, true, None, Some(other)).is_err(), "a wrong code is told, not passed over");
        assert!(earner(buyer, true, Some(buyer), Some(other)).is_err());
    }
}
