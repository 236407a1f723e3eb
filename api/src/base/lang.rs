//! The two languages of messages, chosen by `Accept-Language`.

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Lang {
    #[default]
    En,
    Zh,
}

impl Lang {
    /// The first of `zh*` and `en*` that the header names; English when neither is there.
    pub fn of_header(header: Option<&str>) -> Self {
        for tag in header.unwrap_or_default().split(',') {
            let tag = tag.trim_start().to_ascii_lowercase();
            if tag.starts_with("zh") {
                return Lang::Zh;
            }
            if tag.starts_with("en") {
                return Lang::En;
            }
        }
        Lang::En
    }

    pub fn pick<T>(self, en: T, zh: T) -> T {
        match self {
            Lang::En => en,
            Lang::Zh => zh,
        }
    }
}
