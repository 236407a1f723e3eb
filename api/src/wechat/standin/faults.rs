//! Faults on demand, and the count of calls.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::web::{Bytes, Data};
use actix_web::{Error, HttpResponse};
use serde_json::json;
use std::time::Duration;

use super::model::{Fault, FaultKind};
use super::state::{Shared, State};

impl State {
    /// Counts the call and takes the fault set for it, if any.
    fn enter(&mut self, path: &str) -> Option<Fault> {
        *self.calls.entry(path.to_owned()).or_default() += 1;
        let at = self.faults.iter().position(|(prefix, _)| path.starts_with(prefix.as_str()))?;
        let fault = &mut self.faults[at].1;
        fault.times = fault.times.saturating_sub(1);
        let taken = *fault;
        if taken.times == 0 {
            self.faults.remove(at);
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
    let fault = match request.app_data::<Data<Shared>>() {
        Some(shared) if !path.starts_with("/_standin/") => shared.lock().enter(&path),
        _ => None,
    };
    let Some(Fault { kind, applied, .. }) = fault else {
        return Ok(next.call(request).await?.map_into_boxed_body());
    };
    if let FaultKind::Slow(millis) = kind {
        if !applied {
            tokio::time::sleep(Duration::from_millis(millis)).await;
        }
        let answer = next.call(request).await?.map_into_boxed_body();
        if applied {
            tokio::time::sleep(Duration::from_millis(millis)).await;
        }
        return Ok(answer);
    }
    if applied {
        let (request, _) = next.call(request).await?.into_parts();
        return Ok(ServiceResponse::new(request, broken(kind, &path)));
    }
    Ok(request.into_response(broken(kind, &path)))
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
        FaultKind::Reset | FaultKind::Slow(_) => HttpResponse::Ok().streaming(futures_util::stream::once(async {
            Err::<Bytes, std::io::Error>(std::io::ErrorKind::ConnectionReset.into())
        })),
    }
}
