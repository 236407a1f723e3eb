//! A run as a picture: latency over time, its distribution by operation, and who used the processor.

use std::path::Path;

use anyhow::{Result, anyhow};
use plotters::coord::Shift;
use plotters::prelude::*;

use crate::record::{Record, ms};
use crate::report::Report;

const WIDTH: u32 = 1_200;
const HEIGHT: u32 = 900;
const COLORS: [RGBColor; 6] = [
    RGBColor(0x33, 0x66, 0xcc),
    RGBColor(0x2a, 0x9d, 0x6f),
    RGBColor(0xe0, 0x9f, 0x1f),
    RGBColor(0x8a, 0x8a, 0x8a),
    RGBColor(0xcc, 0x33, 0x55),
    RGBColor(0x7b, 0x4f, 0xb5),
];
type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Writes an SVG.
pub fn draw(path: &Path, report: &Report<'_>) -> Result<()> {
    let failed = |error: String| anyhow!("the chart could not be drawn: {error}");
    let root = SVGBackend::new(path, (WIDTH, HEIGHT)).into_drawing_area();
    root.fill(&WHITE).map_err(|error| failed(error.to_string()))?;
    let root = root.titled(&report.title, ("sans-serif", 22)).map_err(|error| failed(error.to_string()))?;
    let (top, rest) = root.split_vertically(370);
    let (middle, bottom) = rest.split_vertically(360);
    over_time(&top, report.record).map_err(|error| failed(error.to_string()))?;
    distribution(&middle, report.record).map_err(|error| failed(error.to_string()))?;
    processor(&bottom, report).map_err(|error| failed(error.to_string()))?;
    root.present().map_err(|error| failed(error.to_string()))
}

type Drawn = Result<(), Box<dyn std::error::Error>>;

fn over_time(area: &Area<'_>, record: &Record) -> Drawn {
    let longest = record.seconds.iter().map(|second| ms(second, 100.0)).fold(1.0, f64::max);
    let seconds = record.seconds.len() as f64;
    let mut chart = ChartBuilder::on(area)
        .margin(12)
        .caption("Latency from the intended send time, over time", ("sans-serif", 16))
        .x_label_area_size(36)
        .y_label_area_size(64)
        .build_cartesian_2d(0.0..seconds.max(1.0), (0.1..longest * 1.3).log_scale())?;
    chart.configure_mesh().x_desc("seconds").y_desc("ms").light_line_style(WHITE).draw()?;
    for (name, percentile, color) in
        [("max", 100.0, COLORS[3]), ("p99", 99.0, COLORS[4]), ("p90", 90.0, COLORS[2]), ("p50", 50.0, COLORS[0])]
    {
        let seen = record.seconds.iter().enumerate().filter(|(_, second)| !second.is_empty());
        let points = seen.map(|(at, second)| (at as f64 + 0.5, ms(second, percentile).max(0.1)));
        chart
            .draw_series(LineSeries::new(points, color.stroke_width(2)))?
            .label(name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], color.stroke_width(2)));
    }
    chart.configure_series_labels().background_style(WHITE.mix(0.8)).border_style(BLACK.mix(0.3)).draw()?;
    Ok(())
}

/// Percentiles with the tail spread out: each step to the right is a tenth of the requests before.
fn distribution(area: &Area<'_>, record: &Record) -> Drawn {
    let used = || record.operations.iter().filter(|operation| !operation.latency.is_empty());
    let longest = used().map(|operation| ms(&operation.latency, 100.0)).fold(1.0, f64::max);
    let mut chart = ChartBuilder::on(area)
        .margin(12)
        .caption("Latency by percentile", ("sans-serif", 16))
        .x_label_area_size(36)
        .y_label_area_size(64)
        .build_cartesian_2d(0.0..4.0, (0.1..longest * 1.3).log_scale())?;
    let percent = |x: &f64| format!("{}", (100.0 - 100.0 * 10f64.powf(-x)) as f32);
    chart
        .configure_mesh()
        .x_desc("percentile")
        .y_desc("ms")
        .x_labels(5)
        .x_label_formatter(&percent)
        .light_line_style(WHITE)
        .draw()?;
    for (operation, color) in used().zip(COLORS) {
        let point = |x: f64| (x, ms(&operation.latency, 100.0 - 100.0 * 10f64.powf(-x)).max(0.1));
        chart
            .draw_series(LineSeries::new((0..=80).map(|n| point(f64::from(n) / 20.0)), color.stroke_width(2)))?
            .label(operation.name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], color.stroke_width(2)));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE.mix(0.8))
        .border_style(BLACK.mix(0.3))
        .draw()?;
    Ok(())
}

/// One bar of cores, split by party.
fn processor(area: &Area<'_>, report: &Report<'_>) -> Drawn {
    let cores = std::thread::available_parallelism().map_or(1, |n| n.get()) as f64;
    let mut chart = ChartBuilder::on(area)
        .margin(12)
        .caption(format!("Processor: {}", report.split), ("sans-serif", 16))
        .x_label_area_size(30)
        .y_label_area_size(64)
        .build_cartesian_2d(0.0..cores, 0.0..1.0)?;
    chart.configure_mesh().disable_y_axis().disable_mesh().x_desc("cores").draw()?;
    let mut from = 0.0;
    for ((name, used), color) in report.split.0.iter().zip(COLORS) {
        let bar = Rectangle::new([(from, 0.15), (from + used, 0.85)], color.filled());
        chart.draw_series([bar])?;
        let place = (from + used / 2.0 - 0.01 * name.len() as f64, 0.6);
        chart.draw_series([Text::new(*name, place, ("sans-serif", 14).into_font().color(&WHITE))])?;
        from += used;
    }
    Ok(())
}
