//! What an upload is, by its content alone: names and declared types are whatever the sender wanted them to be.

use super::video::{self, VideoError};

/// A picture format that is decoded here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PictureKind {
    Jpeg,
    Png,
    Webp,
}

/// What an accepted upload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaType {
    /// Goes through `picture::process`; only the re-encoded renditions are kept.
    Picture(PictureKind),
    /// Its boxes have been walked; goes through `video::scrub` before it is kept.
    Mp4,
}

/// Why an upload is refused before anything of it is decoded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SniffError {
    #[error("The file is empty.")]
    Empty,
    /// What iPhones shoot. There is no maintained decoder for it under a licence we can ship.
    #[error("HEIC pictures cannot be read. Choose the picture again with 'compressed' instead of 'original'.")]
    Heic,
    /// `found` is the media type the content looks like, when it looks like any.
    #[error("Only JPEG, PNG and WebP pictures and MP4 videos are accepted{}.", .found.map(|f| format!(", not {f}")).unwrap_or_default())]
    Unsupported { found: Option<&'static str> },
    #[error(transparent)]
    Video(#[from] VideoError),
}

impl SniffError {
    /// The same for a Chinese reader.
    pub fn zh(&self) -> String {
        match self {
            SniffError::Empty => "文件是空的。".to_owned(),
            SniffError::Heic => "暂不支持 HEIC 图片，请重新选择，并选“压缩图”而不是“原图”。".to_owned(),
            SniffError::Unsupported { found: Some(found) } => {
                format!("只支持 JPEG、PNG、WebP 图片和 MP4 视频，不支持 {found}。")
            }
            SniffError::Unsupported { found: None } => "只支持 JPEG、PNG、WebP 图片和 MP4 视频。".to_owned(),
            SniffError::Video(error) => error.zh(),
        }
    }
}

/// Major brands of HEIF files with HEVC inside; `mif1` and `msf1` are HEIF whatever the codec.
const HEIF_BRANDS: [&[u8; 4]; 10] =
    [b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"];

/// Tells what `bytes` are, from the first of them; an MP4 is walked box by box.
pub fn sniff(bytes: &[u8]) -> Result<MediaType, SniffError> {
    if bytes.is_empty() {
        return Err(SniffError::Empty);
    }
    if let Some(brand) = video::major_brand(bytes) {
        if brand == b"avif" || brand == b"avis" {
            return Err(SniffError::Unsupported { found: Some("image/avif") });
        }
        if HEIF_BRANDS.contains(&brand) {
            return Err(SniffError::Heic);
        }
        video::check(bytes)?;
        return Ok(MediaType::Mp4);
    }
    let found = infer::get(bytes).map(|kind| kind.mime_type());
    match found {
        Some("image/jpeg") => Ok(MediaType::Picture(PictureKind::Jpeg)),
        Some("image/png") => Ok(MediaType::Picture(PictureKind::Png)),
        Some("image/webp") if bytes.starts_with(b"RIFF") => Ok(MediaType::Picture(PictureKind::Webp)),
        _ => Err(SniffError::Unsupported { found }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_a_browser_would_run() {
        for (bytes, mime) in [
            (&b"<!DOCTYPE html><script>alert(1)</script>"[..], Some("text/html")),
            (b"GIF89a\x01\x00\x01\x00\x00\x00\x00;", Some("image/gif")),
            (b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>", None),
            (b"%PDF-1.7\n", Some("application/pdf")),
            (b"\x00\x00\x00\x00", None),
        ] {
            assert_eq!(sniff(bytes), Err(SniffError::Unsupported { found: mime }));
        }
        assert_eq!(sniff(b""), Err(SniffError::Empty));
    }

    #[test]
    fn knows_the_three_picture_formats() {
        assert_eq!(sniff(b"\xFF\xD8\xFF\xE0rest"), Ok(MediaType::Picture(PictureKind::Jpeg)));
        assert_eq!(sniff(b"\x89PNG\r\n\x1A\nrest"), Ok(MediaType::Picture(PictureKind::Png)));
        assert_eq!(sniff(b"RIFF\x10\0\0\0WEBPVP8 "), Ok(MediaType::Picture(PictureKind::Webp)));
        assert!(sniff(b"RIFX\x10\0\0\0WEBPVP8 ").is_err());
    }

    #[test]
    fn heic_is_refused_with_the_way_out() {
        for brand in HEIF_BRANDS {
            let mut file = b"\0\0\0\x18ftyp".to_vec();
            file.extend_from_slice(brand);
            file.extend_from_slice(b"\0\0\0\0mif1heic");
            let error = sniff(&file).expect_err("HEIC has no decoder");
            assert_eq!(error, SniffError::Heic);
            assert!(error.to_string().contains("compressed") && error.zh().contains("压缩"));
        }
        assert_eq!(
            sniff(b"\0\0\0\x18ftypavif\0\0\0\0mif1avif"),
            Err(SniffError::Unsupported { found: Some("image/avif") })
        );
    }
}
