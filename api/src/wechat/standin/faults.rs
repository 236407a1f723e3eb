//! Faults on demand, and the count of calls.

use actix_web::body::{BoxBody, MessageBody, to_bytes};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::{Bytes, Data};
use actix_web::{Error, HttpResponse};
use serde_json::json;
use std::time::Duration;

use super::model::{CallbackFault, Fault, FaultKind, ScriptedRefusal};
use super::state::{Shared, State};

/// Repeatable chance (SplitMix64).
#[derive(Clone, Copy, Debug)]
pub(in crate::wechat::standin) struct Dice(pub u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// 0 up to `limit`, exclusive; 0 if there is no room.
    pub fn below(&mut self, limit: i64) -> i64 {
        let limit = u64::try_from(limit).unwrap_or_default().max(1);
        i64::try_from(self.next() % limit).unwrap_or_default()
    }

    /// One of the ways a network and a busy service fail.
    fn fault(&mut self) -> Fault {
        let kinds = [FaultKind::SystemError, FaultKind::Throttled, FaultKind::BadGateway, FaultKind::Reset];
        let kind = kinds[usize::try_from(self.below(4)).unwrap_or_default()];
        let applied = kind != FaultKind::Throttled && self.below(2) == 1;
        Fault { kind, applied, times: 1 }
    }
}

/// What happens to a call instead of what it asked for.
enum Mishap {
    Fault(Fault),
    Refusal(ScriptedRefusal),
}

impl State {
    /// Counts the call and takes what is set for it, if anything.
    fn enter(&mut self, path: &str) -> Option<Mishap> {
        *self.calls.entry(path.to_owned()).or_default() += 1;
        if let Some(at) = self.refusals.iter().position(|(prefix, _)| path.starts_with(prefix.as_str())) {
            let refusal = &mut self.refusals[at].1;
            refusal.times = refusal.times.saturating_sub(1);
            let taken = refusal.clone();
            if taken.times == 0 {
                self.refusals.remove(at);
            }
            return Some(Mishap::Refusal(taken));
        }
        if let Some(at) = self.faults.iter().position(|(prefix, _)| path.starts_with(prefix.as_str())) {
            let fault = &mut self.faults[at].1;
            // Those that last are never used up.
            if fault.times != u32::MAX {
                fault.times = fault.times.saturating_sub(1);
            }
            let taken = *fault;
            if taken.times == 0 {
                self.faults.remove(at);
            }
            return Some(Mishap::Fault(taken));
        }
        let (_, dice, per_thousand) = self.chaos.iter_mut().find(|(prefix, ..)| path.starts_with(prefix.as_str()))?;
        (dice.below(1000) < *per_thousand).then(|| Mishap::Fault(dice.fault()))
    }

    /// Takes the first fault of the event that `fits`.
    pub fn take_callback_fault(&mut self, event: &str, fits: fn(CallbackFault) -> bool) -> Option<CallbackFault> {
        let is_meant = |(prefix, fault, _): &(String, CallbackFault, u32)| event.starts_with(prefix) && fits(*fault);
        let at = self.callback_faults.iter().position(is_meant)?;
        let (_, fault, times) = &mut self.callback_faults[at];
        let taken = *fault;
        if *times != u32::MAX {
            *times = times.saturating_sub(1);
        }
        if *times == 0 {
            self.callback_faults.remove(at);
        }
        Some(taken)
    }
}

/// Middleware in front of everything but the controls.
pub(super) async fn faults(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let path = request.path().to_owned();
    let mishap = match request.app_data::<Data<Shared>>() {
        Some(shared) if !path.starts_with("/_standin/") => shared.lock().enter(&path),
        _ => None,
    };
    let Fault { kind, applied, .. } = match mishap {
        None => return Ok(next.call(request).await?.map_into_boxed_body()),
        Some(Mishap::Refusal(refusal)) => return Ok(request.into_response(refused(&refusal, &path))),
        Some(Mishap::Fault(fault)) => fault,
    };
    match kind {
        FaultKind::Slow(millis) => {
            let pause = Duration::from_millis(millis);
            if !applied {
                tokio::time::sleep(pause).await;
            }
            let answer = next.call(request).await?.map_into_boxed_body();
            if applied {
                tokio::time::sleep(pause).await;
            }
            Ok(answer)
        }
        FaultKind::WrongKey => {
            let mut answer = next.call(request).await?.map_into_boxed_body();
            let nobody = HeaderValue::from_static("PUB_KEY_ID_0000000000000000000000000000000000");
            answer.headers_mut().insert(HeaderName::from_static("wechatpay-serial"), nobody);
            Ok(answer)
        }
        FaultKind::Tampered => tampered(next.call(request).await?.map_into_boxed_body()).await,
        FaultKind::Accepted => {
            let mut answer = next.call(request).await?.map_into_boxed_body();
            if answer.status().is_success() {
                // Signatures cover the body, not the status.
                *answer.response_mut().status_mut() = StatusCode::ACCEPTED;
            }
            Ok(answer)
        }
        _ if applied => {
            let (request, _) = next.call(request).await?.into_parts();
            Ok(ServiceResponse::new(request, broken(kind, &path)))
        }
        _ => Ok(request.into_response(broken(kind, &path))),
    }
}

/// The same answer with a space more at its end.
async fn tampered(answer: ServiceResponse<BoxBody>) -> Result<ServiceResponse<BoxBody>, Error> {
    let (request, answer) = answer.into_parts();
    let (head, body) = answer.into_parts();
    let body = to_bytes(body).await.unwrap_or_default();
    let body = [&body[..], b" "].concat();
    Ok(ServiceResponse::new(request, head.set_body(BoxBody::new(body))))
}

fn refused(refusal: &ScriptedRefusal, path: &str) -> HttpResponse {
    let ScriptedRefusal { status, code, message, .. } = refusal;
    if path.starts_with("/v3/") {
        let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        HttpResponse::build(status).json(json!({ "code": code, "message": message }))
    } else {
        let code = code.parse::<i64>().unwrap_or(-1);
        HttpResponse::Ok().json(json!({ "errcode": code, "errmsg": format!("{message} rid: 0-0-0") }))
    }
}

fn broken(kind: FaultKind, path: &str) -> HttpResponse {
    let pay = path.starts_with("/v3/");
    match kind {
        FaultKind::SystemError if pay => HttpResponse::InternalServerError()
            .json(json!({ "code": "SYSTEM_ERROR", "message": "系统异常，请稍后重试" })),
        FaultKind::Throttled if pay => {
            HttpResponse::TooManyRequests().json(json!({ "code": "FREQUENCY_LIMITED", "message": "频率超限" }))
        }
        FaultKind::SystemError => HttpResponse::Ok().json(json!({ "errcode": -1, "errmsg": "system error" })),
        FaultKind::Throttled => {
            HttpResponse::Ok().json(json!({ "errcode": 45011, "errmsg": "api minute-quota reach limit" }))
        }
        FaultKind::BadGateway => HttpResponse::BadGateway()
            .content_type("text/html")
            .body("<html><head><title>502 Bad Gateway</title></head></html>"),
        // A body that fails makes the server cut the connection.
        FaultKind::Reset | FaultKind::Slow(_) | FaultKind::WrongKey | FaultKind::Tampered | FaultKind::Accepted => {
            HttpResponse::Ok().streaming(futures_util::stream::once(async {
                Err::<Bytes, std::io::Error>(std::io::ErrorKind::ConnectionReset.into())
            }))
        }
    }
}
