//! The GraphiQL page at `/`, from bytes inside the program: no other host is asked for anything.

use std::sync::LazyLock;

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, ETag, EntityTag, Header, IfNoneMatch, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use actix_web::{HttpRequest, HttpResponse, web};
use aws_lc_rs::digest::{SHA256, digest};

/// What the page may do: run our scripts, talk to this host, and nothing else. GraphiQL's dialogs insert a
/// style sheet that depends on the window, so inline styles are let in; its fonts and icons are `data:` URLs.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src data:; \
                      font-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";

struct Asset {
    name: &'static str,
    content_type: &'static str,
    body: &'static [u8],
    e_tag: EntityTag,
}

macro_rules! asset {
    ($name:literal, $content_type:expr) => {
        Asset::new($name, $content_type, include_bytes!(concat!("../../assets/graphiql/", $name)))
    };
}

impl Asset {
    fn new(name: &'static str, content_type: &'static str, body: &'static [u8]) -> Self {
        let hash = hex::encode(&digest(&SHA256, body).as_ref()[..12]);
        // Weak, because the body may be compressed on its way.
        Asset { name, content_type, body, e_tag: EntityTag::new_weak(hash) }
    }

    /// Vendored files carry their version in their name; ours change under the same name.
    fn caching(&self) -> &'static str {
        if self.name.contains(".min.") { "public, max-age=31536000, immutable" } else { "no-cache" }
    }

    fn answer(&self, request: &HttpRequest) -> HttpResponse {
        let known = match IfNoneMatch::parse(request) {
            Ok(IfNoneMatch::Any) => true,
            Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|tag| tag.weak_eq(&self.e_tag)),
            Err(_) => false,
        };
        let mut answer = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
        answer
            .insert_header(ETag(self.e_tag.clone()))
            .insert_header((CACHE_CONTROL, self.caching()))
            .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"));
        if self.content_type == HTML {
            answer.insert_header((CONTENT_SECURITY_POLICY, POLICY)).insert_header((REFERRER_POLICY, "no-referrer"));
        }
        if known { answer.finish() } else { answer.content_type(self.content_type).body(self.body) }
    }
}

static PAGE: LazyLock<Asset> = LazyLock::new(|| asset!("index.html", HTML));

static FILES: LazyLock<[Asset; 7]> = LazyLock::new(|| {
    [
        asset!("console.css", STYLE),
        asset!("console.js", SCRIPT),
        asset!("graphiql-3.9.0.min.css", STYLE),
        asset!("graphiql-3.9.0.min.js", SCRIPT),
        asset!("graphql-ws-5.16.0.min.js", SCRIPT),
        asset!("react-18.3.1.min.js", SCRIPT),
        asset!("react-dom-18.3.1.min.js", SCRIPT),
    ]
});

async fn page(request: HttpRequest) -> HttpResponse {
    PAGE.answer(&request)
}

/// A name is looked up among the files above, never on a disk, so no path leads elsewhere.
async fn file(request: HttpRequest, name: web::Path<String>) -> HttpResponse {
    match FILES.iter().find(|asset| asset.name == name.as_str()) {
        Some(asset) => asset.answer(&request),
        None => HttpResponse::NotFound().finish(),
    }
}

/// Serves `GET` and `HEAD` of `/` and `/graphiql/{file}`.
pub fn configure(cfg: &mut web::ServiceConfig) {
    cfg.service(web::resource("/").route(web::get().to(page)).route(web::head().to(page)))
        .service(web::resource("/graphiql/{file}").route(web::get().to(file)).route(web::head().to(file)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::StatusCode;
    use actix_web::http::header::{CONTENT_TYPE, ETAG, HeaderName, IF_NONE_MATCH};
    use actix_web::{App, test};

    async fn ask(path: &str, header: Option<(HeaderName, &str)>) -> (StatusCode, Vec<(String, String)>, web::Bytes) {
        let app = test::init_service(App::new().configure(configure)).await;
        let mut request = test::TestRequest::get().uri(path);
        if let Some(header) = header {
            request = request.insert_header(header);
        }
        let answer = test::call_service(&app, request.to_request()).await;
        let headers = answer.headers().iter();
        let headers = headers.map(|(n, v)| (n.to_string(), String::from_utf8_lossy(v.as_bytes()).into())).collect();
        (answer.status(), headers, test::read_body(answer).await)
    }

    fn value(headers: &[(String, String)], name: HeaderName) -> String {
        headers.iter().find(|(n, _)| *n == name.as_str()).map(|(_, v)| v.clone()).unwrap_or_default()
    }

    #[actix_web::test]
    async fn the_page_asks_only_for_files_that_are_here() {
        let (status, headers, body) = ask("/", None).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(value(&headers, CONTENT_TYPE), HTML);
        assert!(value(&headers, CONTENT_SECURITY_POLICY).contains("frame-ancestors 'none'"));
        assert_eq!(value(&headers, X_CONTENT_TYPE_OPTIONS), "nosniff");

        let html = std::str::from_utf8(&body).expect("UTF-8");
        assert!(!html.contains("//"), "no address of another host");
        let mut asked = 0;
        for path in html.split('"').filter(|part| part.starts_with('/')) {
            let (status, headers, body) = ask(path, None).await;
            assert_eq!(status, StatusCode::OK, "{path}");
            assert!(!body.is_empty() && value(&headers, CACHE_CONTROL).len() > 5);
            let kind = if path.ends_with(".css") { STYLE } else { SCRIPT };
            assert_eq!(value(&headers, CONTENT_TYPE), kind);
            asked += 1;
        }
        assert_eq!(asked, FILES.len());
    }

    #[actix_web::test]
    async fn a_known_file_is_not_sent_again() {
        let path = "/graphiql/react-18.3.1.min.js";
        let (_, headers, _) = ask(path, None).await;
        assert!(value(&headers, CACHE_CONTROL).contains("immutable"));
        let tag = value(&headers, ETAG);
        for (known, status) in [(tag.as_str(), 304), ("*", 304), ("W/\"other\"", 200), ("not a tag", 200)] {
            let (answer, _, body) = ask(path, Some((IF_NONE_MATCH, known))).await;
            assert_eq!((answer.as_u16(), body.is_empty()), (status, status == 304), "{known}");
        }
    }

    #[actix_web::test]
    async fn nothing_else_is_served() {
        for path in [
            "/graphiql/",
            "/graphiql/README.md",
            "/graphiql/index.html",
            "/graphiql/../../Cargo.toml",
            "/graphiql/..%2F..%2FCargo.toml",
            "/graphiql/%2e%2e/Cargo.toml",
            "/graphiql/console.js/x",
            "/graphiql/CONSOLE.JS",
        ] {
            assert_eq!(ask(path, None).await.0, StatusCode::NOT_FOUND, "{path}");
        }
    }
}
