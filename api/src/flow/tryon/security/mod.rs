//! A post before WeChat's content security. Silence and failure keep it hidden.
//!
//! Each submission opens one check for its words and one for each picture, in its own transaction.
//! [`ask`] puts them to WeChat; the answer to a picture comes later as a push, sometimes before we
//! know the trace it names. Each side is committed before it looks for the other, so
//! a verdict and its check always meet ([`on_push`], and the event `security_check.asked`).
//!
//! WeChat docs: msgSecCheck 2.0, mediaCheckAsync 2.0.

mod ask;
mod verdict;

pub use ask::{ask, remember_trace};
pub use verdict::{on_push, on_timeout};

use entity::security_check::SecurityCheckVerdict;
use entity::tryon::{self, TryonMediaVerdict, TryonTextVerdict};

use super::rules;

/// What words and media add up to. A post that was never handed in counts as still being checked.
pub fn overall(tryon: &tryon::Model) -> SecurityCheckVerdict {
    let verdicts = [of_text(tryon.text_verdict), of_media(tryon.media_verdict)];
    rules::worst(verdicts).unwrap_or(SecurityCheckVerdict::Pending)
}

pub(super) fn of_text(verdict: TryonTextVerdict) -> SecurityCheckVerdict {
    match verdict {
        TryonTextVerdict::None | TryonTextVerdict::Pending => SecurityCheckVerdict::Pending,
        TryonTextVerdict::Pass => SecurityCheckVerdict::Pass,
        TryonTextVerdict::Review => SecurityCheckVerdict::Review,
        TryonTextVerdict::Risky => SecurityCheckVerdict::Risky,
        TryonTextVerdict::Error => SecurityCheckVerdict::Error,
    }
}

pub(super) fn of_media(verdict: TryonMediaVerdict) -> SecurityCheckVerdict {
    match verdict {
        TryonMediaVerdict::None | TryonMediaVerdict::Pending => SecurityCheckVerdict::Pending,
        TryonMediaVerdict::Pass => SecurityCheckVerdict::Pass,
        TryonMediaVerdict::Review => SecurityCheckVerdict::Review,
        TryonMediaVerdict::Risky => SecurityCheckVerdict::Risky,
        TryonMediaVerdict::Error => SecurityCheckVerdict::Error,
    }
}

fn to_text(verdict: SecurityCheckVerdict) -> TryonTextVerdict {
    match verdict {
        SecurityCheckVerdict::Pending => TryonTextVerdict::Pending,
        SecurityCheckVerdict::Pass => TryonTextVerdict::Pass,
        SecurityCheckVerdict::Review => TryonTextVerdict::Review,
        SecurityCheckVerdict::Risky => TryonTextVerdict::Risky,
        SecurityCheckVerdict::Error => TryonTextVerdict::Error,
    }
}

fn to_media(verdict: SecurityCheckVerdict) -> TryonMediaVerdict {
    match verdict {
        SecurityCheckVerdict::Pending => TryonMediaVerdict::Pending,
        SecurityCheckVerdict::Pass => TryonMediaVerdict::Pass,
        SecurityCheckVerdict::Review => TryonMediaVerdict::Review,
        SecurityCheckVerdict::Risky => TryonMediaVerdict::Risky,
        SecurityCheckVerdict::Error => TryonMediaVerdict::Error,
    }
}
