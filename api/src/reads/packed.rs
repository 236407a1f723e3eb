//! A template that is compressed once and filled as it is: phones ask for gzip, and compressing a feed anew for each
//! costs more than everything else about it.
//!
//! A deflate stream may switch at any byte between compressed blocks and stored ones, which hold bytes as they are
//! (RFC 1951, 3.2.4). The text between two holes is compressed blocks, what fills a hole is one stored block. A match
//! may reach back across a hole, so the distance has to be the same whatever fills it: numbers and booleans are padded
//! with the spaces that JSON allows. While compressing, a hole holds bytes that no JSON has, so that nothing can match
//! them. Behind a hole of no fixed width the compressor forgets what was before.

use flate2::{Compress, Compression, Crc, FlushCompress};

use super::hole::Ask;

/// Ends what a sync flush writes: the length of an empty stored block and its complement.
const EMPTY: [u8; 4] = [0, 0, 0xff, 0xff];
/// Begins a stored block that is not the last, at a byte boundary.
const STORED: u8 = 0;
/// The last block, empty.
const LAST: [u8; 5] = [1, 0, 0, 0xff, 0xff];
/// Deflate, no name, no time, any system (RFC 1952, 2.3).
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
/// No JSON has it outside of an escape.
const HOLE: [u8; 16] = [1; 16];

/// The pieces of a template's text, each as blocks that end in the middle of a stored one: behind its first byte.
pub(super) struct Packed(Vec<Vec<u8>>);

/// Bytes that fill a hole of this kind, whatever the value; `None` when that depends on it.
pub(super) fn width(ask: Ask) -> Option<usize> {
    match ask {
        // `false`, and any 32-bit number.
        Ask::PickedByMe { .. } => Some(5),
        Ask::Picks { .. } | Ask::Remaining { .. } | Ask::PaidPieces { .. } => Some(11),
        // One action or none.
        Ask::PresaleActions { .. } => Some(15),
        Ask::MyPicks { .. } => None,
    }
}

impl Packed {
    /// `pieces` stand before, between and behind the holes of `asked`.
    pub fn new<'a>(pieces: impl Iterator<Item = &'a [u8]>, asked: &[Ask]) -> Self {
        let mut compress = Compress::new(Compression::default(), false);
        let holes = asked.iter().map(|ask| Some(width(*ask))).chain([None]);
        let packed = pieces.zip(holes).map(|(piece, hole)| {
            let mut blocks = deflate(&mut compress, piece);
            match blocks.strip_suffix(&EMPTY) {
                Some(begun) => blocks.truncate(begun.len()),
                // Nothing to compress between two holes.
                None => blocks.push(STORED),
            }
            match hole {
                Some(Some(width)) => drop(deflate(&mut compress, &HOLE[..width])),
                Some(None) => compress.reset(),
                None => {}
            }
            blocks
        });
        Packed(packed.collect())
    }

    /// Bytes in memory.
    pub fn size(&self) -> usize {
        self.0.iter().map(Vec::len).sum()
    }

    /// A gzip file of `before`, the text with its holes filled, and `after`. `crc` is of all of it.
    pub fn fill<'a>(
        &self,
        before: &'a [u8],
        filled: impl Iterator<Item = &'a [u8]>,
        after: &'a [u8],
        crc: &Crc,
    ) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.size() + 32 * self.0.len() + before.len() + after.len() + 64);
        out.extend_from_slice(&HEADER);
        out.push(STORED);
        store(&mut out, before);
        for (blocks, hole) in self.0.iter().zip(filled.chain([after])) {
            out.extend_from_slice(blocks);
            store(&mut out, hole);
        }
        out.extend_from_slice(&LAST);
        out.extend_from_slice(&crc.sum().to_le_bytes());
        out.extend_from_slice(&crc.amount().to_le_bytes());
        out
    }
}

/// All of `input`, up to a byte boundary.
fn deflate(compress: &mut Compress, input: &[u8]) -> Vec<u8> {
    let (mut out, begin) = (Vec::with_capacity(input.len() / 2 + 64), compress.total_in());
    loop {
        let read = usize::try_from(compress.total_in() - begin).unwrap_or(input.len());
        let done = compress.compress_vec(&input[read..], &mut out, FlushCompress::Sync);
        done.expect("a stream that has not ended takes all bytes");
        let read = usize::try_from(compress.total_in() - begin).unwrap_or(input.len());
        // Room that is left says that the flush is through.
        if read == input.len() && out.len() < out.capacity() {
            out.shrink_to_fit();
            return out;
        }
        out.reserve(out.capacity());
    }
}

/// The rest of stored blocks of which the first has begun: lengths, complements, bytes.
fn store(out: &mut Vec<u8>, bytes: &[u8]) {
    let mut chunks = bytes.chunks(usize::from(u16::MAX)).peekable();
    if chunks.peek().is_none() {
        out.extend_from_slice(&EMPTY);
    }
    for (n, chunk) in chunks.enumerate() {
        if n > 0 {
            out.push(STORED);
        }
        let length = chunk.len() as u16;
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&(!length).to_le_bytes());
        out.extend_from_slice(chunk);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn asks() -> impl Strategy<Value = Ask> {
        let (round_id, design_id, presale_id, sku_id) = (Uuid::nil(), Uuid::nil(), Uuid::nil(), Uuid::nil());
        prop_oneof![
            Just(Ask::PickedByMe { round_id, design_id }),
            Just(Ask::Picks { round_id, design_id }),
            Just(Ask::MyPicks { round_id }),
            Just(Ask::Remaining { presale_id, sku_id }),
            Just(Ask::PaidPieces { presale_id }),
            Just(Ask::PresaleActions { presale_id }),
        ]
    }

    fn pieces() -> impl Strategy<Value = Vec<(String, Ask, Vec<String>)>> {
        // Much that repeats, so that matches reach far back; two fillings of each hole.
        let text = prop_oneof!["", "(\"picks\":|\"title\":\"亚麻\",){0,40}", "[ -~]{0,300}", "a{0,3000}"];
        let filling = proptest::collection::vec("[a-z0-9]{0,70}", 2);
        proptest::collection::vec((text, asks(), filling), 0..30)
    }

    proptest! {
        #[test]
        fn whatever_fills_the_holes_comes_out_between_the_pieces(parts in pieces(), end in "[ -~]{0,200}", after in "[ -~]{0,80}") {
            let asked: Vec<Ask> = parts.iter().map(|(_, ask, _)| *ask).collect();
            let texts = parts.iter().map(|(text, _, _)| text.as_bytes()).chain([end.as_bytes()]);
            let packed = Packed::new(texts, &asked);
            for turn in 0..2 {
                let filled: Vec<String> = parts.iter().map(|(_, ask, fillings)| match width(*ask) {
                    Some(width) => format!("{:width$.width$}", fillings[turn]),
                    None => fillings[turn].clone(),
                }).collect();
                let mut wanted = "{\"data\":".to_owned();
                for ((text, _, _), hole) in parts.iter().zip(&filled) {
                    wanted.push_str(text);
                    wanted.push_str(hole);
                }
                wanted.push_str(&end);
                wanted.push_str(&after);
                let mut crc = Crc::new();
                crc.update(wanted.as_bytes());
                let file = packed.fill(b"{\"data\":", filled.iter().map(String::as_bytes), after.as_bytes(), &crc);
                let mut read = String::new();
                GzDecoder::new(file.as_slice()).read_to_string(&mut read).expect("a gzip file");
                prop_assert_eq!(read, wanted);
            }
        }
    }
}
