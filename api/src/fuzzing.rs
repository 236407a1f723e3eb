//! What the fuzz targets call: everything that reads bytes of strangers, with what must hold of it. Each says
//! whether it could read them. The tests below run every target, so that none rots unseen.

use std::sync::LazyLock;

use actix_multipart::Multipart;
use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use async_graphql::connection::CursorType;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::stream;
use tokio::runtime::Runtime;

use crate::app::App;
use crate::base::clock::Clock;
use crate::base::crypto::KEY_LEN;
use crate::base::id::{BatchId, MemberId, OrderId};
use crate::base::page::Cursor;
use crate::config::Config;
use crate::flow::batch::graphql::cursor::FactoryCursor;
use crate::http::graphql::envelope::Envelope;
use crate::http::graphql::multipart::read_anything;
use crate::http::guard::{Checked, Limits};
use crate::http::media::read_file;
use crate::wechat::{Account, pay, push};

/// A whole body of `POST /graphql`: what passes is within the limits and can be handed to the engine.
pub fn guard(body: &[u8]) -> bool {
    let Ok(envelope) = Envelope::read(body) else { return false };
    let Ok(checked) = envelope.check(&Limits::default()) else { return false };
    assert_within_limits(&checked);
    let _ = envelope.into_request(checked);
    true
}

/// A document alone, which the fuzzer reaches deeper than through JSON.
pub fn document(text: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(text) else { return false };
    let checked = crate::http::guard::check(text, None, &serde_json::Value::Null, &Limits::default());
    checked.is_ok_and(|checked| {
        assert_within_limits(&checked);
        true
    })
}

fn assert_within_limits(checked: &Checked) {
    let limits = Limits::default();
    assert!(checked.cost <= limits.cost && checked.fields <= limits.selections);
    assert!(checked.depth <= limits.depth.max(limits.introspection_depth));
}

/// A cursor that is read is written the same way again: two texts never mean one place.
pub fn cursor(text: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(text) else { return false };
    written_alike(
        text,
        [
            Cursor::decode_cursor(text).ok().map(|cursor| cursor.encode_cursor()),
            FactoryCursor::decode_cursor(text).ok().map(|cursor| cursor.encode_cursor()),
        ],
    )
}

/// An id that is read is written the same way again.
pub fn type_id(text: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(text) else { return false };
    written_alike(
        text,
        [
            OrderId::parse(text).ok().map(|id| id.to_string()),
            MemberId::parse(text).ok().map(|id| id.to_string()),
            BatchId::parse(text).ok().map(|id| id.to_string()),
        ],
    )
}

/// Whether anything was read; `written` is what it is written as.
fn written_alike<const N: usize>(text: &str, written: [Option<String>; N]) -> bool {
    let read: Vec<String> = written.into_iter().flatten().collect();
    read.iter().for_each(|written| assert_eq!(written, text));
    !read.is_empty()
}

/// A form for `POST /media`, which arrives in pieces: the first byte says how long each is.
pub fn multipart(form: &[u8]) -> bool {
    let Some((size, form)) = form.split_first() else { return false };
    let file = READER.0.block_on(read_file(arriving(form, usize::from(*size) + 1)));
    file.is_ok_and(|file| {
        assert!(file.len() <= form.len());
        true
    })
}

/// A form for `POST /graphql`: `operations`, `map` and files, in pieces as above. What it says depends neither
/// on the pieces nor on the order of its parts.
pub fn graphql_multipart(form: &[u8]) -> bool {
    let Some((size, form)) = form.split_first() else { return false };
    let read = |form: &[u8], size| {
        let (envelope, checked) = READER.0.block_on(read_anything(&READER.1, arriving(form, size)))?;
        assert_within_limits(&checked);
        let meaning = envelope.fingerprint(&checked);
        let _ = envelope.into_request(checked);
        Some(meaning)
    };
    let meaning = read(form, usize::from(*size) + 1);
    assert_eq!(meaning, read(form, form.len().max(1)), "it depends on the pieces");
    if meaning.is_some()
        && let Some(reversed) = reversed(form)
    {
        assert_eq!(meaning, read(&reversed, reversed.len()), "it depends on the order");
    }
    meaning.is_some()
}

/// The form with its last part first; `None` where it is not plainly parts, one after the other.
fn reversed(form: &[u8]) -> Option<Vec<u8>> {
    let inside = form.strip_prefix(b"--b\r\n")?.strip_suffix(b"\r\n--b--\r\n")?;
    let mut parts = Vec::new();
    let mut rest = inside;
    while let Some(end) = rest.windows(7).position(|seven| seven == b"\r\n--b\r\n") {
        parts.push(&rest[..end]);
        rest = &rest[end + 7..];
    }
    parts.push(rest);
    // Whatever else begins like a boundary may be one to the reader.
    if parts.iter().any(|part| part.windows(3).any(|three| three == b"--b")) {
        return None;
    }
    parts.reverse();
    Some([b"--b\r\n", parts.join(&b"\r\n--b\r\n"[..]).as_slice(), b"\r\n--b--\r\n"].concat())
}

fn arriving(form: &[u8], size: usize) -> Multipart {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("multipart/form-data; boundary=b"));
    let piece = |piece: &[u8]| Ok::<_, PayloadError>(Bytes::copy_from_slice(piece));
    let pieces: Vec<_> = form.chunks(size).map(piece).collect();
    Multipart::new(&headers, stream::iter(pieces))
}

/// What WeChat Pay and WeChat's message push would have signed.
pub fn callbacks(body: &[u8]) -> bool {
    let paid = pay::read_anything(&ACCOUNT, body);
    push::read_anything(&ACCOUNT, body) || paid
}

static ACCOUNT: LazyLock<Account> =
    LazyLock::new(|| crate::wechat::standin::test_account(uuid::Uuid::nil(), "fuzz", 1));

/// An app that only reads: a database in memory without tables, and more points than a fuzzer can spend.
static READER: LazyLock<(Runtime, App)> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let many = u32::MAX.to_string();
    let settings = [
        ("database_url", "sqlite::memory:".to_owned()),
        ("database_connections", "1".to_owned()),
        ("data_dir", std::env::temp_dir().join("smallbatch-fuzz").display().to_string()),
        ("encryption_keys", format!("k1:{}", STANDARD.encode([0; KEY_LEN]))),
        ("rate_per_second", many.clone()),
        ("rate_burst", many),
    ];
    let settings = settings.map(|(name, value)| (name.to_owned(), toml::Value::String(value)));
    let config = Config::from_parts(&settings.into_iter().collect(), |_| None).expect("settings");
    let app = runtime.block_on(App::start(config, Clock::System)).expect("an app");
    (runtime, app)
});

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};

    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::Index;

    use super::*;

    type Target = fn(&[u8]) -> bool;

    const TARGETS: [(&str, Target); 7] = [
        ("callbacks", callbacks),
        ("cursor", cursor),
        ("document", document),
        ("graphql_multipart", graphql_multipart),
        ("guard", guard),
        ("multipart", multipart),
        ("type_id", type_id),
    ];

    fn folder() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fuzz")
    }

    fn files(folder: &Path) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut paths: Vec<_> = entries.map(|entry| entry.expect("a readable folder").path()).collect();
        paths.sort();
        paths
    }

    fn seeds(target: &str) -> Vec<Vec<u8>> {
        files(&folder().join("seeds").join(target)).iter().map(|path| std::fs::read(path).expect("a seed")).collect()
    }

    #[test]
    fn the_fuzzer_has_these_targets_and_no_others() {
        let stem = |path: &PathBuf| path.file_stem().expect("a name").to_string_lossy().into_owned();
        let names: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
        let programs = files(&folder().join("fuzz_targets"));
        assert_eq!(programs.iter().map(stem).collect::<BTreeSet<_>>(), names);
        assert_eq!(files(&folder().join("seeds")).iter().map(stem).collect::<BTreeSet<_>>(), names);
        let manifest: toml::Table =
            std::fs::read_to_string(folder().join("Cargo.toml")).expect("a manifest").parse().expect("TOML");
        let named =
            manifest["bin"].as_array().expect("programs").iter().map(|bin| bin["name"].as_str().expect("a name"));
        assert_eq!(named.map(str::to_owned).collect::<BTreeSet<_>>(), names);
        for program in &programs {
            let text = std::fs::read_to_string(program).expect("a program");
            assert!(text.contains(&format!("smallbatch::fuzzing::{}(bytes)", stem(program))), "{}", program.display());
        }
    }

    /// A seed that nothing reads leads the fuzzer no further than bytes by chance.
    #[test]
    fn every_target_holds_for_its_seeds_and_reads_most_of_them() {
        for (name, target) in TARGETS {
            let seeds = seeds(name);
            let read = seeds.iter().filter(|seed| target(seed)).count();
            assert!(read * 2 >= seeds.len() && read > 0, "{name}: {read} of {} seeds can be read", seeds.len());
        }
    }

    proptest! {
        #[test]
        fn every_target_holds_for_any_bytes(bytes in vec(any::<u8>(), 0..200)) {
            TARGETS.iter().for_each(|(_, target)| _ = target(&bytes));
        }

        /// The beginning of one seed, something, and the end of another.
        #[test]
        fn every_target_holds_for_damaged_seeds(
            pick in [any::<Index>(), any::<Index>()],
            cut in [any::<Index>(), any::<Index>()],
            between in vec(prop_oneof![any::<u8>(), prop::sample::select(b"\r\n-b{}[]\",.0a=".to_vec())], 0..12),
        ) {
            for (name, target) in TARGETS {
                let seeds = seeds(name);
                let [first, second] = pick.map(|pick| pick.get(&seeds));
                let (begin, end) = (cut[0].index(first.len() + 1), cut[1].index(second.len() + 1));
                target(&[&first[..begin], &between, &second[end..]].concat());
                // And one with a hole, which keeps its boundaries more often.
                let (begin, end) = (begin, (begin + between.len()).min(first.len()));
                target(&[&first[..begin], &between, &first[end..]].concat());
            }
        }
    }
}
