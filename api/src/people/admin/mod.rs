//! What the operator of a deployment does, outside the API: set up brands and factories, rotate keys.

mod brand;
mod factory;
mod rotate;

pub use brand::{NewBrand, WechatCredentials, create_brand, create_staff, set_template};
pub use factory::{create_factory, create_factory_key, rotate_factory_key};
pub use rotate::{Rotated, rotate_encryption};

pub use super::team::NewStaff;
