//! Rows on their way, written in the order of the foreign keys.

use anyhow::Result;
use sea_orm::{ActiveModelTrait, DatabaseConnection, EntityTrait, IntoActiveModel, Iterable};

/// SQLite takes 32,766 values in a statement, PostgreSQL 65,535.
const VALUES: usize = 30_000;

macro_rules! tables {
    ($($name:ident),* $(,)?) => {
        /// One list a table; parents before children.
        #[derive(Default)]
        pub struct Tables {
            $(pub $name: Vec<entity::$name::Model>,)*
        }

        impl Tables {
            pub fn rows(&self) -> usize {
                0 $(+ self.$name.len())*
            }

            /// Writes and forgets everything; how many rows.
            pub async fn write(&mut self, db: &DatabaseConnection) -> Result<usize> {
                let rows = self.rows();
                $(insert::<entity::$name::Entity, entity::$name::ActiveModel>(db, std::mem::take(&mut self.$name)).await?;)*
                Ok(rows)
            }
        }
    };
}

tables! {
    factory, factory_key,
    brand, brand_wechat, brand_counter, staff, member, koc, session, consent, address, community, membership,
    media, design, design_version, design_picture, round, round_community, round_entry,
    sample, tryon, tryon_media, tryon_community,
    presale, presale_sku, order, order_line, payment_leg,
}

async fn insert<E, A>(db: &DatabaseConnection, rows: Vec<E::Model>) -> Result<()>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<A>,
    A: ActiveModelTrait<Entity = E> + Send,
{
    let at_once = VALUES / E::Column::iter().count();
    let mut rows = rows.into_iter().map(IntoActiveModel::into_active_model).peekable();
    while rows.peek().is_some() {
        let some: Vec<A> = rows.by_ref().take(at_once).collect();
        E::insert_many(some).exec_without_returning(db).await?;
    }
    Ok(())
}
