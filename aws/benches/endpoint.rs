//! Operations through the endpoint, signed, in an account of 10,000 users: `cargo bench -p brasskey-aws`.
//! Clients sign outside of what is measured. The aim is 2,000 operations a second on one core, or 500 µs each.

use std::cell::RefCell;
use std::hint::black_box;

use brasskey_aws::account::{Account, STEP};
use brasskey_aws::endpoint::{Request, Scope, answer, authorization};
use brasskey_aws::names::AwsUser;
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use time::OffsetDateTime;
use time::macros::{datetime, format_description};

const USERS: usize = 10_000;
const START: OffsetDateTime = datetime!(2026-11-29 12:00 UTC);

/// An account full of users, each with a device, and an administrator's access key.
struct Practice {
    account: Account,
    key_id: String,
    secret: String,
    /// The device of the user in the middle, which comes and goes.
    serial: String,
    now: OffsetDateTime,
}

/// A request that is signed, with all that it borrows.
struct Signed {
    headers: Vec<(&'static str, String)>,
    body: String,
    now: OffsetDateTime,
}

impl Practice {
    fn new() -> Self {
        let (mut account, first) = Account::new(START).expect("an account");
        let mut serial = String::new();
        for number in 0..USERS {
            let name = format!("user-{number:05}");
            account.add_user(&name, "/", 0).expect("a user");
            let user = AwsUser::Iam(name.clone());
            let key = name.parse().expect("a name");
            account
                .register_security_key(&user, &key, name.as_bytes(), serde_json::json!({}), START)
                .expect("a key");
            if number == USERS / 2 {
                serial = account.create_virtual_device(&key).expect("a device").serial;
            }
        }
        let admin = first
            .users
            .into_iter()
            .find(|user| user.name == "admin")
            .expect("admin");
        Self {
            account,
            key_id: admin.access_key_id.expect("a key"),
            secret: admin.secret_access_key.expect("a secret").expose().to_owned(),
            serial,
            now: START,
        }
    }

    fn user() -> (&'static str, String) {
        ("UserName", format!("user-{:05}", USERS / 2))
    }

    fn signed(&self, service: &'static str, action: &str, parameters: &[(&str, String)]) -> Signed {
        let version = if service == "iam" { "2010-05-08" } else { "2011-06-15" };
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        body.append_pair("Action", action).append_pair("Version", version);
        body.extend_pairs(parameters);
        let body = body.finish();
        let date = format_description!("[year][month][day]T[hour][minute][second]Z");
        let mut headers = vec![
            ("host", "127.0.0.1:8222".to_owned()),
            ("x-amz-date", self.now.format(date).expect("a date")),
        ];
        let borrowed: Vec<_> = headers.iter().map(|(name, value)| (*name, &**value)).collect();
        let request = request(&borrowed, &body);
        let scope = Scope {
            key_id: &self.key_id,
            region: "us-east-1",
            service,
        };
        let signature = authorization(&request, &scope, &self.secret).expect("a signature");
        headers.push(("authorization", signature));
        let now = self.now;
        Signed { headers, body, now }
    }

    fn answer(&mut self, signed: &Signed) {
        let headers: Vec<_> = signed.headers.iter().map(|(name, value)| (*name, &**value)).collect();
        let answer = answer(&mut self.account, &request(&headers, &signed.body), signed.now);
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        black_box(answer);
    }

    /// Two consecutive codes that nobody has used; time goes on.
    fn codes(&mut self) -> (String, String) {
        self.now += time::Duration::seconds(2 * STEP);
        let totp = self
            .account
            .device(&self.serial)
            .and_then(|device| device.totp())
            .expect("a device");
        let now = self.now.unix_timestamp();
        (totp.code(now - STEP), totp.code(now))
    }

    fn enabling(&mut self) -> Signed {
        let (code1, code2) = self.codes();
        self.signed(
            "iam",
            "EnableMFADevice",
            &[
                Self::user(),
                ("SerialNumber", self.serial.clone()),
                ("AuthenticationCode1", code1),
                ("AuthenticationCode2", code2),
            ],
        )
    }
}

fn request<'a>(headers: &'a [(&'a str, &'a str)], body: &'a str) -> Request<'a> {
    Request {
        method: "POST",
        path: "/",
        query: "",
        headers,
        body: body.as_bytes(),
    }
}

fn operations(criterion: &mut Criterion) {
    let practice = RefCell::new(Practice::new());
    let mut same = |name: &str, service, parameters: &[(&str, String)]| {
        let signed = practice.borrow().signed(service, name, parameters);
        criterion.bench_function(name, |bencher| bencher.iter(|| practice.borrow_mut().answer(&signed)));
    };
    same("GetCallerIdentity", "sts", &[]);
    same("GetSessionToken", "sts", &[]);
    same("ListMFADevices", "iam", &[Practice::user()]);
    same("ListUsers", "iam", &[]);
    same("GetAccountSummary", "iam", &[]);

    let user = AwsUser::Iam(Practice::user().1);
    criterion.bench_function("EnableMFADevice", |bencher| {
        let setup = || {
            let mut practice = practice.borrow_mut();
            let serial = practice.serial.clone();
            // None is there the first time.
            _ = practice.account.deactivate_device(&user, &serial);
            practice.enabling()
        };
        bencher.iter_batched(
            setup,
            |signed| practice.borrow_mut().answer(&signed),
            BatchSize::PerIteration,
        );
    });
    criterion.bench_function("a code at the sign-in", |bencher| {
        let setup = || {
            let mut practice = practice.borrow_mut();
            (practice.codes().1, practice.now, practice.serial.clone())
        };
        let check = |(code, now, serial): (String, OffsetDateTime, String)| {
            let account = &mut practice.borrow_mut().account;
            account.verify_code(&user, &serial, &code, now).expect("a code");
        };
        bencher.iter_batched(setup, check, BatchSize::PerIteration);
    });
    criterion.bench_function("a new device, with its QR code", |bencher| {
        let mut number = 0;
        bencher.iter(|| {
            number += 1;
            let name = format!("new-{number}").parse().expect("a name");
            let account = &mut practice.borrow_mut().account;
            let device = account.create_virtual_device(&name).expect("a device");
            account.delete_virtual_device(&device.serial).expect("nobody's");
        });
    });
}

criterion_group!(benches, operations);
criterion_main!(benches);
