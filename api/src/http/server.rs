//! The HTTP server: routes, limits of the transport, graceful stop.

use std::net::TcpListener;
use std::time::Duration;

use actix_http::HttpService;
use actix_service::{ServiceFactoryExt, map_config};
use actix_web::dev::{AppConfig, Server, fn_service};
use actix_web::http::header::{RETRY_AFTER, X_CONTENT_TYPE_OPTIONS};
use actix_web::middleware::{Compress, DefaultHeaders, from_fn};
use actix_web::rt::net::TcpStream;
use actix_web::{App as ActixApp, HttpResponse, web};
use serde_json::json;
use socket2::SockRef;

use super::connection::Stream;
use super::graphql::{self, MAX_BODY};
use super::websocket::{self, limits::Sockets};
use super::{
    cors, entrance, finance, graphiql, headers, health, media, request_id, slow_body, wechat_pay, wechat_push,
};
use crate::app::App;
use crate::schema;

/// For a client that still sends to read the end of its answer, also over a bad network.
const FAREWELL: Duration = Duration::from_secs(1);
/// Bytes that the kernel keeps for a client to read, at most twice as many, of an answer that is larger. On a fast line it
/// would keep megabytes, and tell us only after a third of them that its client reads.
const SEND_BUFFER: usize = 256 * 1024;

/// Serves on `listener` with `workers` threads until the returned server is stopped; a stop lets
/// running requests finish for the configured time.
pub fn start(app: App, listener: TcpListener, workers: usize) -> std::io::Result<Server> {
    let schema = web::Data::new(schema::build(app.clone()));
    let patience = app.config.shutdown_seconds;
    tokio::spawn(sweep_limits(app.clone()));
    // One count for all threads.
    let sockets = web::Data::new(Sockets::default());
    let request_patience = app.config.request_patience;
    let unread = app.config.unread_patience;
    let with_graphiql = app.config.graphiql;
    let data = web::Data::new(app);
    let site = move || {
        ActixApp::new()
            .app_data(data.clone())
            .app_data(schema.clone())
            .app_data(sockets.clone())
            .app_data(web::PayloadConfig::new(MAX_BODY))
            .configure(routes)
            .configure(wechat_pay::configure)
            .configure(media::configure)
            .configure(finance::configure)
            .configure(wechat_push::configure)
            .configure(|cfg| {
                if with_graphiql {
                    graphiql::configure(cfg);
                }
            })
            .default_service(web::to(nothing_here))
            // An answer repeats what was asked, whoever wrote it: no browser may take it for anything else.
            .wrap(DefaultHeaders::new().add((X_CONTENT_TYPE_OPTIONS, "nosniff")))
            .wrap(from_fn(slow_body::middleware))
            .wrap(from_fn(headers::leave_small))
            .wrap(Compress::default())
            .wrap(from_fn(headers::finish))
            .wrap(from_fn(cors::middleware))
            .wrap(from_fn(request_id::middleware))
    };
    SockRef::from(&listener).set_send_buffer_size(SEND_BUFFER)?;
    let builder = Server::build().workers(workers).shutdown_timeout(patience).disable_signals();
    let stopping = builder.graceful_shutdown_signal();
    // What `HttpServer` would do, which has no room for a stream of ours.
    let serve = move || {
        let stopping = stopping.clone();
        let http = HttpService::build()
            // A request head that takes longer is a slow-header attack or a dead phone.
            .client_request_timeout(request_patience)
            .client_disconnect_timeout(FAREWELL)
            .keep_alive(Duration::from_secs(75))
            .graceful_shutdown_signal(move || {
                let stopping = stopping.clone();
                async move { stopping.notified().await }
            })
            .on_connect_ext(Stream::introduce)
            .h1(map_config(site(), |_| AppConfig::default()));
        fn_service(move |tcp: TcpStream| async move {
            let peer = tcp.peer_addr().ok();
            Ok((Stream::new(tcp, unread), peer))
        })
        .and_then(http)
    };
    Ok(builder.listen("http", listener, serve)?.run())
}

/// Forgets the buckets of callers who have been away long enough for theirs to be full again.
async fn sweep_limits(app: App) {
    while !app.stop.is_cancelled() {
        tokio::select! {
            () = app.stop.cancelled() => {}
            () = tokio::time::sleep(Duration::from_secs(60)) => app.limiter.sweep(),
        }
    }
}

fn routes(cfg: &mut web::ServiceConfig) {
    cfg.service(
        web::resource("/graphql")
            .wrap(from_fn(entrance::middleware))
            .route(web::post().guard(graphql::multipart::guard()).to(graphql::multipart::post))
            .route(web::post().to(graphql::post))
            .route(web::route().guard(websocket::wants_socket()).to(websocket::open))
            .route(web::get().to(graphql::get::get))
            .default_service(web::to(graphql::answer::wrong_method)),
    )
    .route("/healthz", web::get().to(health::healthz))
    .route("/readyz", web::get().to(health::readyz))
    .route("/metrics", web::get().to(health::metrics));
}

/// Too many sockets of one address wait to say who they are.
pub(super) fn too_many_sockets() -> HttpResponse {
    HttpResponse::TooManyRequests()
        .insert_header((RETRY_AFTER, "3"))
        .json(json!({ "error": { "code": "RATE_LIMITED", "message": "Too many sockets at once; come back in 3 s." } }))
}

async fn nothing_here() -> HttpResponse {
    HttpResponse::NotFound()
        .json(json!({ "error": { "code": "NOT_FOUND", "message": "There is nothing at this address." } }))
}
