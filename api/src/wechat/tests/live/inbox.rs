//! A server that keeps what it is sent and answers as told.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use actix_web::dev::ServerHandle;
use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data, Query, to};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};

use crate::wechat::pay::SignatureHeaders;
use crate::wechat::push::PushQuery;

/// One call that came in.
#[derive(Clone, Debug)]
pub struct Received {
    pub path: String,
    pub query: PushQuery,
    pub headers: HashMap<String, String>,
    pub body: Bytes,
}

impl Received {
    pub fn signature(&self) -> SignatureHeaders {
        let header = |name: &str| self.headers.get(&name.to_ascii_lowercase()).map(String::as_str);
        SignatureHeaders::read(header).expect("signature headers")
    }
}

#[derive(Default)]
struct Kept {
    received: Vec<Received>,
    /// Statuses of the next answers; 200 afterwards.
    answers: VecDeque<u16>,
}

pub struct Inbox {
    kept: Arc<Mutex<Kept>>,
    base: String,
    server: ServerHandle,
}

impl Inbox {
    pub fn start() -> Self {
        let kept: Arc<Mutex<Kept>> = Arc::default();
        let data = Data::from(kept.clone());
        let server = HttpServer::new(move || App::new().app_data(data.clone()).default_service(to(keep)))
            .workers(1)
            .disable_signals()
            .bind(("127.0.0.1", 0))
            .expect("a free port");
        let base = format!("http://{}", server.addrs()[0]);
        let server = server.run();
        let handle = server.handle();
        tokio::spawn(server);
        Self { kept, base, server: handle }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().expect("not poisoned")
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// What came in on `path`, oldest first.
    pub fn received(&self, path: &str) -> Vec<Received> {
        self.lock().received.iter().filter(|call| call.path == path).cloned().collect()
    }

    /// Answers the next calls with these statuses.
    pub fn answer(&self, statuses: &[u16]) {
        self.lock().answers.extend(statuses);
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        drop(self.server.stop(false));
    }
}

async fn keep(kept: Data<Mutex<Kept>>, query: Query<PushQuery>, request: HttpRequest, body: Bytes) -> HttpResponse {
    let text = |value: &actix_web::http::header::HeaderValue| value.to_str().unwrap_or_default().to_owned();
    let headers = request.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
    let mut kept = kept.lock().expect("not poisoned");
    let path = request.path().to_owned();
    kept.received.push(Received { path, query: query.into_inner(), headers, body });
    let status = kept.answers.pop_front().unwrap_or(200);
    HttpResponse::build(StatusCode::from_u16(status).expect("a status")).body("success")
}
