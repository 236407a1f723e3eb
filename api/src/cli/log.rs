//! Logging to standard error.

use tracing_subscriber::EnvFilter;

use crate::config::{Config, LogFormat};

pub fn start(config: &Config) {
    install(config, &config.log);
}

/// For the demo, whose own words are the output: only what went wrong, unless the settings ask for more.
#[cfg(feature = "standin")]
pub fn start_quiet(config: &Config) {
    install(config, if config.log == "info" { "warn" } else { &config.log });
}

fn install(config: &Config, filter: &str) {
    // The HTTP server would call an error of ours what is one of a client's: no HTTP, a socket that had to be cut off.
    let mut lines = EnvFilter::new(filter);
    if !filter.contains("actix_http") {
        lines = lines.add_directive("actix_http::h1::dispatcher=off".parse().expect("a directive"));
    }
    // Without colours: values of requests stand in these lines, and terminals obey escape codes.
    let builder = tracing_subscriber::fmt()
        .with_env_filter(lines)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .with_target(true);
    // A second call in one process (tests) keeps the first subscriber.
    let _ = match config.log_format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
}
