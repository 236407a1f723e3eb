//! What one request may ask for.

/// Upper bounds, all inclusive: a request that reaches a bound passes, one more is refused.
///
/// "Expanded" means counted as if every fragment spread were replaced by the fragment's selections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// UTF-8 bytes of the document.
    pub document_bytes: u32,
    /// Lexical tokens of the document; white space, commas and comments are none.
    pub tokens: u32,
    /// Brackets open at once, and selection sets inside each other once expanded.
    ///
    /// async-graphql itself stops at 33 selection sets, its parser at 64.
    pub nesting: u32,
    /// Directives written anywhere, and directives of one operation once expanded.
    pub directives: u32,
    /// Operations in one document.
    pub operations: u32,
    /// Fragment definitions in one document.
    pub fragments: u32,
    /// Fields, spreads and inline fragments of all operations together, expanded; also of each fragment.
    pub selections: u32,
    /// Fields inside each other in one operation, expanded; a root field has depth 1.
    pub depth: u32,
    /// The same for a query that asks only for `__schema` and `__type`. The usual query reaches 15.
    pub introspection_depth: u32,
    /// Lists of fields or types inside each other below `__schema` and `__type`. Types and fields refer to each other
    /// in circles, so that each further list multiplies the answer by the size of the schema.
    pub introspection_lists: u32,
    /// Fields of one operation times the sizes of the pages they are on.
    pub cost: u32,
    /// Aliases in one operation, expanded.
    pub aliases: u32,
    /// Root fields of one query or mutation, expanded.
    pub root_fields: u32,
    /// Root fields of one subscription, expanded: the GraphQL specification allows a single one.
    pub subscription_root_fields: u32,
    /// Arrays and objects inside each other in the variables; the variables object itself counts.
    pub json_depth: u32,
    /// Values, keys and brackets of a whole JSON body, counted by its commas and opening brackets: each becomes
    /// a hundred bytes and more of memory.
    pub json_values: u32,
    /// Bytes of the variables written as compact JSON.
    pub variables_bytes: u32,
    /// Bytes of a whole JSON request body.
    pub body_bytes: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            document_bytes: 16 * 1024,
            tokens: 2_000,
            nesting: 32,
            directives: 50,
            operations: 50,
            fragments: 50,
            selections: 1_000,
            depth: 12,
            introspection_depth: 15,
            introspection_lists: 2,
            cost: 10_000,
            aliases: 30,
            root_fields: 20,
            subscription_root_fields: 1,
            json_depth: 32,
            json_values: 10_000,
            variables_bytes: 256 * 1024,
            // Variables, a document in which every character is escaped, and some extensions.
            body_bytes: 384 * 1024,
        }
    }
}
