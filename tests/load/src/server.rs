//! A server process of our own: started with known settings on a free port, and ended with the run.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectOptions, Database, DatabaseConnection};
use smallbatch::config::SETTINGS;

use crate::client::{Client, Outcome, hello};
use crate::plan::KEYS;

const PATIENCE: Duration = Duration::from_secs(60);

/// What a server is started with.
#[derive(Clone)]
pub struct Launch {
    pub program: PathBuf,
    pub database_url: String,
    pub redis_url: Option<String>,
    /// Settings by the names of the configuration file; later ones win.
    pub set: Vec<(String, String)>,
    /// Its folder; what it says goes to `server.log` there.
    pub dir: PathBuf,
}

pub struct Server {
    child: Child,
    pub address: SocketAddr,
    /// From the start of the process to its first answer.
    pub started_in: Duration,
}

/// `name=value` of the command line.
pub fn setting(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("must be name=value")?;
    Ok((name.trim().to_owned(), value.to_owned()))
}

impl Server {
    /// Starts the process on a free port and waits for its first answer.
    pub async fn start(launch: &Launch) -> Result<Self> {
        // The listener that found the port must be gone before the server binds it.
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        Self::start_on(launch, address).await
    }

    /// The same at an address of the caller's.
    pub async fn start_on(launch: &Launch, address: SocketAddr) -> Result<Self> {
        std::fs::create_dir_all(&launch.dir)?;
        let log = std::fs::OpenOptions::new().create(true).append(true).open(launch.dir.join("server.log"))?;
        let mut command = Command::new(&launch.program);
        command.arg("serve").stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        for (name, value) in ordinary(launch, address).into_iter().chain(launch.set.iter().cloned()) {
            let Some(known) = SETTINGS.iter().find(|setting| setting.key == name) else {
                bail!("the server has no setting “{name}”");
            };
            command.env(known.env, value);
        }
        let began = Instant::now();
        let child = command.spawn().with_context(|| format!("cannot start {}", launch.program.display()))?;
        let mut server = Server { child, address, started_in: Duration::ZERO };
        let mut client = Client::new(address, Duration::from_secs(5));
        while client.send(&hello()).await != Outcome::Ok {
            if let Some(status) = server.child.try_wait()? {
                bail!("the server ended with {status}; see {}", launch.dir.join("server.log").display());
            }
            if began.elapsed() > PATIENCE {
                bail!("the server does not answer; see {}", launch.dir.join("server.log").display());
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        server.started_in = began.elapsed();
        Ok(server)
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL, as a crash would.
    pub fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// SIGTERM; waits until it has ended.
    pub fn stop(mut self) -> Result<()> {
        let told = Command::new("kill").arg("-TERM").arg(self.pid().to_string()).status()?;
        anyhow::ensure!(told.success(), "the server could not be told to stop");
        let status = self.child.wait()?;
        anyhow::ensure!(status.success(), "the server ended with {status}");
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// No limit in the way of the loader, nobody but the loader reached, warnings only.
fn ordinary(launch: &Launch, address: SocketAddr) -> Vec<(String, String)> {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let mut all = vec![
        pair("listen", &address.to_string()),
        pair("data_dir", &launch.dir.to_string_lossy()),
        pair("database_url", &launch.database_url),
        pair("encryption_keys", KEYS),
        pair("wechat_api_url", "http://127.0.0.1:9"),
        pair("wechat_pay_url", "http://127.0.0.1:9"),
        pair("rate_per_second", "100000000"),
        pair("rate_burst", "100000000"),
        pair("brand_rate_per_second", "100000000"),
        pair("brand_rate_burst", "100000000"),
        pair("log", "warn"),
    ];
    all.extend(launch.redis_url.as_deref().map(|url| pair("redis_url", url)));
    all
}

/// A setting's value when nobody sets it.
pub fn own(name: &str) -> Option<String> {
    SETTINGS.iter().find(|setting| setting.key == name).map(|setting| setting.default.to_owned())
}

/// The program to measure: the given one, or the one built beside this.
pub fn program(given: Option<&Path>) -> Result<PathBuf> {
    if let Some(path) = given {
        return Ok(path.to_owned());
    }
    let beside = std::env::current_exe()?.with_file_name("smallbatch");
    anyhow::ensure!(beside.exists(), "{} is not there: build it, or name one with --program", beside.display());
    Ok(beside)
}

/// Connects; `bulk` leaves foreign keys of PostgreSQL unchecked, for seeding what is right by making.
pub async fn connect(url: &str, bulk: bool) -> Result<DatabaseConnection> {
    let mut url = url.to_owned();
    if bulk && url.starts_with("postgres") {
        url += if url.contains('?') { "&" } else { "?" };
        url += "options[session_replication_role]=replica";
    }
    if url.starts_with("sqlite:") && !url.contains('?') {
        url += "?mode=rwc";
    }
    let options = ConnectOptions::new(url).max_connections(2).sqlx_logging(false).to_owned();
    Database::connect(options).await.context("cannot open the database")
}

/// A migrated database filled with the plan.
pub async fn prepare(url: &str, plan: &crate::plan::Plan) -> Result<()> {
    let db = connect(url, true).await?;
    Migrator::up(&db, None).await?;
    let began = Instant::now();
    let seeded = crate::seed::seed(&db, plan, smallbatch::base::clock::Clock::System.now(), |brands| {
        eprint!("\r{brands} brands");
    })
    .await?;
    eprintln!("\r{} brands, {} rows in {:.1} s", plan.brands(), seeded.rows, began.elapsed().as_secs_f64());
    db.close().await?;
    Ok(())
}
