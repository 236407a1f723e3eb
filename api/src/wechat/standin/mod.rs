//! WeChat on loopback.
