//! The server in a process of its own, and how its counters are read: a line each way.

use std::path::Path;
use std::process::Stdio;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use super::expand::World;
use super::meter::{Meter, Taken};
use super::world;
use crate::{Backend, TestApp};

#[derive(Deserialize, Serialize)]
pub struct Ready {
    pub url: String,
    pub world: World,
}

/// What the program does when it is started as `hostile serve sqlite`: serves until its input ends, then checks
/// that the requests left all invariants whole.
pub async fn serve(backend: Backend) {
    // As in production: who cannot see the schema gets no hints either.
    let app = TestApp::start_with(backend, &[("introspection", "false"), ("graphiql", "true")]).await;
    let ready = Ready { url: app.url.clone(), world: world::build(&app).await };
    say(&ready);
    let mut meter = Meter::default();
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Ok(Some(_)) = lines.next_line().await {
        say(&meter.read(app.app.db.statements()));
    }
    app.finish().await;
}

fn say(value: &impl Serialize) {
    println!("{}", serde_json::to_string(value).expect("JSON"));
}

/// The started process.
pub struct Server {
    child: Child,
    asks: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    pub ready: Ready,
}

impl Server {
    /// `program` is the program `hostile`.
    pub async fn start(program: &Path, backend: Backend) -> Self {
        let mut child = Command::new(program)
            .args(["serve", &format!("{backend:?}").to_lowercase()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the program hostile starts");
        let asks = child.stdin.take().expect("piped");
        let mut answers = BufReader::new(child.stdout.take().expect("piped")).lines();
        let ready = serde_json::from_str(&next(&mut answers).await).expect("where it listens");
        Server { child, asks, answers, ready }
    }

    /// What was taken since it was asked last.
    pub async fn taken(&mut self) -> Taken {
        self.asks.write_all(b"read\n").await.expect("the server listens");
        serde_json::from_str(&next(&mut self.answers).await).expect("its counters")
    }

    /// Whether it ended well, with all invariants whole.
    pub async fn finish(mut self) -> bool {
        drop(self.asks);
        self.child.wait().await.is_ok_and(|status| status.success())
    }
}

async fn next(answers: &mut Lines<BufReader<ChildStdout>>) -> String {
    answers.next_line().await.expect("readable").expect("the server still runs")
}
