//! Databases that live as long as a measurement, and servers on them.

use std::process::Command;

use anyhow::{Context, Result};
use load::plan::Plan;
use load::server::{self, Launch, Server, connect};
use sea_orm::ConnectionTrait;

use crate::Shared;

/// A seeded database; [`Place::drop`] removes it.
pub struct Place {
    pub name: String,
    pub url: String,
    admin: String,
}

impl Place {
    /// A fresh database filled with the plan.
    pub async fn seeded(shared: &Shared, name: &str, plan: &Plan) -> Result<Self> {
        let place = Place::create(shared, name, "").await?;
        server::prepare(&place.url, plan).await?;
        Ok(place)
    }

    /// A copy of another one, which nobody may be connected to.
    pub async fn copy(&self, shared: &Shared, name: &str) -> Result<Self> {
        Place::create(shared, name, &format!("template {}", self.name)).await
    }

    async fn create(shared: &Shared, name: &str, how: &str) -> Result<Self> {
        let name = format!("bench_{}_{name}", std::process::id());
        let admin = connect(&shared.postgres, false).await?;
        admin.execute_unprepared(&format!("create database {name} {how}")).await?;
        admin.close().await?;
        let (server, _) = shared.postgres.rsplit_once('/').context("--postgres must end in /database")?;
        Ok(Place { url: format!("{server}/{name}"), name, admin: shared.postgres.clone() })
    }

    pub async fn drop(self) -> Result<()> {
        let admin = connect(&self.admin, false).await?;
        admin.execute_unprepared(&format!("drop database {} with (force)", self.name)).await?;
        Ok(admin.close().await?)
    }

    pub fn launch(&self, shared: &Shared) -> Result<Launch> {
        let mut set = vec![("redis_prefix".to_owned(), self.name.clone())];
        set.extend(shared.set.iter().cloned());
        Ok(Launch {
            program: server::program(shared.program.as_deref())?,
            database_url: self.url.clone(),
            redis_url: shared.redis.clone(),
            set,
            dir: shared.out.join("servers").join(&self.name),
        })
    }

    pub async fn serve(&self, shared: &Shared) -> Result<Server> {
        Server::start(&self.launch(shared)?).await
    }

    /// `smallbatch check`: whether everything that must hold does.
    pub fn check(&self, shared: &Shared) -> Result<()> {
        let launch = self.launch(shared)?;
        let mut command = Command::new(&launch.program);
        command.arg("check").env("DATABASE_URL", &self.url).env("SMALLBATCH_ENCRYPTION_KEYS", load::plan::KEYS);
        let said = command.env("SMALLBATCH_DATA_DIR", &launch.dir).output()?;
        let out = String::from_utf8_lossy(&said.stdout);
        anyhow::ensure!(said.status.success(), "check found breaches:\n{out}");
        println!("check: {}", out.lines().last().unwrap_or_default());
        Ok(())
    }
}
