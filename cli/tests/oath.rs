//! One-time codes as a script meets them.
#![cfg(target_os = "linux")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

/// The secret of RFC 4226, Appendix D, in base 32.
const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
const QR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../host/src/cli/oath/testing/account.png");

/// A home of its own, without a terminal and without pcscd.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new("setsid");
        command
            .args(["--wait", env!("CARGO_BIN_EXE_brasskey")])
            .args(arguments.split(' '))
            .current_dir(self.path())
            .env("HOME", self.path())
            .env("PASSWORD", "correct horse")
            .env("OTHER", "battery staple")
            .env("PCSCLITE_CSOCK_NAME", self.path().join("no-pcscd"))
            .env_remove("XDG_DATA_HOME")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs a command with `stdin`.
    fn run(&self, arguments: &str, stdin: &str) -> Output {
        let mut child = self.command(arguments).spawn().unwrap();
        // A command that needs none may have ended.
        let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
        child.wait_with_output().unwrap()
    }

    /// What a command prints that succeeds.
    fn print(&self, arguments: &str, stdin: &str) -> String {
        let output = self.run(arguments, stdin);
        assert!(output.status.success(), "{arguments}: {}", said(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    fn pass(&self, arguments: &str, stdin: &str) -> Value {
        serde_json::from_str(&self.print(&format!("{arguments} --json"), stdin)).unwrap()
    }

    /// The exit code, and what a command says that fails. It never repeats the secret.
    fn fail(&self, arguments: &str, stdin: &str) -> (i32, String) {
        let output = self.run(arguments, stdin);
        assert!(output.stdout.is_empty(), "{arguments}");
        let said = said(&output).to_owned();
        assert!(
            said.contains("\nhint: ") && !said.contains(SECRET),
            "{arguments}: {said}"
        );
        (output.status.code().unwrap(), said)
    }

    /// The names of the accounts on a key.
    fn names(&self, device: &str) -> Vec<String> {
        let listed = self.pass(&format!("oath list --device {device}"), "");
        let accounts = listed["accounts"].as_array().unwrap().iter();
        let mut names: Vec<_> = accounts
            .map(|account| account["name"].as_str().unwrap().to_owned())
            .collect();
        names.sort();
        names
    }
}

fn said(output: &Output) -> &str {
    str::from_utf8(&output.stderr).unwrap()
}

/// A token at a Unix socket, which ends with the value.
struct Token(Child);

impl Token {
    fn start(home: &Home, arguments: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_brasskey"))
            .args(arguments.split(' '))
            .current_dir(home.path())
            .env("HOME", home.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut ready = String::new();
        let mut printed = BufReader::new(child.stdout.take().unwrap());
        printed.read_line(&mut ready).unwrap();
        assert!(ready.starts_with("Ready:"), "{ready}");
        Self(child)
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn an_account_is_added_listed_asked_renamed_and_deleted() {
    let home = Home::new();
    let added = home.pass("oath add --name alice --issuer RFC --type hotp --device soft", SECRET);
    assert_eq!(added["name"], "RFC:alice");
    assert_eq!(
        (&added["type"], &added["digits"], &added["period"]),
        (&json!("HOTP"), &json!(6), &json!(null))
    );
    // RFC 4226, Appendix D.
    assert_eq!(home.print("oath code alice --single --device soft", ""), "755224\n");
    assert_eq!(home.print("oath code --device soft alice", ""), "RFC:alice  287082\n");
    let two = home.pass("oath code rfc --two --device soft", "");
    assert_eq!(
        (&two["codes"][0]["code"], &two["codes"][1]["code"]),
        (&json!("359152"), &json!("969429"))
    );
    let all = home.print("oath code --device soft", "");
    assert_eq!(all, "RFC:alice  counts: ask for it by name\n");

    home.print("oath rename alice RFC:bob --device soft", "");
    assert_eq!(home.names("soft"), ["RFC:bob"]);
    assert_eq!(home.print("oath code bob --single --device soft", ""), "338314\n");
    let (code, said) = home.fail("oath delete bob --device soft", "");
    assert!(code == 2 && said.contains("--yes"), "{said}");
    home.print("oath delete bob --yes --device soft", "");
    assert_eq!(home.names("soft"), [""; 0]);
}

#[test]
fn a_screenshot_goes_to_the_key_and_to_the_spare_in_one_go() {
    let home = Home::new();
    let add = format!("oath add --qr {QR} --device soft --also soft:spare");
    let added = home.pass(&add, "");
    assert_eq!(added["name"], "AWS:alice@123456789012");
    assert_eq!(added["also"]["replaced"], false);
    // The same code on both, unless a step ended between them.
    let code = |device: &str| home.pass(&format!("oath code aws --device {device}"), "")["codes"][0].clone();
    let agree = (0..3).any(|_| code("soft") == code("soft:spare"));
    assert!(agree);

    let (exit, said) = home.fail(&add, "");
    assert!(
        exit == 2 && said.contains("has an account AWS:alice@123456789012 already"),
        "{said}"
    );
    assert_eq!(home.pass(&format!("{add} --force"), "")["replaced"], true);
    let (exit, said) = home.fail(&format!("oath add --qr {QR} --device soft --also soft --force"), "");
    assert!(exit == 2 && said.contains("--also"), "{said}");
}

#[test]
fn an_account_that_the_spare_does_not_take_is_on_neither() {
    let home = Home::new();
    home.print("oath password set --device soft:spare --new-password-env PASSWORD", "");
    let add = "oath add --name a --device soft --also soft:spare";
    let (code, said) = home.fail(add, SECRET);
    assert!(code == 2 && said.contains("protected by a password"), "{said}");
    assert_eq!(home.names("soft"), [""; 0]);
    home.print(&format!("{add} --also-password-env PASSWORD"), SECRET);
    assert_eq!(home.names("soft"), ["a"]);
}

#[test]
fn a_secret_comes_from_everywhere_but_the_command_line() {
    let home = Home::new();
    let uri = format!("otpauth://totp/A:b?secret={SECRET}&digits=8");
    home.print("oath add --device soft", &uri);
    home.print(
        "oath add --device soft --secret-fd 0 --name c --issuer D --require-touch",
        &uri,
    );
    assert_eq!(home.names("soft"), ["A:b", "D:c"]);
    let all = home.pass("oath code --device soft --touch auto", "");
    let codes = all["codes"].as_array().unwrap();
    let of = |name: &str| codes.iter().find(|code| code["name"] == name).unwrap()["code"].clone();
    assert_eq!(of("A:b").as_str().unwrap().len(), 8);
    assert_eq!(of("D:c"), Value::Null, "it takes a touch");

    for (arguments, stdin, wrong) in [
        ("oath add --device soft", "", "this takes the secret"),
        (
            "oath add --device soft",
            "no secret: 1",
            "neither an otpauth:// address nor a secret",
        ),
        (
            "oath add --device soft",
            SECRET,
            "a secret alone does not say whose it is",
        ),
        (
            "oath add --device soft",
            "otpauth://totp/x?issuer=y",
            "no secret in base 32",
        ),
        ("oath add --device soft --name x --digits 6", &uri, "says itself"),
        (
            "oath add --device soft --name x --counter 1",
            SECRET,
            "a counter is for --type hotp",
        ),
        (
            "oath add --device soft --name x --type hotp --period 60",
            SECRET,
            "a period is for --type totp",
        ),
        ("oath add --device soft --qr no.png", "", "cannot read no.png"),
    ] {
        let (code, said) = home.fail(arguments, stdin);
        assert!(matches!(code, 1 | 2 | 4) && said.contains(wrong), "{arguments}: {said}");
    }
    // As an argument it is refused, whoever reads it there.
    let refused = home.run(&format!("oath add {SECRET} --device soft"), "");
    assert_eq!(refused.status.code(), Some(2));
}

#[test]
fn a_code_that_would_be_wrong_is_warned_of() {
    let home = Home::new();
    let output = home.run(
        "oath add --device soft",
        &format!("otpauth://totp/AWS:alice?secret={SECRET}&algorithm=SHA256"),
    );
    assert!(output.status.success());
    assert!(said(&output).contains("warning: AWS takes"), "{}", said(&output));
    let output = home.run("oath add --device soft --name a --period 60", SECRET);
    assert!(said(&output).contains("SHA-1 and 60 s"), "{}", said(&output));
}

#[test]
fn the_password_is_asked_of_every_command_but_the_reset() {
    let home = Home::new();
    home.print("oath add --device soft --name a", SECRET);
    home.print("oath password set --device soft --new-password-env PASSWORD", "");
    for command in [
        "list",
        "code",
        "code a",
        "delete a --yes",
        "rename a b",
        "check a 123456",
    ] {
        let (code, said) = home.fail(&format!("oath {command} --device soft"), "");
        assert!(code == 2 && said.contains("--password-env"), "{command}: {said}");
        let (code, said) = home.fail(&format!("oath {command} --device soft --password-env OTHER"), "");
        assert!(code == 5 && said.contains("the password is wrong"), "{command}: {said}");
    }
    let listed = home.pass("oath list --device soft --password-env PASSWORD", "");
    assert_eq!(
        (&listed["password"], listed["accounts"].as_array().unwrap().len()),
        (&json!(true), 1)
    );
    let (code, said) = home.fail("oath password set --device soft --new-password-env OTHER", "");
    assert!(code == 2 && said.contains("password change"), "{said}");
    home.print(
        "oath password change --device soft --password-env PASSWORD --new-password-env OTHER",
        "",
    );
    home.print("oath password remove --device soft --password-env OTHER", "");
    assert_eq!(home.names("soft"), ["a"]);
    let (code, said) = home.fail("oath password remove --device soft", "");
    assert!(code == 2 && said.contains("password set"), "{said}");

    home.print("oath password set --device soft --new-password-env PASSWORD", "");
    let reset = home.pass("oath reset --yes --device soft --touch auto", "");
    assert_eq!(
        reset["erased"],
        Value::Null,
        "who does not know the password is not told"
    );
    assert_eq!(home.names("soft"), [""; 0]);
}

#[test]
fn a_reset_of_the_codes_leaves_the_passkeys() {
    let home = Home::new();
    home.print("register --device soft --touch auto", "");
    home.print("oath add --device soft --name a", SECRET);
    assert_eq!(
        home.pass("oath reset --yes --device soft --touch auto", "")["erased"],
        1
    );
    home.print("authenticate --device soft --touch auto", "");
}

#[test]
fn which_account_is_meant_is_asked_back() {
    let home = Home::new();
    home.print("oath add --device soft --issuer AWS --name alice", SECRET);
    home.print("oath add --device soft --issuer AWS --name bob", SECRET);
    let (code, said) = home.fail("oath code aws --device soft", "");
    assert!(
        code == 2 && said.contains("AWS:alice") && said.contains("AWS:bob"),
        "{said}"
    );
    let (code, said) = home.fail("oath code carol --device soft", "");
    assert!(code == 5 && said.contains("brasskey oath list"), "{said}");
    let (code, _) = home.fail("oath code --single --device soft", "");
    assert_eq!(code, 2);
    let (code, said) = home.fail("oath rename alice AWS:bob --device soft", "");
    assert!(code == 2 && said.contains("already"), "{said}");
}

#[test]
fn a_touch_that_nobody_gives_is_no_code() {
    let home = Home::new();
    home.print("oath add --device soft --name a --require-touch", SECRET);
    let (code, said) = home.fail("oath code a --device soft --touch deny", "");
    assert!(code == 4 && said.contains("touch"), "{said}");
    let code = home.print("oath code a --single --device soft --touch auto", "");
    assert_eq!(code.trim().len(), 6);
}

#[test]
fn two_codes_follow_each_other() {
    let home = Home::new();
    home.run("oath add --device soft --name a --period 1", SECRET);
    let two = home.pass("oath code a --two --device soft", "");
    let [first, second] = [0, 1].map(|index| &two["codes"][index]);
    assert!(first["validUntil"].as_u64() <= second["validFrom"].as_u64(), "{two}");
    assert!(second["code"].is_string());
}

#[test]
fn a_code_of_another_device_says_how_far_apart_the_clocks_are() {
    let home = Home::new();
    home.run("oath add --device soft --name a --period 3600", SECRET);
    let code = home.print("oath code a --single --device soft", "");
    let checked = home.pass(&format!("oath check a {} --device soft", code.trim()), "");
    // An hour may have ended between the two.
    assert!(matches!(checked["steps"].as_i64(), Some(-1 | 0)), "{checked}");
    let checked = home.print("oath check a --device soft", &code);
    assert!(checked.contains("agree") || checked.contains("1 step"), "{checked}");
    let (exit, said) = home.fail("oath check a 12345 --device soft", "");
    assert!(exit == 2 && said.contains("6 to 8 digits"), "{said}");
    // Eight digits are no code of six.
    let output = home.run("oath check a 00000000 --device soft --json", "");
    let value: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &value["steps"]), (Some(6), &Value::Null));
}

#[test]
fn a_token_at_a_socket_has_codes_too() {
    let home = Home::new();
    let _token = Token::start(&home, "token --unix key --touch auto --ephemeral");
    home.print(
        "oath add --device unix:key --name a --type hotp --require-touch",
        SECRET,
    );
    let output = home.run("oath code a --single --device unix:key", "");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "755224\n", "{}", said(&output));
    home.print("oath password set --device unix:key --new-password-env PASSWORD", "");
    assert_eq!(home.fail("oath list --device unix:key", "").0, 2);
    home.print("oath list --device unix:key --password-env PASSWORD", "");
}

#[test]
fn without_pcscd_a_reader_s_key_is_missing_and_says_what_to_install() {
    let home = Home::new();
    let (code, said) = home.fail("oath list --device pcsc:YubiKey", "");
    assert!(code == 3 && said.contains("pcsc-lite"), "{said}");
    let (code, said) = home.fail("info --device pcsc:YubiKey", "");
    assert!(code == 2 && said.contains("over HID"), "{said}");
    let (code, said) = home.fail("oath list --device pcsc:", "");
    assert!(code == 2 && said.contains("pcsc:YubiKey"), "{said}");
    let (code, _) = home.fail("oath list --device pcsc:YubiKey --touch auto", "");
    assert_eq!(code, 2);
}

#[test]
fn what_cannot_be_done_spends_no_code_and_loses_no_secret() {
    let home = Home::new();
    let (code, why) = home.fail("oath add --name a --ephemeral", SECRET);
    assert_eq!(code, 2, "{why}");
    assert!(why.contains("--ephemeral forgets the account"), "{why}");

    home.print("oath add --name counted --type hotp --device soft", SECRET);
    let copied = home
        .command("oath code counted --copy --device soft")
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .output()
        .unwrap();
    assert_eq!(copied.status.code(), Some(2), "{}", said(&copied));
    // RFC 4226, Appendix D: the first code is still there.
    assert_eq!(home.print("oath code counted --single --device soft", ""), "755224\n");
}

#[test]
fn accounts_are_listed_by_name() {
    let home = Home::new();
    for name in ["b", "C", "a", "d"] {
        home.print(&format!("oath add --name {name} --device soft"), SECRET);
    }
    let listed = home.pass("oath list --device soft", "");
    let names: Vec<_> = listed["accounts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|account| &account["name"])
        .collect();
    assert_eq!(names, ["a", "b", "C", "d"]);
}
