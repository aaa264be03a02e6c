//! The command at a terminal: a real pseudoterminal, with somebody who types.
#![cfg(target_os = "linux")]

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use nix::pty::{Winsize, openpty};
use nix::sys::termios::{LocalFlags, tcgetattr};
use tempfile::TempDir;

/// Far above what any answer takes, so that it only ends a run that hangs.
const PATIENCE: Duration = Duration::from_secs(60);
const CTRL_C: &str = "\u{3}";
const CTRL_D: &str = "\u{4}";

/// A command at its terminal.
struct Terminal {
    child: Child,
    keyboard: File,
    screen: Receiver<u8>,
    /// Kept open, so that the terminal's settings can be looked at when the command has ended.
    terminal: OwnedFd,
}

impl Terminal {
    fn open(home: &TempDir, columns: u16, arguments: &str) -> Self {
        let size = Winsize {
            ws_row: 40,
            ws_col: columns,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        let pty = openpty(&size, None).unwrap();
        let of_terminal = || Stdio::from(pty.slave.try_clone().unwrap());
        let child = Command::new("setsid")
            .args(["--ctty", "--wait", env!("CARGO_BIN_EXE_brasskey")])
            .args(arguments.split(' '))
            .current_dir(home.path())
            .env("HOME", home.path())
            .env("PIN", "2468")
            .env("NO_COLOR", "1")
            .env_remove("XDG_DATA_HOME")
            .env_remove("DBUS_SESSION_BUS_ADDRESS")
            .stdin(of_terminal())
            .stdout(of_terminal())
            .stderr(of_terminal())
            .spawn()
            .unwrap();
        let keyboard = File::from(pty.master);
        let mut master = keyboard.try_clone().unwrap();
        let (sender, screen) = channel();
        thread::spawn(move || {
            let mut bytes = [0; 1024];
            while let Ok(length @ 1..) = master.read(&mut bytes) {
                if bytes[..length].iter().any(|&byte| sender.send(byte).is_err()) {
                    return;
                }
            }
        });
        Self {
            child,
            keyboard,
            screen,
            terminal: pty.slave,
        }
    }

    /// What is shown up to `end`.
    fn read_to(&self, end: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        let mut seen = Vec::new();
        while !seen.ends_with(end.as_bytes()) {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.screen.recv_timeout(left) {
                Ok(b'\r') => {}
                Ok(byte) => seen.push(byte),
                Err(_) => panic!("no {end:?} in {}", String::from_utf8_lossy(&seen)),
            }
        }
        String::from_utf8(seen).unwrap()
    }

    fn type_in(&mut self, text: &str) {
        self.keyboard.write_all(text.as_bytes()).unwrap();
    }

    /// The exit code, once the command has ended.
    fn wait(&mut self) -> i32 {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code().unwrap();
            }
            thread::yield_now();
        }
        panic!("the command does not end");
    }

    /// The exit code, and what is shown before the command ends. The terminal is as it was.
    fn end(mut self) -> (i32, String) {
        let code = self.wait();
        let modes = tcgetattr(&self.terminal).unwrap().local_flags;
        assert!(modes.contains(LocalFlags::ECHO | LocalFlags::ICANON | LocalFlags::ISIG));
        // The end of the output, which nothing else can be.
        let mut mark = File::from(self.terminal.try_clone().unwrap());
        mark.write_all(b"<end>").unwrap();
        let mut rest = self.read_to("<end>");
        rest.truncate(rest.len() - "<end>".len());
        (code, rest)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Nobody is left behind by a test that fails.
        let _ = self.child.kill();
    }
}

/// Runs a command to its end.
fn run(home: &TempDir, columns: u16, arguments: &str) -> String {
    let (code, shown) = Terminal::open(home, columns, arguments).end();
    assert_eq!(code, 0, "{arguments}: {shown}");
    shown
}

/// A home whose soft token has a PIN and a passkey with a large blob, and the beginning of the passkey's ID.
fn home_with_passkey() -> (TempDir, String) {
    let home = tempfile::tempdir().unwrap();
    run(&home, 80, "pin set --touch auto --new-pin-env PIN");
    run(&home, 80, "register --touch auto --resident --large-blob --pin-env PIN");
    let listed = run(&home, 80, "credentials list --touch auto --pin-env PIN");
    let line = listed.lines().find(|line| line.contains("alice")).unwrap();
    let id = line.split_whitespace().next().unwrap().to_owned();
    std::fs::write(home.path().join("blob"), "blob").unwrap();
    run(&home, 80, &format!("blobs set {id} blob --touch auto --pin-env PIN"));
    (home, id)
}

#[test]
fn one_ctrl_c_or_ctrl_d_ends_a_question_and_its_line() {
    let (home, id) = home_with_passkey();
    for (command, pin) in [
        (format!("credentials delete {id}"), " --pin-env PIN"),
        (format!("blobs delete {id}"), " --pin-env PIN"),
        ("reset".to_owned(), ""),
    ] {
        for (key, echo) in [(CTRL_C, "^C"), (CTRL_D, "")] {
            let mut terminal = Terminal::open(&home, 100, &format!("{command} --touch auto{pin}"));
            terminal.read_to("go on] ");
            terminal.type_in(key);
            let (code, shown) = terminal.end();
            let expected =
                format!("{echo}\nbrasskey: error: cancelled\nhint: run the command again when you are ready\n");
            assert_eq!((code, shown.as_str()), (4, expected.as_str()), "{command}");
        }
    }
}

#[test]
fn a_secret_s_question_that_is_refused_leaves_its_line_and_the_echo_as_they_were() {
    let (home, _) = home_with_passkey();
    for (arguments, question) in [
        ("pin verify --touch auto", "PIN of the security key: "),
        ("pin change --touch auto --pin-env PIN", "New PIN: "),
        ("seal passphrase", "token.redb: "),
        ("oath add --touch auto --name a", "otpauth:// address: "),
        ("oath password set --touch auto", "New password: "),
    ] {
        for key in [CTRL_C, CTRL_D] {
            let mut terminal = Terminal::open(&home, 200, arguments);
            terminal.read_to(question);
            terminal.type_in(key);
            let (code, shown) = terminal.end();
            assert!(
                code == 4 && shown.starts_with("\nbrasskey: error: cancelled"),
                "{shown:?}"
            );
        }
    }
}

#[test]
fn a_code_is_waited_for_by_the_second_and_ctrl_c_ends_that() {
    let home = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::open(&home, 100, "oath add --device soft --name a --period 3600");
    terminal.read_to("otpauth:// address: ");
    terminal.type_in("GEZDGNBVGY3TQOJQ\n");
    let shown = terminal.read_to("a is on built-in soft token (software).\n");
    assert!(!shown.contains("GEZ"), "{shown}");
    assert_eq!(terminal.end().0, 0);

    let mut terminal = Terminal::open(&home, 100, "oath code a --two --device soft");
    terminal.read_to("a  ");
    terminal.read_to("brasskey: the next code comes in ");
    terminal.type_in(CTRL_C);
    let (code, shown) = terminal.end();
    assert!(code == 4 && shown.contains("brasskey: error: cancelled"), "{shown}");
}

#[test]
fn no_line_is_wider_than_the_terminal_and_no_word_is_broken() {
    let (home, _) = home_with_passkey();
    for arguments in [
        "info --touch auto",
        "register --touch auto --pin-env PIN --user bob",
        "pin status --touch auto",
        "register --profile aws --touch auto",
        "authenticate --touch auto --pin-env PIN",
    ] {
        let whole = run(&home, 1000, arguments);
        for columns in [40, 50, 80, 100] {
            let shown = run(&home, columns, arguments.replace("register", "authenticate").as_str());
            for line in shown.lines() {
                let is_one_word = line.split_whitespace().count() == 1;
                assert!(
                    line.chars().count() <= columns.into() || is_one_word,
                    "{columns}: {line}"
                );
            }
        }
        assert!(!whole.is_empty());
    }
    let shown = run(&home, 50, "info --touch auto");
    let mut lines = shown.lines().filter(|line| !line.is_empty());
    // Headings alone are not indented.
    assert!(
        lines.all(|line| line.starts_with("  ") || !line.contains("  ")),
        "{shown}"
    );
    assert!(
        shown.contains("\n  noMcGaPermissionsWithClientPin\n      the PIN allows registration and sign-in\n"),
        "{shown}"
    );
}

#[test]
fn the_log_does_not_land_on_a_question() {
    let home = tempfile::tempdir().unwrap();
    let mut token = Terminal::open(&home, 200, "token --unix key --touch prompt --ephemeral --log");
    token.read_to("(Ctrl-C ends)\n");
    // Over U2F the client asks again and again until somebody touches, and each time is a line of the log.
    let mut client = Terminal::open(&home, 200, "register --device unix:key --u2f");
    token.read_to("? [Enter = touch, n = refuse] ");
    for _ in 0..3 {
        let logged = token.read_to("? [Enter = touch, n = refuse] ");
        let lines: Vec<_> = logged.lines().collect();
        let ["", entry, question] = lines[..] else {
            panic!("{lines:?}");
        };
        assert!(entry.starts_with("brasskey: ") && entry.ends_with(" ms"), "{entry}");
        assert!(question.starts_with("brasskey: touch the key"), "{question}");
    }
    token.type_in("\n");
    client.read_to("Registered as key-1.");
    assert_eq!(client.wait(), 0);
    token.type_in(CTRL_C);
    assert_eq!(token.end().0, 0);
}
