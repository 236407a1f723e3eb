//! Content checks: words and addresses decide; media verdicts come by push after the file was really fetched.

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

use super::{Answer, Refused, refused};
use crate::wechat::Suggest;
use crate::wechat::standin::model::field;
use crate::wechat::standin::outbox::{Job, Task};
use crate::wechat::standin::state::{Shared, State};

/// Texts are only checked for users seen within this time.
const SEEN_WITHIN: Duration = Duration::hours(2);
/// What Tencent downloads at most, in bytes.
const MAX_MEDIA: usize = 10 * 1024 * 1024;
const DOWNLOAD_FAILED: i64 = -1008;

fn check_common(state: &State, appid: &str, body: &Value) -> Result<(), Refused> {
    if body["version"] != 2 {
        return Err(refused(40097, "invalid args"));
    }
    if !body["scene"].as_i64().is_some_and(|scene| (1..=4).contains(&scene)) {
        return Err(refused(40129, "invalid scene"));
    }
    if !state.users.contains(&(appid.to_owned(), field(body, "openid").to_owned())) {
        return Err(refused(40003, "invalid openid"));
    }
    Ok(())
}

pub(super) fn text_check(state: &mut State, now: DateTime<Utc>, appid: &str, body: &Value) -> Answer {
    check_common(state, appid, body)?;
    let content = field(body, "content");
    if content.is_empty() || content.chars().count() > 2500 {
        return Err(refused(47001, "data format error: content"));
    }
    let seen = state.logins.get(&(appid.to_owned(), field(body, "openid").to_owned()));
    if seen.is_none_or(|at| now - *at > SEEN_WITHIN) {
        return Err(refused(61010, "user has not accessed recently"));
    }
    let suggest = state.advice(content).unwrap_or(Suggest::Pass);
    let trace_id = trace_id(state);
    let result = json!({ "suggest": suggest, "label": label(suggest) });
    Ok(json!({ "trace_id": trace_id, "result": result, "detail": [] }))
}

pub(super) fn media_check(state: &mut State, now: DateTime<Utc>, appid: &str, body: &Value) -> Answer {
    check_common(state, appid, body)?;
    if !matches!(body["media_type"].as_i64(), Some(1 | 2)) {
        return Err(refused(40004, "invalid media type"));
    }
    let trace_id = trace_id(state);
    let task = Task::FetchMedia {
        appid: appid.to_owned(),
        openid: field(body, "openid").to_owned(),
        url: field(body, "media_url").to_owned(),
        trace_id: trace_id.clone(),
    };
    state.jobs.push(Job { due: now, tries: 0, task });
    Ok(json!({ "trace_id": trace_id }))
}

/// Whether the file can be had, as Tencent would try.
pub(in crate::wechat::standin) async fn fetch_media(http: &reqwest::Client, url: &str) -> bool {
    let Ok(mut answer) = http.get(url).send().await else { return false };
    let mut size = 0;
    while let Ok(chunk) = answer.chunk().await {
        match chunk {
            Some(chunk) => size += chunk.len(),
            None => return answer.status().is_success() && size > 0,
        }
        if size > MAX_MEDIA {
            return false;
        }
    }
    false
}

/// Sends the verdict, or the news that there is none.
pub(in crate::wechat::standin) fn push_verdict(
    shared: &Shared,
    appid: &str,
    openid: &str,
    url: &str,
    trace_id: &str,
    fetched: bool,
) {
    let mut state = shared.lock();
    let suggest = state.advice(url).unwrap_or(state.media_verdict);
    let mut fields = json!({ "appid": appid, "trace_id": trace_id, "version": 2, "detail": [] });
    if fetched {
        fields["errcode"] = json!(0);
        fields["errmsg"] = json!("ok");
        fields["result"] = json!({ "suggest": suggest, "label": label(suggest) });
    } else {
        fields["errcode"] = json!(DOWNLOAD_FAILED);
        fields["errmsg"] = json!("download failed");
    }
    state.push_event(shared.now(), appid, Some(openid), "wxa_media_check", fields);
}

fn trace_id(state: &mut State) -> String {
    let id = state.next_id();
    format!("{id:08x}-standin0-{id:08x}")
}

fn label(suggest: Suggest) -> i32 {
    if suggest == Suggest::Pass { 100 } else { 21000 }
}
