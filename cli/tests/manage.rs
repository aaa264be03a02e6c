//! PINs, passkeys, large blobs, settings, policies and resets, as a script meets them: one process after the other,
//! with the soft token in a file.
#![cfg(unix)]

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

/// A home with a soft token that has the PIN in `PIN`.
struct Home(TempDir);

const PIN: &str = "2468";

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// With a token that knows nothing but a registration of somebody else.
    fn with_token() -> Self {
        let home = Self::new();
        home.pass("register --user nobody");
        home
    }

    fn with_pin() -> Self {
        let home = Self::new();
        home.pass("pin set --new-pin-env PIN");
        home
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_brasskey"));
        command
            .args(arguments.split(' '))
            .args(["--touch", "auto", "--state", "state", "--json"])
            .current_dir(self.path())
            .env("HOME", self.path())
            .env("PIN", PIN)
            .env("WRONG", "1357")
            .env_remove("XDG_DATA_HOME")
            .stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &str) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// The result of a command that succeeds.
    fn pass(&self, arguments: &str) -> Value {
        let output = self.run(arguments);
        let said = str::from_utf8(&output.stderr).unwrap();
        assert!(output.status.success(), "{arguments}: {said}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// The exit code and the error of a command that fails.
    fn fail(&self, arguments: &str) -> (i32, Value) {
        let output = self.run(arguments);
        let value: Value = serde_json::from_slice(&output.stdout).unwrap();
        let code = output.status.code().unwrap();
        assert_eq!(value["error"]["exitCode"], code, "{arguments}");
        (code, value["error"].clone())
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path().join(name), text).unwrap();
    }

    /// Registers a passkey, and returns its ID in hexadecimal.
    fn passkey(&self, flags: &str) -> String {
        self.pass(&format!("register --resident --pin-env PIN{flags}"));
        let listed = self.pass("credentials list --pin-env PIN");
        let credential = &listed["relyingParties"][0]["credentials"][0];
        credential["id"].as_str().unwrap().to_owned()
    }
}

#[test]
fn a_pin_is_set_checked_and_changed() {
    let home = Home::with_token();
    assert_eq!(home.pass("pin status")["isSet"], false);
    assert_eq!(home.fail("pin verify --pin-env PIN").0, 5);
    assert_eq!(home.pass("pin set --new-pin-env PIN")["pin"], "set");
    assert_eq!(home.fail("pin set --new-pin-env PIN").0, 2);
    let status = home.pass("pin status");
    assert_eq!((&status["isSet"], &status["retries"]), (&json!(true), &json!(8)));

    let (code, error) = home.fail("pin verify --pin-env WRONG");
    assert_eq!(
        (code, &error["message"]),
        (5, &json!("the PIN is wrong: 7 tries are left"))
    );
    assert_eq!(home.pass("pin status")["retries"], 7);
    assert_eq!(home.pass("pin verify --pin-env PIN")["pin"], "right");
    assert_eq!(home.pass("pin status")["retries"], 8);

    // Both PINs on stdin, a line each, without an end to the last.
    let mut change = home
        .command("pin change --pin-fd 0 --new-pin-fd 0")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    change.stdin.take().unwrap().write_all(b"2468\r\n1357").unwrap();
    assert!(change.wait().unwrap().success());
    assert_eq!(home.pass("pin verify --pin-env WRONG")["pin"], "right");
}

#[test]
fn a_wrong_pin_takes_one_try_whatever_the_command_does() {
    let home = Home::with_pin();
    home.write("policy.toml", "always-uv = true\n\n[pin]\nmin-length = 6\n");
    home.passkey("");
    for arguments in [
        "selftest",
        "pin change --new-pin-env PIN",
        "credentials list",
        "config always-uv on",
        "policy apply policy.toml",
        "authenticate --uv required",
    ] {
        let output = home.run(&format!("{arguments} --pin-env WRONG"));
        let said = str::from_utf8(&output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(5), "{arguments}: {said}");
        assert!(said.contains("the PIN is wrong"), "{arguments}: {said}");
        assert_eq!(home.pass("pin status")["retries"], 7, "{arguments}");
        home.pass("pin verify --pin-env PIN");
    }
}

#[test]
fn a_pin_that_cannot_be_is_not_sent() {
    let home = Home::with_pin();
    for (arguments, code) in [
        ("pin verify --pin-env NO_SUCH", 2),
        ("pin verify --pin-fd 99", 1),
        ("pin verify --pin-fd 0", 4),
        ("pin verify --pin-env PIN --pin-fd 0", 2),
        ("pin verify 2468", 2),
    ] {
        assert_eq!(home.fail(arguments).0, code, "{arguments}");
    }
    assert_eq!(home.pass("pin status")["retries"], 8);
    let short = home
        .command("pin change --pin-env PIN --new-pin-env SHORT")
        .env("SHORT", "123")
        .output()
        .unwrap();
    assert_eq!(short.status.code(), Some(4));
}

/// A process without a terminal is not left waiting for a PIN.
#[test]
fn nobody_is_asked_where_nobody_is() {
    let home = Home::with_pin();
    let mut alone = Command::new("setsid");
    alone
        .args(["--wait", env!("CARGO_BIN_EXE_brasskey"), "credentials", "list"])
        .args(["--touch", "auto", "--state", "state"])
        .current_dir(home.path())
        .env("HOME", home.path())
        .stdin(Stdio::null());
    let output = alone.output().unwrap();
    assert_eq!(output.status.code(), Some(4));
    assert!(str::from_utf8(&output.stderr).unwrap().contains("--pin-env"));
}

#[test]
fn passkeys_are_listed_renamed_and_deleted() {
    let home = Home::with_pin();
    assert_eq!(home.pass("credentials list --pin-env PIN")["relyingParties"], json!([]));
    let id = home.passkey(" --cred-protect 2");
    let shown = home.pass(&format!("credentials show {} --pin-env PIN", &id[..8]));
    assert_eq!(shown["rpId"], "example.com");
    assert_eq!(shown["user"]["name"], "alice");
    assert_eq!((&shown["credProtect"], &shown["algorithm"]), (&json!(2), &json!(-7)));
    assert_eq!(shown["largeBlobKey"], false);

    let renamed = home.pass(&format!(
        "credentials rename {id} --name bob --display-name  --pin-env PIN"
    ));
    assert_eq!(
        (&renamed["user"]["name"], &renamed["user"]["displayName"]),
        (&json!("bob"), &json!(null))
    );

    // Nobody is at the terminal to say yes.
    let delete = format!("credentials delete {id} --pin-env PIN");
    assert_eq!(home.fail(&delete).0, 2);
    assert_eq!(home.pass(&format!("{delete} --yes"))["deleted"], id);
    assert_eq!(home.pass("credentials list --pin-env PIN")["existing"], 0);
    assert_eq!(home.fail(&format!("{delete} --yes")).0, 2);
}

#[test]
fn each_account_of_a_key_can_sign_in() {
    let home = Home::with_pin();
    for user in ["alice", "bob"] {
        home.passkey(&format!(" --user {user}"));
    }
    // A passkey at the same website that its registrations do not know: made elsewhere.
    home.passkey(" --user carol --registrations elsewhere.json");
    let sign_in = |flags: &str| home.pass(&format!("authenticate --resident --uv required --pin-env PIN{flags}"));
    for user in ["alice", "bob"] {
        let signed_in = sign_in(&format!(" --user {user}"));
        assert_eq!(
            (&signed_in["user"], &signed_in["signedIn"]),
            (&json!(user), &json!(true))
        );
    }
    let (code, error) = home.fail("authenticate --resident --uv required --pin-env PIN");
    assert_eq!(code, 2);
    assert_eq!(
        error["message"],
        "this security key has passkeys of several users: bob, alice"
    );
    assert!(error["hint"].as_str().unwrap().contains("--user"));
    assert_eq!(
        home.fail("authenticate --resident --uv required --pin-env PIN --user carol")
            .0,
        2
    );
    home.pass("register --user dave --pin-env PIN");
    let (code, error) = home.fail("authenticate --resident --user dave --pin-env PIN");
    assert_eq!(
        (code, &error["message"]),
        (5, &json!("this security key shows no passkey of the account"))
    );
    assert!(error["hint"].as_str().unwrap().contains("leave --resident out"));
    // One that is left is no question.
    let signed_in = sign_in(" --registrations elsewhere.json");
    assert_eq!(signed_in["user"], "carol");
    let write = "authenticate --resident --write-large-blob state --pin-env PIN";
    assert_eq!(home.fail(write).0, 2);
}

#[test]
fn large_blobs_are_kept_for_passkeys() {
    let home = Home::with_pin();
    let id = home.passkey(" --large-blob");
    home.write("note", "a note that is longer than nothing");
    let set = home.pass(&format!("blobs set {id} note --pin-env PIN"));
    assert_eq!((&set["size"], &set["credential"]["id"]), (&json!(34), &json!(id)));
    let listed = home.pass("blobs list --pin-env PIN");
    assert_eq!(
        (&listed["entries"], &listed["blobs"][0]["size"]),
        (&json!(1), &json!(34))
    );
    home.pass(&format!("blobs get {id} --out copy --pin-env PIN"));
    let copy = std::fs::read_to_string(home.path().join("copy")).unwrap();
    assert_eq!(copy, "a note that is longer than nothing");

    // The same through the ceremony.
    let signed_in = home.pass("authenticate --large-blob --pin-env PIN");
    let read = signed_in["extensions"]["largeBlob"]["blob"].as_str().unwrap();
    assert!(read.starts_with("61206e6f7465"));
    let written = home.pass("authenticate --write-large-blob copy --pin-env PIN");
    assert_eq!(written["extensions"]["largeBlob"]["written"], true);

    let delete = format!("blobs delete {id} --pin-env PIN");
    assert_eq!(home.fail(&delete).0, 2);
    home.pass(&format!("{delete} --yes"));
    assert_eq!(home.fail(&format!("blobs get {id} --pin-env PIN")).0, 2);
    assert_eq!(home.pass("blobs list --pin-env PIN")["entries"], 0);
}

#[test]
fn large_blobs_go_with_their_passkeys_and_orphans_can_be_pruned() {
    let home = Home::with_pin();
    home.write("note", "a note");
    let id = home.passkey(" --large-blob");
    home.pass(&format!("blobs set {id} note --pin-env PIN"));
    let deleted = home.pass(&format!("credentials delete {id} --yes --pin-env PIN"));
    assert_eq!(deleted["largeBlobDeleted"], true);
    let listed = home.pass("blobs list --pin-env PIN");
    assert_eq!((&listed["entries"], &listed["orphans"]), (&json!(0), &json!([])));
    let pruned = home.pass("blobs prune --pin-env PIN");
    assert_eq!((&pruned["deleted"], &pruned["freed"]), (&json!(0), &json!(0)));
    let without = home.passkey("");
    let deleted = home.pass(&format!("credentials delete {without} --yes --pin-env PIN"));
    assert_eq!(deleted["largeBlobDeleted"], json!(null));

    // A passkey that is made anew for the same account leaves the blob of the one before.
    let flags = " --large-blob --registrations registrations.json";
    let orphan = || {
        let id = home.passkey(flags);
        // What does not compress: there is room for one such blob.
        let mut noise = [0; 3000];
        std::fs::File::open("/dev/urandom")
            .unwrap()
            .read_exact(&mut noise)
            .unwrap();
        std::fs::write(home.path().join("noise"), noise).unwrap();
        home.pass(&format!("blobs set {id} noise --pin-env PIN"));
        let file = home.path().join("registrations.json");
        let mut accounts: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        accounts["accounts"][0]["registrations"] = json!([]);
        std::fs::write(&file, accounts.to_string()).unwrap();
        home.passkey(flags)
    };
    orphan();
    let listed = home.pass("blobs list --pin-env PIN");
    assert_eq!(listed["entries"], 1);
    let freed = listed["orphans"][0].as_u64().unwrap();
    assert!(freed > 3000);
    assert_eq!(home.fail("blobs prune --pin-env PIN").0, 2, "nobody said yes");
    let pruned = home.pass("blobs prune --yes --pin-env PIN");
    assert_eq!((&pruned["deleted"], &pruned["freed"]), (&json!(1), &json!(freed)));
    assert_eq!(home.pass("blobs list --pin-env PIN")["entries"], 0);

    // Where room is needed, they make it.
    std::fs::remove_file(home.path().join("registrations.json")).unwrap();
    let listed = home.pass("credentials list --pin-env PIN");
    let old = listed["relyingParties"][0]["credentials"][0]["id"].as_str().unwrap();
    home.pass(&format!("credentials delete {old} --yes --pin-env PIN"));
    let id = orphan();
    home.pass(&format!("blobs set {id} noise --pin-env PIN"));
    let listed = home.pass("blobs list --pin-env PIN");
    assert_eq!((&listed["entries"], &listed["orphans"]), (&json!(1), &json!([])));
    assert_eq!(listed["blobs"][0]["size"], 3000);
}

#[test]
fn a_secret_is_the_same_at_each_sign_in() {
    let home = Home::with_pin();
    let registered = home.pass("register --prf disk --uv required --pin-env PIN");
    assert_eq!(registered["extensions"]["prf"]["enabled"], true);
    let first = registered["extensions"]["prf"]["first"].clone();
    let signed_in = home.pass("authenticate --prf other --prf-second disk --uv required --pin-env PIN");
    assert_eq!(
        (&signed_in["extensions"]["prf"]["second"], first.as_str().map(str::len)),
        (&first, Some(64))
    );
    assert_eq!(home.fail("authenticate --prf disk --uv required").0, 4);
}

#[test]
fn settings_are_changed_once() {
    let home = Home::with_pin();
    let changed = |arguments: &str| home.pass(&format!("config {arguments} --pin-env PIN"))["changed"].clone();
    for arguments in ["always-uv on", "always-uv off", "long-touch-reset", "min-pin-length 4"] {
        let already = arguments.starts_with("min");
        assert_eq!(changed(arguments), !already, "{arguments}");
        assert_eq!(changed(arguments), false, "{arguments}");
    }
    // Nobody knows whether the PIN is simple: it must be changed.
    assert_eq!(changed("pin-complexity"), true);
    assert_eq!(home.pass("pin status")["mustBeChanged"], true);
    assert_eq!(home.fail("config enterprise-attestation --pin-env PIN").0, 5);
}

#[test]
fn a_pin_that_is_too_short_now_must_be_changed() {
    let home = Home::with_pin();
    let raised = home.pass("config min-pin-length 6 --pin-env PIN");
    assert_eq!(
        (&raised["changed"], &raised["pinMustBeChanged"]),
        (&json!(true), &json!(true))
    );
    let (code, error) = home.fail("credentials list --pin-env PIN");
    assert_eq!(
        (code, &error["hint"]),
        (5, &json!("change it with `brasskey pin change`"))
    );
    let change = home
        .command("pin change --pin-env PIN --new-pin-env LONG")
        .env("LONG", "864200")
        .output()
        .unwrap();
    assert!(change.status.success());
    assert_eq!(home.pass("pin status")["mustBeChanged"], false);
}

#[test]
fn a_policy_is_applied_once() {
    let home = Home::with_token();
    let policy =
        "always-uv = true\nlong-touch-reset = true\nalgorithms = [\"ES256\"]\n[pin]\nrequired = true\nmin-length = 4\n";
    home.write("policy.toml", policy);
    let plan = home.pass("policy plan policy.toml");
    assert_eq!((&plan["changes"], &plan["applied"]), (&json!(3), &json!(false)));
    let applied = home.pass("policy apply policy.toml --new-pin-env PIN");
    assert_eq!((&applied["changes"], &applied["applied"]), (&json!(3), &json!(true)));
    assert_eq!(home.pass("policy apply policy.toml")["changes"], 0);
    assert_eq!(home.pass("policy plan policy.toml")["changes"], 0);
    let info = home.pass("info");
    assert_eq!(info["getInfo"]["options"]["alwaysUv"], true);
    assert_eq!(info["getInfo"]["options"]["clientPin"], true);
}

#[test]
fn a_policy_that_cannot_be_changes_nothing() {
    let home = Home::with_token();
    home.write("policy.toml", "always-uv = true\nenterprise-attestation = true\n");
    for command in ["plan", "apply"] {
        let output = home.run(&format!("policy {command} policy.toml"));
        assert_eq!(output.status.code(), Some(5));
        let value: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(value["items"][1]["state"], "impossible");
    }
    assert_eq!(home.pass("info")["getInfo"]["options"]["alwaysUv"], false);
    home.write("policy.toml", "allways-uv = true\n");
    assert_eq!(home.fail("policy plan policy.toml").0, 2);
    assert_eq!(home.fail("policy plan no-such-file").0, 1);
}

#[test]
fn a_reset_erases_everything_and_asks_first() {
    let home = Home::with_pin();
    home.passkey("");
    assert_eq!(home.fail("reset").0, 2);
    assert_eq!(home.pass("reset --yes")["reset"], true);
    let status = home.pass("pin status");
    assert_eq!(status["isSet"], false);
    assert_eq!(home.fail("authenticate").0, 5);
}

/// The example under a heading of JSON.md, the first one with this member.
fn example(heading: &str, member: &str) -> Value {
    let document = include_str!("../../host/JSON.md");
    let (_, section) = document.split_once(&format!("\n## `{heading}`\n")).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let blocks = section.split("```json\n").skip(1);
    let examples = blocks.map(|block| serde_json::from_str::<Value>(block.split("```").next().unwrap()).unwrap());
    let mut examples = examples.filter(|example| example.get(member).is_some());
    examples.next().unwrap()
}

/// Both have the same members, as deep as both go.
fn assert_same(example: &Value, printed: &Value, at: &str) {
    match (example, printed) {
        // What is empty is described elsewhere.
        (Value::Object(example), _) if example.is_empty() => {}
        (Value::Object(example), Value::Object(printed)) => {
            let names = |map: &serde_json::Map<String, Value>| map.keys().cloned().collect::<Vec<_>>();
            assert_eq!(names(example), names(printed), "{at}");
            for (name, value) in example {
                assert_same(value, &printed[name], &format!("{at}.{name}"));
            }
        }
        (Value::Array(example), Value::Array(printed)) => {
            for (example, printed) in example.iter().zip(printed) {
                assert_same(example, printed, &format!("{at}[]"));
            }
        }
        _ => {}
    }
}

#[test]
fn what_is_printed_is_what_is_documented() {
    let home = Home::with_pin();
    home.write("policy.toml", "always-uv = true\n");
    let id = home.passkey(" --large-blob --prf disk");
    home.pass(&format!("blobs set {id} policy.toml --pin-env PIN"));
    for (heading, member, command) in [
        ("pin", "pin", "pin verify --pin-env PIN"),
        ("pin", "retries", "pin status"),
        ("credentials list", "existing", "credentials list --pin-env PIN"),
        ("blobs list", "used", "blobs list --pin-env PIN"),
        ("policy", "items", "policy plan policy.toml"),
        ("config", "setting", "config always-uv on --pin-env PIN"),
        (
            "register",
            "extensions",
            "register --resident --large-blob --prf disk --pin-env PIN --user bob",
        ),
        ("reset", "reset", "reset --yes"),
    ] {
        assert_same(&example(heading, member), &home.pass(command), command);
    }
}
