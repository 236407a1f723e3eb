//! The edge: actix only; knows no business.

mod brake;
pub mod client_ip;
mod connection;
pub mod cors;
pub mod entrance;
pub mod finance;
pub mod graphiql;
pub mod graphql;
pub mod headers;
pub mod guard;
pub mod health;
pub mod media;
pub mod metrics;
pub mod request_id;
pub mod server;
pub mod websocket;
mod slow_body;
pub mod wechat_push;
pub mod wechat_pay;
