//! Uploading and giving back pictures and videos.

use chrono::Duration;
use entity::media;
use image::GenericImageView;
use reqwest::Response;
use reqwest::header::{CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_NONE_MATCH, IF_RANGE, RANGE};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Set};
use serde_json::json;
use smallbatch::people::privacy;
use smallbatch::storage::{Rendition, erase, key};
use tests::{Brand, picture};

use super::*;

/// A JPEG whose EXIF says that it lies on its side (orientation 6) and carries a place.
fn sideways(width: u32, height: u32) -> Vec<u8> {
    let mut jpeg = std::io::Cursor::new(Vec::new());
    let pixels = image::RgbImage::from_fn(width, height, |x, _| image::Rgb([(x % 256) as u8, 80, 160]));
    pixels.write_to(&mut jpeg, image::ImageFormat::Jpeg).expect("encoding to memory");
    let jpeg = jpeg.into_inner();
    let mut tiff = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0".to_vec();
    tiff.extend(b"GPS 31.2304 N 121.4737 E");
    let length = u16::try_from(tiff.len() + 2).expect("a short segment").to_be_bytes();
    [&jpeg[..2], b"\xff\xe1", &length, &tiff, &jpeg[2..]].concat()
}

async fn fetch(app: &TestApp, url: &str, headers: &[(reqwest::header::HeaderName, &str)]) -> Response {
    let mut request = app.http.get(url);
    for (name, value) in headers {
        request = request.header(name, *value);
    }
    request.send().await.expect("an answer")
}

async fn url_of(person: &tests::Person<'_>, bytes: Vec<u8>) -> String {
    let answer = person.post_media(bytes, "photo.jpg").await;
    answer["media"]["url"].as_str().unwrap_or_else(|| panic!("not stored: {answer:#}")).to_owned()
}

e2e! {
    async fn a_photo_comes_back_upright_in_three_sizes_without_its_place(app) {
        let brand = app.brand("first").await;
        let url = url_of(&brand.owner, sideways(1800, 1200)).await;
        let (base, _) = url.rsplit_once('/').expect("a path");
        for (size, expected) in [("large", (1067, 1600)), ("medium", (533, 800)), ("thumb", (160, 240))] {
            let response = fetch(app, &format!("{base}/{size}"), &[]).await;
            assert_eq!(response.status(), 200);
            let headers = response.headers().clone();
            assert_eq!(headers[CONTENT_TYPE], "image/jpeg");
            assert_eq!(headers["x-content-type-options"], "nosniff");
            assert_eq!(headers["content-security-policy"], "default-src 'none'; sandbox");
            assert_eq!(headers["cache-control"], "public, max-age=31536000, immutable");
            let bytes = response.bytes().await.expect("a body");
            assert!(!bytes.windows(4).any(|part| part == b"Exif" || part == b"GPS "), "{size} tells a place");
            let shown = image::load_from_memory(&bytes).expect("a picture").dimensions();
            assert!(shown.0.abs_diff(expected.0) <= 1 && shown.1 == expected.1, "{size} is {shown:?}");
        }
        assert_eq!(fetch(app, &format!("{base}/video"), &[]).await.status(), 404);
        assert_eq!(fetch(app, &format!("{base}/original"), &[]).await.status(), 404);
    }

    async fn a_part_can_be_asked_for_and_what_is_known_is_not_sent_again(app) {
        let brand = app.brand("first").await;
        let url = url_of(&brand.owner, picture(1)).await;
        let whole = fetch(app, &url, &[]).await;
        let etag = whole.headers()[ETAG].to_str().expect("a tag").to_owned();
        let bytes = whole.bytes().await.expect("a body");
        let total = bytes.len();

        for (asked, from, to) in [("bytes=0-9", 0, 10), ("bytes=10-", 10, total), ("bytes=-7", total - 7, total)] {
            let part = fetch(app, &url, &[(RANGE, asked)]).await;
            assert_eq!(part.status(), 206, "{asked}");
            assert_eq!(part.headers()[CONTENT_RANGE], format!("bytes {from}-{}/{total}", to - 1));
            assert_eq!(part.bytes().await.expect("a body"), bytes[from..to]);
        }
        let beyond = fetch(app, &url, &[(RANGE, "bytes=99999999-")]).await;
        assert_eq!((beyond.status().as_u16(), &beyond.headers()[CONTENT_RANGE]), (416, &format!("bytes */{total}").parse().expect("a value")));
        for odd in ["bytes=5-2", "bytes=0-1,4-5", "pages=1-2", "bytes=x"] {
            let all = fetch(app, &url, &[(RANGE, odd)]).await;
            assert_eq!((all.status().as_u16(), all.bytes().await.expect("a body").len()), (200, total), "{odd}");
        }
        let other = fetch(app, &url, &[(RANGE, "bytes=0-9"), (IF_RANGE, "\"something else\"")]).await;
        assert_eq!(other.status(), 200);
        let same = fetch(app, &url, &[(RANGE, "bytes=0-9"), (IF_RANGE, etag.as_str())]).await;
        assert_eq!(same.status(), 206);
        assert_eq!(fetch(app, &url, &[(IF_NONE_MATCH, etag.as_str())]).await.status(), 304);
        let head = app.http.head(&url).send().await.expect("an answer");
        assert_eq!((head.status().as_u16(), head.headers()["content-length"].to_str().expect("a number")), (200, &*total.to_string()));
    }

    async fn what_a_browser_would_run_is_refused_whatever_it_is_called(app) {
        let brand = app.brand("first").await;
        for (bytes, name) in [
            (&b"<!DOCTYPE html><script>alert(1)</script>"[..], "photo.jpg"),
            (b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>", "photo.svg"),
            (b"\xff\xd8\xff\xe0 this is no JPEG at all", "photo.jpg"),
            (b"", "empty.jpg"),
        ] {
            let answer = brand.owner.post_media(bytes.to_vec(), name).await;
            assert_eq!(answer["error"]["code"], "INVALID", "{answer:#}");
        }
        let large = brand.owner.post_media(vec![0; 12 * 1024 * 1024 + 1], "photo.jpg").await;
        assert_eq!(large["error"]["code"], "LIMIT_REACHED");
    }

    async fn strangers_and_factories_upload_nothing(app) {
        let stranger = app.caller(None).post_media(picture(1), "photo.jpg").await;
        assert_eq!(stranger["error"]["code"], "UNAUTHENTICATED");
        let factory = app.factory("Sunrise").await.post_media(picture(1), "photo.jpg").await;
        assert_eq!(factory["error"]["code"], "FORBIDDEN");
    }

    async fn an_address_that_names_nothing_is_not_found(app) {
        let brand = app.brand("first").await;
        let url = url_of(&brand.owner, picture(1)).await;
        let (rest, form) = url.rsplit_once('/').expect("a form");
        let (_, media) = rest.rsplit_once('/').expect("a media id");
        for path in [
            format!("{}/{media}/{form}", "0".repeat(32)),
            format!("..%2f..%2fencryption.key/{media}/{form}"),
            format!("{}/{media}/{form}", brand.id),
            format!("{}/member_00000000000000000000000001/{form}", brand.id.simple()),
            format!("{}/{media}/..%2f{form}", brand.id.simple()),
        ] {
            let response = fetch(app, &format!("{}/media/{path}", app.url), &[]).await;
            assert_eq!(response.status(), 404, "{path}");
        }
        let answer: serde_json::Value =
            fetch(app, &format!("{}/media/x/y/z", app.url), &[]).await.json().await.expect("JSON");
        assert_eq!(answer["error"]["code"], json!("NOT_FOUND"));
    }

    async fn what_a_member_uploaded_is_gone_once_she_takes_her_consent_back(app) {
        let brand = app.brand("first").await;
        let (mei, lan) = (brand.member("mei").await, brand.member("lan").await);
        mei.mutate("grantConsent", json!({ "kind": "PHOTOS", "textVersion": "1" }), "consent { id }").await.ok("grantConsent.consent.id");
        let (hers, other) = (url_of(&mei, picture(1)).await, url_of(&lan, picture(1)).await);
        let before = fetch(app, &hers, &[]).await;
        assert_eq!((before.status().as_u16(), &before.headers()["cache-control"]), (200, &"public, max-age=3600".parse().expect("a value")));
        let etag = before.headers()[ETAG].to_str().expect("a tag").to_owned();

        mei.mutate("withdrawConsent", json!({ "kind": "BODY_DATA" }), "consent { id }").await.refused();
        mei.mutate("withdrawConsent", json!({ "kind": "PHOTOS" }), "consent { id }").await.ok("withdrawConsent.consent.id");
        app.settle().await;
        for form in ["large", "medium", "thumb"] {
            let (base, _) = hers.rsplit_once('/').expect("a path");
            assert_eq!(fetch(app, &format!("{base}/{form}"), &[]).await.status(), 404, "{form}");
        }
        assert_eq!(fetch(app, &hers, &[(IF_NONE_MATCH, etag.as_str())]).await.status(), 404);
        assert_eq!(fetch(app, &other, &[]).await.status(), 200);
        let row = media::Entity::find().filter(media::Column::ErasedAt.is_not_null()).one(app.app.db.read()).await;
        let row = row.expect("the media read").expect("a row that stays");
        for form in Rendition::PICTURE {
            assert!(app.app.storage.head(&key(brand.id, row.id, form)).await.is_err(), "{form:?} still lies in the store");
        }

        // What she uploads after a new consent is not touched by the old withdrawal, even heard twice.
        app.app.clock.advance(Duration::minutes(1));
        let anew = url_of(&mei, picture(2)).await;
        erase::of_member(&app.app, brand.id, Brand::member_uuid(&mei), app.now() - Duration::minutes(1)).await.expect("erased");
        assert_eq!(fetch(app, &anew, &[]).await.status(), 200);
    }

    async fn what_a_deleted_member_uploaded_is_gone(app) {
        let brand = app.brand("first").await;
        let url = url_of(&brand.member("mei").await, picture(1)).await;
        privacy::account_cancelled(&app.app, brand.id, "mei").await.expect("a deletion");
        app.settle().await;
        assert_eq!(fetch(app, &url, &[]).await.status(), 404);
    }

    async fn a_member_uploads_a_hundred_files_a_day_and_no_more(app) {
        let brand = app.brand("first").await;
        let mei = brand.member("mei").await;
        mei.upload(picture(1)).await;
        let first = media::Entity::find().one(app.app.db.read()).await.expect("the media read").expect("a row");
        let more = (0..99).map(|_| media::ActiveModel { id: Set(app.app.ids.next()), ..first.clone().into() });
        media::Entity::insert_many(more).exec_without_returning(app.app.db.read()).await.expect("99 more");
        let refused = mei.post_media(picture(2), "photo.jpg").await;
        assert_eq!(refused["error"]["code"], "LIMIT_REACHED", "{refused:#}");
        brand.member("lan").await.upload(picture(2)).await;
        app.app.clock.advance(Duration::hours(24));
        brand.member("mei").await.upload(picture(2)).await;
    }
}
