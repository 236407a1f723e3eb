//! The few primitives WeChat's protocols are built from.

use aes::cipher::block_padding::NoPadding;
use aes::cipher::{BlockModeDecrypt, KeyIvInit};
use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

use super::{Error, Result};

/// Standard alphabet; the last symbol of a 43-letter AES key may carry bits that belong to no byte.
const LENIENT: GeneralPurpose =
    GeneralPurpose::new(&STANDARD, GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true));

/// Decodes base64 with padding, ignoring left-over bits.
pub(super) fn from_base64(text: &str) -> Option<Vec<u8>> {
    LENIENT.decode(text).ok()
}

pub(super) fn to_base64(bytes: &[u8]) -> String {
    LENIENT.encode(bytes)
}

/// Lower-case hex SHA-1 of the parts, sorted and joined: the signature of message push.
pub(super) fn sorted_sha1(parts: &mut [&str]) -> String {
    parts.sort_unstable();
    hex::encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, parts.concat().as_bytes()))
}

/// Compares without telling by time where the difference is.
pub(super) fn same(a: &str, b: &str) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(a.as_bytes(), b.as_bytes()).is_ok()
}

/// AES-CBC, 128 or 256 bit by the key's length, PKCS#7 padding counted in blocks of `block` bytes (message push
/// pads to 32). `None` if a length or the padding is wrong.
pub(super) fn open_cbc(key: &[u8], iv: &[u8], data: &[u8], block: usize) -> Option<Vec<u8>> {
    let mut plain = match key.len() {
        16 => cbc::Decryptor::<aes::Aes128>::new_from_slices(key, iv).ok()?.decrypt_padded_vec::<NoPadding>(data),
        32 => cbc::Decryptor::<aes::Aes256>::new_from_slices(key, iv).ok()?.decrypt_padded_vec::<NoPadding>(data),
        _ => return None,
    }
    .ok()?;
    let pad = usize::from(*plain.last()?);
    let kept = plain.len().checked_sub(pad)?;
    let even = pad >= 1 && pad <= block && plain[kept..].iter().all(|byte| usize::from(*byte) == pad);
    even.then(|| {
        plain.truncate(kept);
        plain
    })
}

/// Fresh random bytes as lower-case hex, `2 * N` characters.
pub(super) fn random_hex<const N: usize>() -> Result<String> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| Error::Settings("the system gives no random bytes"))?;
    Ok(hex::encode(bytes))
}
