//! GraphQL over HTTP: addresses, hashes, files, other origins, and what caches may keep.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use reqwest::header::{CACHE_CONTROL, CONTENT_ENCODING, ETAG, IF_NONE_MATCH};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use smallbatch::base::crypto::sha256;
use tests::people::SIGN_IN;
use tests::{Backend, picture};

use super::*;

const ASKS: &str = "query($kind: String!) { __type(name: $kind) { name } }";

async fn body_of(response: Response) -> Value {
    response.json().await.expect("a JSON answer")
}

async fn get(app: &TestApp, query: &[(&str, &str)]) -> Response {
    let request = app.http.get(format!("{}/graphql", app.url)).query(query);
    request.send().await.expect("an answer")
}

async fn post(app: &TestApp, body: Value) -> Response {
    app.http.post(format!("{}/graphql", app.url)).json(&body).send().await.expect("an answer")
}

fn persisted(text: &str) -> Value {
    json!({ "persistedQuery": { "version": 1, "sha256Hash": hex(text) } })
}

fn hex(text: &str) -> String {
    sha256(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

const UPLOAD: &str =
    "mutation($f: Upload!) { uploadMedia(input: { file: $f }) { media { id kind } userErrors { code field } } }";

/// Parts as (name, file name, content).
fn form(parts: &[(&str, Option<&str>, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, file, content) in parts {
        let file = file.map(|file| format!("; filename=\"{file}\"")).unwrap_or_default();
        body.extend(format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n").bytes());
        body.extend_from_slice(content);
        body.extend(b"\r\n");
    }
    body.extend(b"--b--\r\n");
    body
}

async fn send_form(app: &TestApp, token: Option<&str>, body: Vec<u8>) -> Response {
    let mut request =
        app.http.post(format!("{}/graphql", app.url)).header("content-type", "multipart/form-data; boundary=b");
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    request.body(body).send().await.expect("an answer")
}

e2e! {
    async fn every_audit_of_graphql_over_http_is_passed(app) {
        let printed = tests::outside::node(&["audit.mjs"], &[("API_URL", &app.url)]).await;
        assert!(printed.contains("61 of 61 audits are ok"), "{printed}");
    }

    async fn apollo_sends_a_hash_instead_of_a_query_and_never_a_mutation_by_get(app) {
        tests::outside::node(&["--test", "persisted.mjs"], &[("API_URL", &app.url)]).await;
    }

    async fn urql_asks_by_get_and_uploads_with_a_mutation(app) {
        let brand = app.brand("first").await;
        let token = brand.owner.token.as_deref().expect("signed in");
        let picture = BASE64.encode(picture(1));
        let told = [("API_URL", app.url.as_str()), ("TOKEN", token), ("PICTURE", &picture)];
        tests::outside::node(&["--test", "urql_edge.mjs"], &told).await;
    }

    async fn a_get_asks_and_never_acts(app) {
        let answer = get(app, &[("query", "{ viewer { kind } }")]).await;
        assert_eq!((answer.status().as_u16(), &answer.headers()[CACHE_CONTROL]), (200, &"no-store".parse().expect("a value")));
        assert_eq!(body_of(answer).await["data"]["viewer"]["kind"], "ANONYMOUS");
        let acts = get(app, &[("query", "mutation { __typename }")]).await;
        assert_eq!((acts.status().as_u16(), &acts.headers()["allow"]), (405, &"POST".parse().expect("a value")));
        let brand = app.brand("first").await;
        let token = brand.owner.token.as_deref().expect("signed in");
        let chosen = "query Asks { viewer { kind } } mutation Acts { signOut { signedOut } }";
        let kept = persisted(chosen);
        let asked = post(app, json!({ "query": chosen, "operationName": "Asks", "extensions": kept })).await;
        assert_eq!(body_of(asked).await["data"]["viewer"]["kind"], "ANONYMOUS");
        for (name, value) in [("query", chosen), ("extensions", &*kept.to_string())] {
            let request = app.http.get(format!("{}/graphql", app.url)).query(&[(name, value), ("operationName", "Acts")]);
            assert_eq!(request.bearer_auth(token).send().await.expect("an answer").status(), 405, "{name}");
        }
        assert_eq!(brand.owner.gql("{ viewer { kind } }", json!({})).await.text("viewer.kind"), "STAFF");
    }

    async fn what_is_public_may_be_kept_and_is_not_sent_again(app) {
        let asks = [("query", ASKS), ("variables", r#"{"kind":"Viewer"}"#)];
        let first = get(app, &asks).await;
        assert_eq!(first.headers()[CACHE_CONTROL], "public, max-age=300");
        let tag = first.headers()[ETAG].clone();
        let again = app.http.get(format!("{}/graphql", app.url)).query(&asks).header(IF_NONE_MATCH, tag).send().await.expect("an answer");
        assert_eq!(again.status(), 304);
    }

    async fn a_hash_is_enough_once_its_document_was_sent(app) {
        let text = "query Kept { viewer { kind } }";
        let unknown = body_of(post(app, json!({ "extensions": persisted(text) })).await).await;
        assert_eq!(unknown["errors"][0]["message"], "PersistedQueryNotFound");
        assert_eq!(unknown["errors"][0]["extensions"]["code"], "PERSISTED_QUERY_NOT_FOUND");
        let other = post(app, json!({ "query": "{ viewer { kind } }", "extensions": persisted(text) })).await;
        assert_eq!(other.status(), 400);
        let sent = body_of(post(app, json!({ "query": text, "extensions": persisted(text) })).await).await;
        assert_eq!(sent["data"]["viewer"]["kind"], "ANONYMOUS");
        let known = body_of(get(app, &[("extensions", &persisted(text).to_string())]).await).await;
        assert_eq!(known["data"]["viewer"]["kind"], "ANONYMOUS");
    }

    async fn what_is_kept_of_one_document_never_answers_another_that_is_named_by_its_hash(app) {
        let brand = app.brand("first").await;
        let member = brand.member("a-member").await;
        let token = member.token.as_deref().expect("signed in");
        let texts = ["{ rounds(first: 1) { nodes { id } } }", "{ rounds(first: 1) { nodes { title } __typename } }"];
        for text in texts {
            let answer = post(app, json!({ "query": text, "extensions": persisted(text) })).await;
            assert_eq!(answer.status(), 200);
        }
        for (text, kind) in [(texts[0], Value::Null), (texts[1], json!("RoundConnection")), (texts[0], Value::Null)] {
            let request = app.http.post(format!("{}/graphql", app.url)).bearer_auth(token);
            let answer = request.json(&json!({ "extensions": persisted(text) })).send().await.expect("an answer");
            let answer = body_of(answer).await;
            assert_eq!(answer["data"]["rounds"]["nodes"], json!([]), "{answer:#}");
            assert_eq!(answer["data"]["rounds"]["__typename"], kind);
        }
    }

    async fn a_file_in_a_request_is_stored_whatever_the_order_of_its_parts(app) {
        let brand = app.brand("first").await;
        let operations = json!({ "query": UPLOAD, "variables": { "f": null } }).to_string();
        let (o, m, f) = (("operations", None, operations.as_bytes()), ("map", None, &br#"{"0":["variables.f"]}"#[..]), picture(1));
        for parts in [[o, m, ("0", Some("a.jpg"), &f[..])], [("0", Some("a.jpg"), &f[..]), m, o]] {
            let answer = body_of(send_form(app, brand.owner.token.as_deref(), form(&parts)).await).await;
            assert_eq!(answer["data"]["uploadMedia"]["media"]["kind"], "PICTURE", "{answer:#}");
        }
        let wrong = [o, m, ("0", Some("a.jpg"), &b"<html>"[..])];
        let answer = body_of(send_form(app, brand.owner.token.as_deref(), form(&wrong)).await).await;
        assert_eq!(answer["data"]["uploadMedia"]["userErrors"][0]["code"], "INVALID", "{answer:#}");
        let large = vec![0; 12 * 1024 * 1024 + 1];
        let answer = body_of(send_form(app, brand.owner.token.as_deref(), form(&[o, m, ("0", Some("a.jpg"), &large)])).await).await;
        assert_eq!(answer["data"]["uploadMedia"]["userErrors"][0]["code"], "LIMIT_REACHED", "{answer:#}");
        let made_up = json!({ "query": UPLOAD, "variables": { "f": "#__graphql_file__:9" } });
        let answer = brand.owner.gql(made_up["query"].as_str().expect("a text"), made_up["variables"].clone()).await;
        assert_eq!(answer.refused(), "INVALID");
    }

    async fn multipart_bodies_that_are_wrong_are_refused(app) {
        let brand = app.brand("first").await;
        let token = brand.owner.token.as_deref();
        let operations = json!({ "query": UPLOAD, "variables": { "f": null } }).to_string();
        let o = ("operations", None, operations.as_bytes());
        let file = ("0", Some("a.jpg"), &b"x"[..]);
        let map = |text: &'static str| ("map", None, text.as_bytes());
        let good = map(r#"{"0":["variables.f"]}"#);
        let many: Vec<_> = (0..10_000).map(|_| ("x", None, &b""[..])).collect();
        let names = ["0", "1", "2", "3", "4"];
        let all = map(r#"{"0":["variables.f"],"1":["variables.a"],"2":["variables.b"],"3":["variables.c"],"4":["variables.d"]}"#);
        let mut five = vec![o, all];
        five.extend(names.map(|name| (name, Some("a.jpg"), &b"x"[..])));
        for (what, body) in [
            ("a broken boundary", b"--c\r\nnothing".to_vec()),
            ("mapped twice", form(&[o, map(r#"{"0":["variables.f","variables.f"]}"#), file])),
            ("10,000 parts", form(&many)),
            ("not in map", form(&[o, map("{}"), file])),
            ("no such path", form(&[o, map(r#"{"0":["variables.g"]}"#), file])),
            ("five files", form(&five)),
            ("no file", form(&[o, good])),
            ("no map", form(&[o, file])),
        ] {
            let answer = body_of(send_form(app, token, body).await).await;
            assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_REQUEST", "{what}: {answer:#}");
        }
        let unasked = send_form(app, None, form(&[o, good, file])).await;
        assert_eq!(unasked.status(), 400);
    }

    async fn a_query_that_costs_too_much_is_told_its_cost(app) {
        let query = "{ a(first: 100) { b(first: 100) { c d } } }";
        let answer = app.caller(None).gql(query, json!({})).await;
        assert_eq!(answer.fault(), "LIMIT_EXCEEDED");
        assert_eq!(answer.body["extensions"]["cost"], 20_101);
    }

    async fn large_answers_are_compressed_and_small_ones_are_left_alone(app) {
        for (query, compressed) in [("{ __schema { types { name } } }", true), ("{ __typename }", false)] {
            let request = app.http.post(format!("{}/graphql", app.url)).header("accept-encoding", "gzip");
            let answer = request.json(&json!({ "query": query })).send().await.expect("an answer");
            assert_eq!(answer.headers().get(CONTENT_ENCODING).is_some_and(|value| value == "gzip"), compressed, "{query}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listed_origin_is_let_in_and_others_are_not() {
    let app = TestApp::start_with(Backend::Sqlite, &[("cors_origins", "https://shop.example")]).await;
    for (origin, allowed) in [("https://shop.example", true), ("https://evil.example", false)] {
        let asked = app.http.request(Method::OPTIONS, format!("{}/graphql", app.url)).header("origin", origin);
        let answer = asked.header("access-control-request-method", "POST").send().await.expect("an answer");
        assert_eq!(answer.status(), 204);
        assert_eq!(answer.headers().contains_key("access-control-allow-origin"), allowed, "{origin}");
        assert!(!answer.headers().contains_key("access-control-allow-credentials"));
        let headers =
            answer.headers().get("access-control-allow-headers").map(|headers| headers.to_str().expect("text"));
        let takes_a_token = headers.is_some_and(|headers| headers.split(", ").any(|header| header == "Authorization"));
        assert_eq!(takes_a_token, allowed, "{headers:?}");

        let asked = app.http.post(format!("{}/graphql", app.url)).header("origin", origin);
        let answer = asked.json(&json!({ "query": "{ viewer { kind } }" })).send().await.expect("an answer");
        let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        assert_eq!(header("access-control-allow-origin"), allowed.then(|| origin.to_owned()));
        let reads = header("access-control-expose-headers").is_some_and(|headers| headers.contains("Retry-After"));
        assert_eq!(reads, allowed, "{origin}");
        let varies =
            answer.headers().get_all("vary").iter().any(|value| value.to_str().is_ok_and(|v| v.contains("Origin")));
        assert!(varies, "a cache tells origins apart");
        assert_eq!(
            body_of(answer).await["data"]["viewer"]["kind"],
            "ANONYMOUS",
            "the page alone decides what it shows"
        );
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_an_exclusive_list_nothing_else_is_executed() {
    let path = std::env::temp_dir().join(format!("smallbatch-trusted-{}.json", std::process::id()));
    std::fs::write(&path, json!({ "who": "{ viewer { kind } }", "signIn": SIGN_IN }).to_string()).expect("a list");
    let settings = [("trusted_operations", path.to_str().expect("UTF-8")), ("trusted_only", "true")];
    let app = TestApp::start_with(Backend::Sqlite, &settings).await;
    for listed in [json!({ "documentId": "who" }), json!({ "query": "{ viewer { kind } }" })] {
        assert_eq!(body_of(post(&app, listed).await).await["data"]["viewer"]["kind"], "ANONYMOUS");
    }
    let other = "{ viewer { __typename } }";
    let hash = persisted(other);
    let operations = json!({ "query": other }).to_string();
    let brand = app.brand("first").await;
    let parts = form(&[("operations", None, operations.as_bytes()), ("map", None, b"{}")]);
    for (how, answer) in [
        ("by GET", get(&app, &[("query", other)]).await),
        ("with its hash", post(&app, json!({ "query": other, "extensions": hash })).await),
        ("by its hash alone", post(&app, json!({ "extensions": hash })).await),
        ("with the id of another", post(&app, json!({ "query": other, "documentId": "who" })).await),
        ("as multipart", send_form(&app, brand.owner.token.as_deref(), parts).await),
    ] {
        let answer = body_of(answer).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "OPERATION_NOT_TRUSTED", "{how}: {answer:#}");
        assert!(answer.get("data").is_none(), "{how}");
    }
    let mut socket = brand.owner.socket().await;
    socket.subscribe("1", other, json!({})).await;
    assert_eq!(socket.error("1").await, "OPERATION_NOT_TRUSTED");
    std::fs::remove_file(&path).expect("removed");
    app.finish().await;
}
