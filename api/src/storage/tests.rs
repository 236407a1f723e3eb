use super::*;

use std::path::PathBuf;

/// A folder of this test run alone, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        Folder(std::env::temp_dir().join(format!("smallbatch-{}-{name}", std::process::id())))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Nothing depends on it: a folder that stays behind is only untidy.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn some_key(rendition: Rendition) -> Path {
    key(Uuid::from_u128(1), Uuid::from_u128(2), rendition)
}

async fn read(blob: Blob) -> (Vec<u8>, usize) {
    let pieces: Vec<Bytes> = blob.body.try_collect().await.expect("a readable body");
    (pieces.concat(), pieces.len())
}

#[test]
fn keys_are_brand_first() {
    assert_eq!(
        some_key(Rendition::Thumb).as_ref(),
        "00000000-0000-0000-0000-000000000001/00000000-0000-0000-0000-000000000002/thumb.jpg"
    );
}

#[tokio::test]
async fn what_is_put_is_got_in_whole_and_in_part() {
    let folder = Folder::new("put");
    let storage = Storage::local(&folder.0).expect("a writable folder");
    let key = some_key(Rendition::Large);
    storage.put(&key, Bytes::from_static(b"0123456789"), "image/jpeg").await.expect("a put");
    assert_eq!(storage.head(&key).await.expect("a head").total, 10);

    for (asked, range, bytes) in [
        (None, 0..10, &b"0123456789"[..]),
        (Some(GetRange::Bounded(2..5)), 2..5, b"234"),
        (Some(GetRange::Bounded(8..99)), 8..10, b"89"),
        (Some(GetRange::Offset(7)), 7..10, b"789"),
        (Some(GetRange::Suffix(4)), 6..10, b"6789"),
    ] {
        let blob = storage.get_range(&key, asked).await.expect("a range");
        assert_eq!((blob.range.clone(), blob.head.total), (range, 10));
        assert_eq!(read(blob).await, (bytes.to_vec(), 1));
    }
    storage.delete(&key).await.expect("a delete");
    storage.delete(&key).await.expect("a repeated delete");
    assert!(matches!(storage.head(&key).await, Err(StorageError::NotFound)));
}

#[tokio::test]
async fn impossible_ranges_tell_the_size() {
    let folder = Folder::new("range");
    let storage = Storage::local(&folder.0).expect("a writable folder");
    let key = some_key(Rendition::Video);
    let missing = storage.get_range(&key, Some(GetRange::Offset(0))).await;
    assert!(matches!(missing, Err(StorageError::NotFound)));

    storage.put(&key, Bytes::from_static(b"0123456789"), "video/mp4").await.expect("a put");
    for range in [GetRange::Offset(10), GetRange::Bounded(10..20), GetRange::Bounded(4..4), GetRange::Suffix(0)] {
        let refused = storage.get_range(&key, Some(range)).await;
        assert!(matches!(refused, Err(StorageError::RangeNotSatisfiable { total: 10 })), "{refused:?}");
    }
}

#[tokio::test]
async fn a_video_comes_in_pieces() {
    let folder = Folder::new("video");
    let storage = Storage::local(&folder.0).expect("a writable folder");
    let key = some_key(Rendition::Video);
    let film = Bytes::from_iter((0..3_000_000_u32).map(|i| (i % 251) as u8));
    storage.put(&key, film.clone(), "video/mp4").await.expect("a put");
    let blob = storage.get_range(&key, Some(GetRange::Offset(1_000_000))).await.expect("a range");
    let (bytes, pieces) = read(blob).await;
    assert!(bytes == film[1_000_000..], "the tail of the film");
    assert!(pieces > 10, "only {pieces} pieces");
}

#[cfg(feature = "s3")]
#[test]
fn only_an_s3_address_opens_an_object_store() {
    let options = [("region", "cn-north-1"), ("access_key_id", "a"), ("secret_access_key", "b")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    let storage = Storage::s3("s3://bucket/media", &options).expect("an S3 address");
    assert!(storage.place(&some_key(Rendition::Large)).as_ref().starts_with("media/00000000-"));
    for address in ["file:///etc", "memory:///", "not an address"] {
        assert!(matches!(Storage::s3(address, &options), Err(StorageError::Address(_))), "{address}");
    }
}
