//! `admin`: what has no place in the public API. Ids and tokens go to standard output, one per line, so
//! that scripts can read them; secrets never come from the command line, where other users could see them.

use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use chrono::Duration;
use clap::{Args, Subcommand, ValueEnum};
use entity::staff::StaffRole;
use entity::subscribe_message::MessagePurpose;
use uuid::Uuid;

use crate::app::App;
use crate::base::crypto::random_token;
use crate::base::id::{BrandId, FactoryId, FactoryKeyId, StaffId};
use crate::config::Config;
use crate::people::admin::{self, NewBrand, NewStaff, WechatCredentials};
use crate::people::query;

#[derive(Subcommand)]
pub enum Action {
    /// Set up a brand; prints its id.
    CreateBrand(CreateBrand),
    /// Give someone of a brand's team an account; prints its id, and the password when it was generated.
    CreateStaff {
        /// Short name of the brand.
        #[arg(long)]
        brand: String,
        #[arg(long)]
        email: String,
        #[arg(long)]
        name: String,
        #[arg(long)]
        role: Role,
        /// Read the password from the first line of standard input; without it one is generated.
        #[arg(long)]
        password_stdin: bool,
    },
    /// Set the template of a brand's subscribe messages for one purpose, chosen in WeChat's console.
    SetTemplate {
        /// Short name of the brand.
        #[arg(long)]
        brand: String,
        #[arg(long)]
        purpose: Purpose,
        /// WeChat's id of the template; without it no such message is sent any more.
        #[arg(long)]
        template: Option<String>,
    },
    /// Enter a factory into the directory; prints its id.
    CreateFactory {
        #[arg(long)]
        name: String,
        #[arg(long)]
        city: String,
    },
    /// Give a factory an API key; prints the key's id and the token, which is shown only now.
    CreateFactoryKey {
        /// `factory_…`
        #[arg(long)]
        factory: String,
        #[arg(long)]
        label: String,
        /// Days until it ends; never without it.
        #[arg(long)]
        days: Option<i64>,
    },
    /// Replace a factory's API key; the old one works on for the overlap. Prints like create-factory-key.
    RotateFactoryKey {
        /// `factory_…`
        #[arg(long)]
        factory: String,
        /// `fkey_…`
        #[arg(long)]
        key: String,
        #[arg(long, default_value_t = 72)]
        overlap_hours: i64,
    },
    /// Bring everything under the current encryption key of the settings; may be interrupted and repeated.
    RotateEncryption,
}

#[derive(Args)]
pub struct CreateBrand {
    /// Short name in links and sign-in: small letters, digits, dashes.
    #[arg(long)]
    slug: String,
    #[arg(long)]
    name: String,
    #[arg(long, default_value = "Asia/Shanghai")]
    time_zone: String,
    #[arg(long, default_value = "CNY")]
    currency: String,
    /// TOML file with the WeChat credentials: appid, app_secret, mchid, merchant_serial, merchant_key_pem,
    /// api_v3_key, platform_key_id, platform_public_key_pem, push_token, push_aes_key, presale_template_id,
    /// balance_template_id, promise_template_id, transfer_template_id.
    #[arg(long)]
    wechat_file: Option<PathBuf>,
    /// Instead of a file: the stand-in's published test account of this number.
    #[arg(long, conflicts_with = "wechat_file")]
    standin_account: Option<u32>,
}

/// What a template's messages tell; its keywords, in this order.
#[derive(Clone, Copy, ValueEnum)]
pub enum Purpose {
    /// A presale opened: thing1 its title, amount2 its price, time3 when it closes.
    Presale,
    /// A balance is due: thing1 the presale, amount2 what is to be paid, time3 until when.
    Balance,
    /// An order is to ship later: thing1 the presale, date2 the new date, time3 until when to answer.
    Promise,
    /// A transfer waits: thing1 what it pays, amount2 how much, time3 until when to confirm it.
    Transfer,
}

impl From<Purpose> for MessagePurpose {
    fn from(purpose: Purpose) -> Self {
        match purpose {
            Purpose::Presale => MessagePurpose::Presale,
            Purpose::Balance => MessagePurpose::Balance,
            Purpose::Promise => MessagePurpose::Promise,
            Purpose::Transfer => MessagePurpose::Transfer,
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Role {
    Owner,
    Merchandiser,
    Designer,
    Support,
    Finance,
}

impl From<Role> for StaffRole {
    fn from(role: Role) -> Self {
        match role {
            Role::Owner => StaffRole::Owner,
            Role::Merchandiser => StaffRole::Merchandiser,
            Role::Designer => StaffRole::Designer,
            Role::Support => StaffRole::Support,
            Role::Finance => StaffRole::Finance,
        }
    }
}

pub async fn run(config: Config, action: Action) -> Result<ExitCode> {
    let app = super::offline(config).await?;
    match action {
        Action::CreateBrand(new) => create_brand(&app, new).await?,
        Action::CreateStaff { brand, email, name, role, password_stdin } => {
            let brand_id = brand_named(&app, &brand).await?;
            let (password, generated) = password(password_stdin)?;
            let new = NewStaff { email, name, role: role.into(), password: password.clone() };
            println!("{}", StaffId::new(admin::create_staff(&app, brand_id, new).await?));
            if generated {
                println!("{password}");
            }
        }
        Action::SetTemplate { brand, purpose, template } => {
            let brand_id = brand_named(&app, &brand).await?;
            admin::set_template(&app, brand_id, purpose.into(), template).await?;
        }
        Action::CreateFactory { name, city } => {
            println!("{}", FactoryId::new(admin::create_factory(&app, &name, &city).await?));
        }
        Action::CreateFactoryKey { factory, label, days } => {
            let end = days.map(|days| app.clock.now() + Duration::days(days));
            let key = admin::create_factory_key(&app, FactoryId::parse(&factory)?.0, &label, end).await?;
            print_key(key);
        }
        Action::RotateFactoryKey { factory, key, overlap_hours } => {
            let (factory, key) = (FactoryId::parse(&factory)?.0, FactoryKeyId::parse(&key)?.0);
            print_key(admin::rotate_factory_key(&app, factory, key, Duration::hours(overlap_hours)).await?);
        }
        Action::RotateEncryption => {
            let rotated = admin::rotate_encryption(&app).await?;
            println!("rewrapped {} members' data keys and {} brands' secrets", rotated.members, rotated.brands);
        }
    }
    app.db.close().await?;
    Ok(ExitCode::SUCCESS)
}

fn print_key((id, token): (Uuid, String)) {
    println!("{}\n{token}", FactoryKeyId::new(id));
}

async fn create_brand(app: &App, new: CreateBrand) -> Result<()> {
    let wechat = match (&new.wechat_file, new.standin_account) {
        (Some(path), None) => credentials(path)?,
        (None, Some(number)) => standin_credentials(&new.slug, number)?,
        _ => bail!("give --wechat-file with the brand's credentials, or --standin-account for a trial"),
    };
    let CreateBrand { slug, name, time_zone, currency, .. } = new;
    let id = admin::create_brand(app, NewBrand { slug, name, time_zone, currency, wechat }).await?;
    println!("{}", BrandId::new(id));
    Ok(())
}

fn credentials(path: &Path) -> Result<WechatCredentials> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    // The parser's message may quote the line with the secret, so only the place is told.
    toml::from_str(&text)
        .map_err(|error| anyhow::anyhow!("{} does not hold the credentials: {}", path.display(), error.message()))
}

#[cfg(feature = "standin")]
fn standin_credentials(slug: &str, number: u32) -> Result<WechatCredentials> {
    let account = crate::wechat::standin::test_account(Uuid::nil(), slug, number);
    Ok(WechatCredentials::of(&account, |purpose| Some(crate::cli::serve::standin_template(purpose).to_owned())))
}

#[cfg(not(feature = "standin"))]
fn standin_credentials(_: &str, _: u32) -> Result<WechatCredentials> {
    bail!("this program was built without the stand-in")
}

async fn brand_named(app: &App, slug: &str) -> Result<Uuid> {
    let brand = query::brand_by_slug(app.db.read(), slug).await;
    Ok(brand.with_context(|| format!("cannot find the brand “{slug}”"))?.id)
}

/// The password and whether it was generated.
fn password(from_stdin: bool) -> Result<(String, bool)> {
    if !from_stdin {
        return Ok((random_token(), true));
    }
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok((line.trim_end_matches(['\r', '\n']).to_owned(), false))
}
