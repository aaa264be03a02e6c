//! Policies as the AWS CLI prints them: within an answer, and URL-encoded where it was asked without decoding.

use super::document::Document;
use super::error::PolicyError;
use super::json::{self, Node, Value};

/// Where the CLI's answers have a policy: of `get-policy-version`, `get-user-policy` and its like, `get-role`.
const PLACES: [&[&str]; 5] = [
    &["PolicyVersion", "Document"],
    &["PolicyDocument"],
    &["Role", "AssumeRolePolicyDocument"],
    &["AssumeRolePolicyDocument"],
    &["Document"],
];

impl Document {
    /// Reads a policy, or what the AWS CLI prints around one: the answers of `aws iam get-policy-version`,
    /// `get-user-policy`, `get-group-policy`, `get-role-policy` and `get-role`, or the policy URL-encoded, as IAM's API
    /// hands it out.
    ///
    /// Lines are those of the text; of a policy that is a string in it, those of the policy itself.
    ///
    /// # Errors
    ///
    /// As [`Document::parse`], and where there is no policy in the text.
    pub fn parse_wrapped(text: &str) -> Result<Self, PolicyError> {
        let trimmed = text.trim();
        if trimmed.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("%7b")) {
            return Self::parse(&decoded(trimmed)?);
        }
        let root = json::parse(text)?;
        if root.member("Statement").is_some() {
            return Self::parse(text);
        }
        let find = |path: &&[&str]| path.iter().try_fold(&root, |node, name| node.member(name));
        let found = PLACES.iter().find_map(find);
        match found {
            Some(Node {
                value: Value::String(text),
                ..
            }) => Self::parse_text(text),
            Some(node) => Self::from_json(text, node),
            None => match &root.value {
                Value::String(text) => Self::parse_text(text),
                // An object of anything: the grammar says what is wrong with it.
                _ => Self::parse(text),
            },
        }
    }

    fn parse_text(text: &str) -> Result<Self, PolicyError> {
        if text.trim_start().starts_with('%') {
            return Self::parse(&decoded(text)?);
        }
        Self::parse(text)
    }
}

/// Text without its URL encoding (RFC 3986 §2.1).
fn decoded(text: &str) -> Result<String, PolicyError> {
    let wrong = || PolicyError::new(1, "the URL encoding is broken");
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || char::from(rest.next()?).to_digit(16);
        let high = digit().ok_or_else(wrong)?;
        let low = digit().ok_or_else(wrong)?;
        bytes.push(u8::try_from(high * 16 + low).map_err(|_| wrong())?);
    }
    String::from_utf8(bytes).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: &str =
        r#"{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}"#;

    #[test]
    fn a_policy_is_found_in_what_the_cli_prints() {
        let quoted = serde_json::to_string(POLICY).unwrap();
        let encoded: String = POLICY.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let plain = Document::parse(POLICY).unwrap().size();
        for text in [
            POLICY.to_owned(),
            format!("{{\"PolicyVersion\": {{\"Document\": {POLICY}, \"VersionId\": \"v1\"}}}}"),
            format!("{{\"UserName\": \"alice\", \"PolicyName\": \"x\", \"PolicyDocument\": {POLICY}}}"),
            format!("{{\"UserName\": \"alice\", \"PolicyDocument\": \"{encoded}\"}}"),
            format!("{{\"PolicyDocument\": {quoted}}}"),
            format!("{{\"Role\": {{\"RoleName\": \"r\", \"AssumeRolePolicyDocument\": {POLICY}}}}}"),
            quoted.clone(),
            format!("{encoded}\n"),
        ] {
            assert_eq!(
                Document::parse_wrapped(&text).map(|policy| policy.size()),
                Ok(plain),
                "{text}"
            );
        }
    }

    #[test]
    fn lines_are_those_of_the_answer() {
        let text = "{\n\"PolicyDocument\": {\n\"Statement\": {\n\"Effect\": \"deny\"}}}";
        assert_eq!(Document::parse_wrapped(text).unwrap_err().line, 4);
    }

    #[test]
    fn what_has_no_policy_in_it_is_an_error() {
        for text in [
            "{}",
            "[]",
            "%7B",
            "%7",
            "%zz",
            "%7B%",
            "\"%ff\"",
            "{\"PolicyDocument\": 1}",
            "{\"Users\": []}",
        ] {
            assert!(Document::parse_wrapped(text).is_err(), "{text}");
        }
    }
}
