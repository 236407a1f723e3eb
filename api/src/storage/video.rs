//! MP4 files (ISO/IEC 14496-12): a box walker that tells a playable file from a disguise, and takes out what says
//! where and with what it was shot. Nothing is decoded; the frames are kept as they came.

use std::ops::Range;

/// Most bytes of a video.
pub const MAX_BYTES: usize = 50 * 1024 * 1024;
/// Most boxes side by side; a long fragmented film has a few thousand.
const MAX_BOXES: usize = 20_000;

/// Brands of files that players of MP4 play (mp4ra.org).
const BRANDS: [&[u8; 4]; 15] = [
    b"isom", b"iso2", b"iso3", b"iso4", b"iso5", b"iso6", b"iso7", b"iso8", b"iso9", b"mp41", b"mp42", b"avc1",
    b"M4V ", b"dash", b"mmp4",
];

/// Why a video is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VideoError {
    #[error("The video has {bytes} bytes; at most {MAX_BYTES} (50 MB) are accepted.")]
    TooManyBytes { bytes: usize },
    /// QuickTime, 3GP and other relatives of MP4 that not every phone plays.
    #[error("Only MP4 videos are accepted. Choose the video again with 'compressed' instead of 'original'.")]
    NotMp4,
    #[error("The video file is damaged or incomplete.")]
    Broken,
}

impl VideoError {
    /// The same for a Chinese reader.
    pub fn zh(&self) -> String {
        match self {
            VideoError::TooManyBytes { .. } => "视频太大，最多 50 MB。".to_owned(),
            VideoError::NotMp4 => "只支持 MP4 视频，请重新选择，并选“压缩”而不是“原视频”。".to_owned(),
            VideoError::Broken => "视频文件已损坏或不完整。".to_owned(),
        }
    }
}

/// One box: its type, where it begins, and where its payload lies in the file.
struct Mp4Box {
    name: [u8; 4],
    start: usize,
    payload: Range<usize>,
}

/// The boxes that fill `within` exactly. A size of 0 means "to the end", which only a last top-level box may say.
fn boxes(bytes: &[u8], within: Range<usize>, top_level: bool) -> Result<Vec<Mp4Box>, VideoError> {
    let mut found = Vec::new();
    let mut at = within.start;
    while at < within.end {
        let rest = bytes.get(at..within.end).ok_or(VideoError::Broken)?;
        let (size, tail) = rest.split_first_chunk::<4>().ok_or(VideoError::Broken)?;
        let (name, tail) = tail.split_first_chunk::<4>().ok_or(VideoError::Broken)?;
        let (header, size) = match u32::from_be_bytes(*size) {
            0 if top_level => (8, rest.len()),
            1 => {
                let large = tail.first_chunk::<8>().ok_or(VideoError::Broken)?;
                (16, usize::try_from(u64::from_be_bytes(*large)).map_err(|_| VideoError::Broken)?)
            }
            small => (8, usize::try_from(small).map_err(|_| VideoError::Broken)?),
        };
        let printable = name.iter().all(|byte| matches!(byte, 0x20..=0x7E | 0xA9));
        if size < header || size > rest.len() || !printable || found.len() == MAX_BOXES {
            return Err(VideoError::Broken);
        }
        found.push(Mp4Box { name: *name, start: at, payload: at + header..at + size });
        at += size;
    }
    Ok(found)
}

/// The major brand when `bytes` begin with an `ftyp` box, as MP4, QuickTime and HEIF files do.
pub fn major_brand(bytes: &[u8]) -> Option<&[u8; 4]> {
    if bytes.get(4..8)? != b"ftyp" {
        return None;
    }
    bytes.get(8..)?.first_chunk()
}

/// Accepts a file of a known brand whose boxes fill it exactly and which has frames and at least one track.
pub fn check(bytes: &[u8]) -> Result<(), VideoError> {
    if bytes.len() > MAX_BYTES {
        return Err(VideoError::TooManyBytes { bytes: bytes.len() });
    }
    let brand = major_brand(bytes).ok_or(VideoError::NotMp4)?;
    if !BRANDS.contains(&brand) {
        return Err(VideoError::NotMp4);
    }
    let top = boxes(bytes, 0..bytes.len(), true)?;
    let mut movies = top.iter().filter(|b| &b.name == b"moov");
    let (Some(movie), None) = (movies.next(), movies.next()) else { return Err(VideoError::Broken) };
    let inside = boxes(bytes, movie.payload.clone(), false)?;
    let mut tracks = 0;
    for track in inside.iter().filter(|b| &b.name == b"trak") {
        boxes(bytes, track.payload.clone(), false)?;
        tracks += 1;
    }
    let has = |among: &[Mp4Box], name: &[u8; 4]| among.iter().any(|b| &b.name == name);
    if tracks == 0 || !has(&inside, b"mvhd") || !has(&top, b"mdat") {
        return Err(VideoError::Broken);
    }
    Ok(())
}

/// Blanks what a phone notes beside the frames (place, model, owner): the boxes `udta`, `meta` and `uuid` of the file,
/// the movie and each track become zeroed `free` boxes of the same size, so that every offset into the frames stays
/// right. What has passed [`check`] does not fail here.
pub fn scrub(bytes: &mut [u8]) -> Result<(), VideoError> {
    for movie in blank(bytes, 0..bytes.len(), true, b"moov")? {
        for track in blank(bytes, movie, false, b"trak")? {
            blank(bytes, track, false, b"trak")?;
        }
    }
    Ok(())
}

/// Blanks the telling boxes of one level and gives the payloads of the boxes called `inner`.
fn blank(
    bytes: &mut [u8],
    within: Range<usize>,
    top_level: bool,
    inner: &[u8; 4],
) -> Result<Vec<Range<usize>>, VideoError> {
    let mut found = Vec::new();
    for b in boxes(bytes, within, top_level)? {
        if matches!(&b.name, b"udta" | b"meta" | b"uuid") {
            bytes[b.start + 4..b.start + 8].copy_from_slice(b"free");
            bytes[b.payload].fill(0);
        } else if &b.name == inner {
            found.push(b.payload);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn boxed(name: &[u8; 4], payload: &[u8]) -> Vec<u8> {
        let size = u32::try_from(payload.len() + 8).expect("a small test box");
        [&size.to_be_bytes()[..], name, payload].concat()
    }

    fn ftyp(brand: &[u8; 4]) -> Vec<u8> {
        boxed(b"ftyp", &[&brand[..], b"\0\0\x02\0", b"isomiso2mp41"].concat())
    }

    /// A file as iPhones write it, with the place in `moov/udta` and in a track's `meta`.
    fn film() -> Vec<u8> {
        let place = boxed(b"udta", &boxed(b"\xA9xyz", b"\0\x12\x15\xC7+31.2304+121.4737/"));
        let track = boxed(b"trak", &[boxed(b"tkhd", &[0; 84]), boxed(b"meta", b"iPhone of A")].concat());
        let movie = boxed(b"moov", &[boxed(b"mvhd", &[0; 100]), track, place].concat());
        [ftyp(b"isom"), movie, boxed(b"mdat", b"frames with +31.2304 in them")].concat()
    }

    #[test]
    fn takes_a_film_and_forgets_where_it_was_shot() {
        let mut bytes = film();
        assert_eq!(check(&bytes), Ok(()));
        scrub(&mut bytes).expect("checked");
        assert_eq!(bytes.len(), film().len());
        assert_eq!(check(&bytes), Ok(()));
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("121.4737") && !text.contains("iPhone"), "metadata is left");
        assert!(text.contains("frames with +31.2304 in them"), "frames are untouched");
    }

    #[test]
    fn a_last_box_may_run_to_the_end_and_be_large() {
        let head = &film()[..film().len() - 36];
        let open = [head, b"\0\0\0\0mdat", b"frames"].concat();
        assert_eq!(check(&open), Ok(()));
        let large = [head, b"\0\0\0\x01mdat", &22_u64.to_be_bytes()[..], b"frames"].concat();
        assert_eq!(check(&large), Ok(()));
    }

    #[test]
    fn refuses_disguises_and_damage() {
        let whole = film();
        assert_eq!(check(&whole[..whole.len() - 1]), Err(VideoError::Broken), "cut off");
        assert_eq!(check(&[&whole[..], b"<script>alert(1)</script>"].concat()), Err(VideoError::Broken), "a tail");
        assert_eq!(check(&[ftyp(b"isom"), boxed(b"mdat", b"x")].concat()), Err(VideoError::Broken), "no movie");
        let empty_movie = [ftyp(b"isom"), boxed(b"moov", b""), boxed(b"mdat", b"x")].concat();
        assert_eq!(check(&empty_movie), Err(VideoError::Broken));
        let huge = [&ftyp(b"isom")[..], b"\0\0\0\x01moov", &u64::MAX.to_be_bytes()[..]].concat();
        assert_eq!(check(&huge), Err(VideoError::Broken), "an absurd size");
        assert_eq!(check(&ftyp(b"qt  ")), Err(VideoError::NotMp4));
        assert_eq!(check(&vec![0; MAX_BYTES + 1]), Err(VideoError::TooManyBytes { bytes: MAX_BYTES + 1 }));
    }

    proptest! {
        #[test]
        fn what_passes_the_check_can_be_scrubbed(tail in proptest::collection::vec(any::<u8>(), 0..300), at in 0..200_usize, byte: u8) {
            let mut bent = film();
            if let Some(place) = bent.get_mut(at) {
                *place = byte;
            }
            for mut bytes in [[ftyp(b"mp42"), tail.clone()].concat(), tail, bent] {
                if check(&bytes).is_ok() {
                    prop_assert_eq!(scrub(&mut bytes), Ok(()));
                    prop_assert_eq!(check(&bytes), Ok(()));
                }
            }
        }
    }
}
