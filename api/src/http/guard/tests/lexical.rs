//! What is decided before the document is parsed.

use super::super::lexer::{Scan, scan};
use super::super::{LimitName, Limits, Refusal, RefusalCode, check};
use super::{checked, exceeded, refused};

fn sizes(source: &str) -> (u32, u32, u32) {
    let Scan { tokens, nesting, directives } = scan(source).unwrap_or_else(|refusal| panic!("{refusal}: {source}"));
    (tokens, nesting, directives)
}

#[test]
fn tokens_are_counted_as_graphql_has_them() {
    assert_eq!(sizes(""), (0, 0, 0));
    assert_eq!(sizes("\u{feff} ,\t\r\n# { @ \"\n"), (0, 0, 0));
    assert_eq!(sizes("{a}"), (3, 1, 0));
    assert_eq!(sizes("query Q($v:[Int!]=[1]@d){...F@e(x:$v)}"), (29, 2, 2));
    assert_eq!(sizes("1 -2 3.4 -5.6e+7 8E9 0"), (6, 0, 0));
    assert_eq!(sizes("[1-1-1]"), (5, 1, 0), "a minus starts the next number");
    assert_eq!(sizes("[000]"), (5, 1, 0), "a zero ends an integer");
    assert_eq!(sizes("1.x 1e 1...F"), (8, 0, 0));
    assert_eq!(sizes("é 好 %"), (3, 0, 0));
}

#[test]
fn strings_hide_their_content() {
    assert_eq!(sizes(r#"a "{{{ @ # \" {" b"#), (3, 0, 0));
    assert_eq!(sizes(r#""\\" {"#), (2, 1, 0), "an escaped backslash escapes no quote");
    assert_eq!(sizes(r#""" {"#), (2, 1, 0), "empty");
    assert_eq!(sizes("\"\"\"\"\"\" {"), (2, 1, 0), "empty block");
    assert_eq!(sizes("\"\"\" { \" \"\" \\\"\"\" @ \n # \"\"\" {"), (2, 1, 0));
    assert_eq!(sizes("\"\"\"a\\\\\"\"\"\"\"\" {"), (2, 1, 0), "in a block only the whole escape counts");
}

#[test]
fn comments_end_at_either_line_break() {
    assert_eq!(sizes("# {\r{"), (1, 1, 0));
    assert_eq!(sizes("# \"\n{ # \"\"\"\n}"), (2, 1, 0));
    assert_eq!(sizes("\"#\" {"), (2, 1, 0));
}

#[test]
fn unterminated_strings_are_refused_where_they_start() {
    for (source, line, column) in [
        ("{a(b:\"", 1, 6),
        ("{a(b:\"x\n\")}", 1, 6),
        ("{a(b:\"x\\", 1, 6),
        ("{a(b:\"x\\\n\")}", 1, 6),
        ("{\n a(好: \"\"\"x\"\"", 2, 7),
        // Read as an empty string and another string, this would hide its brackets from one of two readers.
        ("{a(b:[\"\"\"[[[[\"])}", 1, 7),
    ] {
        let expected = Refusal::Syntax { line, column, reason: "a string is not terminated".into() };
        assert_eq!(refused(source), expected, "{source}");
    }
}

#[test]
fn nul_is_refused_and_only_nul() {
    let expected = Refusal::NulCharacter { variable: None };
    for source in ["{a\0}", "{a(b:\"\0\")}", "{a(b:\"\"\"\0\"\"\")}", r#"{a(b:"x\u0000")}"#] {
        assert_eq!(refused(source), expected, "{source:?}");
    }
    checked(r#"{a(b:"\\u0000 \u0001")}"#);
    checked("{a # \\u0000 in a comment\n}");
    checked(r#"{a(b:"""\u0000""")}"#);
}

#[test]
fn bytes_end_at_16_kib() {
    let source = |bytes: usize| format!("{{a}}#{}", "x".repeat(bytes - 4));
    checked(&source(16_384));
    assert_eq!(exceeded(&source(16_385)), (LimitName::DocumentBytes, 16_385));
    let chinese = format!("{{a}}#{}", "好".repeat(5_461));
    assert_eq!(exceeded(&chinese), (LimitName::DocumentBytes, 16_387), "bytes, not characters");
}

#[test]
fn tokens_end_at_2000() {
    let source = |tokens: usize| format!("{{a(b:[{}])}}", "1 ".repeat(tokens - 9));
    assert_eq!(sizes(&source(2_000)).0, 2_000);
    checked(&source(2_000));
    assert_eq!(exceeded(&source(2_001)), (LimitName::Tokens, 2_001));
}

#[test]
fn nesting_is_refused_before_the_parser_recurses() {
    let generous = Limits { document_bytes: u32::MAX, tokens: u32::MAX, ..Limits::default() };
    for open in ["{a", "[", "{a(b:[", "{a(b:{c:", "{...", "query($v:["] {
        let levels = open.bytes().filter(|byte| b"{[(".contains(byte)).count() as u32;
        let refusal = check(&open.repeat(10_000), None, &serde_json::Value::Null, &generous).expect_err("far too deep");
        let expected = Refusal::Exceeded { limit: LimitName::Nesting, max: 32, found: 10_000 * levels };
        assert_eq!(refusal, expected, "{open}");
    }
    let lists = |levels: usize| format!("{{a(b:{}{})}}", "[".repeat(levels), "]".repeat(levels));
    checked(&lists(30));
    assert_eq!(exceeded(&lists(31)), (LimitName::Nesting, 33));
    let types = |levels: usize| format!("query($v:{}Int{}){{a}}", "[".repeat(levels), "]".repeat(levels));
    checked(&types(31));
    assert_eq!(exceeded(&types(32)), (LimitName::Nesting, 33));
}

#[test]
fn closing_brackets_below_zero_do_not_wrap() {
    assert_eq!(sizes("}}}])){"), (7, 1, 0));
    assert_eq!(refused("}}{a}").code(), RefusalCode::BadQuery);
}

#[test]
fn unicode_passes_in_strings_and_comments_only() {
    checked("{a(b:\"好🧵\u{202e}\") # 好\n}");
    assert!(matches!(refused("{好}"), Refusal::Syntax { line: 1, column: 2, .. }));
}

#[test]
fn syntax_errors_do_not_echo_the_document() {
    let refusal = refused(&format!("{{a(b: secret{} ?)}}", "x".repeat(9_000)));
    assert!(matches!(refusal, Refusal::Syntax { .. }));
    assert!(refusal.to_string().len() < 300 && !refusal.to_string().contains("secret"), "{refusal}");
    assert!(refusal.message_zh().contains('行'));
}
