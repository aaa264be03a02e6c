//! Answers of the Query protocol.

use quick_xml::escape::escape;

use super::Service;
use crate::account::{IamError, timestamp};

/// The inside of an element.
#[derive(Debug, Default)]
pub(super) struct Xml(String);

impl Xml {
    /// An element with text.
    pub(super) fn text(&mut self, name: &str, text: &str) -> &mut Self {
        let plain = |byte| matches!(byte, b' '..=b'~') && !b"&<>\"'".contains(&byte);
        self.start(name);
        match text.bytes().all(plain) {
            true => self.0.push_str(text),
            false => self.0.push_str(&escaped(text)),
        }
        self.end(name)
    }

    fn start(&mut self, name: &str) {
        self.0.push('<');
        self.0.push_str(name);
        self.0.push('>');
    }

    fn end(&mut self, name: &str) -> &mut Self {
        self.0.push_str("</");
        self.0.push_str(name);
        self.0.push('>');
        self
    }

    pub(super) fn optional(&mut self, name: &str, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => self.text(name, text),
            None => self,
        }
    }

    /// An element with a moment, in seconds since 1970.
    pub(super) fn time(&mut self, name: &str, seconds: i64) -> &mut Self {
        self.text(name, &timestamp(seconds))
    }

    pub(super) fn shown(&mut self, name: &str, value: impl std::fmt::Display) -> &mut Self {
        self.text(name, &value.to_string())
    }

    /// An element with elements.
    pub(super) fn within(&mut self, name: &str, inside: impl FnOnce(&mut Self)) -> &mut Self {
        self.start(name);
        inside(self);
        self.end(name)
    }

    /// A list: an element with members.
    pub(super) fn list<T>(
        &mut self,
        name: &str,
        members: impl IntoIterator<Item = T>,
        inside: impl Fn(&mut Self, T),
    ) -> &mut Self {
        self.within(name, |list| {
            for member in members {
                list.within("member", |element| inside(element, member));
            }
        })
    }
}

fn escaped(text: &str) -> String {
    // XML has no way to write other control characters (XML 1.0 §2.2).
    let is_xml = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..);
    let text: String = text.chars().map(|c| if is_xml(c) { c } else { '\u{FFFD}' }).collect();
    // A reader would turn it into a line feed (XML 1.0 §2.11).
    escape(text.as_str()).replace('\r', "&#13;")
}

fn namespace(service: Service) -> String {
    let (name, version) = (service.name(), service.version());
    format!("https://{name}.amazonaws.com/doc/{version}/")
}

/// The answer to an action. One without output has no result.
pub(super) fn success(service: Service, action: &str, result: Xml, request_id: &str) -> String {
    let mut response = Xml::default();
    if !result.0.is_empty() {
        response.within(&format!("{action}Result"), |inside| inside.0.push_str(&result.0));
    }
    response.within("ResponseMetadata", |metadata| {
        metadata.text("RequestId", request_id);
    });
    format!(
        "<{action}Response xmlns=\"{}\">{}</{action}Response>",
        namespace(service),
        response.0
    )
}

/// An error.
pub(super) fn failure(service: Service, error: &IamError, request_id: &str) -> String {
    let mut response = Xml::default();
    response.within("Error", |inside| {
        let whose = if error.status >= 500 { "Receiver" } else { "Sender" };
        inside
            .text("Type", whose)
            .text("Code", error.code)
            .text("Message", &error.message);
    });
    response.text("RequestId", request_id);
    format!(
        "<ErrorResponse xmlns=\"{}\">{}</ErrorResponse>",
        namespace(service),
        response.0
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_leave_its_element() {
        let mut xml = Xml::default();
        xml.text("A", "</A><B>&\"'\0\u{1b}\r\n\u{FFFF}\u{e9}");
        assert_eq!(
            xml.0,
            "<A>&lt;/A&gt;&lt;B&gt;&amp;&quot;&apos;\u{FFFD}\u{FFFD}&#13;\n\u{FFFD}\u{e9}</A>"
        );
    }
}
