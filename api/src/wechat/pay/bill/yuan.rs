//! Yuan as bills write them, without floats.

/// Fen of an amount such as `12.34`, `-0.6`, `0` or `0.01000`. `None` for anything that is no decimal number, is not a
/// whole number of fen or does not fit.
pub(super) fn fen(text: &str) -> Option<i64> {
    let (is_negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(part) {
        return None;
    }
    let (kept, rest) = part.split_at(part.len().min(2));
    if rest.bytes().any(|byte| byte != b'0') {
        return None;
    }
    let part = kept.parse::<i64>().ok()? * if kept.len() == 1 { 10 } else { 1 };
    let amount = whole.parse::<i64>().ok()?.checked_mul(100)?.checked_add(part)?;
    Some(if is_negative { -amount } else { amount })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_amount_reads_back_exactly(amount in -9_000_000_000_000_000_i64..9_000_000_000_000_000, zeros in 0_usize..4) {
            let sign = if amount < 0 { "-" } else { "" };
            let (whole, part) = (amount.abs() / 100, amount.abs() % 100);
            let zeros = "0".repeat(zeros);
            prop_assert_eq!(fen(&format!("{sign}{whole}.{part:02}{zeros}")), Some(amount));
            if part % 10 == 0 {
                prop_assert_eq!(fen(&format!("{sign}{whole}.{}", part / 10)), Some(amount));
            }
            if part == 0 {
                prop_assert_eq!(fen(&format!("{sign}{whole}")), Some(amount));
            }
        }

        #[test]
        fn nothing_makes_it_panic(text in "\\PC{0,30}|[-+.0-9]{0,30}") {
            let _ = fen(&text);
        }
    }

    #[test]
    fn what_is_no_whole_number_of_fen_is_refused() {
        for text in
            ["", ".", "1.", ".5", "-", "--1", "+1", "1,000.00", "0.001", "1e2", "１", " 1", "99999999999999999999"]
        {
            assert_eq!(fen(text), None, "{text:?}");
        }
    }
}
