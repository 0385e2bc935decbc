//! JSON read into a flat list of nodes: every number as it was written, every member also where its
//! name stands twice, any depth without recursion.
//!
//! `serde_json` would round numbers and forget doubled names, and stops at a depth that events may
//! have. What is accepted here is what it accepts as a raw value.

use std::borrow::Cow;
use std::fmt;

/// A text that was read.
#[derive(Debug, Clone)]
pub struct Json<'a> {
    text: &'a str,
    nodes: Vec<Node>,
}

/// A value and where it stands. After a container come the nodes of what it holds.
#[derive(Debug, Clone, Copy)]
struct Node {
    kind: Kind,
    /// The first byte and the one behind the last; of a string without its quotes.
    start: u32,
    end: u32,
    /// The node behind it and all that it holds.
    next: u32,
}

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Null,
    True,
    False,
    Number,
    Plain,
    /// A string with a backslash in it.
    Escaped,
    Array,
    Object,
}

/// Where a text stops being JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SyntaxError {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// What would be right there.
    pub wanted: &'static str,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, wanted } = self;
        write!(f, "at line {line}, column {column} there must be {wanted}")
    }
}

impl<'a> Json<'a> {
    /// Reads one value and nothing behind it.
    pub fn read(text: &'a str) -> Result<Self, SyntaxError> {
        let mut reader = Reader { text, at: 0, nodes: Vec::new(), open: Vec::new() };
        match reader.document() {
            Ok(()) => Ok(Self { text, nodes: reader.nodes }),
            Err(wanted) => Err(error_at(text, reader.at, wanted)),
        }
    }

    /// The whole.
    pub fn root(&self) -> Value<'_> {
        Value { text: self.text, nodes: &self.nodes, at: 0 }
    }
}

/// One value.
#[derive(Debug, Clone, Copy)]
pub struct Value<'a> {
    text: &'a str,
    nodes: &'a [Node],
    at: u32,
}

/// What a value is, with what it holds.
#[derive(Debug, Clone)]
pub enum View<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number as it was written.
    Number(&'a str),
    /// A string.
    Text(Text<'a>),
    /// An array.
    Array(Items<'a>),
    /// An object; where a name stands twice, both are there, in their order.
    Object(Members<'a>),
}

impl<'a> Value<'a> {
    /// Looks at it.
    pub fn view(self) -> View<'a> {
        let node = self.nodes[self.at as usize];
        let inside = Inside { text: self.text, nodes: self.nodes, at: self.at + 1, end: node.next };
        match node.kind {
            Kind::Null => View::Null,
            Kind::True => View::Bool(true),
            Kind::False => View::Bool(false),
            Kind::Number => View::Number(self.written()),
            Kind::Plain => View::Text(Text { raw: self.written(), escaped: false }),
            Kind::Escaped => View::Text(Text { raw: self.written(), escaped: true }),
            Kind::Array => View::Array(Items(inside)),
            Kind::Object => View::Object(Members(inside)),
        }
    }

    /// The text that it was read from; of a string without its quotes.
    pub fn written(self) -> &'a str {
        let Node { start, end, .. } = self.nodes[self.at as usize];
        &self.text[start as usize..end as usize]
    }
}

/// What is left of a container.
#[derive(Debug, Clone, Copy)]
struct Inside<'a> {
    text: &'a str,
    nodes: &'a [Node],
    at: u32,
    end: u32,
}

impl<'a> Inside<'a> {
    fn take(&mut self) -> Option<Value<'a>> {
        if self.at >= self.end {
            return None;
        }
        let value = Value { text: self.text, nodes: self.nodes, at: self.at };
        self.at = self.nodes[self.at as usize].next;
        Some(value)
    }
}

/// The elements of an array.
#[derive(Debug, Clone)]
pub struct Items<'a>(Inside<'a>);

impl<'a> Iterator for Items<'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Value<'a>> {
        self.0.take()
    }
}

/// The members of an object.
#[derive(Debug, Clone)]
pub struct Members<'a>(Inside<'a>);

impl<'a> Iterator for Members<'a> {
    type Item = (Text<'a>, Value<'a>);

    fn next(&mut self) -> Option<(Text<'a>, Value<'a>)> {
        let name = self.0.take()?;
        let escaped = self.0.nodes[name.at as usize].kind == Kind::Escaped;
        Some((Text { raw: name.written(), escaped }, self.0.take()?))
    }
}

/// A string as it was written, without its quotes.
#[derive(Debug, Clone, Copy)]
pub struct Text<'a> {
    raw: &'a str,
    escaped: bool,
}

impl<'a> Text<'a> {
    /// What it says. Half of a surrogate pair becomes U+FFFD, as in a browser.
    pub fn decoded(self) -> Cow<'a, str> {
        if self.escaped { Cow::Owned(decode(self.raw)) } else { Cow::Borrowed(self.raw) }
    }

    /// Whether it says that.
    pub fn is(self, text: &str) -> bool {
        // What is escaped is never shorter than what it says, but for half of a surrogate pair, of
        // which six bytes say three.
        if self.escaped {
            self.raw.len() >= text.len() && decode(self.raw) == text
        } else {
            self.raw == text
        }
    }

    /// How many bytes it was written in.
    pub const fn len(self) -> usize {
        self.raw.len()
    }
}

fn decode(raw: &str) -> String {
    let mut decoded = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((before, escape)) = rest.split_once('\\') {
        decoded.push_str(before);
        let (letter, mut behind) = escape.split_at_checked(1).unwrap_or(("", ""));
        match letter {
            "b" => decoded.push('\u{8}'),
            "f" => decoded.push('\u{c}'),
            "n" => decoded.push('\n'),
            "r" => decoded.push('\r'),
            "t" => decoded.push('\t'),
            "u" => {
                let (c, after) = decode_unit(behind);
                decoded.push(c);
                behind = after;
            }
            itself => decoded.push_str(itself),
        }
        rest = behind;
    }
    decoded.push_str(rest);
    decoded
}

/// What stands behind `\u`, and what comes after it.
fn decode_unit(text: &str) -> (char, &str) {
    let unit = |text: &str| text.get(..4).and_then(|hex| u16::from_str_radix(hex, 16).ok());
    let Some(first) = unit(text) else { return (char::REPLACEMENT_CHARACTER, text) };
    let after = &text[4..];
    let second = after.strip_prefix("\\u").and_then(unit);
    let pair = [first, second.unwrap_or_default()];
    match char::decode_utf16(pair).next() {
        Some(Ok(c)) if c.len_utf16() == 2 => (c, &after[6..]),
        Some(Ok(c)) => (c, after),
        Some(Err(_)) | None => (char::REPLACEMENT_CHARACTER, after),
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    nodes: Vec<Node>,
    /// The containers that are open, the outermost first.
    open: Vec<u32>,
}

type Wanted = &'static str;

const VALUE: Wanted = "a value: text in double quotes, a number, true, false, null, `[` or `{`";
const NAME: Wanted = "a name in double quotes";

impl Reader<'_> {
    fn document(&mut self) -> Result<(), Wanted> {
        // Nodes count bytes in 32 bits.
        if u32::try_from(self.text.len()).is_err() {
            return Err("less: the text is too long");
        }
        loop {
            if self.value()? {
                continue;
            }
            if !self.behind_value()? {
                return Ok(());
            }
        }
    }

    /// Reads a value, or the beginning of a container that is not empty: then another value follows.
    fn value(&mut self) -> Result<bool, Wanted> {
        self.skip_white();
        match self.peek() {
            Some(b'{') => {
                self.begin(Kind::Object);
                if self.eat(b'}') {
                    self.end();
                    return Ok(false);
                }
                self.name()?;
                return Ok(true);
            }
            Some(b'[') => {
                self.begin(Kind::Array);
                if self.eat(b']') {
                    self.end();
                    return Ok(false);
                }
                return Ok(true);
            }
            Some(b'"') => self.string()?,
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b't') => self.word("true", Kind::True)?,
            Some(b'f') => self.word("false", Kind::False)?,
            Some(b'n') => self.word("null", Kind::Null)?,
            Some(_) | None => return Err(VALUE),
        }
        Ok(false)
    }

    /// Ends the containers that end here; tells whether another value follows.
    fn behind_value(&mut self) -> Result<bool, Wanted> {
        loop {
            self.skip_white();
            let Some(container) = self.open.last() else {
                let at_end = self.at == self.text.len();
                return if at_end { Ok(false) } else { Err("nothing more") };
            };
            let in_object = self.nodes[*container as usize].kind == Kind::Object;
            match (self.peek(), in_object) {
                (Some(b','), _) => {
                    self.at += 1;
                    if in_object {
                        self.name()?;
                    }
                    return Ok(true);
                }
                (Some(b'}'), true) | (Some(b']'), false) => {
                    self.at += 1;
                    self.end();
                }
                (_, true) => return Err("a comma or `}`"),
                (_, false) => return Err("a comma or `]`"),
            }
        }
    }

    fn begin(&mut self, kind: Kind) {
        self.open.push(self.nodes.len() as u32);
        self.push(kind, self.at, self.at);
        self.at += 1;
        self.skip_white();
    }

    /// Ends the innermost container, whose last byte was just read.
    fn end(&mut self) {
        let next = self.nodes.len() as u32;
        if let Some(container) = self.open.pop() {
            let node = &mut self.nodes[container as usize];
            (node.end, node.next) = (self.at as u32, next);
        }
    }

    fn push(&mut self, kind: Kind, start: usize, end: usize) {
        let next = self.nodes.len() as u32 + 1;
        self.nodes.push(Node { kind, start: start as u32, end: end as u32, next });
    }

    fn name(&mut self) -> Result<(), Wanted> {
        self.skip_white();
        if self.peek() != Some(b'"') {
            return Err(NAME);
        }
        self.string()?;
        self.skip_white();
        if self.eat(b':') { Ok(()) } else { Err("a colon") }
    }

    fn string(&mut self) -> Result<(), Wanted> {
        self.at += 1;
        let start = self.at;
        let mut kind = Kind::Plain;
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    kind = Kind::Escaped;
                    self.escape()?;
                }
                Some(0..=31) => {
                    return Err("a line break or control character written as `\\n` or `\\u000a`");
                }
                Some(_) => self.at += 1,
                None => return Err("the double quote that ends the text"),
            }
        }
        self.push(kind, start, self.at);
        self.at += 1;
        Ok(())
    }

    fn escape(&mut self) -> Result<(), Wanted> {
        const ESCAPE: Wanted =
            "one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t, or \\u and four hexadecimal digits";
        let behind = &self.text.as_bytes()[self.at + 1..];
        self.at += match behind {
            [b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => 2,
            [b'u', a, b, c, d, ..] if [a, b, c, d].iter().all(|hex| hex.is_ascii_hexdigit()) => 6,
            _ => return Err(ESCAPE),
        };
        Ok(())
    }

    fn number(&mut self) -> Result<(), Wanted> {
        const DIGIT: Wanted = "a digit";
        let start = self.at;
        self.eat(b'-');
        if self.eat(b'0') {
            if self.digits() > 0 {
                return Err("a number without a zero in front");
            }
        } else if self.digits() == 0 {
            return Err(DIGIT);
        }
        if self.eat(b'.') && self.digits() == 0 {
            return Err(DIGIT);
        }
        if self.eat(b'e') || self.eat(b'E') {
            let _ = self.eat(b'+') || self.eat(b'-');
            if self.digits() == 0 {
                return Err(DIGIT);
            }
        }
        self.push(Kind::Number, start, self.at);
        Ok(())
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        self.at - start
    }

    fn word(&mut self, word: &str, kind: Kind) -> Result<(), Wanted> {
        if !self.text[self.at..].starts_with(word) {
            return Err(VALUE);
        }
        self.push(kind, self.at, self.at + word.len());
        self.at += word.len();
        Ok(())
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    fn skip_white(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }
}

fn error_at(text: &str, at: usize, wanted: Wanted) -> SyntaxError {
    // Errors are told of where a character begins; inside of one would be a mistake of ours only.
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    SyntaxError {
        line: before.matches('\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
        wanted,
    }
}
