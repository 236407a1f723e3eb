//! Why a request is refused before the engine sees it.

use async_graphql::parser;

/// A bound of [`Limits`](super::Limits) that a request can cross.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LimitName {
    DocumentBytes,
    Tokens,
    Nesting,
    Directives,
    Operations,
    Fragments,
    Selections,
    Depth,
    IntrospectionLists,
    Cost,
    Aliases,
    RootFields,
    JsonDepth,
    JsonValues,
    VariablesBytes,
    BodyBytes,
}

impl LimitName {
    /// Stable name for `extensions.limit`.
    pub fn as_str(self) -> &'static str {
        self.words().0
    }

    /// Stable name, English and Chinese for what is counted.
    fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            LimitName::DocumentBytes => ("documentBytes", "document size in bytes", "查询文本字节数"),
            LimitName::Tokens => ("tokens", "number of tokens", "查询词元数"),
            LimitName::Nesting => ("nesting", "nesting of brackets and selection sets", "括号与选择集嵌套层数"),
            LimitName::Directives => ("directives", "number of directives", "指令数"),
            LimitName::Operations => ("operations", "number of operations", "操作数"),
            LimitName::Fragments => ("fragments", "number of fragments", "片段数"),
            LimitName::Selections => ("selections", "number of selections with fragments expanded", "展开后的选择数"),
            LimitName::Depth => ("depth", "depth of fields", "字段深度"),
            LimitName::IntrospectionLists => {
                ("introspectionLists", "nesting of introspection lists", "内省列表嵌套层数")
            }
            LimitName::Cost => ("cost", "cost: fields times page sizes", "查询成本（字段数乘以分页大小）"),
            LimitName::Aliases => ("aliases", "number of aliases", "别名数"),
            LimitName::RootFields => ("rootFields", "number of root fields", "根字段数"),
            LimitName::JsonDepth => ("jsonDepth", "nesting of the JSON", "JSON 嵌套层数"),
            LimitName::JsonValues => ("jsonValues", "number of JSON values", "JSON 值的个数"),
            LimitName::VariablesBytes => ("variablesBytes", "size of the variables in bytes", "变量字节数"),
            LimitName::BodyBytes => ("bodyBytes", "size of the request in bytes", "请求字节数"),
        }
    }
}

/// `extensions.code` of a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RefusalCode {
    BadQuery,
    LimitExceeded,
}

impl RefusalCode {
    pub fn as_str(self) -> &'static str {
        match self {
            RefusalCode::BadQuery => "BAD_QUERY",
            RefusalCode::LimitExceeded => "LIMIT_EXCEEDED",
        }
    }
}

/// What is wrong with a request. Names that the client sent are cut to 64 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Not GraphQL. Line and column count from 1.
    Syntax {
        line: usize,
        column: usize,
        reason: String,
    },
    /// An operation or fragment name is used twice, an anonymous operation is not alone, or there is no operation.
    Document {
        reason: String,
    },
    OperationNameMissing,
    OperationUnknown {
        name: String,
    },
    FragmentUnknown {
        name: String,
    },
    /// A fragment reaches itself through spreads.
    FragmentCycle {
        name: String,
    },
    VariablesNotObject,
    /// A string or key holds U+0000, which no text column can store. No variable: it is in the document.
    NulCharacter {
        variable: Option<String>,
    },
    /// `found` saturates at `u32::MAX`.
    Exceeded {
        limit: LimitName,
        max: u32,
        found: u32,
    },
}

impl Refusal {
    /// Passes up to and including `max`.
    pub(super) fn unless_within(limit: LimitName, found: u32, max: u32) -> Result<(), Refusal> {
        if found <= max { Ok(()) } else { Err(Refusal::Exceeded { limit, max, found }) }
    }

    pub fn code(&self) -> RefusalCode {
        match self {
            Refusal::Exceeded { .. } => RefusalCode::LimitExceeded,
            _ => RefusalCode::BadQuery,
        }
    }

    /// The message in Chinese; [`Display`](std::fmt::Display) gives the English one.
    pub fn message_zh(&self) -> String {
        match self {
            Refusal::Syntax { line, column, reason } => {
                format!("查询不是有效的 GraphQL(第 {line} 行第 {column} 列):{reason}。")
            }
            Refusal::Document { reason } => format!("查询不是有效的 GraphQL:{reason}。"),
            Refusal::OperationNameMissing => "查询包含多个操作,请用 operationName 指明要执行哪一个。".into(),
            Refusal::OperationUnknown { name } => format!("查询中没有名为“{name}”的操作。"),
            Refusal::FragmentUnknown { name } => format!("查询中没有定义片段“{name}”。"),
            Refusal::FragmentCycle { name } => format!("片段“{name}”循环引用了自己。"),
            Refusal::VariablesNotObject => "variables 必须是 JSON 对象、null 或省略。".into(),
            Refusal::NulCharacter { variable: Some(name) } => {
                format!("变量“{name}”含有空字符(U+0000),请去掉后重试。")
            }
            Refusal::NulCharacter { variable: None } => "查询文本含有空字符(U+0000),请去掉后重试。".into(),
            Refusal::Exceeded { limit, max, found } => {
                format!("请求过大:{}为 {found},上限为 {max}。请减少内容或拆成多次请求。", limit.words().2)
            }
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Refusal::Syntax { line, column, reason } => {
                write!(f, "The query is not valid GraphQL (line {line}, column {column}): {reason}.")
            }
            Refusal::Document { reason } => write!(f, "The query is not valid GraphQL: {reason}."),
            Refusal::OperationNameMissing => {
                f.write_str("The query holds several operations; name one of them in operationName.")
            }
            Refusal::OperationUnknown { name } => write!(f, "The query holds no operation named \"{name}\"."),
            Refusal::FragmentUnknown { name } => write!(f, "The query defines no fragment \"{name}\"."),
            Refusal::FragmentCycle { name } => write!(f, "Fragment \"{name}\" spreads itself in a circle."),
            Refusal::VariablesNotObject => f.write_str("variables must be a JSON object, null or absent."),
            Refusal::NulCharacter { variable: Some(name) } => {
                write!(f, "Variable \"{name}\" holds the character U+0000; remove it.")
            }
            Refusal::NulCharacter { variable: None } => f.write_str("The query holds the character U+0000; remove it."),
            Refusal::Exceeded { limit, max, found } => write!(
                f,
                "The request is too large: the {} is {found}, at most {max} is allowed. Ask for less, or in several requests.",
                limit.words().1
            ),
        }
    }
}

impl std::error::Error for Refusal {}

impl From<parser::Error> for Refusal {
    fn from(error: parser::Error) -> Self {
        match error {
            parser::Error::Syntax { message, start, .. } => {
                Refusal::Syntax { line: start.line, column: start.column, reason: without_excerpt(&message) }
            }
            parser::Error::OperationDuplicated { operation, .. } => {
                Refusal::Document { reason: format!("operation \"{}\" is defined twice", short(&operation)) }
            }
            parser::Error::FragmentDuplicated { fragment, .. } => {
                Refusal::Document { reason: format!("fragment \"{}\" is defined twice", short(&fragment)) }
            }
            parser::Error::MultipleOperations { .. } => {
                Refusal::Document { reason: "an operation without a name must be the only one".into() }
            }
            other => Refusal::Document { reason: other.to_string() },
        }
    }
}

/// The parser quotes the offending line, which can be the whole document; only its last line says what it expected.
fn without_excerpt(message: &str) -> String {
    let reason = message.lines().rev().find_map(|line| line.trim_start().strip_prefix("= ")).unwrap_or("syntax error");
    reason.chars().take(200).collect()
}

/// At most 64 characters of a name the client sent.
pub(super) fn short(name: &str) -> String {
    name.chars().take(64).collect()
}
