//! Documents that are small when written and large when expanded.

use super::super::measure::Measure;
use super::super::{LimitName, Refusal};
use super::{checked, exceeded, refused};
use async_graphql::parser::parse_query;

/// `f0` spreads `f1` twice, and so on; the last one spreads `last`.
fn chain(length: usize, last: &str) -> String {
    let mut source = String::from("{ ...f0 }");
    for index in 0..length - 1 {
        let next = index + 1;
        source += &format!("fragment f{index} on Query{{...f{next} ...f{next}}}");
    }
    source + &format!("fragment f{} on Query{{{last}}}", length - 1)
}

#[test]
fn fragment_bombs_are_refused_after_one_look_at_each_selection() {
    for length in [10, 23, 50, 200] {
        let source = chain(length, "a");
        let document = parse_query(&source).expect("valid GraphQL");
        let mut measure = Measure::new(&document, &serde_json::Value::Null).expect("no cycle");
        let operation = document.operations.iter().next().expect("one operation").1;
        let weight = measure.operation(&operation.node);
        assert_eq!(measure.visits, 2 * (length - 1) + 2, "{length}");
        // One selection in the last fragment; each level above doubles it and adds its own two spreads.
        let expected = (0..length - 1).fold(1u32, |inner, _| inner.saturating_mul(2).saturating_add(2));
        assert_eq!(weight.selections, expected.saturating_add(1), "{length}");
        assert!(matches!(refused(&source), Refusal::Exceeded { .. }), "{length}");
    }
}

#[test]
fn the_bomb_that_froze_a_server_names_the_limit() {
    assert_eq!(exceeded(&chain(10, "a")), (LimitName::Selections, (1 << 9) * 3 - 2));
    assert_eq!(exceeded(&chain(23, "a")), (LimitName::Selections, (1 << 22) * 3 - 2));
}

#[test]
fn bombs_hide_neither_in_unused_fragments_nor_in_other_operations() {
    let bomb = chain(23, "a");
    let unused = bomb.replace("{ ...f0 }", "{ a }");
    assert_eq!(exceeded(&unused).0, LimitName::Selections);
    let other = bomb.replace("{ ...f0 }", "query A { a } query B { b { ...f0 } }");
    let refusal =
        super::check(&other, Some("A"), &serde_json::Value::Null, &super::Limits::default()).expect_err("B is a bomb");
    assert!(matches!(refusal, Refusal::Exceeded { limit: LimitName::Selections, .. }), "{refusal}");
}

#[test]
fn cycles_are_refused_at_any_length() {
    for length in [1, 2, 10, 50] {
        for back_to in [0, length / 2, length - 1] {
            let refusal = refused(&chain(length, &format!("a ...f{back_to}")));
            let Refusal::FragmentCycle { name } = refusal else { panic!("{length}: {refusal}") };
            let member: usize = name[1..].parse().expect("the name of one of the fragments");
            assert!((back_to..length).contains(&member), "{name} is not on the circle of f{back_to}..f{length}");
        }
    }
    assert_eq!(exceeded(&chain(200, "...f0")).0, LimitName::Tokens);
}

#[test]
fn cycles_hide_neither_in_fields_nor_in_unused_fragments() {
    let expected = Refusal::FragmentCycle { name: "F".into() };
    assert_eq!(refused("{ a } fragment F on Q { a { ... on Q { b { ...F } } } }"), expected);
    assert_eq!(refused("{ ...F } fragment F on Q { a @skip(if: true) { ...F } }"), expected);
}

#[test]
fn unknown_fragments_are_refused_everywhere() {
    let expected = Refusal::FragmentUnknown { name: "Gone".into() };
    assert_eq!(refused("{ ...Gone }"), expected);
    assert_eq!(refused("{ a } fragment F on Q { a { ...Gone } }"), expected);
    let long = "x".repeat(5_000);
    assert_eq!(refused(&format!("{{ ...{long} }}")), Refusal::FragmentUnknown { name: "x".repeat(64) });
}

#[test]
fn selections_count_what_fragments_add() {
    let fields = |count: usize| (0..count).map(|index| format!("f{index} ")).collect::<String>();
    // 18 spreads of 54 selections, their field, and 8 more.
    let source =
        |extra| format!("{{ a {{ {} {} }} }} fragment F on Q {{ {} }}", "...F ".repeat(18), fields(extra), fields(54));
    assert_eq!(checked(&source(9)).fields, 1 + 18 * 54 + 9);
    assert_eq!(exceeded(&source(10)), (LimitName::Selections, 1_001));
}

#[test]
fn selections_add_up_over_operations() {
    let body = "b ".repeat(499);
    let two = |extra| format!("query A {{ a {{ {body} }} }} query B {{ a {{ {body} {extra} }} }}");
    let limits = super::Limits::default();
    assert_eq!(super::check(&two(""), Some("B"), &serde_json::Value::Null, &limits).expect("1,000 in all").fields, 500);
    let refusal = super::check(&two("c"), Some("B"), &serde_json::Value::Null, &limits).expect_err("1,001 in all");
    assert_eq!(refusal, Refusal::Exceeded { limit: LimitName::Selections, max: 1_000, found: 1_001 });
}

#[test]
fn depth_runs_through_fragments() {
    // Six fields in the operation, then the fragment's, then those of the one inside.
    let source = |inner: &str| {
        format!(
            "{{a{{a{{a{{a{{a{{a{{...F}}}}}}}}}}}}}} fragment F on Q {{b{{b{{b{{... on Q {{...G}}}}}}}}}} fragment G on Q {inner}"
        )
    };
    assert_eq!(checked(&source("{c{c{c}}}")).depth, 12);
    assert_eq!(exceeded(&source("{c{c{c{c}}}}")), (LimitName::Depth, 13));
}

#[test]
fn inline_fragments_and_spreads_are_levels_too() {
    let nested = |levels: usize| format!("{}a{}", "{...".repeat(levels), "}".repeat(levels));
    let fragment = |levels: usize| format!("{{...F}} fragment F on Q {}", nested(levels).replace("...a", "a"));
    assert_eq!(checked(&fragment(31)).depth, 1);
    assert_eq!(exceeded(&fragment(32)), (LimitName::Nesting, 33));
}

#[test]
fn aliases_flood_neither_directly_nor_through_fragments() {
    let direct =
        |count: usize| format!("{{ a {{ {} }} }}", (0..count).map(|index| format!("a{index}: b ")).collect::<String>());
    assert_eq!(checked(&direct(30)).fields, 31);
    assert_eq!(exceeded(&direct(31)), (LimitName::Aliases, 31));
    let spread =
        |count: usize| format!("mutation {{ a {{ {} }} }} fragment F on Q {{ x: b y: b z: b }}", "...F ".repeat(count));
    assert_eq!(checked(&spread(10)).fields, 31);
    assert_eq!(exceeded(&spread(11)), (LimitName::Aliases, 33));
}

#[test]
fn root_fields_are_counted_expanded() {
    for kind in ["query", "mutation"] {
        assert_eq!(checked(&format!("{kind} {{ {} }}", "a ".repeat(20))).fields, 20);
        assert_eq!(exceeded(&format!("{kind} {{ {} }}", "a ".repeat(21))), (LimitName::RootFields, 21));
        let source = format!("{kind} {{ ... {{ ...F }} ...F ...F }} fragment F on Q {{ {} }}", "a ".repeat(7));
        assert_eq!(exceeded(&source), (LimitName::RootFields, 21));
    }
    assert_eq!(checked("subscription { a { b c } }").fields, 3);
    assert_eq!(exceeded("subscription { ...F } fragment F on S { a b }"), (LimitName::RootFields, 2));
}

#[test]
fn overlapping_fields_count_each_time() {
    assert_eq!(checked(&format!("{{ a {{ {} }} }}", "b ".repeat(999))).fields, 1_000);
    assert_eq!(exceeded(&format!("{{ a {{ {} }} }}", "b ".repeat(1_000))), (LimitName::Selections, 1_001));
}

#[test]
fn fragments_and_operations_are_limited() {
    let fragments = |count: usize| {
        (0..count).fold("{ a }".to_owned(), |source, index| source + &format!("fragment f{index} on Q{{a}}"))
    };
    checked(&fragments(50));
    assert_eq!(exceeded(&fragments(51)), (LimitName::Fragments, 51));
    let operations = |count: usize| (0..count).map(|index| format!("query q{index} {{ a }}")).collect::<String>();
    let limits = super::Limits::default();
    super::check(&operations(50), Some("q7"), &serde_json::Value::Null, &limits).expect("50 operations");
    let refusal =
        super::check(&operations(51), Some("q7"), &serde_json::Value::Null, &limits).expect_err("51 operations");
    assert_eq!(refusal, Refusal::Exceeded { limit: LimitName::Operations, max: 50, found: 51 });
}

#[test]
fn directives_flood_at_no_place() {
    let at = |place: &str, count: usize| place.replace('%', &"@d ".repeat(count));
    for place in [
        "query % { a }",
        "query Q($v: Int %) { a }",
        "{ a % }",
        "{ ... % { a } }",
        "{ ... on Q % { a } }",
        "{ ...F % } fragment F on Q { a }",
        "{ ...F } fragment F on Q % { a }",
        "{ a } fragment F on Q { a % }",
    ] {
        checked(&at(place, 50));
        assert_eq!(exceeded(&at(place, 51)), (LimitName::Directives, 51), "{place}");
    }
    let spread = |count: usize| {
        format!("{{ a {{ {} }} }} fragment F on Q @d {{ a @d ... @d {{ b }} }}", "...F @d ".repeat(count))
    };
    checked(&spread(12));
    assert_eq!(exceeded(&spread(13)), (LimitName::Directives, 52));
}
