//! The server's own thread, so that it runs beside any runtime.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;

use actix_web::dev::ServerHandle;
use actix_web::middleware::from_fn;
use actix_web::web::{Data, scope};
use actix_web::{App, HttpServer};
use anyhow::Context;

use super::faults::faults;
use super::state::Shared;
use super::{app, control, outbox, pay};

/// Starts one worker on loopback and the dispatcher of callbacks; returns once the port accepts connections.
pub(super) fn start(shared: Arc<Shared>, port: u16) -> anyhow::Result<(ServerHandle, u16)> {
    let listener = TcpListener::bind(("127.0.0.1", port)).context("binding the stand-in's port")?;
    let port = listener.local_addr().context("reading the stand-in's port")?.port();
    let http = reqwest::Client::builder()
        .user_agent("Mozilla/4.0")
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(std::time::Duration::from_secs(10))
        .build()
        .context("setting up the stand-in's HTTP client")?;
    let (started, waiting) = mpsc::channel();
    let body = move || {
        actix_web::rt::System::new().block_on(async move {
            let data = Data::from(shared.clone());
            let server = HttpServer::new(move || {
                App::new()
                    .app_data(data.clone())
                    .wrap(from_fn(faults))
                    .configure(app::routes)
                    .configure(pay::routes)
                    .service(scope("/_standin").configure(control::routes))
            });
            match server.workers(1).disable_signals().listen(listener) {
                Ok(server) => {
                    let running = server.run();
                    // The starter is waiting for exactly this; if it is gone, the handle's drop has ended us.
                    let _ = started.send(Ok(running.handle()));
                    actix_web::rt::spawn(outbox::run(shared, http));
                    if let Err(error) = running.await {
                        tracing::error!(%error, "the stand-in's server failed");
                    }
                }
                Err(error) => {
                    let _ = started.send(Err(error));
                }
            }
        });
    };
    thread::Builder::new().name("wechat-standin".into()).spawn(body).context("starting the stand-in's thread")?;
    let handle = waiting.recv().context("the stand-in's thread ended early")?.context("starting the stand-in")?;
    Ok((handle, port))
}
