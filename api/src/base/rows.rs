//! Many rows as one JSON value of a statement, so that its text, and with it the database's plan, is
//! the same however many they are. The only place where the two databases spell that differently.

use sea_orm::DbBackend;

/// What a column of the rows is, and how its JSON stands for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A text in hyphenated form.
    Uuid,
    Text,
    /// 32 bits.
    Int,
    /// 64 bits.
    Long,
    /// A text made by [`bytes`].
    Bytes,
    Json,
}

/// The brand of value `$1`, for a statement whose plan should not depend on it. What PostgreSQL knows of a brand lets it
/// hope for a plan cheaper than the one for any brand, and it then plans anew for each execution: for a group of orders
/// that took four times what the statement itself takes. The type comes with the value, as sqlx sends it.
pub const ANY_BRAND: &str = "(select $1)";

/// A table expression named `v` over value `$place`, an array of objects with `columns`; a missing
/// member is null.
pub fn rows(backend: DbBackend, place: usize, columns: &[(&str, Kind)]) -> String {
    rows_as(backend, "v", place, columns)
}

/// The same under a name, for a statement over two such arrays.
pub fn rows_as(backend: DbBackend, table: &str, place: usize, columns: &[(&str, Kind)]) -> String {
    let columns: Vec<_> = columns
        .iter()
        .map(|(name, kind)| match backend {
            DbBackend::Postgres => format!("{name} {}", postgres(*kind)),
            _ => format!("{} as {name}", sqlite(name, *kind)),
        })
        .collect();
    let columns = columns.join(", ");
    match backend {
        DbBackend::Postgres => format!("jsonb_to_recordset(${place}) as {table} ({columns})"),
        _ => format!("(select {columns} from json_each(${place}) j) as {table}"),
    }
}

/// `left join` of the one row of `table`, named `name`, that meets `condition` by a unique key. PostgreSQL plans a
/// statement once for all groups, with its guess of 100 rows of JSON, and may then read a whole brand's rows into a
/// hash for three; a limit leaves it only the index.
pub fn left_join_one(backend: DbBackend, table: &str, name: &str, condition: &str) -> String {
    match backend {
        DbBackend::Postgres => {
            format!("left join lateral (select {name}.* from {table} {name} where {condition} limit 1) {name} on true")
        }
        _ => format!("left join {table} {name} on {condition}"),
    }
}

/// `join` of the rows of `table`, named `name`, that meet `condition` by an index; the offset keeps PostgreSQL from the
/// same hash.
pub fn join_by_index(backend: DbBackend, table: &str, name: &str, condition: &str) -> String {
    match backend {
        DbBackend::Postgres => {
            format!("cross join lateral (select {name}.* from {table} {name} where {condition} offset 0) {name}")
        }
        _ => format!("join {table} {name} on {condition}"),
    }
}

fn postgres(kind: Kind) -> &'static str {
    match kind {
        Kind::Uuid => "uuid",
        Kind::Text => "text",
        Kind::Int => "integer",
        Kind::Long => "bigint",
        Kind::Bytes => "bytea",
        Kind::Json => "jsonb",
    }
}

fn sqlite(name: &str, kind: Kind) -> String {
    match kind {
        Kind::Uuid => format!("unhex(j.value ->> '$.{name}', '-')"),
        Kind::Bytes => format!("unhex(substr(j.value ->> '$.{name}', 3))"),
        Kind::Json => format!("j.value -> '$.{name}'"),
        Kind::Text | Kind::Int | Kind::Long => format!("j.value ->> '$.{name}'"),
    }
}

/// Bytes as both databases read them from a JSON text: `\x` and hex.
pub fn bytes(bytes: &[u8]) -> String {
    format!("\\x{}", hex::encode(bytes))
}
