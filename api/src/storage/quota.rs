//! How much one person may upload within a day.

use chrono::Duration;
use entity::media::MediaOwnerKind;
use sea_orm::{ActiveEnum, ConnectionTrait};
use uuid::Uuid;

use crate::app::App;
use crate::base::db::sql;
use crate::error::{Code, Detail, Refusal, Result};

const DAY: Duration = Duration::days(1);
const MEGABYTE: i64 = 1024 * 1024;

/// A KOC posts a dozen files for a try-on; staff upload whole collections.
const MEMBER: Quota = Quota { files: 100, megabytes: Some(500) };
const STAFF: Quota = Quota { files: 2_000, megabytes: None };

/// Most that one person uploads in a day.
#[derive(Clone, Copy)]
struct Quota {
    files: i64,
    megabytes: Option<i64>,
}

/// What someone uploaded in the last day, erased files included.
#[derive(Clone, Copy)]
struct Used {
    files: i64,
    /// Of the largest renditions.
    bytes: i64,
}

/// Refuses a file of `size` bytes with `LIMIT_REACHED` when it is more than its owner may upload in a
/// day. Files that arrive at the same time may pass together. One statement.
pub(super) async fn check(app: &App, brand_id: Uuid, kind: MediaOwnerKind, owner_id: Uuid, size: usize) -> Result<()> {
    let quota = if kind == MediaOwnerKind::Staff { STAFF } else { MEMBER };
    let used = used(app, brand_id, kind, owner_id).await?;
    Ok(quota.admit(used, i64::try_from(size).unwrap_or(i64::MAX))?)
}

async fn used(app: &App, brand_id: Uuid, kind: MediaOwnerKind, owner_id: Uuid) -> Result<Used> {
    let statement = sql(
        app.db.backend(),
        "select count(*) as files, cast(coalesce(sum(bytes), 0) as bigint) as bytes from media \
         where brand_id = $1 and owner_kind = $2 and owner_id = $3 and created_at > $4",
        [brand_id.into(), kind.to_value().into(), owner_id.into(), (app.clock.now() - DAY).into()],
    );
    let row = app.db.read().query_one_raw(statement).await?;
    let row = row.ok_or_else(|| anyhow::anyhow!("a count returned no row"))?;
    Ok(Used { files: row.try_get("", "files")?, bytes: row.try_get("", "bytes")? })
}

impl Quota {
    fn admit(self, used: Used, size: i64) -> Result<(), Refusal> {
        if used.files >= self.files {
            let en =
                format!("You have uploaded {} files within a day, which is the most. Come back tomorrow.", self.files);
            return Err(refuse(self.files, en, format!("24 小时内最多上传 {} 个文件，请明天再试。", self.files)));
        }
        match self.megabytes {
            Some(most) if used.bytes.saturating_add(size) > most * MEGABYTE => {
                let en =
                    format!("With this file you would upload more than {most} MB within a day. Come back tomorrow.");
                Err(refuse(most, en, format!("24 小时内最多上传 {most} MB，请明天再试。")))
            }
            _ => Ok(()),
        }
    }
}

fn refuse(limit: i64, en: String, zh: String) -> Refusal {
    let limit = i32::try_from(limit).unwrap_or(i32::MAX);
    Refusal::new(Code::LimitReached, en, zh).field("file").detail(Detail::LimitReached { limit })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_file_and_the_last_byte_are_still_admitted() {
        let quota = Quota { files: 2, megabytes: Some(3) };
        let after = |files, bytes| quota.admit(Used { files, bytes }, MEGABYTE).map_err(|refusal| refusal.detail);
        assert_eq!(after(1, 2 * MEGABYTE), Ok(()));
        assert_eq!(after(2, 0), Err(Detail::LimitReached { limit: 2 }));
        assert_eq!(after(1, 2 * MEGABYTE + 1), Err(Detail::LimitReached { limit: 3 }));
        assert_eq!(after(0, i64::MAX), Err(Detail::LimitReached { limit: 3 }));
    }

    #[test]
    fn staff_are_bound_by_the_number_of_files_alone() {
        assert_eq!(STAFF.admit(Used { files: 1_999, bytes: i64::MAX }, i64::MAX), Ok(()));
        assert!(STAFF.admit(Used { files: 2_000, bytes: 0 }, 1).is_err());
    }
}
