//! What is the same for a whole audience: (type, [(field, type of its selection)]). A field that is not here makes
//! the operation one that is run for each caller. Before adding one, read its resolver: it may depend on the brand,
//! on the communities a member is in and, unless it is steady, on the clock, on a person only through a hole.

/// No selection. May change without news, as by the clock: a second old at most.
pub(super) const LEAF: &str = "";
/// No selection. Only what tells news changes it, see [`crate::base::tx::Tx::touch`].
pub(super) const STEADY: &str = "=";
/// Not looked into: when its resolver runs it denies keeping the answer.
pub(super) const DENIES: &str = "!";

pub(super) const PUBLIC: &[(&str, &[(&str, &str)])] = &[
    (
        "Query",
        &[
            ("rounds", "RoundConnection"),
            ("round", "Round"),
            ("presales", "PresaleConnection"),
            ("presale", "Presale"),
            ("tryOn", "TryOn"),
            ("communityFeed", "TryOnConnection"),
            ("designTryOns", "TryOnConnection"),
            ("factory", "FactoryDesk"),
        ],
    ),
    (
        "RoundConnection",
        &[("pageInfo", "PageInfo"), ("edges", "RoundEdge"), ("nodes", "Round"), ("totalCount", STEADY)],
    ),
    ("RoundEdge", &[("node", "Round"), ("cursor", STEADY)]),
    (
        "PresaleConnection",
        &[("pageInfo", "PageInfo"), ("edges", "PresaleEdge"), ("nodes", "Presale"), ("totalCount", STEADY)],
    ),
    ("PresaleEdge", &[("node", "Presale"), ("cursor", STEADY)]),
    (
        "TryOnConnection",
        &[("pageInfo", "PageInfo"), ("edges", "TryOnEdge"), ("nodes", "TryOn"), ("totalCount", STEADY)],
    ),
    ("TryOnEdge", &[("node", "TryOn"), ("cursor", STEADY)]),
    (
        "PageInfo",
        &[("hasPreviousPage", STEADY), ("hasNextPage", STEADY), ("startCursor", STEADY), ("endCursor", STEADY)],
    ),
    (
        "Round",
        &[
            ("id", STEADY),
            ("title", STEADY),
            ("status", STEADY),
            ("advanceCount", STEADY),
            ("opensAt", STEADY),
            ("closesAt", STEADY),
            ("opensAtLocal", STEADY),
            ("closesAtLocal", STEADY),
            ("closedAt", STEADY),
            ("tieBreak", STEADY),
            ("entries", "RoundEntry"),
            ("communities", "Community"),
            ("myPicks", STEADY),
            ("createdAt", STEADY),
            ("availableActions", LEAF),
        ],
    ),
    (
        "RoundEntry",
        &[
            ("id", STEADY),
            ("round", "Round"),
            ("design", "Design"),
            ("position", STEADY),
            ("picks", STEADY),
            ("pickedByMe", STEADY),
            ("rank", STEADY),
            ("advanced", STEADY),
        ],
    ),
    (
        "Community",
        &[("id", LEAF), ("name", LEAF), ("need", LEAF), ("cap", LEAF), ("memberCount", LEAF), ("createdAt", LEAF)],
    ),
    (
        "Design",
        &[
            ("id", STEADY),
            ("styleNo", STEADY),
            ("status", STEADY),
            ("version", "DesignVersion"),
            ("createdAt", STEADY),
            ("updatedAt", STEADY),
        ],
    ),
    (
        "DesignVersion",
        &[
            ("number", STEADY),
            ("title", STEADY),
            ("description", STEADY),
            ("category", STEADY),
            ("season", STEADY),
            ("fabric", STEADY),
            ("fit", STEADY),
            ("attributes", "DesignAttribute"),
            ("pictures", "Media"),
            ("submittedAt", STEADY),
        ],
    ),
    ("DesignAttribute", &[("name", STEADY), ("value", STEADY)]),
    (
        "Media",
        &[
            ("id", STEADY),
            ("kind", STEADY),
            ("url", STEADY),
            ("width", STEADY),
            ("height", STEADY),
            ("contentType", STEADY),
        ],
    ),
    (
        "Presale",
        &[
            ("id", STEADY),
            ("title", STEADY),
            ("status", STEADY),
            ("entryId", STEADY),
            ("designId", STEADY),
            ("design", "Design"),
            ("price", "Money"),
            ("memberLimit", STEADY),
            ("moq", STEADY),
            ("paidPieces", STEADY),
            ("opensAt", STEADY),
            ("closesAt", STEADY),
            ("openedAt", STEADY),
            ("closedAt", STEADY),
            ("promiseDate", STEADY),
            ("skus", "Sku"),
            ("availableActions", STEADY),
            ("createdAt", STEADY),
        ],
    ),
    (
        "Sku",
        &[
            ("id", STEADY),
            ("code", STEADY),
            ("color", STEADY),
            ("size", STEADY),
            ("sizeDesignation", STEADY),
            ("remaining", STEADY),
        ],
    ),
    ("Money", &[("minorUnits", STEADY), ("currency", STEADY), ("formatted", STEADY)]),
    (
        "TryOn",
        &[
            ("id", STEADY),
            ("status", STEADY),
            ("body", STEADY),
            ("sizeWorn", STEADY),
            ("fit", STEADY),
            ("cons", STEADY),
            ("heightCm", STEADY),
            ("weightKg", STEADY),
            ("media", "Media"),
            ("adLabel", STEADY),
            ("koc", "Member"),
            ("design", "Design"),
            ("publishedAt", STEADY),
        ],
    ),
    // Of KOCs only, who are no audience: nobody here is shown herself.
    ("Member", &[("id", STEADY), ("nickname", STEADY), ("grade", STEADY)]),
    ("FactoryDesk", &[("id", LEAF), ("batchFeed", "BatchFeedEntryConnection")]),
    (
        "BatchFeedEntryConnection",
        &[("pageInfo", "PageInfo"), ("edges", "BatchFeedEntryEdge"), ("nodes", "BatchFeedEntry")],
    ),
    ("BatchFeedEntryEdge", &[("node", "BatchFeedEntry"), ("cursor", LEAF)]),
    (
        "BatchFeedEntry",
        &[("sequence", LEAF), ("kind", LEAF), ("epoch", LEAF), ("at", LEAF), ("batchId", LEAF), ("batch", DENIES)],
    ),
];

/// What a listed field's selection is of; `None` when it is not listed.
pub(super) fn selection_of(on: &str, field: &str) -> Option<&'static str> {
    let (_, fields) = PUBLIC.iter().find(|(name, _)| *name == on)?;
    fields.iter().find(|(name, _)| *name == field).map(|(_, of)| *of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_list_is_in_the_schema() {
        let schema = crate::schema::sdl();
        for (on, fields) in PUBLIC {
            let (_, body) = schema.split_once(&format!("\ntype {on} ")).unwrap_or_else(|| panic!("no type {on}"));
            let (_, body) = body.split_once("{\n").expect("a type begins");
            let (body, _) = body.split_once("\n}").expect("a type ends");
            // Arguments are indented more than fields.
            let found = |field: &str| {
                let line = body.lines().position(|line| {
                    line.strip_prefix('\t')
                        .and_then(|line| line.strip_prefix(field))
                        .is_some_and(|rest| rest.starts_with([':', '(']))
                });
                let rest = body.lines().skip(line.unwrap_or_else(|| panic!("no field {on}.{field}")));
                let typed = rest
                    .map(str::trim_start)
                    .find(|line| line.starts_with(&format!("{field}: ")) || line.contains("): "));
                let typed = typed.and_then(|line| line.split(" @").next()).expect("a field has a type");
                let (_, typed) = typed.rsplit_once(": ").expect("a type");
                typed.trim_matches(['[', ']', '!']).to_owned()
            };
            for (field, of) in *fields {
                let typed = found(field);
                match *of {
                    LEAF | STEADY => {
                        assert!(!schema.contains(&format!("\ntype {typed} ")), "{on}.{field} has a selection")
                    }
                    DENIES => {}
                    of => assert_eq!(typed, of, "{on}.{field}"),
                }
            }
        }
    }
}
