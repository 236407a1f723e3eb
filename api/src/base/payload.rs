//! Mutation payloads: the thing, `userErrors`, and whether the answer is a repeat.

use async_graphql::{Context, Interface, SimpleObject};

use super::id::SkuId;
use super::lang::Lang;
use super::money::Money;
use crate::error::{Code, Detail, Error, Refusal, Result};
use chrono::{DateTime, Utc};

/// An expected refusal. `code` is for programs, `message` for people; implementations carry what a
/// client needs to go on. Nothing has happened when there is one.
#[derive(Interface, Clone, Debug)]
#[graphql(
    field(name = "code", ty = "&Code", desc = "For programs. Tolerate values you do not know."),
    field(
        name = "message",
        ty = "&String",
        desc = "For people, in the language of `Accept-Language`; names the way out."
    ),
    field(
        name = "field",
        ty = "&Option<Vec<String>>",
        desc = "Path of the input field it speaks of, outermost first."
    )
)]
pub enum UserError {
    Refused(Refused),
    SoldOut(SoldOut),
    WindowClosed(WindowClosed),
    PriceChanged(PriceChanged),
    LimitReached(LimitReached),
    WrongState(WrongState),
    LockedOut(LockedOut),
    LeaseLost(LeaseLost),
    AlreadyDone(AlreadyDone),
    QuantityOutOfRange(QuantityOutOfRange),
}

macro_rules! user_errors {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $ty:ty),* $(,)? })*) => {
        $($(#[$doc])*
        #[derive(SimpleObject, Clone, Debug)]
        pub struct $name {
            pub code: Code,
            pub message: String,
            pub field: Option<Vec<String>>,
            $($(#[$field_doc])* pub $field: $ty,)*
        })*
    };
}

user_errors! {
    /// A refusal that its code and message say all about.
    Refused {}
    /// Too few pieces of a SKU are left.
    SoldOut {
        /// The SKU in question.
        sku_id: SkuId,
        /// Pieces that could still be ordered when this was answered.
        remaining: i32,
    }
    /// The window for this is over or has not begun.
    WindowClosed {
        /// When it closed, or when it will open.
        at: Option<DateTime<Utc>>,
    }
    /// The price is not what the client showed; show the new one and ask again.
    PriceChanged {
        /// The price now in force.
        current: Money,
    }
    /// A limit of numbers is reached.
    LimitReached {
        /// The most there may be.
        limit: i32,
    }
    /// The thing is in another state by now; load it again.
    WrongState {
        /// The state it is in.
        actual: String,
    }
    /// Locked after failed attempts.
    LockedOut {
        /// When it opens again.
        until: DateTime<Utc>,
    }
    /// The batch is held under a newer epoch; read the feed again.
    LeaseLost {
        /// The epoch now in force.
        current_epoch: i32,
    }
    /// It has been done before.
    AlreadyDone {
        /// Id of the result.
        id: String,
    }
    /// A count beyond what it may be.
    QuantityOutOfRange {
        /// The SKU in question.
        sku_id: SkuId,
        /// The nearest count that would be accepted.
        allowed: i32,
        /// The count that was sent.
        given: i32,
    }
}

impl UserError {
    pub fn of(refusal: Refusal, lang: Lang) -> Self {
        let Refusal { code, en, zh, field, detail } = refusal;
        let message = lang.pick(en, zh).into_owned();
        let field = (!field.is_empty()).then_some(field);
        match detail {
            Detail::None => UserError::Refused(Refused { code, message, field }),
            Detail::SoldOut { sku_id, remaining } => {
                UserError::SoldOut(SoldOut { code, message, field, sku_id: sku_id.into(), remaining })
            }
            Detail::Closed { at } => UserError::WindowClosed(WindowClosed { code, message, field, at }),
            Detail::PriceChanged { minor_units, currency } => UserError::PriceChanged(PriceChanged {
                code,
                message,
                field,
                current: Money::new(minor_units, &currency),
            }),
            Detail::LimitReached { limit } => UserError::LimitReached(LimitReached { code, message, field, limit }),
            Detail::WrongState { actual } => UserError::WrongState(WrongState { code, message, field, actual }),
            Detail::LockedOut { until } => UserError::LockedOut(LockedOut { code, message, field, until }),
            Detail::LeaseLost { epoch } => {
                UserError::LeaseLost(LeaseLost { code, message, field, current_epoch: epoch })
            }
            Detail::AlreadyDone { id } => UserError::AlreadyDone(AlreadyDone { code, message, field, id }),
            Detail::QuantityOutOfRange { sku_id, allowed, given } => {
                UserError::QuantityOutOfRange(QuantityOutOfRange {
                    code,
                    message,
                    field,
                    sku_id: sku_id.into(),
                    allowed,
                    given,
                })
            }
        }
    }
}

/// Splits an outcome: refusals become data in the language of the request, faults stay errors.
pub fn split<T>(ctx: &Context<'_>, outcome: Result<T>) -> Result<Result<T, Vec<UserError>>> {
    match outcome {
        Ok(value) => Ok(Ok(value)),
        Err(Error::Refused(refusal)) => {
            let lang = ctx.data_opt::<Lang>().copied().unwrap_or_default();
            Ok(Err(vec![UserError::of(*refusal, lang)]))
        }
        Err(fault) => Err(fault),
    }
}

/// Declares a mutation payload around one view: `payload!(/// doc PickDesignPayload { entry: RoundEntry });`
/// gives `PickDesignPayload::of(ctx, outcome)` where `outcome: Result<Done<V>>` and `V: Into<RoundEntry>`.
#[macro_export]
macro_rules! payload {
    ($(#[$doc:meta])* $name:ident { $(#[$field_doc:meta])* $field:ident: $view:ty }) => {
        $(#[$doc])*
        #[derive(async_graphql::SimpleObject)]
        pub struct $name {
            $(#[$field_doc])*
            pub $field: Option<$view>,
            /// Why it was refused; empty when it was done.
            pub user_errors: Vec<$crate::base::payload::UserError>,
            /// True when this answer repeats that of an earlier request with the same idempotency key.
            pub replayed: bool,
        }

        impl $name {
            pub fn of<V: Into<$view>>(
                ctx: &async_graphql::Context<'_>,
                outcome: $crate::error::Result<$crate::base::once::Done<V>>,
            ) -> $crate::error::Result<Self> {
                Ok(match $crate::base::payload::split(ctx, outcome)? {
                    Ok(done) => Self { $field: Some(done.value.into()), user_errors: Vec::new(), replayed: done.replayed },
                    Err(user_errors) => Self { $field: None, user_errors, replayed: false },
                })
            }
        }
    };
}
