//! `serve` and `worker`: start, wait for a signal, stop without losing what runs.

use std::net::TcpListener;
use std::process::ExitCode;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use anyhow::{Context, Result, bail};
#[cfg(feature = "standin")]
use entity::subscribe_message::MessagePurpose;
use migration::{Migrator, MigratorTrait};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;

use crate::app::App;
use crate::base::clock::Clock;
use crate::config::{Config, STANDIN_CONFIRMATION, WechatMode};
use crate::{http, worker};

/// A serving process: the server, its worker, and the stand-in when it is used.
pub struct Running {
    pub app: App,
    handle: ServerHandle,
    server: JoinHandle<std::io::Result<()>>,
    worker: Option<JoinHandle<()>>,
    #[cfg(feature = "standin")]
    pub standin: Option<crate::wechat::standin::Standin>,
}

impl Running {
    /// Stops taking requests, finishes the running ones and the worker's rows, closes the database.
    pub async fn stop(self) -> Result<()> {
        self.app.stop.cancel();
        self.handle.stop(true).await;
        self.server.await??;
        if let Some(worker) = self.worker {
            let patience = Duration::from_secs(self.app.config.shutdown_seconds);
            if tokio::time::timeout(patience, worker).await.is_err() {
                tracing::warn!("the worker did not finish in time; its rows come back after their lease");
            }
        }
        self.app.home.rest().await;
        self.app.db.close().await?;
        Ok(())
    }
}

/// Binds the configured address; a taken port says so.
pub fn listen(config: &Config) -> Result<TcpListener> {
    TcpListener::bind(config.listen)
        .with_context(|| format!("cannot listen on {} (SMALLBATCH_LISTEN); is something else using it?", config.listen))
}

/// Starts everything. The embedded database is migrated by itself; PostgreSQL only by `migrate up`,
/// since several servers share it and a deploy decides when.
pub async fn start(config: Config, listener: TcpListener, with_worker: bool) -> Result<Running> {
    start_by(Clock::System, config, listener, with_worker).await
}

/// The same by another clock, which the stand-in goes by too.
pub async fn start_by(clock: Clock, config: Config, listener: TcpListener, with_worker: bool) -> Result<Running> {
    #[cfg(feature = "standin")]
    let mut config = config;
    #[cfg(feature = "standin")]
    let standin = match config.wechat {
        WechatMode::Standin => {
            let standin = crate::wechat::standin::Standin::start(clock.clone(), config.standin_port)?;
            config.wechat_api_url = standin.base_url();
            config.wechat_pay_url = standin.base_url();
            Some(standin)
        }
        WechatMode::Real => None,
    };
    let app = App::start(config, clock).await?;
    if app.config.database_url.starts_with("sqlite:") {
        Migrator::up(app.db.read(), None).await.context("cannot migrate the embedded database")?;
    } else if !Migrator::get_pending_migrations_read_only(app.db.read()).await?.is_empty() {
        bail!("the database has pending migrations: run `smallbatch migrate up` first");
    }
    #[cfg(feature = "standin")]
    if let Some(standin) = &standin {
        introduce_brands(&app, standin).await?;
    }
    let threads = std::thread::available_parallelism().map_or(2, |n| n.get());
    let server = http::server::start(app.clone(), listener, threads)?;
    let handle = server.handle();
    Ok(Running {
        handle,
        server: tokio::spawn(server),
        worker: with_worker.then(|| tokio::spawn(worker::run(app.clone()))),
        app,
        #[cfg(feature = "standin")]
        standin,
    })
}

/// The subscribe-message templates that the stand-in knows of every brand.
#[cfg(feature = "standin")]
pub const fn standin_template(purpose: MessagePurpose) -> &'static str {
    match purpose {
        MessagePurpose::Presale => "standin-presale-opened",
        MessagePurpose::Balance => "standin-balance-due",
        MessagePurpose::Promise => "standin-promise-changed",
        MessagePurpose::Transfer => "standin-transfer-waiting",
    }
}

/// Makes all brands known to the stand-in, whose memory ends with the process.
#[cfg(feature = "standin")]
async fn introduce_brands(app: &App, standin: &crate::wechat::standin::Standin) -> Result<()> {
    use sea_orm::EntityTrait;
    for brand in entity::brand::Entity::find().all(app.db.read()).await? {
        introduce(app, standin, brand.id).await?;
    }
    Ok(())
}

/// Makes one brand known to the stand-in, pushing to this server.
#[cfg(feature = "standin")]
pub async fn introduce(app: &App, standin: &crate::wechat::standin::Standin, brand_id: uuid::Uuid) -> Result<()> {
    use sea_orm::Iterable;
    let account = crate::people::wechat::account(app, brand_id).await?;
    let push_url = format!("{}/wechat/push/{}", app.config.public_url, account.slug);
    let known = crate::wechat::standin::StandinBrand::of(&account, Some(push_url));
    let known = known.context("the brand's WeChat credentials are not the stand-in's")?;
    standin.register(MessagePurpose::iter().fold(known, |known, purpose| {
        known.with_template(standin_template(purpose), &crate::growth::notify::rules::keywords(purpose))
    }));
    Ok(())
}

pub async fn serve(config: Config, with_worker: bool) -> Result<ExitCode> {
    if config.wechat == WechatMode::Standin {
        if cfg!(not(feature = "standin")) {
            bail!("this program was built without the stand-in; SMALLBATCH_WECHAT must be real");
        }
        if !config.standin_confirmed {
            bail!(
                "SMALLBATCH_WECHAT=standin takes orders that nobody pays. If that is what you want, also set \
                 SMALLBATCH_STANDIN_CONFIRMED={STANDIN_CONFIRMATION}"
            );
        }
        tracing::warn!("WECHAT IS A STAND-IN: sign-ins and payments are pretended");
    }
    let listener = listen(&config)?;
    let with_worker = with_worker && config.worker;
    let mut told = std::pin::pin!(signals()?);
    let running = tokio::select! {
        running = start(config, listener, with_worker) => running?,
        () = &mut told => return Ok(ExitCode::SUCCESS),
    };
    tracing::info!(address = %running.app.config.listen, worker = with_worker, "serving");
    told.await;
    tracing::info!("stopping");
    running.stop().await?;
    Ok(ExitCode::SUCCESS)
}

pub async fn worker(config: Config) -> Result<ExitCode> {
    let mut told = std::pin::pin!(signals()?);
    let app = tokio::select! {
        app = super::offline(config) => app?,
        () = &mut told => return Ok(ExitCode::SUCCESS),
    };
    tracing::info!("working");
    let work = tokio::spawn(worker::run(app.clone()));
    told.await;
    app.stop.cancel();
    work.await?;
    app.db.close().await?;
    Ok(ExitCode::SUCCESS)
}

/// Ends at SIGINT, as from a terminal, or SIGTERM, as from an init system. From this call on they do only that; before it
/// they kill the process.
pub fn signals() -> Result<impl Future<Output = ()>> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
