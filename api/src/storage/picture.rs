//! Pictures are never stored as they came: they are decoded within limits, turned upright, put on white and encoded
//! anew, so that place, device, colour profile and whatever hides behind the pixels are gone.

use std::io::Cursor;

use bytes::Bytes;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, Rgb, RgbImage};

use super::Rendition;
use super::sniff::PictureKind;

/// Most bytes of an upload.
pub const MAX_BYTES: usize = 12 * 1024 * 1024;
/// Most pixels along one side, and in all, by the header.
const MAX_SIDE: u32 = 12_000;
const MAX_PIXELS: u64 = 50_000_000;
/// Most bytes of the decoded pixels.
const MAX_ALLOC: u64 = 256 * 1024 * 1024;
/// Of 100. Hardly told from the original on a phone, at a third of the bytes of 95.
const QUALITY: u8 = 82;

/// One encoded JPEG. Sizes are in pixels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    pub bytes: Bytes,
    pub width: u32,
    pub height: u32,
}

/// The three forms of one picture. None is larger than the upload was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    pub large: Encoded,
    pub medium: Encoded,
    pub thumb: Encoded,
}

impl Picture {
    /// What to store, largest first.
    pub fn renditions(self) -> [(Rendition, Encoded); 3] {
        [(Rendition::Large, self.large), (Rendition::Medium, self.medium), (Rendition::Thumb, self.thumb)]
    }
}

/// Why a picture is refused.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    #[error("The picture has {bytes} bytes; at most {MAX_BYTES} (12 MB) are accepted.")]
    TooManyBytes { bytes: usize },
    /// Told from the header; nothing was decoded.
    #[error("The picture is too large: at most {MAX_SIDE} pixels a side and 50 megapixels are accepted.")]
    TooManyPixels,
    #[error("The picture is damaged or incomplete.")]
    Broken(#[source] ImageError),
    #[error("The picture could not be stored.")]
    Encode(#[source] ImageError),
}

impl PictureError {
    /// The same for a Chinese reader.
    pub fn zh(&self) -> &'static str {
        match self {
            PictureError::TooManyBytes { .. } => "图片太大，最多 12 MB。",
            PictureError::TooManyPixels => "图片尺寸太大，每边最多 12000 像素，总共最多 5000 万像素。",
            PictureError::Broken(_) => "图片已损坏或不完整。",
            PictureError::Encode(_) => "图片无法保存，请稍后再试。",
        }
    }
}

/// Makes the three renditions of an upload. Takes a second or two of one core and half a gigabyte for the largest
/// picture that is accepted: call it on a blocking thread, a bounded number at a time.
pub fn process(bytes: &[u8], kind: PictureKind) -> Result<Picture, PictureError> {
    if bytes.len() > MAX_BYTES {
        return Err(PictureError::TooManyBytes { bytes: bytes.len() });
    }
    let (decoded, orientation) = decode(bytes, kind)?;
    let flat = on_white(decoded);
    // Shrunk before it is turned, which costs a tenth for a phone's picture.
    let mut large = fit(DynamicImage::ImageRgb8(flat), 1600);
    large.apply_orientation(orientation);
    let encoded_large = encode(&large)?;
    let medium = fit(large, 800);
    let encoded_medium = encode(&medium)?;
    let thumb = fit(medium, 240);
    Ok(Picture { large: encoded_large, medium: encoded_medium, thumb: encode(&thumb)? })
}

fn decode(bytes: &[u8], kind: PictureKind) -> Result<(DynamicImage, image::metadata::Orientation), PictureError> {
    let format = match kind {
        PictureKind::Jpeg => ImageFormat::Jpeg,
        PictureKind::Png => ImageFormat::Png,
        PictureKind::Webp => ImageFormat::WebP,
    };
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_ALLOC);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);

    let mut decoder = reader.into_decoder().map_err(refused)?;
    let (width, height) = decoder.dimensions();
    // Some decoders look at the allocation limit only for their own buffers, not for the pixels they are handed.
    if u64::from(width) * u64::from(height) > MAX_PIXELS || decoder.total_bytes() > MAX_ALLOC {
        return Err(PictureError::TooManyPixels);
    }
    let orientation = decoder.orientation().map_err(refused)?;
    let pixels = DynamicImage::from_decoder(decoder).map_err(refused)?;
    Ok((pixels, orientation))
}

fn refused(error: ImageError) -> PictureError {
    match error {
        ImageError::Limits(_) => PictureError::TooManyPixels,
        other => PictureError::Broken(other),
    }
}

/// JPEG has no transparency; what was seen through is white.
fn on_white(picture: DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.into_rgb8();
    }
    let through = picture.into_rgba8();
    let over = |value: u8, alpha: u8| {
        let (value, alpha) = (u32::from(value), u32::from(alpha));
        u8::try_from((value * alpha + 255 * (255 - alpha) + 127) / 255).unwrap_or(u8::MAX)
    };
    RgbImage::from_fn(through.width(), through.height(), |x, y| {
        let [red, green, blue, alpha] = through.get_pixel(x, y).0;
        Rgb([over(red, alpha), over(green, alpha), over(blue, alpha)])
    })
}

/// Shrinks to at most `longest` pixels along the longer side; never enlarges.
fn fit(picture: DynamicImage, longest: u32) -> DynamicImage {
    let (width, height) = (picture.width(), picture.height());
    let side = width.max(height);
    if side <= longest {
        return picture;
    }
    let scaled = |length: u32, to: u32| {
        let scaled = (u64::from(length) * u64::from(to) + u64::from(side) / 2) / u64::from(side);
        u32::try_from(scaled).unwrap_or(to).max(1)
    };
    // A box filter does the bulk: the better filter over a phone's 12 megapixels takes half a second.
    let rough = if side > longest * 4 {
        picture.thumbnail_exact(scaled(width, longest * 2), scaled(height, longest * 2))
    } else {
        picture
    };
    rough.resize_exact(scaled(width, longest), scaled(height, longest), FilterType::CatmullRom)
}

fn encode(picture: &DynamicImage) -> Result<Encoded, PictureError> {
    let mut bytes = Vec::new();
    picture.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, QUALITY)).map_err(PictureError::Encode)?;
    Ok(Encoded { bytes: bytes.into(), width: picture.width(), height: picture.height() })
}

#[cfg(test)]
#[path = "picture_tests.rs"]
mod tests;
