//! A browser without a screen: cookies, forms and redirects, and a clock that it shares with the practice account.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use brasskey::practice::{AwsUser, Console, Options};
use time::OffsetDateTime;
use url::form_urlencoded;

/// A practice account with a clock that stands still.
pub(crate) struct Practice {
    pub(crate) console: Console,
    pub(crate) clock: Arc<AtomicI64>,
}

/// What the server answered.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

/// A browser at the practice account.
pub(crate) struct Browser {
    port: u16,
    pub(crate) cookie: Option<String>,
    pub(crate) origin: String,
    pub(crate) agent: String,
    /// The page that it shows.
    pub(crate) page: String,
    /// Where that is.
    pub(crate) path: String,
}

impl Practice {
    pub(crate) fn start() -> Self {
        Self::start_with(Options::default())
    }

    pub(crate) fn start_with(options: Options) -> Self {
        let clock = Arc::new(AtomicI64::new(1_795_000_000));
        let time = Arc::clone(&clock);
        let now = move || OffsetDateTime::from_unix_timestamp(time.load(Ordering::Relaxed)).unwrap();
        let console = Console::start(options.clock(now)).unwrap();
        Self { console, clock }
    }

    pub(crate) fn pass(&self, seconds: i64) {
        self.clock.fetch_add(seconds, Ordering::Relaxed);
    }

    pub(crate) fn now(&self) -> i64 {
        self.clock.load(Ordering::Relaxed)
    }

    pub(crate) fn browser(&self) -> Browser {
        Browser::at(&self.console)
    }

    /// The first password of a user, or of root.
    pub(crate) fn password(&self, user: &str) -> String {
        let first = self.console.first_credentials();
        let users = first.users.iter().find(|known| known.name == user);
        let password = match user {
            "root" => first.root.password.as_ref(),
            _ => users.unwrap().password.as_ref(),
        };
        password.unwrap().expose().to_owned()
    }

    /// The serial number of the user's device of a name.
    pub(crate) fn serial(&self, user: &str, device: &str) -> String {
        let user = named(user);
        let found = self.console.with_account(|account| {
            let mut devices = account.devices(&user).into_iter();
            devices
                .find(|known| known.name == device)
                .map(|known| known.serial.clone())
        });
        found.unwrap().unwrap()
    }

    /// The code that a device shows some seconds from now.
    pub(crate) fn code(&self, serial: &str, later: i64) -> String {
        let at = self.now() + later;
        let code = self.console.with_account(|account| {
            let device = account.device(serial).unwrap();
            device.totp().unwrap().code(at)
        });
        code.unwrap()
    }

    /// A browser where the user has given the password.
    pub(crate) fn signed_in(&self, user: &str) -> Browser {
        let mut browser = self.browser();
        browser.sign_in(self, user);
        browser
    }

    /// Enables an authenticator app by the pages. Returns its serial number.
    pub(crate) fn assign_app(&self, browser: &mut Browser, user: &str, name: &str) -> String {
        browser.get("/security-credentials/assign");
        browser.post("/security-credentials/assign", &[("name", name), ("kind", "app")]);
        assert_eq!(browser.path, "/security-credentials/assign/app", "{}", browser.page);
        let serial = format!("arn:aws:iam::{:012}:mfa/{name}", self.console.account_number());
        let codes = (self.code(&serial, 0), self.code(&serial, 30));
        browser.post(
            "/security-credentials/assign/app",
            &[("code1", &codes.0), ("code2", &codes.1)],
        );
        assert!(
            browser.page.contains(&format!("MFA device {name} assigned.")),
            "{}",
            browser.page
        );
        assert_eq!(self.serial(user, name), serial);
        // Both codes are used up.
        self.pass(60);
        serial
    }
}

pub(crate) fn named(user: &str) -> AwsUser {
    match user {
        "root" => AwsUser::Root,
        name => name.parse().unwrap(),
    }
}

impl Browser {
    pub(crate) fn at(console: &Console) -> Self {
        let port = console.url().rsplit(':').next().unwrap().parse().unwrap();
        Self {
            port,
            cookie: None,
            origin: console.url().to_owned(),
            agent: "Mozilla/5.0 (a test)".to_owned(),
            page: String::new(),
            path: String::new(),
        }
    }

    /// Sends these bytes, and reads up to the end of the connection.
    pub(crate) fn raw(&self, request: &str) -> Reply {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        // A server that refuses a body before its end may reset the connection after its answer.
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").expect(request);
        Reply {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            head: head.to_owned(),
            body: body.to_owned(),
        }
    }

    /// One request with these header lines, each with its end.
    pub(crate) fn request(&self, method: &str, path: &str, headers: &str, body: &str) -> Reply {
        self.raw(&format!(
            "{method} {path} HTTP/1.1\r\n{headers}Connection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ))
    }

    /// The headers that a browser sends with each request.
    pub(crate) fn headers(&self) -> String {
        let cookie = self
            .cookie
            .as_ref()
            .map(|cookie| format!("Cookie: other=1; {cookie}\r\n"));
        format!(
            "Host: localhost:{}\r\nUser-Agent: {}\r\n{}",
            self.port,
            self.agent,
            cookie.unwrap_or_default()
        )
    }

    fn take(&mut self, reply: &Reply) {
        if let Some(cookie) = reply.header("set-cookie") {
            self.cookie = Some(cookie.split(';').next().unwrap().to_owned());
        }
    }

    /// Opens a page, wherever it leads.
    pub(crate) fn get(&mut self, path: &str) -> Reply {
        let mut path = path.to_owned();
        for _ in 0..6 {
            let reply = self.request("GET", &path, &self.headers(), "");
            self.take(&reply);
            match reply.header("location") {
                Some(location) => path = location.trim_start_matches(&self.origin).to_owned(),
                None => {
                    self.page = reply.body.clone();
                    self.path = path;
                    return reply;
                }
            }
        }
        panic!("{path} leads nowhere")
    }

    /// The token in the forms of the page.
    pub(crate) fn token(&self) -> String {
        between(&self.page, "name=\"csrf\" value=\"", "\"").expect(&self.page)
    }

    /// Sends a form of the page, and does not follow where it leads.
    pub(crate) fn send(&mut self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let mut form = form_urlencoded::Serializer::new(String::new());
        let form = form.append_pair("csrf", &self.token()).extend_pairs(fields).finish();
        let headers = format!(
            "{}Origin: {}\r\nContent-Type: application/x-www-form-urlencoded\r\n",
            self.headers(),
            self.origin
        );
        let reply = self.request("POST", path, &headers, &form);
        self.take(&reply);
        reply
    }

    /// Sends a form of the page.
    pub(crate) fn post(&mut self, path: &str, fields: &[(&str, &str)]) {
        let reply = self.send(path, fields);
        match reply.header("location") {
            Some(location) => drop(self.get(&location)),
            None => {
                self.page = reply.body;
                self.path = path.to_owned();
            }
        }
    }

    /// Gives a user's name and first password.
    pub(crate) fn sign_in(&mut self, practice: &Practice, user: &str) {
        let password = practice.password(user);
        self.sign_in_with(practice, user, &password);
    }

    pub(crate) fn sign_in_with(&mut self, practice: &Practice, user: &str, password: &str) {
        if user == "root" {
            self.get("/signin/root");
            return self.post("/signin/root", &[("email", "root@example.com"), ("password", password)]);
        }
        self.get("/signin");
        let account = format!("{:012}", practice.console.account_number());
        let fields = [("account", &*account), ("username", user), ("password", password)];
        self.post("/signin", &fields);
    }

    pub(crate) fn sign_out(&mut self) {
        self.get("/home");
        self.post("/signout", &[]);
        assert_eq!(self.path, "/signin");
    }

    /// The text of the notice or error on the page.
    pub(crate) fn told(&self) -> String {
        let from = self
            .page
            .find("<div id=\"error\"")
            .or_else(|| self.page.find("<div id=\"notice\""));
        let notice = &self.page[from.unwrap_or_else(|| panic!("{}", self.page))..];
        text(&between(notice, "<p>", "</p>").unwrap())
    }

    /// The value of an attribute that the page has once.
    pub(crate) fn attribute(&self, name: &str) -> String {
        text(&between(&self.page, &format!("{name}=\""), "\"").unwrap_or_else(|| panic!("{name}: {}", self.page)))
    }
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        let mut values = lines.filter(|(known, _)| known.eq_ignore_ascii_case(name));
        values.next().map(|(_, value)| value.to_owned())
    }
}

/// What is between two texts.
pub(crate) fn between(page: &str, before: &str, after: &str) -> Option<String> {
    let (_, rest) = page.split_once(before)?;
    rest.split_once(after).map(|(value, _)| value.to_owned())
}

fn text(html: &str) -> String {
    html.replace("&quot;", "\"")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}
