//! The processes that are hurt, and how each comes back.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use load::plan::KEYS;
use load::server::{Launch, Server};

use crate::wire::Relay;

const PATIENCE: Duration = Duration::from_secs(60);

pub struct Services {
    out: PathBuf,
    bin: PathBuf,
    database: Option<Child>,
    redis: Option<Child>,
    server: Option<(Server, PathBuf)>,
    ports: Ports,
    /// Between clients and server; server and database; server and Redis.
    pub front: Relay,
    pub to_database: Relay,
    pub to_redis: Relay,
}

#[derive(Clone, Copy)]
struct Ports {
    database: SocketAddr,
    redis: SocketAddr,
    server: SocketAddr,
}

impl Services {
    /// PostgreSQL, Redis and the relays, in a fresh folder. Not the server.
    pub async fn start(out: &Path, postgres: Option<&Path>) -> Result<Self> {
        let _ = std::fs::remove_dir_all(out);
        std::fs::create_dir_all(out)?;
        let out = out.canonicalize()?;
        let bin = postgres.map(Path::to_owned).or_else(newest).context("PostgreSQL is not installed")?;
        let ports = Ports { database: free()?, redis: free()?, server: free()? };
        let mut services = Services {
            bin,
            database: None,
            redis: None,
            server: None,
            front: Relay::start(ports.server).await?,
            to_database: Relay::start(ports.database).await?,
            to_redis: Relay::start(ports.redis).await?,
            ports,
            out,
        };
        services.create_cluster()?;
        services.start_database().await?;
        services.start_redis().await?;
        Ok(services)
    }

    /// Where clients connect.
    pub fn front(&self) -> SocketAddr {
        self.front.address
    }

    /// For us; the server goes by the relay.
    pub fn database_url(&self) -> String {
        format!("postgres://postgres@{}/postgres", self.ports.database)
    }

    fn create_cluster(&self) -> Result<()> {
        let data = self.data();
        std::fs::create_dir_all(&data)?;
        if is_root() {
            // The server program refuses to run as root; its user must reach the folder.
            run(Command::new("chown").arg("postgres:").arg(&data))?;
        }
        let mut initdb = self.as_postgres("initdb");
        initdb.arg("--pgdata").arg(&data).args(["--username=postgres", "--auth=trust", "--encoding=UTF8"]);
        run(initdb.args(["--locale=C.UTF-8", "--no-sync"]).stdout(Stdio::null()))
    }

    /// Below the temporary folder: other users may not pass through the folders of this one.
    fn data(&self) -> PathBuf {
        std::env::temp_dir().join(format!("smallbatch-faults-{}", std::process::id()))
    }

    fn as_postgres(&self, program: &str) -> Command {
        let program = self.bin.join(program);
        let mut command = if is_root() {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--init-groups"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.current_dir("/").stdin(Stdio::null());
        command
    }

    async fn start_database(&mut self) -> Result<()> {
        let log = self.log("postgres.log")?;
        let data = self.data();
        let mut command = self.as_postgres("postgres");
        command.arg("-D").arg(&data).arg("-k").arg(&data).args(["-p", &self.ports.database.port().to_string()]);
        command.args(["-c", "listen_addresses=127.0.0.1", "-c", "max_connections=60", "-c", "logging_collector=off"]);
        self.database =
            Some(command.stdout(log.try_clone()?).stderr(log).spawn().context("PostgreSQL does not start")?);
        let url = self.database_url();
        until("PostgreSQL", async || {
            let Ok(db) = load::server::connect(&url, false).await else { return false };
            db.close().await.is_ok()
        })
        .await
    }

    async fn start_redis(&mut self) -> Result<()> {
        let log = self.log("redis.log")?;
        let port = self.ports.redis.port().to_string();
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--port", &port, "--save", "", "--appendonly", "no"]);
        self.redis = Some(
            command
                .stdin(Stdio::null())
                .stdout(log.try_clone()?)
                .stderr(log)
                .spawn()
                .context("Redis does not start")?,
        );
        let address = self.ports.redis;
        until("Redis", async || tokio::net::TcpStream::connect(address).await.is_ok()).await
    }

    /// Starts the server on its port and waits for its first answer.
    pub async fn start_server(&mut self, program: &Path) -> Result<()> {
        let launch = Launch {
            program: program.to_owned(),
            database_url: format!("postgres://postgres@{}/postgres", self.to_database.address),
            redis_url: Some(format!("redis://{}/", self.to_redis.address)),
            set: Vec::new(),
            dir: self.out.join("server"),
        };
        self.server = Some((Server::start_on(&launch, self.ports.server).await?, program.to_owned()));
        Ok(())
    }

    /// SIGKILL, then a new process.
    pub async fn kill_server(&mut self) -> Result<()> {
        let (server, program) = self.server.take().context("a server")?;
        server.kill()?;
        self.start_server(&program).await
    }

    /// SIGSTOP for a while, as a machine that hangs.
    pub async fn freeze_server(&mut self, time: Duration) -> Result<()> {
        let (server, _) = self.server.as_ref().context("a server")?;
        let pid = server.pid();
        signal(pid, "STOP")?;
        tokio::time::sleep(time).await;
        signal(pid, "CONT")
    }

    /// PostgreSQL's immediate stop: it recovers from its log when it starts again.
    pub async fn stop_database(&mut self) -> Result<()> {
        let mut child = self.database.take().context("a database")?;
        signal(child.id(), "QUIT")?;
        child.wait()?;
        self.start_database().await
    }

    pub async fn kill_redis(&mut self) -> Result<()> {
        let mut child = self.redis.take().context("a Redis")?;
        child.kill()?;
        child.wait()?;
        self.start_redis().await
    }

    pub async fn empty_redis(&self) -> Result<()> {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let mut stream = tokio::net::TcpStream::connect(self.ports.redis).await?;
        stream.write_all(b"FLUSHALL\r\n").await?;
        let mut answer = [0; 5];
        stream.read_exact(&mut answer).await?;
        ensure!(&answer == b"+OK\r\n", "Redis did not empty itself");
        Ok(())
    }

    /// `smallbatch check`, straight on the database.
    pub fn check(&self) -> Result<()> {
        let (_, program) = self.server.as_ref().context("a server")?;
        let mut check = Command::new(program);
        check.arg("check").env("DATABASE_URL", self.database_url()).env("SMALLBATCH_ENCRYPTION_KEYS", KEYS);
        check.env("SMALLBATCH_DATA_DIR", self.out.join("server")).env("SMALLBATCH_LOG", "error");
        let done = check.output()?;
        let said = String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
        ensure!(done.status.success(), "smallbatch check found breaches:\n{said}");
        Ok(())
    }

    pub async fn stop(mut self) -> Result<()> {
        let data = self.data();
        self.end();
        std::fs::remove_dir_all(data)?;
        Ok(())
    }

    fn end(&mut self) {
        // A server that is dropped is killed.
        self.server = None;
        if let Some(mut child) = self.redis.take() {
            let _ = (child.kill(), child.wait());
        }
        if let Some(mut child) = self.database.take() {
            let _ = (signal(child.id(), "QUIT"), child.wait());
        }
    }

    fn log(&self, name: &str) -> Result<std::fs::File> {
        Ok(std::fs::OpenOptions::new().create(true).append(true).open(self.out.join(name))?)
    }
}

impl Drop for Services {
    fn drop(&mut self) {
        self.end();
    }
}

async fn until(what: &str, ready: impl AsyncFn() -> bool) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    while !ready().await {
        ensure!(Instant::now() < deadline, "{what} does not come back");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}

/// Below the range of outgoing connections, one of which could take the port while its owner is down.
fn free() -> Result<SocketAddr> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = 20_000 + (std::process::id() % 10_000) as u16;
    for _ in 0..2_000 {
        let address = SocketAddr::from(([127, 0, 0, 1], start + NEXT.fetch_add(1, Ordering::Relaxed)));
        if TcpListener::bind(address).is_ok() {
            return Ok(address);
        }
    }
    bail!("no port is free")
}

fn run(command: &mut Command) -> Result<()> {
    let status = command.status()?;
    ensure!(status.success(), "{command:?} ended with {status}");
    Ok(())
}

fn signal(pid: u32, name: &str) -> Result<()> {
    run(Command::new("kill").arg(format!("-{name}")).arg(pid.to_string()))
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

/// The newest folder of PostgreSQL's server programs, where Debian puts them.
fn newest() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?.flatten();
    let versions = versions.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    versions.max().map(|version| PathBuf::from(format!("/usr/lib/postgresql/{version}/bin")))
}
