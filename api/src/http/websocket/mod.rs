//! `GET /graphql` with `Upgrade: websocket`: GraphQL over WebSocket, sub-protocol `graphql-transport-ws` only.
//!
//! A socket says who it is in `connection_init`, then runs queries, mutations and up to 20
//! subscriptions at once. Every operation goes the way of one over HTTP: same guard, same limits, same
//! bucket. What a socket may take of us is bounded: the size and the number of its messages, its
//! operations, its unread answers, the sockets of one session.
//!
//! - [`feed`]: its bytes, a little at a time
//! - [`incoming`]: its messages, put together from their pieces
//! - [`protocol`]: messages and the state machine, without a transport
//! - [`socket`]: the loop of one socket
//! - [`token`]: who it is
//! - [`operation`]: from `subscribe` to its last message
//! - [`limits`]: sockets at once, messages a second
//!
//! ```text
//! silent → entering → open          messages of the protocol
//! 4400 malformed · 4401 too early · 4403 bad or ended token · 4406 other sub-protocol · 4408 no init
//! 4409 id in use · 4429 second init or too many sockets · 4500 ours · 1000 done · 1001 stopping · 1002 no frame
//! 1008 flood · 1009 too large · 1013 the database is away: connect again
//! ```

mod feed;
mod incoming;
pub mod limits;
mod operation;
mod protocol;
mod socket;
mod token;

use actix_web::dev::RequestHead;
use actix_web::error::ErrorInternalServerError;
use actix_web::http::Method;
use actix_web::http::header::{ACCEPT_LANGUAGE, SEC_WEBSOCKET_PROTOCOL, TRANSFER_ENCODING, UPGRADE};
use actix_web::{HttpRequest, HttpResponse, guard, web};

use self::feed::Feed;
use self::incoming::Incoming;
use self::limits::Sockets;
use self::socket::{Hello, Socket};
use super::connection::Connection;
use super::graphql::{bearer, header};
use super::{client_ip, server};
use crate::app::App;
use crate::base::lang::Lang;
use crate::schema::ApiSchema;

/// Lets requests through that want to become a socket.
pub fn wants_socket() -> impl guard::Guard {
    guard::fn_guard(|request| is_upgrade(request.head()))
}

/// Whether a request wants to become a socket, so that its body is what the socket receives. None has a body in chunks:
/// the HTTP server would wait for the last of them for as long as the client likes, whatever became of the socket.
pub fn is_upgrade(head: &RequestHead) -> bool {
    let upgrade = head.headers().get(UPGRADE).and_then(|value| value.to_str().ok());
    head.method == Method::GET
        && upgrade.is_some_and(|upgrade| upgrade.eq_ignore_ascii_case("websocket"))
        && !head.headers().contains_key(TRANSFER_ENCODING)
}

/// Becomes a socket. Refused before that only when too many from this address have not said who they are.
pub async fn open(
    request: HttpRequest,
    body: web::Payload,
    app: web::Data<App>,
    schema: web::Data<ApiSchema>,
    sockets: web::Data<Sockets>,
) -> actix_web::Result<HttpResponse> {
    let ip = client_ip::of(&request, &app.config.trusted_proxies);
    let Some(place) = sockets.wait(ip) else { return Ok(server::too_many_sockets()) };
    let feed = Feed::default();
    let body = feed.of(&request, body).await?;
    let (response, session, messages) = actix_ws::handle_with_protocols(&request, body, &[protocol::NAME])?;
    let connection = request.conn_data::<Connection>().ok_or_else(|| ErrorInternalServerError("no connection"))?;
    let hello = Hello {
        ip,
        lang: Lang::of_header(header(&request, ACCEPT_LANGUAGE.as_str())),
        token: bearer(&request).map(|token| token.map(str::to_owned)),
        speaks: speaks(&request),
    };
    let sockets = sockets.into_inner();
    let socket = Socket::new((**app).clone(), (**schema).clone(), sockets, place, session, connection.clone(), hello);
    actix_web::rt::spawn(socket.serve(Incoming::new(messages, feed)));
    Ok(response)
}

fn speaks(request: &HttpRequest) -> bool {
    let offered = request.headers().get_all(SEC_WEBSOCKET_PROTOCOL).filter_map(|value| value.to_str().ok());
    offered.flat_map(|value| value.split(',')).any(|name| name.trim() == protocol::NAME)
}
