//! Smallbatch makes only what people asked for.
pub mod base;
pub mod demo;
pub mod http;
pub mod storage;
pub mod wechat;
