//! Counts tokens and open brackets, so that the recursive parser only meets documents it can hold on its stack.
//!
//! Strings, block strings, comments and numbers end exactly where the grammar of async-graphql-parser 7.2 ends them;
//! a document that both could read differently (an unterminated string) is refused. The parser's only finer split is
//! that it takes `truetrue` for two values, which nests nothing.

use super::refusal::Refusal;

/// Sizes of a document, known before it is parsed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Scan {
    pub tokens: u32,
    /// Largest number of `{`, `[` and `(` open at once.
    pub nesting: u32,
    /// `@` signs outside of strings and comments: one per directive, wherever it stands.
    pub directives: u32,
}

/// Reads the whole document once, in O(bytes).
pub(super) fn scan(source: &str) -> Result<Scan, Refusal> {
    let mut lexer = Lexer { bytes: source.as_bytes(), at: 0 };
    let mut scan = Scan::default();
    let mut open = 0u32;
    while let Some(byte) = lexer.next_token_start()? {
        scan.tokens += 1;
        match byte {
            b'{' | b'[' | b'(' => {
                open += 1;
                scan.nesting = scan.nesting.max(open);
            }
            b'}' | b']' | b')' => open = open.saturating_sub(1),
            b'@' => scan.directives += 1,
            _ => {}
        }
        lexer.skip_token(byte)?;
    }
    Ok(scan)
}

struct Lexer<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Lexer<'_> {
    fn peek(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }

    fn starts_with(&self, text: &[u8]) -> bool {
        self.bytes[self.at..].starts_with(text)
    }

    fn skip_while(&mut self, accept: impl Fn(u8) -> bool) {
        while self.peek(0).is_some_and(&accept) {
            self.at += 1;
        }
    }

    /// Skips white space, commas, byte order marks and comments. Gives the first byte of the next token.
    fn next_token_start(&mut self) -> Result<Option<u8>, Refusal> {
        loop {
            match self.peek(0) {
                None => return Ok(None),
                Some(b' ' | b'\t' | b'\n' | b'\r' | b',') => self.at += 1,
                Some(0xEF) if self.starts_with("\u{feff}".as_bytes()) => self.at += 3,
                Some(b'#') => self.skip_while(|byte| byte != b'\n' && byte != b'\r'),
                Some(0) => return Err(Refusal::NulCharacter { variable: None }),
                Some(byte) => return Ok(Some(byte)),
            }
        }
    }

    fn skip_token(&mut self, first: u8) -> Result<(), Refusal> {
        match first {
            b'"' if self.starts_with(b"\"\"\"") => self.skip_block_string()?,
            b'"' => self.skip_string()?,
            b'.' if self.starts_with(b"...") => self.at += 3,
            b'-' | b'0'..=b'9' => self.skip_number(),
            b'_' | b'a'..=b'z' | b'A'..=b'Z' => self.skip_while(|byte| byte == b'_' || byte.is_ascii_alphanumeric()),
            // A character that GraphQL does not know: one token, which the parser will refuse.
            0x80.. => {
                self.at += 1;
                self.skip_while(|byte| byte & 0xC0 == 0x80);
            }
            _ => self.at += 1,
        }
        Ok(())
    }

    /// `-`? (`0` | digits) (`.` digits)? (`e` sign? digits)?; what does not fit starts the next token.
    fn skip_number(&mut self) {
        if self.peek(0) == Some(b'-') {
            self.at += 1;
        }
        match self.peek(0) {
            Some(b'0') => self.at += 1,
            _ => self.skip_while(|byte| byte.is_ascii_digit()),
        }
        if self.peek(0) == Some(b'.') && self.peek(1).is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
            self.skip_while(|byte| byte.is_ascii_digit());
        }
        if matches!(self.peek(0), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(self.peek(1), Some(b'+' | b'-')));
            if self.peek(1 + sign).is_some_and(|byte| byte.is_ascii_digit()) {
                self.at += 1 + sign;
                self.skip_while(|byte| byte.is_ascii_digit());
            }
        }
    }

    fn skip_string(&mut self) -> Result<(), Refusal> {
        let start = self.at;
        self.at += 1;
        loop {
            match self.peek(0) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') if self.starts_with(b"\\u0000") => return Err(Refusal::NulCharacter { variable: None }),
                Some(b'\\') if !matches!(self.peek(1), None | Some(b'\n' | b'\r')) => self.at += 2,
                Some(0) => return Err(Refusal::NulCharacter { variable: None }),
                None | Some(b'\n' | b'\r' | b'\\') => return Err(self.unterminated(start)),
                Some(_) => self.at += 1,
            }
        }
    }

    fn skip_block_string(&mut self) -> Result<(), Refusal> {
        let start = self.at;
        self.at += 3;
        loop {
            match self.peek(0) {
                None => return Err(self.unterminated(start)),
                Some(0) => return Err(Refusal::NulCharacter { variable: None }),
                Some(b'"') if self.starts_with(b"\"\"\"") => {
                    self.at += 3;
                    return Ok(());
                }
                Some(b'\\') if self.starts_with(b"\\\"\"\"") => self.at += 4,
                Some(_) => self.at += 1,
            }
        }
    }

    fn unterminated(&self, start: usize) -> Refusal {
        let before = &self.bytes[..start];
        let line_start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |newline| newline + 1);
        // Continuation bytes of UTF-8 are no characters of their own.
        let characters = before[line_start..].iter().filter(|&&byte| byte & 0xC0 != 0x80).count();
        Refusal::Syntax {
            line: 1 + before.iter().filter(|&&byte| byte == b'\n').count(),
            column: 1 + characters,
            reason: "a string is not terminated".into(),
        }
    }
}
