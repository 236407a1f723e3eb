//! Content checks: every text and picture of a user passes WeChat before others see it (WeChat docs:
//! msgSecCheck 2.0, mediaCheckAsync 2.0).

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::http::WhenBusy;
use super::{Account, Error, Result, Wechat};

/// What one call takes, in characters.
const MAX_CHARS: usize = 2500;
/// Parts of a long text share this many characters, so that nothing hides on a seam.
const OVERLAP: usize = 100;

/// Where the content will be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scene {
    Profile = 1,
    Comment = 2,
    Forum = 3,
    SocialLog = 4,
}

/// What WeChat advises, from harmless to harmful.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Suggest {
    Pass,
    Review,
    Risky,
}

impl Suggest {
    /// A word we do not know goes to a person.
    pub(super) fn from_word(word: &str) -> Self {
        match word {
            "pass" => Suggest::Pass,
            "risky" => Suggest::Risky,
            _ => Suggest::Review,
        }
    }
}

/// The verdict on a text; of a long one, the worst part's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub suggest: Suggest,
    /// 100 normal, 10001 ad, 20001 politics, 20002 porn, 20003 abuse, 20006 crime, 20008 fraud, 20012 vulgar,
    /// 20013 copyright, 21000 other.
    pub label: i32,
    /// WeChat's name for the check; empty if nothing had to be asked.
    pub trace_id: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaType {
    Audio = 1,
    Image = 2,
}

#[derive(Deserialize)]
struct TextAnswer {
    trace_id: String,
    result: TextResult,
}

#[derive(Deserialize)]
struct TextResult {
    suggest: String,
    label: i32,
}

#[derive(Deserialize)]
struct MediaAnswer {
    trace_id: String,
}

impl Wechat {
    /// Checks a text written by `openid`, who must have used the mini-program within two hours
    /// ([`Error::UserInactive`]). An error is no verdict: keep the text hidden.
    pub async fn check_text(&self, account: &Account, openid: &str, scene: Scene, text: &str) -> Result<Verdict> {
        let mut worst = Verdict { suggest: Suggest::Pass, label: 100, trace_id: String::new() };
        for part in parts(text) {
            let body = json!({ "content": part, "version": 2, "scene": scene as u8, "openid": openid });
            let answer: TextAnswer = self.api_post(account, "/wxa/msg_sec_check", &body, WhenBusy::Thrice).await?;
            let suggest = Suggest::from_word(&answer.result.suggest);
            if worst.trace_id.is_empty() || suggest > worst.suggest {
                worst = Verdict { suggest, label: answer.result.label, trace_id: answer.trace_id };
            }
            if suggest == Suggest::Risky {
                break;
            }
        }
        Ok(worst)
    }

    /// Asks for a check of a picture or sound that Tencent can fetch from `media_url` for the next hour. The verdict
    /// comes as a push within 30 minutes, possibly before this answer; they share the returned `trace_id`.
    pub async fn check_media(
        &self,
        account: &Account,
        openid: &str,
        media_url: &str,
        media_type: MediaType,
        scene: Scene,
    ) -> Result<String> {
        if media_url.is_empty() {
            return Err(Error::Invalid("media_url is empty"));
        }
        let body = json!({
            "media_url": media_url,
            "media_type": media_type as u8,
            "version": 2,
            "scene": scene as u8,
            "openid": openid,
        });
        let answer: MediaAnswer = self.api_post(account, "/wxa/media_check_async", &body, WhenBusy::GiveUp).await?;
        Ok(answer.trace_id)
    }
}

/// Pieces of at most [`MAX_CHARS`] that overlap; none for a text without visible characters.
fn parts(text: &str) -> Vec<&str> {
    if text.trim().is_empty() {
        return Vec::new();
    }
    let starts: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let chars = starts.len() - 1;
    let mut parts = Vec::new();
    let mut from = 0;
    loop {
        let to = chars.min(from + MAX_CHARS);
        parts.push(&text[starts[from]..starts[to]]);
        if to == chars {
            return parts;
        }
        from = to - OVERLAP;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_passage_of_the_overlaps_length_lies_whole_in_some_part(length in 1_usize..9000, at in 0_usize..9000) {
            let text: String = (0..length as u32).map(|n| char::from_u32(0x4e00 + n).expect("a Han character")).collect();
            let passage: String = text.chars().skip(at % length).take(OVERLAP).collect();
            let parts = parts(&text);
            prop_assert!(parts.iter().all(|part| part.chars().count() <= MAX_CHARS));
            prop_assert!(parts.iter().any(|part| part.contains(&passage)));
        }
    }

    #[test]
    fn long_texts_are_cut_into_overlapping_parts() {
        let text = "布".repeat(MAX_CHARS) + "料";
        let parts = parts(&text);
        assert_eq!(parts.iter().map(|part| part.chars().count()).collect::<Vec<_>>(), [MAX_CHARS, OVERLAP + 1]);
        assert!(parts[1].ends_with('料'));
    }

    #[test]
    fn a_text_of_the_exact_limit_is_one_part_and_a_blank_one_none() {
        assert_eq!(parts(&"a".repeat(MAX_CHARS)).len(), 1);
        assert!(parts(" \n").is_empty());
    }

    #[test]
    fn unknown_advice_goes_to_a_person() {
        assert_eq!(Suggest::from_word("maybe"), Suggest::Review);
        assert!(Suggest::Pass < Suggest::Review && Suggest::Review < Suggest::Risky);
    }
}
