//! Someone before a mirror at home, in the dress that is shown on its hanger elsewhere.

use tiny_skia::{FillRule, PathBuilder, Pixmap, Rect, Transform};

use super::cloth::{Tailor, line, paint, path};
use super::cuts::Look;
use super::wall;

/// The colours and turns that tell one try-on picture from another.
pub struct Scene {
    wall: u32,
    floor: u32,
    frame: u32,
    skin: u32,
    hair: u32,
    /// Down to the chest, or up in a bun.
    long_hair: bool,
    /// +1 or −1: the side of the hand with the phone.
    hand: f32,
}

pub const SCENES: [Scene; 2] = [
    Scene {
        wall: 0xDFD3C6,
        floor: 0xB48F6B,
        frame: 0x7A5A3E,
        skin: 0xEBC3A5,
        hair: 0x30241F,
        long_hair: true,
        hand: 1.0,
    },
    Scene {
        wall: 0xC3CFC8,
        floor: 0xA0938A,
        frame: 0xF1ECE2,
        skin: 0xDDAE8D,
        hair: 0x5A3A2B,
        long_hair: false,
        hand: -1.0,
    },
];

/// Fills shapes and draws strokes in one coordinate system.
struct Brush<'a> {
    canvas: &'a mut Pixmap,
    place: Transform,
}

impl Brush<'_> {
    fn fill(&mut self, letters: &str, rgb: u32, opacity: f32) -> Option<()> {
        let shape = path(letters)?;
        self.canvas.fill_path(&shape, &paint(rgb, opacity), FillRule::Winding, self.place, None);
        Some(())
    }

    fn stroke(&mut self, letters: &str, rgb: u32, opacity: f32, width: f32) -> Option<()> {
        self.canvas.stroke_path(&path(letters)?, &paint(rgb, opacity), &line(width), self.place, None);
        Some(())
    }

    fn oval(&mut self, x: f32, y: f32, (rx, ry): (f32, f32), rgb: u32, opacity: f32) -> Option<()> {
        let shape = PathBuilder::from_oval(Rect::from_ltrb(x - rx, y - ry, x + rx, y + ry)?)?;
        self.canvas.fill_path(&shape, &paint(rgb, opacity), FillRule::Winding, self.place, None);
        Some(())
    }
}

/// Draws the room, its mirror, and who stands before it in `look`.
pub fn worn(canvas: &mut Pixmap, scene: &Scene, look: &Look) -> Option<()> {
    wall(canvas, scene.wall)?;
    let mut brush = Brush { canvas, place: Transform::identity() };
    room(&mut brush, scene)?;
    let place = Transform::from_scale(scene.hand * 0.735, 0.735).post_translate(462.0, 148.0);
    brush.place = place;
    behind(&mut brush, scene)?;
    Tailor { canvas: brush.canvas, look, place }.sew()?;
    head(&mut brush, scene)?;
    arms(&mut brush, scene)?;
    brush.place = Transform::identity();
    brush.fill("M150 60 L330 60 L150 470 Z M390 60 L440 60 L150 720 L150 606 Z", 0xFFFFFF, 0.13)?;
    brush.fill("M774 640 L774 760 L560 1146 L494 1146 Z", 0xFFFFFF, 0.1)
}

fn room(brush: &mut Brush<'_>, scene: &Scene) -> Option<()> {
    brush.fill("M0 1010 L900 1010 L900 1200 L0 1200 Z", scene.floor, 1.0)?;
    for x in [-160.0, 40.0, 240.0, 450.0, 660.0, 860.0, 1060.0_f32] {
        brush.stroke(&format!("M{} 1010 L{} 1200", 450.0 + (x - 450.0) * 0.8, x), 0x2A2030, 0.16, 2.0)?;
    }
    brush.fill("M0 992 L900 992 L900 1012 L0 1012 Z", 0xFFFFFF, 0.55)?;
    for grow in [26.0, 18.0, 10.0_f32] {
        let (left, right, top, bottom) = (130.0 - grow, 800.0 + grow, 44.0 - grow / 2.0, 1176.0 + grow);
        brush.fill(&format!("M{left} {top} L{right} {top} L{right} {bottom} L{left} {bottom} Z"), 0x2A2030, 0.07)?;
    }
    let glass = "M150 60 L774 60 L774 1146 L150 1146 Z";
    brush.stroke(glass, scene.frame, 1.0, 40.0)?;
    brush.stroke(glass, 0xFFFFFF, 0.22, 5.0)?;
    brush.fill(glass, scene.wall, 1.0)?;
    brush.fill(glass, 0xFFFFFF, 0.3)?;
    brush.fill("M150 940 L774 940 L774 1146 L150 1146 Z", scene.floor, 0.85)?;
    brush.fill("M150 924 L774 924 L774 942 L150 942 Z", 0xFFFFFF, 0.6)?;
    // A window behind, with its light on the floor; a plant in its pot.
    brush.fill("M560 130 L724 130 L724 520 L560 520 Z", 0xFFFFFF, 0.9)?;
    brush.fill("M568 138 L716 138 L716 512 L568 512 Z", 0xCFE3EC, 1.0)?;
    brush.stroke("M642 138 L642 512 M568 320 L716 320", 0xFFFFFF, 1.0, 8.0)?;
    brush.fill("M560 950 L724 950 L680 1060 L500 1060 Z", 0xFFF3DA, 0.25)?;
    let leaves = "M226 800 Q196 640 170 600 M226 800 Q232 620 246 560 M226 800 Q262 660 306 634 M226 800 Q186 720 160 706 \
                  M226 800 Q276 730 300 726";
    brush.stroke(leaves, 0x5F7F63, 1.0, 19.0)?;
    brush.stroke(leaves, 0x86A485, 1.0, 4.0)?;
    brush.fill("M182 796 L270 796 L256 930 L196 930 Z", 0xC98E6B, 1.0)?;
    brush.fill("M176 786 L276 786 L274 816 L178 816 Z", 0xD9A17E, 1.0)
}

/// What the dress covers in part: hair, legs, shoes.
fn behind(brush: &mut Brush<'_>, scene: &Scene) -> Option<()> {
    brush.oval(0.0, 1312.0, (190.0, 20.0), 0x2A2030, 0.2)?;
    for side in [-1.0, 1.0_f32] {
        let leg = format!("M{} 1010 Q{} 1130 {} 1286", side * 58.0, side * 66.0, side * 50.0);
        brush.stroke(&leg, scene.skin, 1.0, 52.0)?;
        brush.stroke(&leg, 0x2A2030, 0.05, 30.0)?;
        brush.oval(side * 62.0, 1304.0, (42.0, 20.0), 0x3A2E30, 1.0)?;
        brush.oval(side * 56.0, 1288.0, (24.0, 15.0), scene.skin, 1.0)?;
    }
    if scene.long_hair {
        brush.fill("M-64 60 Q-98 200 -84 320 Q0 350 84 320 Q98 200 64 60 Z", scene.hair, 1.0)?;
    } else {
        brush.oval(0.0, -14.0, (34.0, 31.0), scene.hair, 1.0)?;
    }
    brush.fill("M-27 130 L27 130 Q26 196 76 212 L0 300 L-76 212 Q-26 196 -27 130 Z", scene.skin, 1.0)?;
    brush.fill("M-27 150 Q0 186 27 150 L27 170 Q0 206 -27 170 Z", 0x7A4A3A, 0.22)
}

fn head(brush: &mut Brush<'_>, scene: &Scene) -> Option<()> {
    // The dress's inside lies over the throat, which is worn here.
    brush.fill("M-66 208 Q-30 196 -27 150 L27 150 Q30 196 66 208 Q54 268 0 288 Q-54 268 -66 208 Z", scene.skin, 1.0)?;
    brush.fill("M-27 150 Q0 192 27 150 L28 172 Q0 208 -28 172 Z", 0x7A4A3A, 0.2)?;
    brush.stroke("M-44 232 Q-22 240 -8 236 M44 232 Q22 240 8 236", 0x7A4A3A, 0.3, 3.0)?;
    brush.fill("M-55 84 Q-56 176 0 182 Q56 176 55 84 Q50 20 0 20 Q-50 20 -55 84 Z", scene.skin, 1.0)?;
    for side in [-1.0, 1.0_f32] {
        brush.oval(side * 33.0, 128.0, (13.0, 8.0), 0xD9806E, 0.32)?;
        brush.oval(side * 23.0, 101.0, (4.6, 5.6), 0x2B211E, 1.0)?;
        brush.stroke(&format!("M{} 84 Q{} 78 {} 84", side * 13.0, side * 24.0, side * 34.0), scene.hair, 0.9, 3.4)?;
        brush.stroke(&format!("M{} 97 Q{} 91 {} 99", side * 15.0, side * 24.0, side * 33.0), 0x2B211E, 0.9, 2.6)?;
    }
    brush.stroke("M1 104 Q7 122 -1 126", 0x9A6248, 0.6, 2.6)?;
    brush.stroke("M-15 146 Q0 158 15 146", 0xB0483F, 1.0, 4.6)?;
    brush.fill("M-62 116 Q-72 12 0 6 Q72 12 62 116 Q56 62 22 42 Q-10 66 -46 70 Q-56 88 -62 116 Z", scene.hair, 1.0)?;
    brush.stroke("M18 40 Q-10 60 -44 62 M30 32 Q48 44 56 72", 0xFFFFFF, 0.12, 4.0)?;
    if scene.long_hair {
        brush.fill(
            "M-62 90 Q-76 190 -72 262 Q-52 240 -54 170 Z M62 90 Q76 190 72 262 Q52 240 54 170 Z",
            scene.hair,
            1.0,
        )?;
    }
    Some(())
}

/// One arm down, the other bent, with the phone that takes the picture.
fn arms(brush: &mut Brush<'_>, scene: &Scene) -> Option<()> {
    brush.fill(
        "M142 396 Q150 520 168 560 L180 690 Q196 704 208 690 L206 560 Q214 480 206 392 Q176 412 142 396 Z",
        scene.skin,
        1.0,
    )?;
    brush.oval(193.0, 704.0, (17.0, 30.0), scene.skin, 1.0)?;
    brush.stroke("M150 404 Q176 416 204 402", 0x2A2030, 0.16, 9.0)?;
    brush.fill(
        "M-142 396 Q-150 470 -196 508 Q-226 506 -228 470 Q-214 430 -206 392 Q-176 412 -142 396 Z",
        scene.skin,
        1.0,
    )?;
    brush.stroke("M-204 486 Q-150 400 -118 318", scene.skin, 1.0, 40.0)?;
    brush.stroke("M-194 500 Q-138 420 -104 330", 0x7A4A3A, 0.2, 5.0)?;
    brush.stroke("M-150 404 Q-176 416 -204 402", 0x2A2030, 0.16, 9.0)?;
    brush.fill("M-146 196 L-78 196 L-78 330 L-146 330 Z", 0x26242B, 1.0)?;
    brush.stroke("M-146 196 L-78 196 L-78 330 L-146 330 Z", 0x26242B, 1.0, 12.0)?;
    for (x, y) in [(-132.0, 210.0), (-132.0, 232.0)] {
        brush.oval(x, y, (8.0, 8.0), 0x55525E, 1.0)?;
    }
    for finger in 0..4_u8 {
        let y = 262.0 + f32::from(finger) * 19.0;
        brush.stroke(&format!("M-146 {} L-112 {}", y + 6.0, y), scene.skin, 1.0, 16.0)?;
        brush.stroke(&format!("M-144 {} L-112 {}", y + 15.0, y + 9.0), 0x7A4A3A, 0.25, 2.0)?;
    }
    Some(())
}
