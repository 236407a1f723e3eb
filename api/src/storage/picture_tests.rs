use super::*;
use proptest::prelude::*;

use crate::storage::sniff::{MediaType, sniff};

fn file(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.into().write_to(&mut bytes, format).expect("an encodable picture");
    bytes.into_inner()
}

/// 40×20, left half red, right half blue.
fn two_halves() -> RgbImage {
    RgbImage::from_fn(40, 20, |x, _| if x < 20 { Rgb([220, 0, 0]) } else { Rgb([0, 0, 220]) })
}

/// A JPEG with an APP1 segment after SOI: TIFF header, big-endian, IFD0 with orientation 6 and a pointer to a GPS IFD
/// that says 31° N 121° E.
fn phone_picture() -> Vec<u8> {
    let mut tiff = b"MM\0\x2A\0\0\0\x08\0\x02".to_vec();
    tiff.extend(*b"\x01\x12\0\x03\0\0\0\x01\0\x06\0\0"); // 0x0112 Orientation, SHORT, 1, 6
    tiff.extend(*b"\x88\x25\0\x04\0\0\0\x01\0\0\0\x26"); // 0x8825 GPS, LONG, 1, offset 38
    tiff.extend([0; 4]);
    tiff.extend(*b"\0\x01\0\x01\0\x02\0\0\0\x02N\0\0\0\0\0\0\0"); // GPSLatitudeRef
    tiff.extend(*b"GPS 31.2304 121.4737");
    let segment = [b"Exif\0\0", &tiff[..]].concat();
    let length = u16::try_from(segment.len() + 2).expect("a short segment").to_be_bytes();
    let plain = file(two_halves(), ImageFormat::Jpeg);
    [&plain[..2], b"\xFF\xE1", &length, &segment, &plain[2..]].concat()
}

fn holds(bytes: &[u8], what: &[u8]) -> bool {
    bytes.windows(what.len()).any(|window| window == what)
}

fn pixel(encoded: &Encoded, x: u32, y: u32) -> [u8; 3] {
    let picture = image::load_from_memory(&encoded.bytes).expect("a JPEG").into_rgb8();
    assert_eq!(picture.dimensions(), (encoded.width, encoded.height));
    picture.get_pixel(x, y).0
}

#[test]
fn a_phones_picture_is_upright_and_says_nothing_else() {
    let upload = phone_picture();
    assert!(holds(&upload, b"Exif") && holds(&upload, b"121.4737"));
    let picture = process(&upload, PictureKind::Jpeg).expect("a picture");
    // Orientation 6: the first row is the right-hand side, so the left half comes to the top.
    assert_eq!((picture.large.width, picture.large.height), (20, 40));
    let ([top, _, _], [_, _, bottom]) = (pixel(&picture.large, 10, 5), pixel(&picture.large, 10, 35));
    assert!(top > 180 && bottom > 180, "red above blue");
    for (_, encoded) in picture.renditions() {
        assert!(!holds(&encoded.bytes, b"Exif") && !holds(&encoded.bytes, b"GPS"));
    }
}

#[test]
fn a_polyglot_loses_its_tail() {
    let mut upload = file(two_halves(), ImageFormat::Jpeg);
    upload.extend_from_slice(b"<script>alert(document.domain)</script>");
    assert_eq!(sniff(&upload), Ok(MediaType::Picture(PictureKind::Jpeg)));
    let picture = process(&upload, PictureKind::Jpeg).expect("a picture");
    for (_, encoded) in picture.renditions() {
        assert!(!holds(&encoded.bytes, b"<script"));
    }
}

#[test]
fn renditions_shrink_and_never_grow() {
    let sizes = |width, height| {
        let upload = file(RgbImage::from_pixel(width, height, Rgb([90, 120, 90])), ImageFormat::Png);
        let picture = process(&upload, PictureKind::Png).expect("a picture");
        picture.renditions().map(|(_, encoded)| (encoded.width, encoded.height))
    };
    assert_eq!(sizes(3000, 2000), [(1600, 1067), (800, 534), (240, 160)]);
    assert_eq!(sizes(900, 1200), [(900, 1200), (600, 800), (180, 240)]);
    assert_eq!(sizes(1, 1), [(1, 1), (1, 1), (1, 1)]);
    assert_eq!(sizes(9000, 2), [(1600, 1), (800, 1), (240, 1)]);
}

#[test]
fn transparency_becomes_white() {
    let glass = image::RgbaImage::from_fn(60, 30, |x, _| image::Rgba([0, 0, 0, if x < 30 { 0 } else { 255 }]));
    for (format, kind) in [(ImageFormat::Png, PictureKind::Png), (ImageFormat::WebP, PictureKind::Webp)] {
        let picture = process(&file(glass.clone(), format), kind).expect("a picture");
        assert!(pixel(&picture.large, 5, 15).iter().all(|&value| value > 245), "{kind:?}: seen through");
        assert!(pixel(&picture.large, 55, 15).iter().all(|&value| value < 10), "{kind:?}: opaque");
    }
}

/// A PNG of `width` × `height` by its header, with next to no pixels behind it.
fn png_bomb(width: u32, height: u32) -> Vec<u8> {
    let mut png = file(image::GrayImage::new(1, 1), ImageFormat::Png);
    png[16..20].copy_from_slice(&width.to_be_bytes());
    png[20..24].copy_from_slice(&height.to_be_bytes());
    // CRC-32 (ISO 3309, reflected) over the type and data of IHDR.
    let crc = !png[12..29].iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 })
    });
    png[29..33].copy_from_slice(&crc.to_be_bytes());
    png
}

#[test]
fn bombs_are_refused_by_their_header() {
    for (width, height) in [(65_000, 65_000), (12_001, 1), (1, 12_001), (10_000, 5_001), (u32::MAX >> 1, u32::MAX >> 1)]
    {
        let refused = process(&png_bomb(width, height), PictureKind::Png);
        assert!(matches!(refused, Err(PictureError::TooManyPixels)), "{width}×{height}: {refused:?}");
    }
    // The same file with a small header is merely short of pixels.
    assert!(matches!(process(&png_bomb(40, 40), PictureKind::Png), Err(PictureError::Broken(_))));
    let heavy = vec![0xFF; MAX_BYTES + 1];
    assert!(matches!(process(&heavy, PictureKind::Jpeg), Err(PictureError::TooManyBytes { .. })));
}

#[test]
fn damage_is_told() {
    let png = file(two_halves(), ImageFormat::Png);
    let cut = process(&png[..png.len() / 2], PictureKind::Png).expect_err("half a PNG");
    assert!(matches!(cut, PictureError::Broken(_)));
    assert!(cut.to_string().contains("damaged") && cut.zh().contains("损坏"));
    let jpeg = file(two_halves(), ImageFormat::Jpeg);
    assert!(matches!(process(&jpeg[..60], PictureKind::Jpeg), Err(PictureError::Broken(_))));
    assert!(matches!(process(&png, PictureKind::Jpeg), Err(PictureError::Broken(_))), "the kind is not guessed again");
}

proptest! {
    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        for kind in [PictureKind::Jpeg, PictureKind::Png, PictureKind::Webp] {
            // Random bytes are hardly ever a picture; what matters is that the call returns.
            let _ = process(&bytes, kind);
        }
        let _ = sniff(&bytes);
    }

    #[test]
    fn bent_files_never_panic(which in 0..3_usize, at in 0..2000_usize, byte: u8, cut in 0..2000_usize) {
        let (format, kind) = [
            (ImageFormat::Jpeg, PictureKind::Jpeg),
            (ImageFormat::Png, PictureKind::Png),
            (ImageFormat::WebP, PictureKind::Webp),
        ][which];
        let mut bytes = file(two_halves(), format);
        let length = bytes.len();
        bytes[at % length] = byte;
        bytes.truncate(length - cut % 20);
        if let Ok(picture) = process(&bytes, kind) {
            prop_assert!(u64::from(picture.large.width) * u64::from(picture.large.height) <= 1600 * 1600);
        }
    }
}
