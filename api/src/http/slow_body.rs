//! A body must arrive in time, whatever reads it: a client that sends a byte a minute would otherwise hold
//! a connection and memory for as long as it likes.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpResponse, web};
use bytes::Bytes;
use futures_util::Stream;
use serde_json::json;
use tokio::time::Sleep;

use crate::app::App;
use crate::error::Code;
use crate::http::websocket;

/// Answers 408 and closes when the body did not arrive within the configured time; the handler sees an
/// incomplete body.
pub async fn middleware<B: MessageBody>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let late = Rc::new(Cell::new(false));
    let patience = request.app_data::<web::Data<App>>().map(|app| app.config.body_patience);
    // What a socket receives for as long as it is open is its body, too.
    if let Some(patience) = patience.filter(|_| !websocket::is_upgrade(request.head())) {
        let body = request.take_payload();
        // Requests without a body are not burdened with a clock.
        if !matches!(body, Payload::None) {
            let timed = Timed { body, until: Box::pin(tokio::time::sleep(patience)), late: late.clone() };
            request.set_payload(Payload::Stream { payload: Box::pin(timed) });
        }
    }
    let response = next.call(request).await?;
    if !late.get() {
        return Ok(response.map_into_left_body());
    }
    let error = json!({
        "message": "The request took too long to arrive; send it again. 请求传输超时，请重新发送。",
        "extensions": { "code": Code::BadRequest.as_str() },
    });
    let mut answer = HttpResponse::RequestTimeout();
    let answer = answer.force_close().json(json!({ "errors": [error] }));
    Ok(response.into_response(answer).map_into_right_body())
}

struct Timed {
    body: Payload,
    until: Pin<Box<Sleep>>,
    late: Rc<Cell<bool>>,
}

impl Stream for Timed {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Poll::Ready(part) = Pin::new(&mut self.body).poll_next(context) {
            return Poll::Ready(part);
        }
        if self.until.as_mut().poll(context).is_pending() {
            return Poll::Pending;
        }
        self.late.set(true);
        Poll::Ready(Some(Err(PayloadError::Incomplete(None))))
    }
}
