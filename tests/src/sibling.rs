//! A second server on the same database and Redis, as another process would be.

use std::net::TcpListener;

use actix_web::dev::ServerHandle;
use smallbatch::app::App;
use smallbatch::config::Config;
use smallbatch::http;

use crate::TestApp;

pub struct Sibling {
    pub app: App,
    /// `http://127.0.0.1:port`.
    pub url: String,
    server: ServerHandle,
}

impl TestApp {
    /// Shares the clock, the database and Redis with this one, and nothing in memory.
    pub async fn sibling(&self) -> Sibling {
        self.sibling_with(|_| ()).await
    }

    /// The same with other settings.
    pub async fn sibling_with(&self, change: impl FnOnce(&mut Config)) -> Sibling {
        let mut config = self.app.config.clone();
        change(&mut config);
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("a bound address"));
        let app = App::start(config, self.app.clock.clone()).await.expect("the app starts");
        let server = http::server::start(app.clone(), listener, 1).expect("the server starts");
        let handle = server.handle();
        tokio::spawn(server);
        Sibling { app, url, server: handle }
    }
}

impl Sibling {
    pub async fn finish(self) {
        self.app.stop.cancel();
        self.server.stop(false).await;
        self.app.db.close().await.expect("the database closes");
    }
}
