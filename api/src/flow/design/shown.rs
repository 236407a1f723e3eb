//! A design as a slate, a presale or an order shows it: with its version and pictures, in one statement.
//!
//! A row is a picture; what is about the version comes only with the first, see [`FIRST`]. Other stages join
//! [`columns`] and [`JOINS`] to their own rows, so that a screen of theirs is one statement too.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use async_graphql::dataloader::Loader;
use entity::{design, design_version, media};
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, QueryResult, Statement, Value};
use uuid::Uuid;

use crate::base::db::{columns as of, columns_where, placeholders};
use crate::load::{Load, grouped};

/// A design in one of its versions, with the pictures in order.
#[derive(Clone, Debug)]
pub struct Shown {
    pub design: design::Model,
    pub version: design_version::Model,
    pub pictures: Vec<media::Model>,
}

/// From the version `v` on: the design `d` and the pictures `p` with their media `m`. Order by `p.position` last.
pub const JOINS: &str = "join design d on d.brand_id = v.brand_id and d.id = v.design_id \
    left join design_picture p on p.brand_id = v.brand_id and p.design_version_id = v.id \
    left join media m on m.brand_id = p.brand_id and m.id = p.media_id";

/// Whether a row is the first of its version: its picture is the cover, or it has none.
pub const FIRST: &str = "coalesce(p.position, 1) = 1";

/// What [`Shown::read`] reads.
pub fn columns() -> &'static str {
    static COLUMNS: LazyLock<String> = LazyLock::new(|| {
        let (design, version) = (
            columns_where::<design::Entity>("d", "d_", FIRST),
            columns_where::<design_version::Entity>("v", "v_", FIRST),
        );
        let media = of::<media::Entity>("m", "m_");
        format!("{design}, {version}, {media}")
    });
    &COLUMNS
}

impl Shown {
    /// From the first row of a version.
    pub fn read(row: &QueryResult) -> Result<Self, DbErr> {
        Ok(Shown {
            design: design::Model::from_query_result(row, "d_")?,
            version: design_version::Model::from_query_result(row, "v_")?,
            pictures: media::Model::from_query_result_optional(row, "m_")?.into_iter().collect(),
        })
    }

    /// From the other rows of the same version.
    pub fn read_more(&mut self, row: &QueryResult) -> Result<(), DbErr> {
        self.pictures.extend(media::Model::from_query_result_optional(row, "m_")?);
        Ok(())
    }
}

/// A version with its design and pictures by (brand, version).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ShownIn(pub Uuid, pub Uuid);

impl Loader<ShownIn> for Load {
    type Value = Arc<Shown>;
    type Error = DbErr;

    async fn load(&self, keys: &[ShownIn]) -> Result<HashMap<ShownIn, Self::Value>, DbErr> {
        let mut found = HashMap::<ShownIn, Shown>::new();
        for (brand_id, versions) in grouped(keys.iter().map(|key| (key.0, key.1))) {
            let mut values: Vec<Value> = vec![brand_id.into()];
            let text = format!(
                "select v.id as version_id, {} from design_version v {JOINS} where v.brand_id = $1 and v.id in ({}) order by v.id, p.position",
                columns(),
                placeholders(&mut values, versions)
            );
            let statement = Statement::from_sql_and_values(self.app.db.backend(), text, values);
            for row in self.app.db.read().query_all_raw(statement).await? {
                let key = ShownIn(brand_id, row.try_get("", "version_id")?);
                match found.get_mut(&key) {
                    Some(shown) => shown.read_more(&row)?,
                    None => {
                        found.insert(key, Shown::read(&row)?);
                    }
                }
            }
        }
        Ok(found.into_iter().map(|(key, shown)| (key, Arc::new(shown))).collect())
    }
}
