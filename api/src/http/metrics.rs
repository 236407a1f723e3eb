//! Prometheus figures.

use prometheus::{
    Encoder, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, Opts, Registry, TextEncoder,
};

/// One registry per app, so that tests do not share figures.
#[derive(Clone)]
pub struct Metrics {
    registry: Registry,
    /// Operations by kind and outcome (`ok`, `refused`, `fault`).
    pub operations: IntCounterVec,
    /// Seconds per operation, by kind.
    pub seconds: HistogramVec,
    /// SQL statements per operation, by kind.
    pub statements: HistogramVec,
    /// Queries turned away by the guard, by limit.
    pub guarded: IntCounterVec,
    /// Requests of a crowd that waited at the entrance.
    pub held_back: IntCounter,
    /// Open sockets.
    pub sockets: IntGauge,
    /// Sockets that we ended, by close code, `stalled` or `dead`.
    pub socket_ends: IntCounterVec,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    pub fn new() -> Self {
        let metrics = Metrics {
            registry: Registry::new(),
            operations: counter("smallbatch_operations_total", "GraphQL operations.", &["kind", "outcome"]),
            seconds: histogram(
                "smallbatch_operation_seconds",
                "Time per GraphQL operation.",
                vec![0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0],
            ),
            statements: histogram(
                "smallbatch_operation_sql_statements",
                "SQL statements per GraphQL operation.",
                vec![0.0, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 32.0, 64.0],
            ),
            held_back: IntCounter::new(
                "smallbatch_held_back_total",
                "Requests of a crowd that waited at the entrance.",
            )
            .expect("a valid name"),
            sockets: IntGauge::new("smallbatch_sockets", "Open WebSockets.").expect("a valid name"),
            socket_ends: counter("smallbatch_socket_ends_total", "WebSockets ended by the server.", &["why"]),
            guarded: counter("smallbatch_guarded_total", "Queries refused before execution.", &["limit"]),
        };
        for collector in [&metrics.operations, &metrics.guarded, &metrics.socket_ends] {
            metrics.registry.register(Box::new(collector.clone())).expect("names are unique");
        }
        for collector in [&metrics.seconds, &metrics.statements] {
            metrics.registry.register(Box::new(collector.clone())).expect("names are unique");
        }
        metrics.registry.register(Box::new(metrics.held_back.clone())).expect("names are unique");
        metrics.registry.register(Box::new(metrics.sockets.clone())).expect("names are unique");
        metrics
    }

    /// The text exposition format.
    pub fn text(&self) -> String {
        let mut out = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut out).expect("encoding to memory");
        String::from_utf8(out).expect("the format is text")
    }
}

fn counter(name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
    IntCounterVec::new(Opts::new(name, help), labels).expect("a valid name")
}

fn histogram(name: &str, help: &str, buckets: Vec<f64>) -> HistogramVec {
    HistogramVec::new(HistogramOpts::new(name, help).buckets(buckets), &["kind"]).expect("a valid name")
}
