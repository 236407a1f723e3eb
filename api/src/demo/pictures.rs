//! Pictures for the demo, drawn by the program: no photograph has to be licensed, downloaded or trusted. The same
//! number gives the same bytes every time.

mod cloth;
mod cuts;
mod scene;

use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageEncoder};
use tiny_skia::{GradientStop, Paint, Pixmap, Point, RadialGradient, Rect, SpreadMode, Transform};

use cloth::{Tailor, colour, line, paint, path};
use cuts::{LOOKS, Look};
use scene::{SCENES, worn};

const WIDTH: u32 = 900;
const HEIGHT: u32 = 1200;

/// Design number `n` of 1–20 on its hanger, as a JPEG of 900 × 1,200 pixels. Higher numbers begin again at 1.
pub fn design(n: u32) -> Vec<u8> {
    encode(|canvas| hanging(canvas, &LOOKS[n.saturating_sub(1) as usize % LOOKS.len()]))
}

/// Someone wearing design 1 before a mirror, as a JPEG of 900 × 1,200 pixels; two scenes, then they repeat.
pub fn tryon(n: u32) -> Vec<u8> {
    let scene = &SCENES[n.saturating_sub(1) as usize % SCENES.len()];
    encode(|canvas| worn(canvas, scene, &LOOKS[0]))
}

fn encode(draw: impl FnOnce(&mut Pixmap) -> Option<()>) -> Vec<u8> {
    let mut canvas = Pixmap::new(WIDTH, HEIGHT).expect("a canvas of a fixed size");
    draw(&mut canvas).expect("every cut and scene is drawable, as the tests show");
    let rgb: Vec<u8> = canvas.pixels().iter().flat_map(|p| [p.red(), p.green(), p.blue()]).collect();
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, 88)
        .write_image(&rgb, WIDTH, HEIGHT, ExtendedColorType::Rgb8)
        .expect("writing to memory");
    jpeg
}

/// A wall with light from the upper left.
fn wall(canvas: &mut Pixmap, rgb: u32) -> Option<()> {
    canvas.fill(colour(rgb, 1.0));
    let centre = Point::from_xy(340.0, 420.0);
    let stops = vec![
        GradientStop::new(0.0, colour(0xFFFFFF, 0.5)),
        GradientStop::new(0.5, colour(0xFFFFFF, 0.05)),
        GradientStop::new(1.0, colour(0x2A2030, 0.2)),
    ];
    let shader = RadialGradient::new(centre, 0.0, centre, 980.0, stops, SpreadMode::Pad, Transform::identity())?;
    canvas.fill_rect(
        Rect::from_xywh(0.0, 0.0, WIDTH as f32, HEIGHT as f32)?,
        &Paint { shader, ..Paint::default() },
        Transform::identity(),
        None,
    );
    Some(())
}

/// The design on a rail, as large as the picture lets it be.
fn hanging(canvas: &mut Pixmap, look: &Look) -> Option<()> {
    wall(canvas, look.colours[0])?;
    let rail = look.cut.clips.map_or(96.0, |clips| clips - 110.0);
    let (mut right, mut bottom) = (0.0_f32, 0.0_f32);
    for part in look.cut.parts {
        let bounds = path(part.outline)?.bounds();
        (right, bottom) = (right.max(bounds.right()), bottom.max(bounds.bottom()));
    }
    let size = (1010.0 / (bottom - rail)).min(400.0 / right).min(1.36);
    let place = Transform::from_translate(0.0, -rail).post_scale(size, size).post_translate(450.0, 84.0);

    for (y, rgb, width) in [(0.0, 0x8A6E52, 13.0), (-3.0, 0xC9A988, 3.0)] {
        let bar = path(&format!("M-500 {0} L500 {0}", rail + y))?;
        canvas.stroke_path(&bar, &paint(rgb, 1.0), &line(width), place, None);
    }
    let mut tailor = Tailor { canvas, look, place };
    tailor.shadow()?;
    hanger(tailor.canvas, place, rail, look.cut.clips)?;
    tailor.sew()
}

/// A wooden bar below the shoulders, or a metal one with two clips; its hook goes over the rail.
fn hanger(canvas: &mut Pixmap, place: Transform, rail: f32, clips: Option<f32>) -> Option<()> {
    let (metal, below) = (paint(0x9B9690, 1.0), rail + 50.0);
    let curl = format!("C0 {0} 34 {0} 30 {1} C26 {2} -16 {2} -18 {1}", rail + 34.0, rail + 4.0, rail - 34.0);
    canvas.stroke_path(&path(&format!("M0 {} L0 {below} {curl}", below + 40.0))?, &metal, &line(6.0), place, None);
    match clips {
        Some(clips) => {
            let bar =
                path(&format!("M-124 {0} L124 {0} M-84 {0} L-84 {1} M84 {0} L84 {1}", below + 40.0, clips + 12.0))?;
            canvas.stroke_path(&bar, &metal, &line(8.0), place, None);
        }
        None => {
            let bar = path("M-128 232 Q-50 206 0 172 Q50 206 128 232")?;
            for (width, rgb) in [(20.0, 0x8A6440), (14.0, 0xB58A5E)] {
                canvas.stroke_path(&bar, &paint(rgb, 1.0), &line(width), place, None);
            }
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_number_gives_its_own_picture_every_time() {
        let mut seen = HashSet::new();
        for bytes in (1..=20).map(design).chain((1..=2).map(tryon)) {
            let picture = image::load_from_memory(&bytes).expect("a JPEG");
            assert_eq!((picture.width(), picture.height()), (WIDTH, HEIGHT));
            let grey = picture.into_luma8();
            let (darkest, lightest) = grey.iter().fold((u8::MAX, 0), |(d, l), &v| (d.min(v), l.max(v)));
            assert!(lightest - darkest > 90, "something is drawn");
            assert!(seen.insert(bytes), "no two are alike");
        }
        assert_eq!(design(1), design(1));
        assert_eq!((design(21), design(0), tryon(3)), (design(1), design(1), tryon(1)));
    }
}
