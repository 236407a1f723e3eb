//! The migrated catalogue keeps the data rules that keep every scaling door open.

use std::collections::{BTreeMap, BTreeSet};

use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, DbBackend, QueryResult, Statement};

use super::*;

/// Directories across brands: an appid or merchant account belongs to one brand of the whole platform.
const GLOBAL: &[&str] = &["brand", "brand_wechat", "factory", "factory_key", "factory_feed", "seaql_migrations"];
/// Indexes a worker scans across brands to find what is due; on shards each scans its own.
const QUEUES: &[&str] = &["outbox_due", "timer_due"];

#[derive(Debug, Default)]
struct Table {
    columns: BTreeMap<String, String>,
    primary_key: Vec<String>,
    /// Name → (unique, columns).
    indexes: BTreeMap<String, (bool, Vec<String>)>,
    /// Target table → pairs of (column, target column), one entry per constraint.
    foreign_keys: Vec<(String, Vec<(String, String)>)>,
}

async fn rows(app: &TestApp, text: &str) -> Vec<QueryResult> {
    let db = app.app.db.read();
    db.query_all_raw(Statement::from_string(db.get_database_backend(), text)).await.expect("the catalogue reads")
}

/// An expression in an index has no name.
fn text(row: &QueryResult, column: &str) -> String {
    row.try_get::<Option<String>>("", column).expect("a text column").unwrap_or_default()
}

async fn catalogue(app: &TestApp) -> BTreeMap<String, Table> {
    match app.app.db.backend() {
        DbBackend::Sqlite => sqlite_catalogue(app).await,
        _ => postgres_catalogue(app).await,
    }
}

async fn sqlite_catalogue(app: &TestApp) -> BTreeMap<String, Table> {
    let mut tables = BTreeMap::new();
    for row in rows(app, "select name from sqlite_master where type = 'table' and name not like 'sqlite_%'").await {
        let name = text(&row, "name");
        let mut table = Table::default();
        let mut key = BTreeMap::new();
        for column in rows(app, &format!("select name, type, pk from pragma_table_info('{name}')")).await {
            table.columns.insert(text(&column, "name"), text(&column, "type").to_lowercase());
            let place: i32 = column.try_get("", "pk").expect("a number");
            if place > 0 {
                key.insert(place, text(&column, "name"));
            }
        }
        table.primary_key = key.into_values().collect();
        for index in rows(app, &format!("select name, \"unique\" as is_unique from pragma_index_list('{name}')")).await
        {
            let index_name = text(&index, "name");
            let parts = rows(app, &format!("select name from pragma_index_info('{index_name}') order by seqno")).await;
            let unique: i32 = index.try_get("", "is_unique").expect("a number");
            table.indexes.insert(index_name, (unique == 1, parts.iter().map(|part| text(part, "name")).collect()));
        }
        let mut keys: BTreeMap<i32, (String, Vec<(String, String)>)> = BTreeMap::new();
        let listing = format!(
            "select id, \"table\" as target, \"from\" as source, \"to\" as aim from pragma_foreign_key_list('{name}') order by seq"
        );
        for key in rows(app, &listing).await {
            let entry = keys.entry(key.try_get("", "id").expect("a number")).or_default();
            entry.0 = text(&key, "target");
            entry.1.push((text(&key, "source"), text(&key, "aim")));
        }
        table.foreign_keys = keys.into_values().collect();
        tables.insert(name, table);
    }
    tables
}

async fn postgres_catalogue(app: &TestApp) -> BTreeMap<String, Table> {
    let mut tables: BTreeMap<String, Table> = BTreeMap::new();
    let columns = "select table_name::text as t, column_name::text as c, data_type::text as d from information_schema.columns \
                   where table_schema = 'public'";
    for row in rows(app, columns).await {
        tables.entry(text(&row, "t")).or_default().columns.insert(text(&row, "c"), text(&row, "d"));
    }
    let indexes = "select c.relname::text as t, i.relname::text as i, x.indisunique as u, x.indisprimary as p, \
                   array_to_string(array(select a.attname from unnest(x.indkey) with ordinality k(n, o) join pg_attribute a \
                   on a.attrelid = c.oid and a.attnum = k.n order by k.o), ',') as cols from pg_index x \
                   join pg_class c on c.oid = x.indrelid join pg_class i on i.oid = x.indexrelid \
                   join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'public'";
    for row in rows(app, indexes).await {
        let table = tables.entry(text(&row, "t")).or_default();
        let columns: Vec<String> = text(&row, "cols").split(',').map(str::to_owned).collect();
        if row.try_get::<bool>("", "p").expect("a flag") {
            table.primary_key = columns;
        } else {
            table.indexes.insert(text(&row, "i"), (row.try_get("", "u").expect("a flag"), columns));
        }
    }
    let keys = "select c.conrelid::regclass::text as t, c.confrelid::regclass::text as target, \
                array_to_string(array(select a.attname from unnest(c.conkey) with ordinality k(n, o) join pg_attribute a \
                on a.attrelid = c.conrelid and a.attnum = k.n order by k.o), ',') as source, \
                array_to_string(array(select a.attname from unnest(c.confkey) with ordinality k(n, o) join pg_attribute a \
                on a.attrelid = c.confrelid and a.attnum = k.n order by k.o), ',') as aim from pg_constraint c where c.contype = 'f'";
    for row in rows(app, keys).await {
        let (source, aim) = (text(&row, "source"), text(&row, "aim"));
        let pairs = source.split(',').map(str::to_owned).zip(aim.split(',').map(str::to_owned)).collect();
        tables.entry(text(&row, "t")).or_default().foreign_keys.push((text(&row, "target"), pairs));
    }
    tables
}

fn problems(tables: &BTreeMap<String, Table>) -> Vec<String> {
    let global: BTreeSet<&str> = GLOBAL.iter().copied().collect();
    let mut found = Vec::new();
    for (name, table) in tables {
        for (column, kind) in &table.columns {
            if ["real", "float", "double precision", "numeric", "timestamp without time zone", "money"]
                .contains(&kind.as_str())
            {
                found.push(format!("{name}.{column} is {kind}: money is whole fen, instants carry their zone"));
            }
        }
        if global.contains(name.as_str()) {
            continue;
        }
        if table.primary_key.first().is_none_or(|first| first != "brand_id") {
            found.push(format!("{name}: the primary key is not led by brand_id"));
        }
        for (index, (unique, columns)) in &table.indexes {
            if columns.first().is_none_or(|first| first != "brand_id") && !QUEUES.contains(&index.as_str()) {
                found.push(format!(
                    "{name}: {} {index} is not led by brand_id",
                    if *unique { "unique key" } else { "index" }
                ));
            }
        }
        for (target, pairs) in &table.foreign_keys {
            if !global.contains(target.as_str()) && !pairs.contains(&("brand_id".to_owned(), "brand_id".to_owned())) {
                found.push(format!("{name}: a reference to {target} may leave the brand"));
            }
        }
    }
    found
}

e2e! {
    async fn every_table_is_led_by_its_brand(app) {
        let tables = catalogue(app).await;
        assert!(tables.len() > 50, "the catalogue was read: {}", tables.len());
        assert_eq!(problems(&tables), Vec::<String>::new());
    }

    async fn both_databases_hold_the_columns_of_the_entities(app) {
        let tables = catalogue(app).await;
        assert!(tables["orders"].columns.contains_key("promise_date"));
        let triggers = match app.app.db.backend() {
            DbBackend::Sqlite => "select name from sqlite_master where type = 'trigger'",
            _ => "select tgname::text as name from pg_trigger where not tgisinternal",
        };
        assert!(rows(app, triggers).await.is_empty(), "no triggers on the path of correctness");
    }

    async fn migrations_go_up_down_and_up_again(app) {
        let before = catalogue(app).await.into_keys().collect::<Vec<_>>();
        Migrator::down(app.app.db.read(), None).await.expect("down");
        assert_eq!(catalogue(app).await.into_keys().collect::<Vec<_>>(), ["seaql_migrations"]);
        Migrator::up(app.app.db.read(), None).await.expect("up");
        assert_eq!(catalogue(app).await.into_keys().collect::<Vec<_>>(), before);
    }
}

#[test]
fn the_lint_finds_a_table_that_breaks_the_rules() {
    let mut table = Table { primary_key: vec!["id".to_owned()], ..Table::default() };
    table.columns.insert("price".to_owned(), "real".to_owned());
    table.foreign_keys.push(("orders".to_owned(), vec![("order_id".to_owned(), "id".to_owned())]));
    table.indexes.insert("by_order".to_owned(), (true, vec!["order_id".to_owned()]));
    let tables = BTreeMap::from([("coupon".to_owned(), table)]);
    assert_eq!(problems(&tables).len(), 4);
}
