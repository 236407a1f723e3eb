//! What is the same for a whole audience: (type, [(field, type of its selection)]). A field that is not here makes
//! the operation one that is run for each caller. Before adding one, read its resolver: it may depend on the brand,
//! on the communities a member is in and on the clock, on a person only through a hole.

/// No selection.
const LEAF: &str = "";
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
    ("RoundConnection", &[("pageInfo", "PageInfo"), ("edges", "RoundEdge"), ("nodes", "Round"), ("totalCount", LEAF)]),
    ("RoundEdge", &[("node", "Round"), ("cursor", LEAF)]),
    (
        "PresaleConnection",
        &[("pageInfo", "PageInfo"), ("edges", "PresaleEdge"), ("nodes", "Presale"), ("totalCount", LEAF)],
    ),
    ("PresaleEdge", &[("node", "Presale"), ("cursor", LEAF)]),
    ("TryOnConnection", &[("pageInfo", "PageInfo"), ("edges", "TryOnEdge"), ("nodes", "TryOn"), ("totalCount", LEAF)]),
    ("TryOnEdge", &[("node", "TryOn"), ("cursor", LEAF)]),
    ("PageInfo", &[("hasPreviousPage", LEAF), ("hasNextPage", LEAF), ("startCursor", LEAF), ("endCursor", LEAF)]),
    (
        "Round",
        &[
            ("id", LEAF),
            ("title", LEAF),
            ("status", LEAF),
            ("advanceCount", LEAF),
            ("opensAt", LEAF),
            ("closesAt", LEAF),
            ("opensAtLocal", LEAF),
            ("closesAtLocal", LEAF),
            ("closedAt", LEAF),
            ("tieBreak", LEAF),
            ("entries", "RoundEntry"),
            ("communities", "Community"),
            ("myPicks", LEAF),
            ("createdAt", LEAF),
            ("availableActions", LEAF),
        ],
    ),
    (
        "RoundEntry",
        &[
            ("id", LEAF),
            ("round", "Round"),
            ("design", "Design"),
            ("position", LEAF),
            ("picks", LEAF),
            ("pickedByMe", LEAF),
            ("rank", LEAF),
            ("advanced", LEAF),
        ],
    ),
    (
        "Community",
        &[("id", LEAF), ("name", LEAF), ("need", LEAF), ("cap", LEAF), ("memberCount", LEAF), ("createdAt", LEAF)],
    ),
    (
        "Design",
        &[
            ("id", LEAF),
            ("styleNo", LEAF),
            ("status", LEAF),
            ("version", "DesignVersion"),
            ("createdAt", LEAF),
            ("updatedAt", LEAF),
        ],
    ),
    (
        "DesignVersion",
        &[
            ("number", LEAF),
            ("title", LEAF),
            ("description", LEAF),
            ("category", LEAF),
            ("season", LEAF),
            ("fabric", LEAF),
            ("fit", LEAF),
            ("attributes", "DesignAttribute"),
            ("pictures", "Media"),
            ("submittedAt", LEAF),
        ],
    ),
    ("DesignAttribute", &[("name", LEAF), ("value", LEAF)]),
    ("Media", &[("id", LEAF), ("kind", LEAF), ("url", LEAF), ("width", LEAF), ("height", LEAF), ("contentType", LEAF)]),
    (
        "Presale",
        &[
            ("id", LEAF),
            ("title", LEAF),
            ("status", LEAF),
            ("entryId", LEAF),
            ("designId", LEAF),
            ("design", "Design"),
            ("price", "Money"),
            ("memberLimit", LEAF),
            ("moq", LEAF),
            ("paidPieces", LEAF),
            ("opensAt", LEAF),
            ("closesAt", LEAF),
            ("openedAt", LEAF),
            ("closedAt", LEAF),
            ("promiseDate", LEAF),
            ("skus", "Sku"),
            ("availableActions", LEAF),
            ("createdAt", LEAF),
        ],
    ),
    (
        "Sku",
        &[
            ("id", LEAF),
            ("code", LEAF),
            ("color", LEAF),
            ("size", LEAF),
            ("sizeDesignation", LEAF),
            ("remaining", LEAF),
        ],
    ),
    ("Money", &[("minorUnits", LEAF), ("currency", LEAF), ("formatted", LEAF)]),
    (
        "TryOn",
        &[
            ("id", LEAF),
            ("status", LEAF),
            ("body", LEAF),
            ("sizeWorn", LEAF),
            ("fit", LEAF),
            ("cons", LEAF),
            ("heightCm", LEAF),
            ("weightKg", LEAF),
            ("media", "Media"),
            ("adLabel", LEAF),
            ("koc", "Member"),
            ("design", "Design"),
            ("publishedAt", LEAF),
        ],
    ),
    // Of KOCs only, who are no audience: nobody here is shown herself.
    ("Member", &[("id", LEAF), ("nickname", LEAF), ("grade", LEAF)]),
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
                    LEAF => assert!(!schema.contains(&format!("\ntype {typed} ")), "{on}.{field} has a selection"),
                    DENIES => {}
                    of => assert_eq!(typed, of, "{on}.{field}"),
                }
            }
        }
    }
}
