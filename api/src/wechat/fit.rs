//! Values for the keywords of subscribe messages, whose limits go by the keyword's type.

/// Makes `text` fit the keyword `key` (`thing1`, `character_string2` …): control characters become spaces, what is
/// too long is cut and shown as cut where the type allows it, and nothing stays empty. Numbers, amounts, times and
/// dates are never cut, since a cut one would be a lie; WeChat refuses them instead (47003).
/// Limits: WeChat docs, subscribeMessage.send, "data".
pub fn fit(key: &str, text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let text = text.trim();
    let fitted = match key.trim_end_matches(|c: char| c.is_ascii_digit()) {
        "thing" => shorten(text, 20),
        // An ellipsis would turn a name of letters, which may have 20, into one of Han characters, which may not.
        "name" if text.is_ascii() => text.chars().take(20).collect(),
        "name" => shorten(text, 10),
        "phrase" => text.chars().filter(|c| is_han(*c)).take(5).collect(),
        "character_string" => text.chars().filter(char::is_ascii_graphic).take(32).collect(),
        "letter" => text.chars().filter(char::is_ascii_alphabetic).take(32).collect(),
        "symbol" => text.chars().filter(|c| !c.is_alphanumeric()).take(5).collect(),
        "phone_number" => text.chars().filter(char::is_ascii_graphic).take(17).collect(),
        "car_number" => text.chars().take(8).collect(),
        _ => text.to_owned(),
    };
    if fitted.is_empty() { placeholder(key).to_owned() } else { fitted }
}

fn shorten(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(limit - 1).collect();
    short.truncate(short.trim_end().len());
    short.push('…');
    short
}

fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{20000}'..='\u{323af}')
}

fn placeholder(key: &str) -> &'static str {
    if key.starts_with("phrase") || key.starts_with("name") {
        "无"
    } else if key.starts_with("letter") {
        "N"
    } else if key.starts_with("number") || key.starts_with("amount") {
        "0"
    } else {
        "-"
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whatever_comes_in_fits(text in "\\PC{0,60}|[ -~\\n]{0,60}|[一-龥]{0,40}") {
            for (key, limit) in [("thing1", 20), ("name2", 20), ("phrase3", 5), ("character_string4", 32), ("letter5", 32),
                ("symbol6", 5), ("phone_number7", 17), ("car_number8", 8)] {
                let fitted = fit(key, &text);
                let length = fitted.chars().count();
                prop_assert!((1..=limit).contains(&length) && !fitted.chars().any(char::is_control), "{key} {fitted:?}");
                prop_assert!(key != "name2" || fitted.is_ascii() || length <= 10, "{fitted:?}");
            }
        }
    }

    #[test]
    fn long_things_end_in_an_ellipsis_within_twenty_characters() {
        let fitted = fit("thing1", "春季限定连衣裙预售已开启，仅限本社群成员参与");
        assert_eq!(fitted, "春季限定连衣裙预售已开启，仅限本社群成…");
        assert_eq!(fitted.chars().count(), 20);
        assert_eq!(fit("thing12", "恰好"), "恰好");
    }

    #[test]
    fn control_characters_never_reach_wechat() {
        assert_eq!(fit("thing1", "first\nsecond\u{7}"), "first second");
    }

    #[test]
    fn types_keep_only_what_they_may_hold() {
        assert_eq!(fit("character_string1", "订单 PS-1"), "PS-1");
        assert_eq!(fit("phrase3", "已发货ok了吗呢啊"), "已发货了吗");
        assert_eq!(fit("name1", "欧阳上官司马诸葛东方朔"), "欧阳上官司马诸葛东…");
        assert_eq!(fit("name1", "Alexandrina"), "Alexandrina");
    }

    #[test]
    fn numbers_are_never_cut_and_nothing_is_empty() {
        assert_eq!(fit("amount1", "¥12345678901.00"), "¥12345678901.00");
        assert_eq!(fit("thing1", " \n"), "-");
        assert_eq!(fit("phrase1", "ok"), "无");
    }
}
