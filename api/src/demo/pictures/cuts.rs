//! The garments of the demo as data: right halves of outlines in SVG's path letters (M L Q C Z, absolute). x counts
//! from the middle of the garment, y from the top of a picture of 900 × 1,200.

use super::cloth::Pattern::{self, Check, Dots, Floral, Plain, Rib, Stripes};

/// What a part is painted with.
#[derive(Clone, Copy, PartialEq)]
pub enum Tone {
    /// The design's fabric with its pattern.
    Fabric,
    /// Collars, cuffs, waistbands.
    Trim,
    /// What is seen of the inside, behind the neck.
    Inside,
}
use Tone::{Fabric, Inside, Trim};

/// One piece of cloth. `lean` turns the pattern of a piece that comes in pairs (sleeves, collars), in degrees; `None`
/// is a piece across the middle.
pub struct Part {
    pub outline: &'static str,
    pub tone: Tone,
    pub lean: Option<f32>,
}

/// A garment, its parts from back to front.
pub struct Cut {
    pub parts: &'static [Part],
    /// Soft shadows of falling cloth; drawn on both sides.
    pub folds: &'static str,
    /// Stitched lines, on both sides.
    pub seams: &'static str,
    /// x of the columns, y of the first button, distance, count.
    pub buttons: Option<(&'static [f32], f32, f32, u8)>,
    /// y of the clips of a hanger for skirts and trousers; the others hang by the shoulders.
    pub clips: Option<f32>,
}

const fn middle(tone: Tone, outline: &'static str) -> Part {
    Part { outline, tone, lean: None }
}

const fn pair(tone: Tone, lean: f32, outline: &'static str) -> Part {
    Part { outline, tone, lean: Some(lean) }
}

const TEA_DRESS: Cut = Cut {
    parts: &[
        middle(Inside, "M0 196 Q48 198 74 204 Q72 290 0 324"),
        pair(Fabric, -14., "M120 219 Q186 226 208 300 Q216 344 212 384 Q170 408 126 388 L122 300 Z"),
        pair(Trim, -14., "M213 374 Q172 400 125 379 L125 394 Q172 416 214 390 Z"),
        middle(Fabric, "M0 306 Q62 284 72 204 L130 221 Q122 300 134 362 Q118 430 104 482 Q50 494 0 492"),
        middle(Fabric, "M0 486 Q60 490 105 474 Q176 690 250 1004 Q190 1034 128 1030 Q60 1052 0 1040"),
        middle(Trim, "M0 472 Q54 474 107 462 L110 494 Q54 506 0 504"),
    ],
    folds: "M30 506 Q50 760 62 1040 M68 502 Q118 740 150 1028 M96 500 Q164 740 210 1018 M104 470 Q96 410 74 376",
    seams: "M72 204 Q60 284 0 306 M86 330 Q80 410 66 474",
    buttons: None,
    clips: None,
};

const SLIP_DRESS: Cut = Cut {
    parts: &[
        middle(Inside, "M0 300 Q60 300 96 284 L92 330 L0 360"),
        pair(Trim, 0., "M86 282 L62 204 L70 201 L96 280 Z"),
        middle(Fabric, "M0 356 Q52 330 90 272 Q104 316 124 354 Q106 450 108 510 Q154 770 172 1036 Q90 1066 0 1058"),
    ],
    folds: "M18 380 Q52 430 104 440 M34 520 Q66 800 60 1050 M92 560 Q128 800 126 1044 M8 400 Q40 470 90 500",
    seams: "M0 366 Q54 342 90 284 M0 1042 Q90 1050 171 1022",
    buttons: None,
    clips: None,
};

const SHIRT: Cut = Cut {
    parts: &[
        middle(Inside, "M0 184 Q54 184 80 198 Q64 250 0 280"),
        pair(Fabric, -13., "M140 221 Q204 240 226 330 L296 622 Q262 654 222 650 L146 420 Z"),
        pair(Trim, -13., "M216 622 Q256 626 293 604 L302 648 Q264 676 226 664 Z"),
        middle(Fabric, "M0 268 Q58 240 78 200 L152 226 Q146 300 156 400 Q144 560 164 752 Q130 812 0 800"),
        pair(Trim, -30., "M2 264 L52 306 Q92 250 88 196 Q78 180 62 182 Q56 226 2 264 Z"),
    ],
    folds: "M140 420 Q110 470 60 480 M136 560 Q108 640 112 760 M60 560 Q50 660 56 790 M206 420 Q216 500 246 600",
    seams: "M15 300 L15 800 M152 226 Q146 300 156 400 M0 786 Q126 798 160 744 M50 400 L116 396 L116 470 L83 486 L50 474 Z",
    buttons: Some((&[0.], 306., 82., 6)),
    clips: None,
};

const BLOUSE: Cut = Cut {
    parts: &[
        middle(Inside, "M0 190 Q54 190 78 204 Q66 264 0 284"),
        pair(Fabric, -16., "M126 219 Q216 196 262 330 Q316 500 292 590 Q252 616 210 594 Q170 480 134 400 Z"),
        pair(Trim, -10., "M210 590 Q250 606 290 586 L286 634 Q250 650 216 638 Z"),
        middle(
            Fabric,
            "M0 270 Q60 250 76 204 L138 222 Q130 300 142 390 Q118 500 124 560 Q150 650 168 716 Q90 744 0 736",
        ),
        pair(Trim, -20., "M0 280 Q60 216 130 252 Q150 300 118 326 Q60 330 0 296 Z"),
        pair(Trim, 10., "M0 290 L30 290 Q60 420 84 498 L40 510 Q20 400 0 300 Z"),
    ],
    folds: "M150 250 Q190 340 220 580 M182 236 Q250 380 260 590 M120 560 Q80 620 70 730 M124 560 Q120 640 126 726 M40 560 L30 736",
    seams: "M138 222 Q130 300 142 390 M0 562 Q70 570 124 558",
    buttons: None,
    clips: None,
};

const KNIT: Cut = Cut {
    parts: &[
        middle(Inside, "M0 184 Q46 184 70 196 Q50 226 0 232"),
        pair(Fabric, -12., "M148 228 Q216 250 240 350 L300 640 Q262 664 226 656 L162 440 Z"),
        pair(Trim, -12., "M222 640 Q262 650 300 626 L308 690 Q270 708 236 700 Z"),
        middle(Fabric, "M0 246 Q58 240 78 202 L160 232 Q152 320 170 420 Q178 570 172 710 Q90 730 0 728"),
        middle(Trim, "M0 716 Q90 718 173 698 L162 768 Q84 784 0 782"),
        middle(Trim, "M0 248 Q62 242 84 200 L66 184 Q46 220 0 220"),
    ],
    folds: "M164 440 Q120 500 70 500 M160 600 Q110 640 40 640 M210 420 Q230 520 262 630 M166 520 Q140 560 110 566",
    seams: "M160 232 Q152 320 168 420",
    buttons: None,
    clips: None,
};

const CARDIGAN: Cut = Cut {
    parts: &[
        middle(Inside, "M0 186 Q50 186 76 200 Q60 330 0 430"),
        pair(Fabric, -12., "M146 226 Q212 250 236 350 L292 640 Q256 662 218 656 L156 440 Z"),
        pair(Trim, -12., "M214 636 Q254 644 291 624 L298 680 Q262 698 226 690 Z"),
        middle(Fabric, "M0 452 Q66 330 80 202 L156 230 Q150 320 164 420 Q172 570 168 720 Q90 740 0 738"),
        middle(Trim, "M0 726 Q90 728 169 708 L162 766 Q84 780 0 780"),
        middle(Trim, "M0 436 Q58 330 64 196 L88 202 Q84 330 20 470 L20 780 L0 780"),
    ],
    folds: "M158 440 Q120 500 80 500 M204 420 Q224 520 254 630 M160 600 Q120 640 60 650",
    seams: "M156 230 Q150 320 162 420 M60 640 L138 630 M60 640 L60 718 M138 630 L138 712",
    buttons: Some((&[0.], 484., 66., 5)),
    clips: None,
};

const COAT: Cut = Cut {
    parts: &[
        middle(Inside, "M0 182 Q54 184 82 200 Q60 330 0 430"),
        pair(Fabric, -10., "M146 220 Q222 246 240 350 L292 700 Q252 728 206 718 L160 440 Z"),
        pair(Trim, -10., "M207 650 L284 640 L288 674 L212 686 Z"),
        middle(
            Fabric,
            "M0 440 Q60 330 84 204 L164 230 Q160 320 170 420 Q154 540 156 600 Q196 820 212 1020 Q110 1050 0 1046",
        ),
        pair(Trim, -24., "M-34 476 Q66 340 70 190 Q92 186 104 206 L136 300 L108 322 L120 346 Q40 440 -34 476 Z"),
        middle(Trim, "M0 580 Q80 584 158 570 L160 616 Q80 632 0 628"),
        pair(Trim, 0., "M-28 572 L28 572 L28 636 L-28 636 Z"),
    ],
    folds: "M160 640 Q176 820 178 1030 M120 640 Q126 840 116 1040 M216 440 Q230 560 252 700 M148 560 Q120 500 116 460",
    seams: "M164 230 Q160 320 168 420 M72 700 L150 676 L156 706 L78 730 Z M-20 640 L-20 1044",
    buttons: Some((&[-44., 44.], 500., 168., 3)),
    clips: None,
};

const SKIRT: Cut = Cut {
    parts: &[
        middle(Fabric, "M0 330 Q60 332 120 320 Q176 420 210 620 Q240 780 262 930 Q130 976 0 968"),
        middle(Trim, "M0 288 Q60 290 118 280 L122 326 Q60 340 0 338"),
    ],
    folds: "M40 344 Q60 660 74 964 M84 340 Q140 640 164 950 M112 340 Q190 640 226 938",
    seams: "M0 952 Q130 958 259 914 M84 356 Q96 420 140 452",
    buttons: Some((&[0.], 372., 92., 6)),
    clips: Some(276.),
};

const PLEATED: Cut = Cut {
    parts: &[
        middle(Fabric, "M0 330 L112 322 Q196 600 284 916 L246 940 L206 934 L164 958 L122 950 L80 970 L38 962 L0 974"),
        middle(Trim, "M0 286 Q60 288 112 280 L116 330 Q60 342 0 340"),
    ],
    folds: "M26 346 Q50 660 58 966 M58 344 Q112 660 140 952 M92 340 Q178 650 224 936",
    seams: "M14 344 L38 962 M30 344 L80 970 M46 343 L122 950 M62 342 L164 958 M78 341 L206 934 M94 340 L246 940",
    buttons: None,
    clips: Some(276.),
};

const TROUSERS: Cut = Cut {
    parts: &[
        middle(Fabric, "M0 312 L120 304 Q152 470 166 640 L186 1070 Q130 1086 64 1078 L32 640 Q26 570 0 552"),
        middle(Trim, "M0 270 Q60 272 116 264 L122 312 Q60 324 0 322"),
    ],
    folds: "M98 420 Q112 700 124 1076 M30 560 Q60 520 110 500 M150 640 Q160 840 168 1066 M28 560 Q44 620 60 640",
    seams: "M116 326 Q112 400 146 440 M64 328 L62 400 M0 322 L0 552 M68 1056 Q130 1066 184 1050",
    buttons: Some((&[0.], 294., 40., 1)),
    clips: Some(260.),
};

/// One design: its cut, its pattern and four colours (0xRRGGBB): wall, fabric, pattern, trim.
pub struct Look {
    pub cut: &'static Cut,
    pub pattern: Pattern,
    pub colours: [u32; 4],
}

const fn look(cut: &'static Cut, pattern: Pattern, colours: [u32; 4]) -> Look {
    Look { cut, pattern, colours }
}

pub const LOOKS: [Look; 20] = [
    look(&TEA_DRESS, Floral, [0xF0E6DC, 0x2F4A5E, 0xF2C9B8, 0x25394A]),
    look(&SHIRT, Stripes(26.), [0xE6ECF0, 0xF7F7F3, 0x7C9CC4, 0xFBFBF8]),
    look(&SKIRT, Plain, [0xEFE7DA, 0xB5673F, 0xB5673F, 0xA85C36]),
    look(&KNIT, Stripes(74.), [0xE9EEE8, 0xF3EBDD, 0x3D6B62, 0x3D6B62]),
    look(&COAT, Plain, [0xE8E4DF, 0xC39E6D, 0xC39E6D, 0xB89261]),
    look(&TROUSERS, Plain, [0xEBE6EE, 0x4A5148, 0x4A5148, 0x434A41]),
    look(&SLIP_DRESS, Plain, [0xECE3E6, 0xA14D5B, 0xA14D5B, 0x8F404E]),
    look(&BLOUSE, Dots, [0xF3EBDF, 0xF6EFE6, 0xB4503F, 0xF9F4EC]),
    look(&PLEATED, Check, [0xE5E9E4, 0x5D6E58, 0xD8CFAE, 0x4F5F4B]),
    look(&CARDIGAN, Rib, [0xF1E8E4, 0xD8A39A, 0xC48B82, 0xCC958B]),
    look(&TEA_DRESS, Dots, [0xE4E9EF, 0xC7503E, 0xF7E9DC, 0xB04334]),
    look(&SHIRT, Plain, [0xEDE9E2, 0xA9BFB2, 0xA9BFB2, 0xB4C9BC]),
    look(&COAT, Check, [0xE6E3E8, 0x6A6470, 0xB9B0A6, 0x5C5662]),
    look(&SKIRT, Floral, [0xEAEDE4, 0xEFE3C8, 0xC06A58, 0xE4D5B3]),
    look(&KNIT, Rib, [0xEDE6E0, 0x8C5A6E, 0x7A4C5F, 0x81526A]),
    look(&SLIP_DRESS, Floral, [0xE9E8F0, 0xE3DDEB, 0x8273A8, 0x8273A8]),
    look(&TROUSERS, Stripes(34.), [0xE9E5DF, 0x2F3642, 0x59637A, 0x2B313C]),
    look(&BLOUSE, Plain, [0xE7EBF0, 0x6F8FAF, 0x6F8FAF, 0x7C9BBA]),
    look(&TEA_DRESS, Check, [0xF1ECE0, 0xF4EEDF, 0x5F86A6, 0x4F7594]),
    look(&CARDIGAN, Plain, [0xE8ECEC, 0x55707A, 0x55707A, 0xE6D9C3]),
];
