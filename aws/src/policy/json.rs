//! JSON with the line of each value. Members with one name twice are errors, which most parsers of JSON let pass.

use std::collections::HashSet;
use std::ops::Range;

use super::error::PolicyError;

/// Deeper than any policy, and than what the AWS CLI wraps around one.
const MAX_DEPTH: usize = 32;

/// A value, and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) line: usize,
    /// The bytes of the text that it was read from.
    pub(super) span: Range<usize>,
    pub(super) value: Value,
}

#[derive(Debug, Clone)]
pub(super) enum Value {
    Null,
    Bool(bool),
    /// As it is written.
    Number(String),
    String(String),
    List(Vec<Node>),
    Object(Vec<Member>),
}

#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) line: usize,
    pub(super) node: Node,
}

impl Node {
    /// What kind of value it is, as an error says it.
    pub(super) fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "null",
            Value::Bool(_) => "true or false",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::List(_) => "a list",
            Value::Object(_) => "an object",
        }
    }

    /// The member of an object.
    pub(super) fn member(&self, name: &str) -> Option<&Node> {
        match &self.value {
            Value::Object(members) => members.iter().find(|member| member.name == name),
            _ => None,
        }
        .map(|member| &member.node)
    }

    /// The value itself, or what it is a list of: most elements of a policy may be either.
    pub(super) fn one_or_more(&self) -> &[Node] {
        match &self.value {
            Value::List(list) => list,
            _ => std::slice::from_ref(self),
        }
    }
}

/// Reads a whole text.
pub(super) fn parse(text: &str) -> Result<Node, PolicyError> {
    let mut parser = Parser {
        text,
        position: 0,
        line: 1,
    };
    let node = parser.value(0)?;
    parser.skip_space();
    match parser.peek() {
        None => Ok(node),
        Some(_) => Err(parser.error("there is more after the end of the document")),
    }
}

/// How many characters of JSON are not white space between its parts. White space within strings is counted: AWS does
/// not say that it is free.
pub(super) fn size(json: &str) -> usize {
    let (mut count, mut in_string, mut escaped) = (0, false, false);
    for character in json.chars() {
        if in_string || !matches!(character, ' ' | '\t' | '\n' | '\r') {
            count += 1;
        }
        match character {
            '"' if !escaped => in_string = !in_string,
            _ => {}
        }
        escaped = in_string && character == '\\' && !escaped;
    }
    count
}

struct Parser<'a> {
    text: &'a str,
    position: usize,
    line: usize,
}

impl<'a> Parser<'a> {
    fn error(&self, problem: impl Into<String>) -> PolicyError {
        PolicyError::new(self.line, problem)
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.position..).unwrap_or("")
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.position).copied()
    }

    fn skip_space(&mut self) {
        while let Some(byte @ (b' ' | b'\t' | b'\n' | b'\r')) = self.peek() {
            self.position += 1;
            self.line += usize::from(byte == b'\n');
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.position += usize::from(is_next);
        is_next
    }

    fn value(&mut self, depth: usize) -> Result<Node, PolicyError> {
        self.skip_space();
        if depth > MAX_DEPTH {
            return Err(self.error("values are nested too deep"));
        }
        let (line, start) = (self.line, self.position);
        let value = match self.peek() {
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.list(depth)?,
            Some(b'"') => Value::String(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            None => return Err(self.error("the text ends where a value is expected")),
            Some(_) => self.word()?,
        };
        Ok(Node {
            line,
            span: start..self.position,
            value,
        })
    }

    fn object(&mut self, depth: usize) -> Result<Value, PolicyError> {
        self.position += 1;
        let (mut members, mut names) = (Vec::new(), HashSet::new());
        self.skip_space();
        if self.take(b'}') {
            return Ok(Value::Object(members));
        }
        loop {
            self.skip_space();
            if self.peek() != Some(b'"') {
                return Err(self.error("a name in quotation marks is expected (is there a comma too much before?)"));
            }
            let line = self.line;
            let name = self.string()?;
            if !names.insert(name.clone()) {
                return Err(PolicyError::new(line, format!("{name:?} is there twice in one object")));
            }
            self.skip_space();
            if !self.take(b':') {
                return Err(self.error(format!("a colon is expected after {name:?}")));
            }
            let node = self.value(depth + 1)?;
            members.push(Member { name, line, node });
            self.skip_space();
            if self.take(b'}') {
                return Ok(Value::Object(members));
            }
            if !self.take(b',') {
                return Err(self.error("a comma or } is expected"));
            }
        }
    }

    fn list(&mut self, depth: usize) -> Result<Value, PolicyError> {
        self.position += 1;
        let mut list = Vec::new();
        self.skip_space();
        if self.take(b']') {
            return Ok(Value::List(list));
        }
        loop {
            list.push(self.value(depth + 1)?);
            self.skip_space();
            if self.take(b']') {
                return Ok(Value::List(list));
            }
            if !self.take(b',') {
                return Err(self.error("a comma or ] is expected"));
            }
        }
    }

    fn string(&mut self) -> Result<String, PolicyError> {
        let rest = self.rest();
        let (mut end, mut escaped) = (None, false);
        for (index, byte) in rest.bytes().enumerate().skip(1) {
            match byte {
                b'"' if !escaped => {
                    end = Some(index + 1);
                    break;
                }
                _ => escaped = byte == b'\\' && !escaped,
            }
        }
        let quoted = end.and_then(|end| rest.get(..end));
        let quoted = quoted.ok_or_else(|| self.error("a string has no end"))?;
        let string = serde_json::from_str(quoted)
            .map_err(|_| self.error("a string has a line break, a control character or an unknown escape in it"))?;
        self.position += quoted.len();
        Ok(string)
    }

    fn number(&mut self) -> Result<Value, PolicyError> {
        let rest = self.rest();
        let end = rest.find(|c: char| !matches!(c, '0'..='9' | '-' | '+' | '.' | 'e' | 'E'));
        let number = rest.get(..end.unwrap_or(rest.len())).unwrap_or("");
        let valid: Result<serde_json::Number, _> = serde_json::from_str(number);
        valid.map_err(|_| self.error(format!("{number} is no number")))?;
        self.position += number.len();
        Ok(Value::Number(number.to_owned()))
    }

    fn word(&mut self) -> Result<Value, PolicyError> {
        for (word, value) in [
            ("true", Value::Bool(true)),
            ("false", Value::Bool(false)),
            ("null", Value::Null),
        ] {
            if self.rest().starts_with(word) {
                self.position += word.len();
                return Ok(value);
            }
        }
        Err(match self.rest().chars().next() {
            Some('\u{feff}') => self.error("the file begins with a byte order mark: save it without one"),
            Some('\'' | '\u{201c}' | '\u{201d}') => self.error("strings are in plain quotation marks (\") in JSON"),
            _ => self.error("a value is expected: a string in quotation marks, a list or an object"),
        })
    }
}

#[cfg(test)]
mod tests;
