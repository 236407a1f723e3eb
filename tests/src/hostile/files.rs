//! Files that are not what they say, for `POST /media`.

use std::io::Cursor;

use image::ImageFormat;

use crate::picture;

pub const BOUNDARY: &str = "hostile-boundary";

/// A form with the file `name`, which is `kind/file name`.
pub fn form(spec: &str) -> Vec<u8> {
    let (kind, rest) = spec.split_once('/').expect("kind/name/type");
    let (name, content_type) = rest.split_once('/').unwrap_or((rest, "image/jpeg"));
    let mut body = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
         Content-Type: {content_type}\r\n\r\n"
    )
    .into_bytes();
    body.extend(file(kind));
    body.extend(format!("\r\n--{BOUNDARY}--\r\n").bytes());
    body
}

fn file(kind: &str) -> Vec<u8> {
    match kind {
        "svg" => b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>".to_vec(),
        "svg-declared" => {
            b"<?xml version=\"1.0\"?><!DOCTYPE svg [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><svg>&x;</svg>".to_vec()
        }
        "html" => b"<!DOCTYPE html><script>alert(1)</script>".to_vec(),
        "html-late" => [&b" \r\n\t<!-- a picture -->"[..], b"<html><body onload=alert(1)>"].concat(),
        "javascript" => b"alert(document.domain)//".to_vec(),
        "xml" => b"<?xml version=\"1.0\"?><x/>".to_vec(),
        "pdf" => b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj".to_vec(),
        "zip" => b"PK\x03\x04\x14\0\0\0\0\0".to_vec(),
        "elf" => b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec(),
        "exe" => b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff".to_vec(),
        "shell" => b"#!/bin/sh\nrm -rf /\n".to_vec(),
        "gif-script" => b"GIF89a/*\0\0*/=1;alert(1)//".to_vec(),
        "swf" => b"FWS\x06\0\0\0\0".to_vec(),
        "empty" => Vec::new(),
        "one-byte" => vec![0xff],
        "jpeg-head-only" => b"\xff\xd8\xff\xe0\0\x10JFIF\0".to_vec(),
        "jpeg-cut" => picture(1)[..200].to_vec(),
        "jpeg-html" => [&b"\xff\xd8\xff\xfe\0\x2d<script>alert(1)</script>"[..], &[b' '; 18], b"\xff\xd9"].concat(),
        "jpeg-bomb" => jpeg_of(65_500, 65_500),
        "png-head-only" => b"\x89PNG\r\n\x1a\n".to_vec(),
        "png-bomb" => png_of(50_000, 50_000),
        "png-wide" => png_of(2_000_000_000, 1),
        "png-none" => png_of(0, 0),
        "webp-bomb" => webp_of(16_383, 16_383),
        "webp-cut" => b"RIFF\xff\xff\xff\xffWEBPVP8 ".to_vec(),
        "mp4-empty" => b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom".to_vec(),
        "mp4-endless-box" => {
            b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom\0\0\0\x01moov\xff\xff\xff\xff\xff\xff\xff\xff".to_vec()
        }
        "mp4-zero-box" => b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom\0\0\0\0moov\0\0\0\0".to_vec(),
        "heic" => b"\0\0\0\x18ftypheic\0\0\0\0mif1heic".to_vec(),
        "tiff" => b"II*\0\x08\0\0\0\0\0".to_vec(),
        "bmp" => b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0".to_vec(),
        "ico" => b"\0\0\x01\0\x01\0\x10\x10".to_vec(),
        "avif" => b"\0\0\0\x1cftypavif\0\0\0\0avifmif1".to_vec(),
        "psd" => b"8BPS\0\x01".to_vec(),
        "large-text" => vec![b'a'; 2 * 1024 * 1024],
        "large-nothing" => vec![0; 12 * 1024 * 1024 + 1],
        "jpeg-and-html" => [&picture(2)[..], b"<script>alert(1)</script>"].concat(),
        "jpeg-and-zip" => [&picture(3)[..], b"PK\x03\x04evil"].concat(),
        "jpeg-gps" => with_exif(&picture(4)),
        "png-text" => png_with_text(),
        other => panic!("there is no file “{other}”"),
    }
}

/// A real JPEG that says another size in its frame header.
fn jpeg_of(width: u16, height: u16) -> Vec<u8> {
    let mut jpeg = picture(5);
    let frame = jpeg.windows(2).position(|pair| pair == b"\xff\xc0").expect("a baseline frame");
    jpeg[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
    jpeg[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());
    jpeg
}

/// A real PNG that says another size, under a right checksum.
fn png_of(width: u32, height: u32) -> Vec<u8> {
    let mut png = Cursor::new(Vec::new());
    image::RgbImage::new(4, 4).write_to(&mut png, ImageFormat::Png).expect("encoding to memory");
    let mut png = png.into_inner();
    png[16..20].copy_from_slice(&width.to_be_bytes());
    png[20..24].copy_from_slice(&height.to_be_bytes());
    let sum = crc(&png[12..29]);
    png[29..33].copy_from_slice(&sum.to_be_bytes());
    png
}

/// A PNG with a text chunk before its pixels.
fn png_with_text() -> Vec<u8> {
    let png = png_of(4, 4);
    let text = b"tEXtComment\0<script>alert(1)</script>";
    let length = u32::try_from(text.len() - 4).expect("short").to_be_bytes();
    [&png[..33], &length, text, &crc(text).to_be_bytes(), &png[33..]].concat()
}

fn webp_of(width: u32, height: u32) -> Vec<u8> {
    let bits = (width - 1) | (height - 1) << 14;
    let lossless = [&[0x2f][..], &bits.to_le_bytes(), &[0; 16]].concat();
    let chunk = [b"VP8L", &u32::try_from(lossless.len()).expect("short").to_le_bytes()[..], &lossless].concat();
    [b"RIFF", &u32::try_from(chunk.len() + 4).expect("short").to_le_bytes()[..], b"WEBP", &chunk].concat()
}

fn with_exif(jpeg: &[u8]) -> Vec<u8> {
    let tiff = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\0\0\0\0\0GPS 31.2304 N 121.4737 E";
    let length = u16::try_from(tiff.len() + 2).expect("a short segment").to_be_bytes();
    [&jpeg[..2], b"\xff\xe1", &length, tiff, &jpeg[2..]].concat()
}

/// CRC-32 as in PNG.
fn crc(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { 0xedb8_8320 ^ (crc >> 1) } else { crc >> 1 })
    };
    !bytes.iter().fold(u32::MAX, step)
}
