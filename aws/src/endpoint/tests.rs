//! The endpoint as a client meets it, with requests that are signed.

mod details;
mod login;
mod mfa;
mod policies;
mod protocol;
mod sts;
mod users;

use quick_xml::events::Event;
use time::macros::datetime;

use super::*;
use crate::names::AwsUser;

pub(super) const NOW: OffsetDateTime = datetime!(2026-11-29 12:00 UTC);

/// Who calls, and when.
#[derive(Clone, Debug)]
pub(super) struct Client {
    pub(super) key_id: String,
    pub(super) secret: String,
    pub(super) token: Option<String>,
    pub(super) service: &'static str,
    pub(super) now: OffsetDateTime,
}

/// What came.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: String,
}

impl Client {
    /// A new account, and one of its first users.
    pub(super) fn new(name: &str) -> (Account, Self) {
        let (account, first) = Account::new(NOW).unwrap();
        let user = first.users.iter().find(|user| user.name == name).unwrap();
        let client = Self {
            key_id: user.access_key_id.clone().unwrap(),
            secret: user.secret_access_key.as_ref().unwrap().expose().to_owned(),
            token: None,
            service: "iam",
            now: NOW,
        };
        (account, client)
    }

    /// Another of the account's users, with the first access key.
    pub(super) fn of(account: &Account, user: &AwsUser) -> Self {
        let key = &account.user(user).unwrap().access_keys[0];
        Self {
            key_id: key.id.clone(),
            secret: key.secret.expose().to_owned(),
            token: None,
            service: "iam",
            now: NOW,
        }
    }

    pub(super) fn sts(&self) -> Self {
        let service = "sts";
        Self {
            service,
            ..self.clone()
        }
    }

    /// With the credentials in an answer of STS.
    pub(super) fn session(&self, reply: &Reply) -> Self {
        Self {
            key_id: reply.text("AccessKeyId"),
            secret: reply.text("SecretAccessKey"),
            token: Some(reply.text("SessionToken")),
            ..self.clone()
        }
    }

    pub(super) fn headers(&self, body: &[u8], now: OffsetDateTime) -> Vec<(String, String)> {
        let date = now.format(time::macros::format_description!(
            "[year][month][day]T[hour][minute][second]Z"
        ));
        let mut headers = vec![
            ("Host".to_owned(), "127.0.0.1:1".to_owned()),
            ("X-Amz-Date".to_owned(), date.unwrap()),
        ];
        if self.service == "cloudtrail" {
            headers.push(("X-Amz-Target".to_owned(), cloudtrail::TARGET.to_owned()));
        }
        headers.extend(
            self.token
                .iter()
                .map(|token| ("X-Amz-Security-Token".to_owned(), token.clone())),
        );
        let borrowed: Vec<_> = headers.iter().map(|(name, value)| (&**name, &**value)).collect();
        let request = Request {
            method: "POST",
            path: "/",
            query: "",
            headers: &borrowed,
            body,
        };
        let scope = Scope {
            key_id: &self.key_id,
            region: "us-east-1",
            service: self.service,
        };
        let authorization = authorization(&request, &scope, &self.secret).unwrap();
        headers.push(("Authorization".to_owned(), authorization));
        headers
    }

    pub(super) fn post(&self, account: &mut Account, body: &[u8]) -> Reply {
        let headers = self.headers(body, self.now);
        let headers: Vec<_> = headers.iter().map(|(name, value)| (&**name, &**value)).collect();
        let (status, body) = Self::send(account, &headers, body, self.now);
        Reply { status, body }
    }

    /// Calls an operation of the Query protocol.
    pub(super) fn call(&mut self, account: &mut Account, action: &str, parameters: &[(&str, &str)]) -> Reply {
        let version = if self.service == "iam" {
            "2010-05-08"
        } else {
            "2011-06-15"
        };
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        body.append_pair("Action", action).append_pair("Version", version);
        body.extend_pairs(parameters);
        let reply = self.post(account, body.finish().as_bytes());
        reply.check_xml();
        reply
    }

    pub(super) fn send(
        account: &mut Account,
        headers: &[(&str, &str)],
        body: &[u8],
        now: OffsetDateTime,
    ) -> (u16, String) {
        let request = Request {
            method: "POST",
            path: "/",
            query: "",
            headers,
            body,
        };
        let answer = answer(account, &request, now);
        assert_eq!(answer.request_id.len(), 36);
        (answer.status, String::from_utf8(answer.body).unwrap())
    }
}

impl Reply {
    /// What is in all elements of this name, unescaped.
    pub(super) fn all(&self, name: &str) -> Vec<String> {
        let (start, end) = (format!("<{name}>"), format!("</{name}>"));
        let parts = self.body.split(&start).skip(1);
        let inside = parts.map(|part| part.split(&end).next().unwrap());
        inside
            .map(|text| quick_xml::escape::unescape(text).unwrap().into_owned())
            .collect()
    }

    /// What is in the first element of this name.
    pub(super) fn text(&self, name: &str) -> String {
        let all = self.all(name);
        all.first()
            .unwrap_or_else(|| panic!("no {name} in {}", self.body))
            .clone()
    }

    #[track_caller]
    pub(super) fn ok(self) -> Self {
        assert_eq!(self.status, 200, "{}", self.body);
        self
    }

    #[track_caller]
    pub(super) fn error(self) -> (String, u16, String) {
        assert_ne!(self.status, 200, "{}", self.body);
        (self.text("Code"), self.status, self.text("Message"))
    }

    fn check_xml(&self) {
        let mut reader = quick_xml::Reader::from_str(&self.body);
        loop {
            match reader.read_event() {
                Ok(Event::Eof) => return,
                Ok(_) => {}
                Err(error) => panic!("{error}: {}", self.body),
            }
        }
    }
}

/// A code of a device at a moment.
pub(super) fn code(account: &Account, serial: &str, at: OffsetDateTime) -> String {
    account
        .device(serial)
        .unwrap()
        .totp()
        .unwrap()
        .code(at.unix_timestamp())
}
