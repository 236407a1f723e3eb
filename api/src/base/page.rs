//! Relay connections over keyset pages: what comes after an id, never OFFSET.
//!
//! Ids are UUIDv7, so order by id is order by creation. A cursor is typed by its list and bound to
//! the list's owner: one taken from elsewhere is refused instead of silently showing another page.

use async_graphql::connection::{Connection, CursorType, Edge};
use async_graphql::{Context, OutputType, SimpleObject};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, Order, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, Select,
};
use serde::Deserialize;
use uuid::Uuid;

use crate::error::{Error, Fault, Result};

/// Largest page.
pub const MAX_PAGE: i32 = 100;
const DEFAULT_PAGE: i32 = 20;

/// A place in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    list: String,
    owner: Uuid,
    id: Uuid,
}

impl CursorType for Cursor {
    type Error = Error;

    fn decode_cursor(text: &str) -> Result<Self> {
        let read = || {
            let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
            let (ids, list) = bytes.split_at_checked(32)?;
            Some(Cursor {
                owner: Uuid::from_slice(&ids[..16]).ok()?,
                id: Uuid::from_slice(&ids[16..]).ok()?,
                list: String::from_utf8(list.to_vec()).ok()?,
            })
        };
        read().ok_or(Fault::BadCursor.into())
    }

    fn encode_cursor(&self) -> String {
        URL_SAFE_NO_PAD.encode([self.owner.as_bytes(), self.id.as_bytes(), self.list.as_bytes()].concat())
    }
}

/// Paging arguments as they came.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct PageArgs {
    pub first: Option<i32>,
    pub after: Option<String>,
    pub last: Option<i32>,
    pub before: Option<String>,
}

impl PageArgs {
    pub fn new(first: Option<i32>, after: Option<String>, last: Option<i32>, before: Option<String>) -> Self {
        PageArgs { first, after, last, before }
    }
}

/// `totalCount`, computed only when asked for.
#[derive(SimpleObject)]
#[graphql(name = "Total", fake)]
pub struct Total {
    /// All items of the list, not only this page's. Null when counting was not possible.
    pub total_count: Option<i32>,
}

pub type Page<N> = Connection<Cursor, N, Total>;

/// A list: its name (part of the cursor), whose it is, and which way it runs.
#[derive(Clone, Copy)]
pub struct List {
    pub name: &'static str,
    pub owner: Uuid,
    /// Newest first.
    pub newest_first: bool,
}

impl List {
    pub fn newest_first(name: &'static str, owner: Uuid) -> Self {
        List { name, owner, newest_first: true }
    }

    pub fn oldest_first(name: &'static str, owner: Uuid) -> Self {
        List { name, owner, newest_first: false }
    }

    fn open(&self, cursor: Option<&String>) -> Result<Option<Uuid>> {
        let Some(text) = cursor else { return Ok(None) };
        let cursor = Cursor::decode_cursor(text)?;
        if cursor.list != self.name || cursor.owner != self.owner {
            return Err(Fault::BadCursor.into());
        }
        Ok(Some(cursor.id))
    }

    fn cursor(&self, id: Uuid) -> Cursor {
        Cursor { list: self.name.to_owned(), owner: self.owner, id }
    }

    /// Runs `select`, already scoped and filtered, as one page keyed by `id`. Two statements when
    /// `totalCount` is asked for, else one.
    pub async fn page<E, M, N>(
        &self,
        ctx: &Context<'_>,
        db: &impl ConnectionTrait,
        select: Select<E>,
        id: E::Column,
        args: &PageArgs,
        view: impl Fn(M) -> (Uuid, N),
    ) -> Result<Page<N>>
    where
        E: EntityTrait<Model = M>,
        M: FromQueryResult + Sized + Send + Sync,
        N: OutputType,
    {
        let (size, backwards) = size_of(args)?;
        let (after, before) = (self.open(args.after.as_ref())?, self.open(args.before.as_ref())?);
        let total_count = if ctx.look_ahead().field("totalCount").exists() {
            i32::try_from(select.clone().count(db).await?).ok()
        } else {
            None
        };
        let descending = self.newest_first != backwards;
        let mut query = select.order_by(id, if descending { Order::Desc } else { Order::Asc }).limit(size as u64 + 1);
        for (bound, is_after) in [(after, true), (before, false)] {
            if let Some(bound) = bound {
                query = query.filter(if self.newest_first == is_after { id.lt(bound) } else { id.gt(bound) });
            }
        }
        let mut rows = query.all(db).await?;
        let more = rows.len() > size;
        rows.truncate(size);
        if backwards {
            rows.reverse();
        }
        let (previous, next) = if backwards { (more, before.is_some()) } else { (after.is_some(), more) };
        let mut page = Connection::with_additional_fields(previous, next, Total { total_count });
        page.edges.extend(rows.into_iter().map(|row| {
            let (id, node) = view(row);
            Edge::new(self.cursor(id), node)
        }));
        Ok(page)
    }
}

/// Page size, and whether it is counted from the end.
fn size_of(args: &PageArgs) -> Result<(usize, bool)> {
    let (size, backwards) = match (args.first, args.last) {
        (Some(_), Some(_)) => return Err(Fault::BadRequest("give `first` or `last`, not both".into()).into()),
        (Some(first), None) => (first, false),
        (None, Some(last)) => (last, true),
        (None, None) => (DEFAULT_PAGE, args.before.is_some() && args.after.is_none()),
    };
    if !(0..=MAX_PAGE).contains(&size) {
        return Err(Fault::BadRequest(format!("a page has 0 to {MAX_PAGE} items, not {size}")).into());
    }
    Ok((size as usize, backwards))
}
