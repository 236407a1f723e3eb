//! `/healthz`: the process answers. `/readyz`: it can do its work. `/metrics`: Prometheus.

use actix_web::{HttpResponse, web};
use migration::{Migrator, MigratorTrait};
use sea_orm::ConnectionTrait;
use serde_json::json;

use crate::app::App;
use crate::base::cache::Cache;

pub async fn healthz(app: web::Data<App>) -> HttpResponse {
    match app.stop.is_cancelled() {
        false => HttpResponse::Ok().json(json!({ "status": "ok" })),
        // A load balancer stops sending here while running requests are finished.
        true => HttpResponse::ServiceUnavailable().json(json!({ "status": "stopping" })),
    }
}

/// Names what is missing, without its address: the database, its migrations, Redis.
pub async fn readyz(app: web::Data<App>) -> HttpResponse {
    let mut missing = Vec::new();
    if app.stop.is_cancelled() {
        missing.push("stopping");
    }
    if app.db.read().execute_unprepared("select 1").await.is_err() {
        missing.push("database");
    } else if !matches!(Migrator::get_pending_migrations_read_only(app.db.read()).await, Ok(pending) if pending.is_empty())
    {
        missing.push("migrations");
    }
    if let Cache::Redis(redis, _) = &app.cache
        && redis::cmd("PING").query_async::<String>(&mut redis.clone()).await.is_err()
    {
        // Without Redis everything still works, slower; the balancer should not take us out for it.
        return ready(missing, json!({ "degraded": ["redis"] }));
    }
    ready(missing, json!({}))
}

fn ready(missing: Vec<&str>, extra: serde_json::Value) -> HttpResponse {
    match missing.is_empty() {
        true => HttpResponse::Ok().json(json!({ "status": "ready", "notes": extra })),
        false => HttpResponse::ServiceUnavailable()
            .json(json!({ "status": "not ready", "missing": missing, "notes": extra })),
    }
}

pub async fn metrics(app: web::Data<App>) -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(app.metrics.text())
}
