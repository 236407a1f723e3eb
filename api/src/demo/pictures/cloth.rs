//! Cuts and folds cloth: fills outlines with patterned fabric, light and shadow.

use tiny_skia::{
    Color, FillRule, FilterQuality, GradientStop, IntSize, LineCap, LinearGradient, Mask, Paint, Path, PathBuilder,
    Pixmap, PixmapPaint, Point, Rect, Shader, SpreadMode, Stroke, StrokeDash, Transform,
};

use super::cuts::{Look, Tone};

/// What is woven into or printed on a fabric.
#[derive(Clone, Copy, Debug)]
pub enum Pattern {
    Plain,
    /// Pixels from stripe to stripe; wide ones run across, narrow ones down.
    Stripes(f32),
    Check,
    Dots,
    Floral,
    Rib,
}

/// 0xRRGGBB at an opacity of 0–1.
pub fn colour(rgb: u32, opacity: f32) -> Color {
    let [_, red, green, blue] = rgb.to_be_bytes();
    let mut colour = Color::from_rgba8(red, green, blue, 255);
    colour.apply_opacity(opacity);
    colour
}

pub fn paint(rgb: u32, opacity: f32) -> Paint<'static> {
    Paint { shader: Shader::SolidColor(colour(rgb, opacity)), ..Paint::default() }
}

/// Reads the letters M L Q C Z with their numbers. `None` when nothing can be drawn.
pub fn path(letters: &str) -> Option<Path> {
    let mut builder = PathBuilder::new();
    for (start, letter) in letters.match_indices(['M', 'L', 'Q', 'C', 'Z']) {
        let rest = &letters[start + 1..];
        let end = rest.find(['M', 'L', 'Q', 'C', 'Z']).unwrap_or(rest.len());
        let numbers: Vec<f32> = rest[..end].split_whitespace().filter_map(|number| number.parse().ok()).collect();
        match (letter, &numbers[..]) {
            ("M", &[x, y]) => builder.move_to(x, y),
            ("L", &[x, y]) => builder.line_to(x, y),
            ("Q", &[x1, y1, x, y]) => builder.quad_to(x1, y1, x, y),
            ("C", &[x1, y1, x2, y2, x, y]) => builder.cubic_to(x1, y1, x2, y2, x, y),
            ("Z", &[]) => builder.close(),
            _ => return None,
        }
    }
    builder.finish()
}

pub fn line(width: f32) -> Stroke {
    Stroke { width, line_cap: LineCap::Round, ..Stroke::default() }
}

/// A garment on its way onto a canvas; `place` maps garment coordinates to pixels.
pub struct Tailor<'a> {
    pub canvas: &'a mut Pixmap,
    pub look: &'a Look,
    pub place: Transform,
}

impl Tailor<'_> {
    /// Right and left. Both lap over the middle by a hair, or a gap of half-covered pixels would show there.
    fn sides(&self) -> [Transform; 2] {
        [self.place.pre_translate(-0.7, 0.0), self.place.pre_scale(-1.0, 1.0).pre_translate(-0.7, 0.0)]
    }

    /// The garment, back to front. `None` only when a cut's letters say nothing.
    pub fn sew(&mut self) -> Option<()> {
        let empty = Mask::new(self.canvas.width(), self.canvas.height())?;
        let mut worn = empty.clone();
        for part in self.look.cut.parts {
            let outline = path(part.outline)?;
            let both = self.sides();
            let pieces = if part.lean.is_some() { vec![&both[..1], &both[1..]] } else { vec![&both[..]] };
            for piece in pieces {
                let mut mask = empty.clone();
                for side in piece {
                    mask.fill_path(&outline, FillRule::Winding, true, *side);
                    worn.fill_path(&outline, FillRule::Winding, true, *side);
                }
                self.cloth(part.tone, &outline, &mask, part.lean.unwrap_or(0.0), piece);
            }
        }
        let (folds, seams) = (path(self.look.cut.folds)?, path(self.look.cut.seams)?);
        let stitches = Stroke { dash: StrokeDash::new(vec![5.0, 4.0], 0.0), ..line(1.6) };
        for side in self.sides() {
            for width in [30.0, 19.0, 9.0] {
                self.canvas.stroke_path(&folds, &paint(0x1C1420, 0.05), &line(width), side, Some(&worn));
            }
            let lit = side.pre_translate(-15.0, 0.0);
            self.canvas.stroke_path(&folds, &paint(0xFFFFFF, 0.06), &line(11.0), lit, Some(&worn));
            self.canvas.stroke_path(&seams, &paint(0x1C1420, 0.34), &stitches, side, Some(&worn));
        }
        self.buttons()
    }

    /// One piece: its fabric, its roundness, its edge.
    fn cloth(&mut self, tone: Tone, outline: &Path, mask: &Mask, lean: f32, piece: &[Transform]) {
        let [_, fabric, print, trim] = self.look.colours;
        let bounds = outline.bounds();
        let mirrored = if piece.len() == 2 { -bounds.right() } else { bounds.left() };
        let Some(area) = Rect::from_ltrb(mirrored - 2.0, bounds.top(), bounds.right() + 2.0, bounds.bottom()) else {
            return;
        };
        let place = if piece.len() == 2 { self.place } else { piece[0] };
        let base = if tone == Tone::Trim { trim } else { fabric };
        self.canvas.fill_rect(area, &paint(base, 1.0), place, Some(mask));
        if tone == Tone::Fabric {
            let centre = (area.left() + area.width() / 2.0, area.top() + area.height() / 2.0);
            self.weave(&area, print, place.pre_rotate_at(lean, centre.0, centre.1), mask);
        }
        if tone == Tone::Inside {
            self.canvas.fill_rect(area, &paint(0x1C1420, 0.38), place, Some(mask));
        }
        // Small pieces lie flatter than the body they are sewn to.
        let depth = if piece.len() == 2 && area.width() > 200.0 { 1.0 } else { 0.7 };
        let dark = |opacity: f32| colour(0x1C1420, opacity * depth);
        let light =
            [(0.0, dark(0.26)), (0.22, dark(0.03)), (0.42, colour(0xFFFFFF, 0.1)), (0.7, dark(0.03)), (1.0, dark(0.3))];
        let stops = light.map(|(at, colour)| GradientStop::new(at, colour)).to_vec();
        let (level, tilt) = (area.top() + area.height() / 2.0, area.width() * 0.12);
        let (left, right) = (Point::from_xy(area.left(), level - tilt), Point::from_xy(area.right(), level + tilt));
        if let Some(shader) = LinearGradient::new(left, right, stops, SpreadMode::Pad, Transform::identity()) {
            self.canvas.fill_rect(area, &Paint { shader, ..Paint::default() }, place, Some(mask));
        }
        for side in piece {
            self.canvas.stroke_path(outline, &paint(0x1C1420, 0.12), &line(7.0), *side, Some(mask));
            self.canvas.stroke_path(outline, &paint(0x1C1420, 0.42), &line(1.8), *side, None);
        }
    }

    /// The pattern over `area` and as far around it as a turned piece can reach.
    fn weave(&mut self, area: &Rect, print: u32, place: Transform, mask: &Mask) {
        let (left, top) = ((area.left() / 120.0 - 2.0).floor() * 120.0, (area.top() / 120.0 - 2.0).floor() * 120.0);
        let (right, bottom) = (area.right() + 240.0, area.bottom() + 240.0);
        let mut lines = |gap: f32, width: f32, across: bool, opacity: f32| {
            let mut builder = PathBuilder::new();
            let (from, to) = if across { (top, bottom) } else { (left, right) };
            let mut at = from;
            while at < to {
                let (start, end) = if across { ((left, at), (right, at)) } else { ((at, top), (at, bottom)) };
                builder.move_to(start.0, start.1);
                builder.line_to(end.0, end.1);
                at += gap;
            }
            if let Some(lines) = builder.finish() {
                let stroke = Stroke { width, ..Stroke::default() };
                self.canvas.stroke_path(&lines, &paint(print, opacity), &stroke, place, Some(mask));
            }
        };
        match self.look.pattern {
            Pattern::Plain => {}
            Pattern::Stripes(gap) => lines(gap, gap * 0.38, gap > 60.0, 0.9),
            Pattern::Rib => lines(15.0, 5.0, false, 0.75),
            Pattern::Check => {
                lines(60.0, 24.0, true, 0.45);
                lines(60.0, 24.0, false, 0.45);
                lines(60.0, 3.0, true, 0.8);
                lines(60.0, 3.0, false, 0.8);
            }
            Pattern::Dots | Pattern::Floral => {
                self.scatter(Rect::from_ltrb(left, top, right, bottom), print, place, mask)
            }
        }
    }

    /// Dots in a brick bond, or flowers that each turn, shift and grow a little differently.
    fn scatter(&mut self, area: Option<Rect>, print: u32, place: Transform, mask: &Mask) {
        let Some(area) = area else { return };
        let flowers = matches!(self.look.pattern, Pattern::Floral);
        let gap = if flowers { 58.0 } else { 40.0 };
        let (mut petals, mut hearts, mut leaves) = (PathBuilder::new(), PathBuilder::new(), PathBuilder::new());
        let mut seed = 7_u32;
        let mut chance = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f32::from((seed >> 16) as u16) / 65_536.0
        };
        let (mut y, mut odd) = (area.top(), false);
        while y < area.bottom() {
            let mut x = area.left() + if odd { gap / 2.0 } else { 0.0 };
            while x < area.right() {
                if flowers {
                    let (x, y) = (x + (chance() - 0.5) * 24.0, y + (chance() - 0.5) * 20.0);
                    let (size, turn) = (6.5 + chance() * 5.0, chance() * 6.3);
                    for petal in 0..5_u8 {
                        let (sin, cos) = (turn + f32::from(petal) * 1.2566).sin_cos();
                        petals.push_circle(x + cos * size, y + sin * size, size * 0.72);
                    }
                    hearts.push_circle(x, y, size * 0.5);
                    let (sin, cos) = (turn + 0.6).sin_cos();
                    leaves.move_to(x + cos * size, y + sin * size);
                    leaves.quad_to(
                        x + cos * size * 2.6 - sin * 9.0,
                        y + sin * size * 2.6,
                        x + cos * size * 3.4,
                        y + sin * size * 3.4,
                    );
                } else {
                    petals.push_circle(x, y, 7.0);
                }
                x += gap;
            }
            y += gap * if flowers { 0.8 } else { 0.75 };
            odd = !odd;
        }
        let fill = |canvas: &mut Pixmap, builder: PathBuilder, rgb: u32| {
            if let Some(shape) = builder.finish() {
                canvas.fill_path(&shape, &paint(rgb, 0.95), FillRule::Winding, place, Some(mask));
            }
        };
        if let Some(stems) = leaves.finish() {
            self.canvas.stroke_path(&stems, &paint(0x7F9A78, 0.9), &line(4.0), place, Some(mask));
        }
        fill(self.canvas, petals, print);
        fill(self.canvas, hearts, 0xE2B04A);
    }

    fn buttons(&mut self) -> Option<()> {
        let Some((columns, first, distance, count)) = self.look.cut.buttons else { return Some(()) };
        for column in columns {
            for number in 0..count {
                let y = first + f32::from(number) * distance;
                for (dx, radius, rgb, opacity) in [
                    (2.0, 9.5, 0x1C1420, 0.35),
                    (0.0, 8.5, 0xF4EDE2, 1.0),
                    (0.0, 5.5, 0xDCD0BF, 1.0),
                    (0.0, 1.8, 0x6B5F52, 1.0),
                ] {
                    let disc = PathBuilder::from_circle(column + dx, y + dx, radius)?;
                    self.canvas.fill_path(&disc, &paint(rgb, opacity), FillRule::Winding, self.place, None);
                }
            }
        }
        Some(())
    }

    /// A soft shadow of the garment, as if it hung a hand's width before the wall.
    pub fn shadow(&mut self) -> Option<()> {
        const COARSE: u32 = 6;
        let (width, height) = (self.canvas.width() / COARSE, self.canvas.height() / COARSE);
        let mut shape = Mask::new(width, height)?;
        let scale = 1.0 / COARSE as f32;
        for part in self.look.cut.parts {
            let outline = path(part.outline)?;
            for side in self.sides() {
                shape.fill_path(&outline, FillRule::Winding, true, side.post_scale(scale, scale));
            }
        }
        let blurred = image::imageops::blur(&image::GrayImage::from_raw(width, height, shape.take())?, 4.5);
        let pixels = blurred.into_raw().into_iter().flat_map(|alpha| [0, 0, 0, alpha]).collect();
        let soft = Pixmap::from_vec(pixels, IntSize::from_wh(width, height)?)?;
        let how = PixmapPaint { opacity: 0.3, quality: FilterQuality::Bilinear, ..PixmapPaint::default() };
        let place = Transform::from_scale(COARSE as f32, COARSE as f32).post_translate(20.0, 30.0);
        self.canvas.draw_pixmap(0, 0, soft.as_ref(), &how, place, None);
        Some(())
    }
}
