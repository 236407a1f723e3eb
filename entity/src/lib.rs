//! One file a table, as the migrations made it: typed columns and status enums, no GraphQL, no logic.
//!
//! `brand_id` leads every key of a brand's tables; the global ones are `brand`, `factory`, `factory_key` and `factory_feed`.

// sea-orm's derive opens transactions in the methods it generates for nested models.
#![allow(clippy::disallowed_methods)]

pub mod address;
pub mod after_sales;
pub mod after_sales_line;
pub mod after_sales_refund;
pub mod allocation;
pub mod audit;
pub mod batch;
pub mod batch_cell;
pub mod batch_offer;
pub mod batch_progress;
pub mod brand;
pub mod brand_counter;
pub mod brand_wechat;
pub mod community;
pub mod compensation;
pub mod consent;
pub mod design;
pub mod design_picture;
pub mod design_version;
pub mod factory;
pub mod factory_feed;
pub mod factory_key;
pub mod idempotency;
pub mod inbox_message;
pub mod journal;
pub mod journal_line;
pub mod koc;
pub mod ledger_head;
pub mod media;
pub mod member;
pub mod membership;
pub mod need_profile;
pub mod order;
pub mod order_line;
pub mod outbox;
pub mod parcel;
pub mod payment_attempt;
pub mod payment_leg;
pub mod pick;
pub mod presale;
pub mod presale_buyer;
pub mod presale_community;
pub mod presale_notice;
pub mod presale_sku;
pub mod presale_tier;
pub mod promise_change;
pub mod promise_question;
pub mod provider_event;
pub mod refund;
pub mod round;
pub mod round_community;
pub mod round_entry;
pub mod round_tally;
pub mod sample;
pub mod security_check;
pub mod session;
pub mod shipment;
pub mod shipment_cell;
pub mod staff;
pub mod state_change;
pub mod subscribe_grant;
pub mod timer;
pub mod tryon;
pub mod tryon_community;
pub mod tryon_media;
pub mod unit;
