//! Where things are wired together, and nowhere else.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::base::bus::Bus;
use crate::base::cache::Cache;
use crate::base::clock::Clock;
use crate::base::crypto::{KEY_LEN, Keyring, random_token};
use crate::base::db::Db;
use crate::base::fresh::Fresh;
use crate::base::home::Home;
use crate::base::id::{Ids, random_bytes};
use crate::base::limit::{Limiter, Rate};
use crate::base::neighbours::Neighbours;
use crate::base::share::Shares;
use crate::config::Config;
use crate::flow::{order, presale, round};
use crate::http::entrance::Entrance;
use crate::http::graphql::trusted::Trusted;
use crate::http::guard::{Documents, Limits};
use crate::http::metrics::Metrics;
use crate::people::authenticate::Sessions;
use crate::reads::Reads;
use crate::storage::Storage;
use crate::wechat::{Wechat, WechatConfig};

/// Enough that those who are filled read their own part by shared statements; of a crowd beside others fewer.
const KEPT_AT_ONCE: usize = 16;

/// Everything a use case may reach. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Parts>);

pub struct Parts {
    pub config: Config,
    pub db: Db,
    pub home: Home,
    pub cache: Cache,
    pub bus: Bus,
    pub fresh: Fresh,
    pub sessions: Sessions,
    pub reads: Reads,
    pub limiter: Limiter,
    /// Queries of a brand's members that run at a time; a factory, who belongs to none, has a share by herself.
    pub shares: Shares<Uuid>,
    /// Those of a brand's staff: its shop must not wait for their long reports.
    pub staff_shares: Shares<Uuid>,
    /// Answers from what is kept that are filled at a time. They are quick, so any number may wait.
    pub kept_shares: Shares<Uuid>,
    /// Pushes that are read at a time. Each subscription has one at most, and sockets are counted, so any number may
    /// wait.
    pub pushes: Shares<Uuid>,
    pub clock: Clock,
    pub ids: Ids,
    pub keyring: Keyring,
    pub wechat: Wechat,
    pub storage: Storage,
    /// Who else is there.
    pub neighbours: Neighbours,
    /// How a crowd comes in beside them.
    pub entrance: Entrance,
    /// Orders in flight.
    pub orders: order::service::Queue,
    /// Picks in flight.
    pub votes: round::service::Votes,
    /// Members whose picks are being read.
    pub picks: round::mine::Reading,
    /// Tallies of the last second.
    pub standings: round::standing::Standings,
    /// Pieces sold and left in the last second.
    pub sales: presale::sale::Sales,
    pub metrics: Metrics,
    /// GraphQL documents that were accepted lately.
    pub documents: Documents,
    pub trusted: Trusted,
    /// Cancelled when the process is to stop.
    pub stop: CancellationToken,
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl App {
    /// Connects to everything the settings name. Does not migrate.
    pub async fn start(config: Config, clock: Clock) -> anyhow::Result<Self> {
        let db =
            Db::connect(&config.database_url, config.database_connections).await.context("cannot open the database")?;
        let stop = CancellationToken::new();
        let (cache, bus, redis) = match &config.redis_url {
            None => (Cache::memory(), Bus::memory(), None),
            Some(url) => {
                let prefix = &config.redis_prefix;
                let client = redis::Client::open(url.as_str()).context("REDIS_URL is not a Redis address")?;
                let manager = client.get_connection_manager().await.context("cannot reach Redis")?;
                (
                    Cache::Redis(manager.clone(), prefix.clone()),
                    Bus::redis(client, manager.clone(), prefix, &random_token(), stop.clone()),
                    Some((manager, prefix.clone())),
                )
            }
        };
        let limiter = Limiter::new(
            Rate { per_second: config.rate_per_second, burst: config.rate_burst },
            Rate { per_second: config.brand_rate_per_second, burst: config.brand_rate_burst },
            redis,
        );
        let keyring = keyring(&config)?;
        let storage = match &config.media_url {
            None => Storage::local(&config.data_dir.join("media"))?,
            Some(url) => remote_storage(url, &config)?,
        };
        let wechat = Wechat::new(
            WechatConfig {
                api_base: config.wechat_api_url.clone(),
                pay_base: config.wechat_pay_url.clone(),
                public_base_url: config.public_url.clone(),
                timeout: config.wechat_timeout,
            },
            clock.clone(),
        )?;
        let neighbours = Neighbours::default();
        Ok(App(Arc::new(Parts {
            db,
            home: Home::here(),
            cache,
            fresh: Fresh::new(clock.clone(), bus.clone(), stop.clone()),
            bus,
            sessions: Sessions::default(),
            reads: Reads::default(),
            limiter,
            shares: Shares::new(config.member_share),
            staff_shares: Shares::new(config.staff_share),
            kept_shares: Shares::new(KEPT_AT_ONCE),
            pushes: Shares::new(config.push_share),
            ids: Ids::new(clock.clone()),
            clock,
            keyring,
            wechat,
            storage,
            orders: order::service::queue(config.order_queue, neighbours.clone()),
            votes: round::service::votes(config.vote_queue, neighbours.clone()),
            neighbours,
            entrance: Entrance::new(config.crowd_per_second),
            picks: round::mine::Reading::default(),
            standings: round::standing::Standings::default(),
            sales: presale::sale::Sales::default(),
            metrics: Metrics::new(),
            documents: Documents::new(Limits::default()),
            trusted: Trusted::load(config.trusted_operations.as_deref(), config.trusted_only)?,
            stop,
            config,
        })))
    }
}

#[cfg(feature = "s3")]
fn remote_storage(url: &str, config: &Config) -> anyhow::Result<Storage> {
    Ok(Storage::s3(url, &config.media_options)?)
}

#[cfg(not(feature = "s3"))]
fn remote_storage(_: &str, _: &Config) -> anyhow::Result<Storage> {
    anyhow::bail!("SMALLBATCH_MEDIA_URL needs a program built with `--features s3`")
}

/// The keys of the settings; with the embedded database and none given, one generated next to it.
fn keyring(config: &Config) -> anyhow::Result<Keyring> {
    if !config.encryption_keys.is_empty() {
        return Ok(Keyring::new(&config.current_key, &config.encryption_keys)?);
    }
    let path = config.data_dir.join("encryption.key");
    let key = match std::fs::read_to_string(&path) {
        Ok(text) => STANDARD.decode(text.trim()).with_context(|| format!("{} is damaged", path.display()))?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => generate_key(&path)?,
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    };
    Ok(Keyring::new("local", &BTreeMap::from([("local".to_owned(), key)]))?)
}

fn generate_key(path: &Path) -> anyhow::Result<Vec<u8>> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let mut key = vec![0; KEY_LEN];
    random_bytes(&mut key);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    // `create_new`: of two processes starting together one wins and the other says so, instead of
    // sealing with a key that is not kept.
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(STANDARD.encode(&key).as_bytes())?;
    file.sync_all()?;
    Ok(key)
}
