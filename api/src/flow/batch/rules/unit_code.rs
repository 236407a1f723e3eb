//! Short codes on the per-unit labels.

/// Crockford's base 32: no I, L, O, U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Random bytes a code needs; 50 bits make a repeat rare, and the unique index makes it harmless.
pub const RANDOM_LEN: usize = 10;

/// A code from random bytes, five bits of each.
pub fn code(random: [u8; RANDOM_LEN]) -> String {
    random.iter().map(|byte| ALPHABET[usize::from(byte & 31)] as char).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_ten_unambiguous_characters() {
        assert_eq!(code([0, 1, 9, 10, 31, 32, 255, 63, 18, 27]), "019AZ0ZZJV");
    }
}
