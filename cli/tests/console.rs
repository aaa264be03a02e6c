//! `brasskey aws console`, as a script starts and ends it.
#![cfg(unix)]

mod common;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use common::{brasskey, stderr};

/// A practice account that is served. It ends with this.
struct Console {
    process: Child,
    stdout: BufReader<std::process::ChildStdout>,
}

impl Console {
    fn start(home: &Path, arguments: &str) -> Self {
        let arguments = format!("aws console --listen 127.0.0.1:0 {arguments}");
        let mut command = brasskey(home, arguments.trim_end());
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(process.stdout.take().unwrap());
        Self { process, stdout }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        line
    }

    fn ready(&mut self) -> Value {
        serde_json::from_str(&self.line()).unwrap()
    }

    /// Ends it by Ctrl-C, and returns the rest of what it wrote to stdout and stderr.
    fn end(mut self) -> (String, String) {
        kill(Pid::from_raw(self.process.id().cast_signed()), Signal::SIGINT).unwrap();
        let (mut stdout, mut stderr) = (String::new(), String::new());
        self.stdout.read_to_string(&mut stdout).unwrap();
        self.process.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        assert_eq!(self.process.wait().unwrap().code(), Some(0), "{stderr}");
        (stdout, stderr)
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn status(url: &str) -> String {
    let host = url.trim_start_matches("http://");
    let port: u16 = host.rsplit(':').next().unwrap().parse().unwrap();
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    write!(
        stream,
        "GET /signin HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.lines().next().unwrap().to_owned()
}

#[test]
fn one_line_says_all_that_a_program_needs() {
    let home = tempfile::tempdir().unwrap();
    let mut console = Console::start(home.path(), "--json");
    let ready = console.ready();
    let mut keys: Vec<&String> = ready.as_object().unwrap().keys().collect();
    keys.sort();
    assert_eq!(keys, ["account", "endpoint", "root", "url", "users"]);
    let url = ready["url"].as_str().unwrap();
    assert!(url.starts_with("http://localhost:"), "{ready}");
    let endpoint = ready["endpoint"].as_str().unwrap();
    assert_eq!(endpoint.replace("127.0.0.1", "localhost"), url);
    let account = ready["account"].as_str().unwrap();
    assert!(
        account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()),
        "{account}"
    );
    let is_text = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
    assert!(is_text(&ready["root"]["email"]) && is_text(&ready["root"]["password"]));
    let users = ready["users"].as_array().unwrap();
    assert!(users.iter().any(|user| user["name"] == "admin") && users.len() == 2);
    for user in users {
        for key in ["name", "password", "accessKeyId", "secretAccessKey"] {
            assert!(is_text(&user[key]), "{key}");
        }
    }
    assert_eq!(status(url), "HTTP/1.1 200 OK");
    let (rest, stderr) = console.end();
    assert_eq!(rest, "");
    assert!(stderr.contains("this is not AWS"), "{stderr}");
}

#[test]
fn people_are_told_how_to_sign_in_and_what_to_try() {
    let home = tempfile::tempdir().unwrap();
    let mut console = Console::start(home.path(), "");
    let ready = console.line();
    assert!(ready.starts_with("Ready: http://localhost:"), "{ready}");
    assert!(ready.contains("  endpoint http://127.0.0.1:"), "{ready}");
    let (rest, stderr) = console.end();
    for words in [
        "root@example.com",
        "alice",
        "admin",
        "AWS_ACCESS_KEY_ID=AKIA",
        "AWS_SECRET_ACCESS_KEY=",
    ] {
        assert!(rest.contains(words), "{words}: {rest}");
    }
    assert!(stderr.contains("hint: open http://localhost:"), "{stderr}");
    assert!(stderr.contains("AWS_ENDPOINT_URL=http://127.0.0.1:"), "{stderr}");
}

#[test]
fn a_file_keeps_the_account_for_one_process_at_a_time() {
    let home = tempfile::tempdir().unwrap();
    let mut console = Console::start(home.path(), "--json --state account.json");
    let first = console.ready();
    let second = brasskey(home.path(), "aws console --listen 127.0.0.1:0 --state account.json")
        .output()
        .unwrap();
    assert_eq!(second.status.code(), Some(1));
    assert!(stderr(&second).contains("error: another process serves the practice account in account.json"));
    console.end();
    let mut console = Console::start(home.path(), "--json --state account.json");
    let again = console.ready();
    for key in ["account", "root", "users"] {
        assert_eq!(first[key], again[key]);
    }
}

#[test]
fn it_listens_at_localhost_and_says_what_an_address_lacks() {
    let home = tempfile::tempdir().unwrap();
    // A port that is taken shows that the address was understood.
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    for (address, code, error, hint) in [
        (
            format!("localhost:{port}"),
            1,
            format!("cannot listen on 127.0.0.1:{port}"),
            "choose another port",
        ),
        ("8222".to_owned(), 2, "no address".to_owned(), "write 127.0.0.1:8222"),
        (
            "localhost:x".to_owned(),
            2,
            "not a number from 0 to 65535".to_owned(),
            "0 takes any port",
        ),
    ] {
        let output = brasskey(home.path(), &format!("aws console --listen {address}"))
            .output()
            .unwrap();
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(code), "{said}");
        let (message, said_hint) = said.split_once("hint: ").unwrap();
        assert!(message.contains(&error) && said_hint.contains(hint), "{said}");
    }
}

#[test]
fn it_listens_for_this_computer_only() {
    let home = tempfile::tempdir().unwrap();
    for address in ["0.0.0.0:0", "[::]:8222", "192.0.2.1:8222"] {
        let output = brasskey(home.path(), &format!("aws console --listen {address}"))
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        assert!(
            stderr(&output).contains("is not a loopback address"),
            "{}",
            stderr(&output)
        );
        assert!(stderr(&output).contains("hint: anyone on the network could use the account there: use 127.0.0.1:"));
    }
}
