//! The edge: HTTP, WebSocket and what guards them. Knows no business.

pub mod guard;
