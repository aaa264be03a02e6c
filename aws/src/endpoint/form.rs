//! The body of the Query protocol: `application/x-www-form-urlencoded`, strictly.

use zeroize::Zeroizing;

use crate::account::IamError;

/// How many parameters a request may have.
const MAX_PARAMETERS: usize = 1000;

/// The parameters of a request. Passwords can be among them.
#[derive(Debug)]
pub(super) struct Form(Vec<(String, Secretive)>);

type Secretive = Zeroizing<String>;

impl Form {
    pub(super) fn parse(body: &[u8]) -> Result<Self, IamError> {
        let malformed = |what: &str| IamError::new("MalformedQueryString", 400, what);
        let mut parameters: Vec<(String, Secretive)> = Vec::new();
        for pair in body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            if parameters.len() >= MAX_PARAMETERS {
                return Err(malformed("The request has too many parameters."));
            }
            let mut parts = pair.splitn(2, |byte| *byte == b'=');
            let mut part = || decode(parts.next().unwrap_or_default());
            let (Some(name), Some(value)) = (part(), part()) else {
                return Err(malformed("The query string contains a syntax error."));
            };
            parameters.push((name.to_string(), value));
        }
        // Which of two would count, nobody could say.
        parameters.sort_by(|(a, _), (b, _)| a.cmp(b));
        let is_twice = |pair: &[(String, Secretive)]| matches!(pair, [(a, _), (b, _)] if a == b);
        match parameters.windows(2).any(is_twice) {
            true => Err(malformed("The request has a parameter twice.")),
            false => Ok(Self(parameters)),
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let at = self.0.binary_search_by(|(other, _)| other.as_str().cmp(name)).ok()?;
        self.0.get(at).map(|(_, value)| value.as_str())
    }

    /// The members of a list: `NAME.member.1`, `NAME.member.2` and so on.
    pub(super) fn list<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> + 'a {
        (1..=MAX_PARAMETERS).map_while(move |number| self.get(&format!("{name}.member.{number}")))
    }
}

/// Percent-encoding, with `+` for a space; None where it is broken, or no UTF-8.
fn decode(text: &[u8]) -> Option<Secretive> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text.iter();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let mut digit = || char::from(*rest.next()?).to_digit(16);
                let value = digit().zip(digit()).map(|(high, low)| 16 * high + low)?;
                u8::try_from(value).ok()?
            }
            b'+' => b' ',
            byte => *byte,
        });
    }
    String::from_utf8(std::mem::take(&mut *bytes)).ok().map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn parameters_are_read_strictly() {
        let form =
            Form::parse(b"Action=ListUsers&Version=2010-05-08&P=%2F+a%C3%A9&Empty&L.member.1=a&L.member.2=b").unwrap();
        assert_eq!(form.get("Action"), Some("ListUsers"));
        assert_eq!(form.get("P"), Some("/ a\u{e9}"));
        assert_eq!(form.get("Empty"), Some(""));
        assert_eq!(form.get("action"), None);
        assert_eq!(form.list("L").collect::<Vec<_>>(), ["a", "b"]);
        for broken in [
            &b"a=%"[..],
            b"a=%2",
            b"a=%zz",
            b"a=%FF",
            b"\xFF=a",
            b"a=1&a=1",
            b"a&a=2",
        ] {
            assert_eq!(Form::parse(broken).unwrap_err().code, "MalformedQueryString");
        }
        let many: Vec<_> = (0..=MAX_PARAMETERS).map(|number| format!("a{number}=")).collect();
        assert!(Form::parse(many.join("&").as_bytes()).is_err());
        assert!(Form::parse(many[1..].join("&").as_bytes()).is_ok());
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_read(value in "\\PC{0,40}") {
            let encoded: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
            let form = Form::parse(format!("a={encoded}").as_bytes()).unwrap();
            prop_assert_eq!(form.get("a"), Some(value.as_str()));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
            _ = Form::parse(&bytes);
        }
    }
}
