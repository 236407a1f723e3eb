//! The server in a process of its own.

use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};

use smallbatch::cli::{self, listen, signals, start};
use smallbatch::config::Config;

use crate::TestApp;

/// What a program does that is called `PROGRAM serve --config FILE`: serves and works, until it is told to stop.
pub async fn serve(file: &str) {
    let config = Config::load(Some(file.as_ref())).expect("valid settings");
    cli::log::start(&config);
    let listener = listen(&config).expect("its port");
    let told = signals().expect("signals");
    let running = start(config, listener, true).await.expect("a server");
    told.await;
    running.stop().await.expect("an end");
}

pub struct Server {
    program: PathBuf,
    config: PathBuf,
    log: PathBuf,
    address: SocketAddr,
    child: Option<Child>,
}

impl Server {
    /// On the database of `app`, with its settings.
    pub fn new(program: PathBuf, app: &TestApp, address: SocketAddr) -> Self {
        let config = app.dir.join("server.toml");
        let mut settings = app.settings.clone();
        settings.insert("listen".to_owned(), toml::Value::String(address.to_string()));
        settings.insert("log".to_owned(), toml::Value::String("warn".to_owned()));
        let line =
            |(key, value): (&String, &toml::Value)| format!("{key} = {:?}\n", value.as_str().unwrap_or_default());
        let text: String = settings.iter().map(line).collect();
        std::fs::write(&config, text).expect("a folder to write to");
        Server { program, config, log: app.dir.join("server.log"), address, child: None }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Does not wait until it answers.
    pub fn start(&mut self) {
        let log = File::options().create(true).append(true).open(&self.log).expect("a log");
        let mut command = Command::new(&self.program);
        command.arg("serve").arg("--config").arg(&self.config).stdin(Stdio::null());
        command.stdout(log.try_clone().expect("a log")).stderr(log);
        self.child = Some(command.spawn().expect("the program starts"));
    }

    /// Fails, with what it said last, when it has ended by itself.
    pub fn must_run(&mut self) {
        if let Some(status) = self.child.as_mut().and_then(|child| child.try_wait().expect("a child")) {
            let said = std::fs::read_to_string(&self.log).unwrap_or_default();
            let last: Vec<&str> = said.lines().rev().take(20).collect();
            panic!("the server ended with {status}: {last:#?}");
        }
    }

    /// SIGKILL.
    pub async fn kill(&mut self) {
        let mut child = self.child.take().expect("a server");
        child.kill().expect("it dies");
        child.wait().expect("it is dead");
    }

    /// SIGTERM; waits for its end. It must have answered before: so soon after its start it would die of the signal.
    pub async fn stop(&mut self) {
        let child = self.child.take().expect("a server");
        let told = Command::new("kill").arg("-TERM").arg(child.id().to_string()).status();
        assert!(told.is_ok_and(|told| told.success()), "the server can be told to stop");
        let ended = tokio::task::spawn_blocking(move || ended(child)).await.expect("no panic");
        assert!(ended.success(), "the server ended with {ended}");
    }
}

fn ended(mut child: Child) -> ExitStatus {
    child.wait().expect("a child")
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = (child.kill(), child.wait());
        }
    }
}

/// Below the range of outgoing connections, one of which could take the port while its owner is dead.
pub fn free_address() -> SocketAddr {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = 12_000 + (std::process::id() % 5_000) as u16;
    loop {
        let address = SocketAddr::from(([127, 0, 0, 1], start + NEXT.fetch_add(1, Ordering::Relaxed)));
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
}
