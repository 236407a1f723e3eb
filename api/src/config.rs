//! Settings: an optional TOML file, overridden by the environment. Read once; the only reader of the environment.
//!
//! Every setting is one row of [`SETTINGS`], so that the printed configuration, the messages about
//! wrong values and the README's table cannot forget one.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context, Result, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::Duration;

use crate::http::websocket::limits::Patience;

/// One setting: its key in the file, its variable, its default, what it is.
pub struct Setting {
    pub key: &'static str,
    pub env: &'static str,
    pub default: &'static str,
    pub about: &'static str,
    secret: bool,
}

macro_rules! settings {
    (@secret secret) => { true };
    (@secret) => { false };
    ($($key:ident $env:literal $default:literal $about:literal $($secret:ident)?;)*) => {
        /// All settings, in the order they are printed.
        pub const SETTINGS: &[Setting] = &[$(Setting {
            key: stringify!($key), env: $env, default: $default, about: $about, secret: settings!(@secret $($secret)?),
        }),*];
    };
}

settings! {
    listen "SMALLBATCH_LISTEN" "127.0.0.1:8000" "Address and port to serve on.";
    public_url "SMALLBATCH_PUBLIC_URL" "" "How the outside reaches this server, without a trailing slash; empty: http:// and the listen address.";
    data_dir "SMALLBATCH_DATA_DIR" "./smallbatch-data" "Folder of the embedded database, local media and generated keys.";
    database_url "DATABASE_URL" "" "postgres://… or sqlite://…; empty: SQLite in the data folder." secret;
    database_connections "SMALLBATCH_DATABASE_CONNECTIONS" "16" "Connections of the pool, 1 to 200; more than 16 make hot rows slower.";
    redis_url "REDIS_URL" "" "redis://…; empty: cache, limits and fan-out in memory of one process." secret;
    redis_prefix "SMALLBATCH_REDIS_PREFIX" "smallbatch" "Begins every key and channel, so that deployments may share a Redis.";
    media_url "SMALLBATCH_MEDIA_URL" "" "s3://bucket/prefix (needs the s3 build feature); empty: the data folder." secret;
    media_options "SMALLBATCH_MEDIA_OPTIONS" "" "Options of the object store, name=value, comma separated (region, endpoint, access_key_id, secret_access_key)." secret;
    encryption_keys "SMALLBATCH_ENCRYPTION_KEYS" "" "id:base64 of 32 bytes, comma separated, the first one current; empty with SQLite: generated in the data folder." secret;
    worker "SMALLBATCH_WORKER" "true" "Whether serve runs a worker in its process.";
    wechat "SMALLBATCH_WECHAT" "real" "real, or standin: WeChat on loopback, for trying things out.";
    standin_confirmed "SMALLBATCH_STANDIN_CONFIRMED" "" "Must be yes-nobody-pays-here for serve to use the stand-in.";
    standin_port "SMALLBATCH_STANDIN_PORT" "0" "Port of the stand-in; 0: a free one.";
    wechat_api_url "SMALLBATCH_WECHAT_API_URL" "https://api.weixin.qq.com" "Mini-program API.";
    wechat_pay_url "SMALLBATCH_WECHAT_PAY_URL" "https://api.mch.weixin.qq.com" "WeChat Pay API v3.";
    wechat_timeout_seconds "SMALLBATCH_WECHAT_TIMEOUT_SECONDS" "8" "For one call to WeChat, 1 to 60.";
    trusted_proxies "SMALLBATCH_TRUSTED_PROXIES" "" "Addresses of proxies whose X-Forwarded-For is believed, comma separated.";
    introspection "SMALLBATCH_INTROSPECTION" "false" "Whether the schema can be asked for over the API.";
    trusted_operations "SMALLBATCH_TRUSTED_OPERATIONS" "" "JSON file of operations by id, as the Relay compiler or Apollo's manifest generator writes it; empty: none.";
    trusted_only "SMALLBATCH_TRUSTED_ONLY" "false" "Whether only operations of that file are executed.";
    cors_origins "SMALLBATCH_CORS_ORIGINS" "" "Origins of browser clients (https://shop.example), comma separated; *: any; empty: none.";
    keep_answers "SMALLBATCH_KEEP_ANSWERS" "true" "Whether answers to public reads are kept until news of their brand: a second, or half a minute with Redis where only news changes them.";
    graphiql "SMALLBATCH_GRAPHIQL" "false" "Whether GraphiQL is served at /.";
    rate_per_second "SMALLBATCH_RATE_PER_SECOND" "500" "Cost points an actor regains each second.";
    rate_burst "SMALLBATCH_RATE_BURST" "20000" "Cost points an actor may spend at once.";
    socket_init_seconds "SMALLBATCH_SOCKET_INIT_SECONDS" "3" "How long a WebSocket may take to say who it is.";
    socket_ping_seconds "SMALLBATCH_SOCKET_PING_SECONDS" "20" "Between two pings of a WebSocket; one that is silent for twice as long is closed.";
    socket_check_seconds "SMALLBATCH_SOCKET_CHECK_SECONDS" "15" "Between two looks of a WebSocket at who it is, beside those when news tell of a change.";
    socket_stall_seconds "SMALLBATCH_SOCKET_STALL_SECONDS" "10" "How long a WebSocket may leave its answers unread.";
    brand_rate_per_second "SMALLBATCH_BRAND_RATE_PER_SECOND" "20000" "Cost points a brand regains each second, all of its people together.";
    brand_rate_burst "SMALLBATCH_BRAND_RATE_BURST" "400000" "Cost points a brand may spend at once.";
    brand_share_percent "SMALLBATCH_BRAND_SHARE_PERCENT" "75" "Share of the database connections that queries of one brand may use at a time, a quarter of it those of its staff, 1 to 100; answers from memory read by shared statements and are counted apart.";
    brand_queue "SMALLBATCH_BRAND_QUEUE" "1000" "Queries of one brand's members that wait for a connection of its share, and as many of its staff; more are told to come back, 0 to 100000.";
    crowd_per_second "SMALLBATCH_CROWD_PER_SECOND" "500" "Requests a second, for each processor, of one brand that are let in when many come at once while others are there, from 1; who goes on for two seconds is not held back any more.";
    request_seconds "SMALLBATCH_REQUEST_SECONDS" "10" "How long the head of a request may take to arrive, 1 to 600.";
    unread_seconds "SMALLBATCH_UNREAD_SECONDS" "60" "How long a client may read nothing of what waits for it before its connection ends, 5 to 3600.";
    body_seconds "SMALLBATCH_BODY_SECONDS" "120" "How long the body of a request may take to arrive, 1 to 3600.";
    session_hours "SMALLBATCH_SESSION_HOURS" "24" "Life of an access token.";
    refresh_days "SMALLBATCH_REFRESH_DAYS" "60" "Life of a refresh token.";
    hold_minutes "SMALLBATCH_HOLD_MINUTES" "15" "How long an unpaid order holds its pieces.";
    order_queue "SMALLBATCH_ORDER_QUEUE" "20000" "Orders that may wait for one presale, 1 to 1000000; more are told to come again.";
    vote_queue "SMALLBATCH_VOTE_QUEUE" "5000" "Picks that may wait for one round, 1 to 1000000; more are told to come again.";
    lease_minutes "SMALLBATCH_LEASE_MINUTES" "240" "How long a factory may think about a claimed batch.";
    receipt_days "SMALLBATCH_RECEIPT_DAYS" "10" "Days after shipping when a parcel counts as received.";
    transfer_min_fen "SMALLBATCH_TRANSFER_MIN_FEN" "10" "Least fen of one merchant transfer, 1 to 100; WeChat Pay's default is 10.";
    transfer_max_fen "SMALLBATCH_TRANSFER_MAX_FEN" "20000" "Most fen of one merchant transfer, 200 to 199999 (from 2000 yuan on WeChat Pay wants a real name); its default is 20000.";
    shutdown_seconds "SMALLBATCH_SHUTDOWN_SECONDS" "20" "How long a stop waits for running requests.";
    log "SMALLBATCH_LOG" "info" "Filter: error, warn, info, debug, or per target (smallbatch=debug).";
    log_format "SMALLBATCH_LOG_FORMAT" "text" "text or json.";
}

/// What `serve` needs to be told before it uses the stand-in.
pub const STANDIN_CONFIRMATION: &str = "yes-nobody-pays-here";

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WechatMode {
    Real,
    Standin,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}

/// The effective settings, checked.
#[derive(Clone)]
pub struct Config {
    pub listen: SocketAddr,
    pub public_url: String,
    pub data_dir: PathBuf,
    pub database_url: String,
    pub database_connections: u32,
    pub redis_url: Option<String>,
    pub redis_prefix: String,
    pub media_url: Option<String>,
    pub media_options: BTreeMap<String, String>,
    /// Key id → 32 bytes; empty when they are to be generated.
    pub encryption_keys: BTreeMap<String, Vec<u8>>,
    pub current_key: String,
    pub worker: bool,
    pub wechat: WechatMode,
    pub standin_confirmed: bool,
    pub standin_port: u16,
    pub wechat_api_url: String,
    pub wechat_pay_url: String,
    pub wechat_timeout: std::time::Duration,
    pub trusted_proxies: Vec<std::net::IpAddr>,
    pub introspection: bool,
    pub trusted_operations: Option<PathBuf>,
    pub trusted_only: bool,
    pub cors_origins: Vec<String>,
    pub keep_answers: bool,
    pub graphiql: bool,
    pub rate_per_second: NonZeroU32,
    pub rate_burst: NonZeroU32,
    pub socket_patience: Patience,
    pub brand_rate_per_second: NonZeroU32,
    pub brand_rate_burst: NonZeroU32,
    /// Queries of one brand's members that run at a time: what its share leaves to them.
    pub member_share: usize,
    /// Those of its staff: a quarter of its share.
    pub staff_share: usize,
    /// Pushes of one brand that are read at a time: half of the connections that its queries leave to others.
    pub push_share: usize,
    pub brand_queue: usize,
    /// Of one brand while others are there, when many come at once.
    pub crowd_per_second: NonZeroU32,
    pub request_patience: std::time::Duration,
    pub unread_patience: std::time::Duration,
    pub body_patience: std::time::Duration,
    pub session_life: Duration,
    pub refresh_life: Duration,
    pub hold: Duration,
    pub order_queue: usize,
    pub vote_queue: usize,
    pub lease: Duration,
    pub receipt: Duration,
    /// Fen.
    pub transfer_min: i64,
    /// Fen.
    pub transfer_max: i64,
    pub shutdown_seconds: u64,
    pub log: String,
    pub log_format: LogFormat,
    raw: BTreeMap<&'static str, String>,
}

impl Config {
    /// Reads `file` when given, then the environment, then checks everything.
    #[allow(clippy::disallowed_methods)] // the one reader of the environment
    pub fn load(file: Option<&Path>) -> Result<Self> {
        let file = match file {
            Some(path) => {
                let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
                toml::from_str(&text).with_context(|| format!("{} is not valid TOML", path.display()))?
            }
            None => toml::Table::new(),
        };
        Self::from_parts(&file, |name| std::env::var(name).ok())
    }

    /// Settings from a table and a look-up; what [`Config::load`] does without the outside world.
    pub fn from_parts(file: &toml::Table, env: impl Fn(&str) -> Option<String>) -> Result<Self> {
        if let Some(unknown) = file.keys().find(|key| SETTINGS.iter().all(|setting| setting.key != **key)) {
            let known: Vec<_> = SETTINGS.iter().map(|setting| setting.key).collect();
            bail!("there is no setting “{unknown}”; known ones: {}", known.join(", "));
        }
        let mut raw = BTreeMap::new();
        for setting in SETTINGS {
            let from_file = match file.get(setting.key) {
                None => None,
                Some(toml::Value::String(text)) => Some(text.clone()),
                Some(toml::Value::Integer(number)) => Some(number.to_string()),
                Some(toml::Value::Boolean(flag)) => Some(flag.to_string()),
                Some(_) => bail!("the setting “{}” must be a text, a whole number, true or false", setting.key),
            };
            let value = env(setting.env).or(from_file).unwrap_or_else(|| setting.default.to_owned());
            raw.insert(setting.key, value.trim().to_owned());
        }
        Reader(raw).read()
    }

    /// One line per setting, secrets masked.
    pub fn printed(&self) -> String {
        let mut out = String::new();
        for setting in SETTINGS {
            let value = &self.raw[setting.key];
            let shown = if setting.secret { mask(value) } else { value.clone() };
            out.push_str(&format!("{} = {:?}  # {} — {}\n", setting.key, shown, setting.env, setting.about));
        }
        out
    }
}

/// Keeps the scheme of a URL, which is what an operator checks; hides the rest.
fn mask(value: &str) -> String {
    match value.split_once("://") {
        _ if value.is_empty() => String::new(),
        Some((scheme, _)) => format!("{scheme}://***"),
        None => "***".to_owned(),
    }
}

struct Reader(BTreeMap<&'static str, String>);

impl Reader {
    fn read(self) -> Result<Config> {
        let listen: SocketAddr = self.parse("listen", "an address and port such as 127.0.0.1:8000")?;
        let data_dir = PathBuf::from(self.text("data_dir"));
        let (encryption_keys, current_key) = self.keys()?;
        let database_url = match self.text("database_url") {
            "" => format!("sqlite://{}", data_dir.join("smallbatch.db").display()),
            url if url.starts_with("sqlite:") || url.starts_with("postgres://") || url.starts_with("postgresql://") => {
                url.to_owned()
            }
            _ => return Err(self.wrong("database_url", "postgres://… or sqlite://…")),
        };
        if encryption_keys.is_empty() && !database_url.starts_with("sqlite:") {
            bail!(
                "SMALLBATCH_ENCRYPTION_KEYS must be set with PostgreSQL (id:base64 of 32 bytes, for example k1:$(head -c 32 /dev/urandom | base64)); \
                 keep it as safe as the database's backups, apart from them"
            );
        }
        let public_url = match self.text("public_url").trim_end_matches('/') {
            "" => format!("http://{listen}"),
            url if url.starts_with("http://") || url.starts_with("https://") => url.to_owned(),
            _ => return Err(self.wrong("public_url", "an http:// or https:// address")),
        };
        Ok(Config {
            listen,
            public_url,
            data_dir,
            database_url,
            database_connections: self.within("database_connections", 1, 200)?,
            redis_url: self.url("redis_url", &["redis://", "rediss://"])?,
            redis_prefix: self.text("redis_prefix").to_owned(),
            media_url: self.url("media_url", &["s3://"])?,
            media_options: self.pairs("media_options")?,
            encryption_keys,
            current_key,
            worker: self.flag("worker")?,
            wechat: self.one_of("wechat", &[("real", WechatMode::Real), ("standin", WechatMode::Standin)])?,
            standin_confirmed: self.text("standin_confirmed") == STANDIN_CONFIRMATION,
            standin_port: self.parse("standin_port", "a port, 0 to 65535")?,
            wechat_api_url: self.base_url("wechat_api_url")?,
            wechat_pay_url: self.base_url("wechat_pay_url")?,
            wechat_timeout: std::time::Duration::from_secs(self.within("wechat_timeout_seconds", 1, 60)?),
            trusted_proxies: self.addresses("trusted_proxies")?,
            introspection: self.flag("introspection")?,
            trusted_operations: Some(self.text("trusted_operations"))
                .filter(|path| !path.is_empty())
                .map(PathBuf::from),
            trusted_only: self.trusted_only()?,
            cors_origins: self.origins("cors_origins")?,
            keep_answers: self.flag("keep_answers")?,
            graphiql: self.flag("graphiql")?,
            rate_per_second: self.parse("rate_per_second", "a whole number from 1")?,
            rate_burst: self.parse("rate_burst", "a whole number from 1")?,
            socket_patience: self.socket_patience()?,
            brand_rate_per_second: self.parse("brand_rate_per_second", "a whole number from 1")?,
            brand_rate_burst: self.parse("brand_rate_burst", "a whole number from 1")?,
            member_share: (self.brand_share()? - self.staff_share()?).max(1),
            staff_share: self.staff_share()?,
            push_share: ((self.connections()? - self.brand_share()?) / 2).max(1),
            brand_queue: self.within("brand_queue", 0, 100_000)?,
            crowd_per_second: self.crowd_per_second()?,
            request_patience: std::time::Duration::from_secs(self.within("request_seconds", 1, 600)?),
            unread_patience: std::time::Duration::from_secs(self.within("unread_seconds", 5, 3600)?),
            body_patience: std::time::Duration::from_secs(self.within("body_seconds", 1, 3600)?),
            session_life: Duration::hours(self.within("session_hours", 1, 24 * 30)?),
            refresh_life: Duration::days(self.within("refresh_days", 1, 365)?),
            hold: Duration::minutes(self.within("hold_minutes", 1, 120)?),
            order_queue: self.within("order_queue", 1, 1_000_000)?,
            vote_queue: self.within("vote_queue", 1, 1_000_000)?,
            lease: Duration::minutes(self.within("lease_minutes", 1, 60 * 24 * 14)?),
            receipt: Duration::days(self.within("receipt_days", 1, 60)?),
            transfer_min: self.within("transfer_min_fen", 1, 100)?,
            transfer_max: self.within("transfer_max_fen", 200, 199_999)?,
            shutdown_seconds: self.within("shutdown_seconds", 0, 600)?,
            log: self.text("log").to_owned(),
            log_format: self.one_of("log_format", &[("text", LogFormat::Text), ("json", LogFormat::Json)])?,
            raw: self.0,
        })
    }

    fn socket_patience(&self) -> Result<Patience> {
        let seconds = |key| self.within(key, 1, 300).map(std::time::Duration::from_secs);
        Ok(Patience {
            init: seconds("socket_init_seconds")?,
            ping: seconds("socket_ping_seconds")?,
            check: seconds("socket_check_seconds")?,
            stall: seconds("socket_stall_seconds")?,
        })
    }

    /// At least one, so that a small pool serves everybody.
    fn brand_share(&self) -> Result<usize> {
        let percent: usize = self.within("brand_share_percent", 1, 100)?;
        Ok((self.connections()? * percent / 100).max(1))
    }

    /// Of the share of their brand.
    fn staff_share(&self) -> Result<usize> {
        Ok((self.brand_share()? / 4).max(1))
    }

    /// Of all processors.
    fn crowd_per_second(&self) -> Result<NonZeroU32> {
        let each: NonZeroU32 = self.parse("crowd_per_second", "a whole number from 1")?;
        let processors = std::thread::available_parallelism().ok().and_then(|count| count.try_into().ok());
        Ok(each.saturating_mul(processors.unwrap_or(NonZeroU32::MIN)))
    }

    fn connections(&self) -> Result<usize> {
        self.within("database_connections", 1, 200)
    }

    fn text(&self, key: &str) -> &str {
        &self.0[key]
    }

    fn wrong(&self, key: &str, allowed: &str) -> anyhow::Error {
        let setting = SETTINGS.iter().find(|setting| setting.key == key).expect("a known setting");
        let value = if setting.secret { "the given value".to_owned() } else { format!("{:?}", self.text(key)) };
        anyhow::anyhow!("{} ({}): {value} is not allowed; it must be {allowed}", setting.env, key)
    }

    fn parse<T: FromStr>(&self, key: &str, allowed: &str) -> Result<T> {
        self.text(key).parse().map_err(|_| self.wrong(key, allowed))
    }

    fn within<T: FromStr + PartialOrd + std::fmt::Display>(&self, key: &str, low: T, high: T) -> Result<T> {
        let allowed = format!("a whole number from {low} to {high}");
        let value: T = self.parse(key, &allowed)?;
        if value < low || value > high { Err(self.wrong(key, &allowed)) } else { Ok(value) }
    }

    fn flag(&self, key: &str) -> Result<bool> {
        self.one_of(key, &[("true", true), ("false", false), ("1", true), ("0", false)])
    }

    fn one_of<T: Clone>(&self, key: &str, choices: &[(&str, T)]) -> Result<T> {
        let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
        let found = choices.iter().find(|(name, _)| *name == self.text(key));
        found.map(|(_, value)| value.clone()).ok_or_else(|| self.wrong(key, &format!("one of {}", names.join(", "))))
    }

    fn url(&self, key: &str, schemes: &[&str]) -> Result<Option<String>> {
        match self.text(key) {
            "" => Ok(None),
            url if schemes.iter().any(|scheme| url.starts_with(scheme)) => Ok(Some(url.to_owned())),
            _ => Err(self.wrong(key, &format!("empty or begin with {}", schemes.join(" or ")))),
        }
    }

    fn addresses(&self, key: &str) -> Result<Vec<std::net::IpAddr>> {
        let parts = self.text(key).split(',').map(str::trim).filter(|part| !part.is_empty());
        parts.map(|part| part.parse().map_err(|_| self.wrong(key, "IP addresses, comma separated"))).collect()
    }

    fn trusted_only(&self) -> Result<bool> {
        if self.flag("trusted_only")? && self.text("trusted_operations").is_empty() {
            bail!("SMALLBATCH_TRUSTED_ONLY needs SMALLBATCH_TRUSTED_OPERATIONS, or nothing could be executed");
        }
        self.flag("trusted_only")
    }

    /// As browsers send them: scheme, host and port, nothing after.
    fn origins(&self, key: &str) -> Result<Vec<String>> {
        let parts = self.text(key).split(',').map(str::trim).filter(|part| !part.is_empty());
        let is_origin = |part: &str| {
            let host = part.strip_prefix("https://").or_else(|| part.strip_prefix("http://")).unwrap_or_default();
            part == "*" || !host.is_empty() && host.bytes().all(|b| b.is_ascii_graphic() && !b"/?#@".contains(&b))
        };
        let wrong = || self.wrong(key, "origins such as https://shop.example without a path, comma separated, or *");
        parts.map(|part| if is_origin(part) { Ok(part.to_ascii_lowercase()) } else { Err(wrong()) }).collect()
    }

    fn pairs(&self, key: &str) -> Result<BTreeMap<String, String>> {
        let parts = self.text(key).split(',').map(str::trim).filter(|part| !part.is_empty());
        let pair =
            |part: &str| part.split_once('=').map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()));
        parts.map(|part| pair(part).ok_or_else(|| self.wrong(key, "name=value pairs, comma separated"))).collect()
    }

    fn base_url(&self, key: &str) -> Result<String> {
        let url = self.text(key).trim_end_matches('/');
        if url.starts_with("https://") || url.starts_with("http://127.0.0.1") || url.starts_with("http://localhost") {
            return Ok(url.to_owned());
        }
        Err(self.wrong(key, "an https:// address (http:// only on loopback)"))
    }

    fn keys(&self) -> Result<(BTreeMap<String, Vec<u8>>, String)> {
        let allowed = "id:base64 of exactly 32 bytes, comma separated, the current one first";
        let mut keys = BTreeMap::new();
        let mut current = String::new();
        for part in self.text("encryption_keys").split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (id, key) = part.split_once(':').ok_or_else(|| self.wrong("encryption_keys", allowed))?;
            let key = STANDARD.decode(key).map_err(|_| self.wrong("encryption_keys", allowed))?;
            if id.is_empty() || key.len() != crate::base::crypto::KEY_LEN || keys.insert(id.to_owned(), key).is_some() {
                return Err(self.wrong("encryption_keys", allowed));
            }
            if current.is_empty() {
                current = id.to_owned();
            }
        }
        Ok((keys, current))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(pairs: &[(&str, &str)]) -> Result<Config> {
        let file = pairs.iter().map(|(key, value)| (key.to_string(), toml::Value::String(value.to_string()))).collect();
        Config::from_parts(&file, |_| None)
    }

    #[test]
    fn the_defaults_are_valid_and_the_environment_wins_over_the_file() {
        let file = toml::from_str("listen = \"127.0.0.1:9000\"\nhold_minutes = 20").unwrap();
        let config =
            Config::from_parts(&file, |name| (name == "SMALLBATCH_LISTEN").then(|| "127.0.0.1:9001".into())).unwrap();
        assert_eq!((config.listen.port(), config.hold), (9001, Duration::minutes(20)));
    }

    #[test]
    fn a_wrong_value_is_refused_with_its_name_and_what_is_allowed() {
        for (key, value, says) in [
            ("listen", "here", "SMALLBATCH_LISTEN"),
            ("hold_minutes", "0", "from 1 to 120"),
            ("wechat", "fake", "one of real, standin"),
            ("wechat_pay_url", "http://example.com", "https://"),
            ("encryption_keys", "k1:c2hvcnQ=", "32 bytes"),
            ("cors_origins", "https://shop.example/", "without a path"),
            ("cors_origins", "shop.example", "without a path"),
            ("trusted_only", "true", "SMALLBATCH_TRUSTED_OPERATIONS"),
        ] {
            let error = with(&[(key, value)]).err().expect(key).to_string();
            assert!(error.contains(says), "{error}");
        }
        assert!(with(&[("listne", "x")]).err().unwrap().to_string().contains("listne"));
    }

    #[test]
    fn printing_masks_secrets_and_messages_about_them_do_not_repeat_them() {
        let config = with(&[("redis_url", "redis://:hunter2@127.0.0.1/")]).unwrap();
        assert!(config.printed().contains("redis://***") && !config.printed().contains("hunter2"));
        let error = with(&[("redis_url", "hunter2")]).err().unwrap().to_string();
        assert!(!error.contains("hunter2"), "{error}");
    }
}
