//! The parameters of an operation, checked against the constraints of the services' models.

use super::form::Form;
use crate::account::IamError;

/// What a value has to be.
#[derive(Clone, Copy)]
pub(super) struct Rule {
    min: usize,
    max: usize,
    /// As the model writes it.
    pattern: &'static str,
    fits: fn(&str) -> bool,
    wording: Wording,
}

/// How AWS words a value that does not fit.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wording {
    /// As for any model.
    Model,
    /// Without the value: it is a password.
    Secret,
    /// As IAM does for names.
    Name,
    /// As IAM does for paths.
    Path,
}

const fn rule(min: usize, max: usize, pattern: &'static str, fits: fn(&str) -> bool) -> Rule {
    let wording = Wording::Model;
    Rule {
        min,
        max,
        pattern,
        fits,
        wording,
    }
}

const fn name(max: usize) -> Rule {
    let wording = Wording::Name;
    Rule {
        wording,
        ..rule(1, max, "[\\w+=,.@-]+", |text| text.chars().all(is_name))
    }
}

const fn path(pattern: &'static str, fits: fn(&str) -> bool) -> Rule {
    let wording = Wording::Path;
    Rule {
        wording,
        ..rule(1, 512, pattern, fits)
    }
}

pub(super) const NEW_USER: Rule = name(64);
pub(super) const USER: Rule = name(128);
pub(super) const GROUP: Rule = name(128);
pub(super) const ROLE: Rule = name(64);
pub(super) const POLICY: Rule = name(128);
pub(super) const DEVICE: Rule = name(usize::MAX);
pub(super) const PATH: Rule = path("(\\u002F)|(\\u002F[\\u0021-\\u007E]+\\u002F)", |text| {
    text.starts_with('/') && text.ends_with('/') && text.bytes().all(|byte| byte.is_ascii_graphic())
});
pub(super) const PREFIX: Rule = path("\\u002F[\\u0021-\\u007F]*", |text| {
    text.starts_with('/') && text.bytes().all(|byte| matches!(byte, 0x21..=0x7F))
});
pub(super) const SERIAL: Rule = rule(9, 256, "[\\w+=/:,.@-]+", |text| {
    text.chars().all(|c| is_name(c) || "/:".contains(c))
});
pub(super) const CODE: Rule = rule(6, 6, "[\\d]+", |text| text.bytes().all(|byte| byte.is_ascii_digit()));
pub(super) const MARKER: Rule = rule(1, 320, "[\\u0020-\\u00FF]+", |text| {
    text.chars().all(|c| matches!(c, ' '..='\u{FF}'))
});
pub(super) const KEY_ID: Rule = rule(16, 128, "[\\w]+", |text| {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
});
pub(super) const ARN: Rule = rule(20, 2048, "", |_| true);
pub(super) const DOCUMENT: Rule = rule(1, 131_072, "[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+", is_text);
pub(super) const DESCRIPTION: Rule = rule(
    0,
    1000,
    "[\\u0009\\u000A\\u000D\\u0020-\\u007E\\u00A1-\\u00FF]*",
    is_text,
);
pub(super) const PASSWORD: Rule = Rule {
    wording: Wording::Secret,
    ..rule(1, 128, "[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+", is_text)
};
pub(super) const VERSION: Rule = rule(1, 16, "v[1-9][0-9]*(\\.[A-Za-z0-9-]*)?", |text| {
    let digits = text.strip_prefix('v').unwrap_or_default();
    digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0') && !digits.is_empty()
});
pub(super) const SESSION_NAME: Rule = rule(2, 64, "[\\w+=,.@-]*", |text| text.chars().all(is_name));
pub(super) const EXTERNAL_ID: Rule = rule(2, 1224, "[\\w+=,.@:\\/-]*", |text| {
    text.chars().all(|c| is_name(c) || ":/".contains(c))
});
pub(super) const ACTION: Rule = rule(3, 128, "", |_| true);
pub(super) const RESOURCE: Rule = rule(1, 2048, "", |_| true);

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_+=,.@-".contains(c)
}

fn is_text(text: &str) -> bool {
    text.chars().all(|c| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{FF}'))
}

/// Reads parameters, and gathers what is wrong with them: AWS names all of it at once.
pub(super) struct Parameters<'a> {
    form: &'a Form,
    wrong: Vec<String>,
    /// What IAM has other words for.
    other: Option<IamError>,
}

impl<'a> Parameters<'a> {
    pub(super) fn new(form: &'a Form) -> Self {
        Self {
            form,
            wrong: Vec::new(),
            other: None,
        }
    }

    /// The value; an empty text until [`Parameters::finish`] has said that it is missing.
    pub(super) fn required(&mut self, name: &str, rule: &Rule) -> &'a str {
        if self.form.get(name).is_none() {
            self.miss(name);
        }
        self.optional(name, rule).unwrap_or_default()
    }

    pub(super) fn miss(&mut self, name: &str) {
        self.wrong.push(format!(
            "Value null at '{}' failed to satisfy constraint: Member must not be null",
            lower_first(name)
        ));
    }

    pub(super) fn optional(&mut self, name: &str, rule: &Rule) -> Option<&'a str> {
        let value = self.form.get(name)?;
        self.check(name, value, rule);
        Some(value)
    }

    fn check(&mut self, name: &str, value: &str, rule: &Rule) {
        let shown = lower_first(name);
        let length = value.chars().count();
        let what = if length < rule.min {
            format!("Member must have length greater than or equal to {}", rule.min)
        } else if length > rule.max {
            format!("Member must have length less than or equal to {}", rule.max)
        } else if (rule.fits)(value) {
            return;
        } else {
            match rule.wording {
                Wording::Name => {
                    self.other.get_or_insert_with(|| {
                        IamError::validation(format!(
                            "The specified value for {shown} is invalid. It must contain only alphanumeric characters \
                             and/or the following: +=,.@_-"
                        ))
                    });
                    return;
                }
                Wording::Path => {
                    self.other.get_or_insert_with(|| {
                        IamError::validation(format!(
                            "The specified value for {shown} is invalid. It must begin and end with / and contain \
                             only alphanumeric characters and/or / characters."
                        ))
                    });
                    return;
                }
                Wording::Model | Wording::Secret => {
                    format!("Member must satisfy regular expression pattern: {}", rule.pattern)
                }
            }
        };
        let value = match rule.wording {
            Wording::Secret => String::new(),
            _ => format!(" '{value}'"),
        };
        self.wrong.push(format!(
            "Value{value} at '{shown}' failed to satisfy constraint: {what}"
        ));
    }

    /// The members of a list.
    pub(super) fn list(&mut self, name: &'static str, rule: &Rule) -> Vec<&'a str> {
        let form = self.form;
        let members: Vec<_> = form.list(name).collect();
        for (number, member) in (1..).zip(&members) {
            self.check(&format!("{name}.{number}.member"), member, rule);
        }
        members
    }

    pub(super) fn choice(&mut self, name: &str, choices: &[&str]) -> Option<&'a str> {
        let value = self.form.get(name)?;
        self.check_choice(name, value, choices);
        Some(value)
    }

    /// The members of a list of choices.
    pub(super) fn choices(&mut self, name: &'static str, choices: &[&str]) -> Vec<&'a str> {
        let form = self.form;
        let members: Vec<_> = form.list(name).collect();
        for (number, member) in (1..).zip(&members) {
            self.check_choice(&format!("{name}.{number}.member"), member, choices);
        }
        members
    }

    fn check_choice(&mut self, name: &str, value: &str, choices: &[&str]) {
        if !choices.contains(&value) {
            let set = choices.join(", ");
            self.wrong.push(format!(
                "Value '{value}' at '{}' failed to satisfy constraint: Member must satisfy enum value set: [{set}]",
                lower_first(name)
            ));
        }
    }

    pub(super) fn integer(&mut self, name: &str, min: i64, max: i64) -> Option<i64> {
        let text = self.form.get(name)?;
        let Ok(value) = text.parse::<i64>() else {
            self.malformed();
            return None;
        };
        let bound = if value < min {
            format!("greater than or equal to {min}")
        } else if value > max {
            format!("less than or equal to {max}")
        } else {
            return Some(value);
        };
        self.wrong.push(format!(
            "Value '{value}' at '{}' failed to satisfy constraint: Member must have value {bound}",
            lower_first(name)
        ));
        None
    }

    pub(super) fn boolean(&mut self, name: &str) -> Option<bool> {
        match self.form.get(name)? {
            "true" => Some(true),
            "false" => Some(false),
            _ => {
                self.malformed();
                None
            }
        }
    }

    fn malformed(&mut self) {
        let error = || IamError::new("MalformedInput", 400, "The request is malformed.");
        self.other.get_or_insert_with(error);
    }

    /// Refuses the request if any of its parameters is wrong.
    pub(super) fn finish(self) -> Result<(), IamError> {
        match (self.other, self.wrong.len()) {
            (Some(error), _) => Err(error),
            (None, 0) => Ok(()),
            (None, number) => {
                let plural = if number == 1 { "error" } else { "errors" };
                let all = self.wrong.join("; ");
                Err(IamError::validation(format!(
                    "{number} validation {plural} detected: {all}"
                )))
            }
        }
    }
}

/// `UserName` as `userName`: how AWS calls it in errors.
fn lower_first(name: &str) -> String {
    let mut rest = name.chars();
    let first = rest.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(rest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &str, read: impl FnOnce(&mut Parameters<'_>)) -> String {
        let form = Form::parse(body.as_bytes()).unwrap();
        let mut parameters = Parameters::new(&form);
        read(&mut parameters);
        parameters
            .finish()
            .map(|()| String::new())
            .unwrap_or_else(|error| error.message)
    }

    #[test]
    fn errors_are_worded_as_aws_words_them() {
        assert_eq!(
            check("UserName=alice&AuthenticationCode1=12345", |p| {
                p.required("UserName", &USER);
                p.required("AuthenticationCode1", &CODE);
                p.required("SerialNumber", &SERIAL);
            }),
            "2 validation errors detected: Value '12345' at 'authenticationCode1' failed to satisfy constraint: Member \
             must have length greater than or equal to 6; Value null at 'serialNumber' failed to satisfy constraint: \
             Member must not be null"
        );
        assert_eq!(
            check("AuthenticationCode1=12345a", |p| _ =
                p.required("AuthenticationCode1", &CODE)),
            "1 validation error detected: Value '12345a' at 'authenticationCode1' failed to satisfy constraint: Member \
             must satisfy regular expression pattern: [\\d]+"
        );
        assert_eq!(
            check("UserName=a+b", |p| _ = p.required("UserName", &NEW_USER)),
            "The specified value for userName is invalid. It must contain only alphanumeric characters and/or the \
             following: +=,.@_-"
        );
        let long = "x".repeat(65);
        assert!(check(&format!("UserName={long}"), |p| _ = p.required("UserName", &NEW_USER)).ends_with("equal to 64"));
        let secret = check("Password=%00secret", |p| _ = p.required("Password", &PASSWORD));
        assert!(
            secret.starts_with("1 validation error detected: Value at 'password'"),
            "{secret}"
        );
        assert!(!secret.contains("secret"), "{secret}");
        assert_eq!(
            check("MaxItems=1001", |p| _ = p.integer("MaxItems", 1, 1000)),
            "1 validation error detected: Value '1001' at 'maxItems' failed to satisfy constraint: Member must have \
             value less than or equal to 1000"
        );
        assert_eq!(
            check("MaxItems=x", |p| _ = p.integer("MaxItems", 1, 1000)),
            "The request is malformed."
        );
        assert!(check("S=x", |p| _ = p.choice("S", &["Active", "Inactive"])).ends_with("set: [Active, Inactive]"));
        assert!(check("Path=a", |p| _ = p.optional("Path", &PATH)).contains("begin and end with /"));
        assert_eq!(check("Path=%2Fa%2F", |p| _ = p.optional("Path", &PATH)), "");
    }
}
