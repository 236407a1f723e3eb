//! The server in a process of its own, and how its counters are read: a line each way.

use std::path::Path;
use std::process::Stdio;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::task::JoinHandle;

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
    // As in production: who cannot see the schema gets no hints either. Who does not read is waited for less long.
    let settings = [("introspection", "false"), ("graphiql", "true"), ("socket_stall_seconds", "3")];
    let app = TestApp::start_with(backend, &settings).await;
    // As in production, so that the log is judged too.
    smallbatch::cli::log::start(&app.app.config);
    let ready = Ready { url: app.url.clone(), world: world::build(&app).await };
    say(&ready);
    let mut meter = Meter::default();
    let (heard, mut lines) = tokio::sync::mpsc::channel(1);
    std::thread::spawn(move || {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            if heard.blocking_send(line).is_err() {
                break;
            }
        }
    });
    while lines.recv().await.is_some() {
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
    log: JoinHandle<Vec<u8>>,
    pub ready: Ready,
}

impl Server {
    /// `program` is the program `hostile`.
    pub async fn start(program: &Path, backend: Backend) -> Self {
        let mut child = Command::new(program)
            .args(["serve", &format!("{backend:?}").to_lowercase()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the program hostile starts");
        let asks = child.stdin.take().expect("piped");
        let mut answers = BufReader::new(child.stdout.take().expect("piped")).lines();
        let mut said = child.stderr.take().expect("piped");
        let log = tokio::spawn(async move {
            let mut log = Vec::new();
            let _ = said.read_to_end(&mut log).await;
            log
        });
        let ready = answers.next_line().await.expect("readable");
        let Some(ready) = ready else {
            panic!("the server did not start: {}", String::from_utf8_lossy(&log.await.unwrap_or_default()));
        };
        let ready = serde_json::from_str(&ready).expect("where it listens");
        Server { child, asks, answers, log, ready }
    }

    /// What was taken since it was asked last.
    pub async fn taken(&mut self) -> Taken {
        self.asks.write_all(b"read\n").await.expect("the server listens");
        serde_json::from_str(&next(&mut self.answers).await).expect("its counters")
    }

    /// Lets it end; what was wrong with that, its invariants or its log.
    pub async fn finish(mut self) -> Vec<String> {
        drop(self.asks);
        let ended = self.child.wait().await.is_ok_and(|status| status.success());
        let log = String::from_utf8_lossy(&self.log.await.unwrap_or_default()).into_owned();
        let mut wrong = Vec::new();
        if !ended {
            let last: Vec<&str> = log.lines().rev().take(20).collect();
            wrong.push(format!("the server did not end well: {last:#?}"));
        }
        let obeyed = |c: char| c.is_control() && c != '\n';
        wrong.extend(log.lines().filter(|line| line.contains(obeyed)).map(|line| format!("in the log: {line:?}")));
        let forged = log.lines().filter(|line| line.starts_with("INFO forged"));
        wrong.extend(forged.map(|line| format!("in the log, forged: {line:?}")));
        wrong
    }
}

async fn next(answers: &mut Lines<BufReader<ChildStdout>>) -> String {
    answers.next_line().await.expect("readable").expect("the server still runs")
}
