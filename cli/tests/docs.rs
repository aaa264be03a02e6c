//! The texts beside the code tell the truth: commands print what the README and the pages in `docs/` show, what they
//! point to is there, and what they list is complete.
// The data directory is elsewhere on other systems.
#![cfg(target_os = "linux")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Commands that take what these tests do not have. What they print is not compared here.
const ELSEWHERE: [&str; 7] = [
    // `tests/fresh` runs it.
    "tests/run",
    // `tests/vm/suites/ci.py` runs these as the pages have them.
    "cargo install --path cli --locked",
    "sudo ",
    "brasskey token --uhid ",
    "contrib/ci/plug-in",
    // `tests/python` runs both: a token through pcscd.
    "brasskey token --pcsc ",
    "ykman ",
];

/// Pages whose commands take a release. `tests/vm/suites/packages.py` does what the first one shows of Debian.
const OF_RELEASES: [&str; 2] = ["docs/install.md", "docs/verify.md"];

/// The README and the pages in `docs/`, by their paths in the repository.
fn pages() -> Vec<String> {
    let directory = fs::read_dir(Path::new(ROOT).join("docs")).unwrap();
    let names = directory.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut pages: Vec<_> = names
        .filter(|name| name.ends_with(".md"))
        .map(|name| format!("docs/{name}"))
        .collect();
    pages.sort();
    pages.push("README.md".to_owned());
    pages
}

/// All texts for people.
fn texts() -> Vec<String> {
    let others = [
        "ARCHITECTURE.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "RELEASING.md",
        "ROADMAP.md",
        "SECURITY.md",
        "contrib/README.md",
        "firmware/README.md",
        "javascript/README.md",
        "python/README.md",
        "tests/chip/README.md",
    ];
    pages().into_iter().chain(others.map(str::to_owned)).collect()
}

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The blocks of a text in this language.
fn blocks<'a>(text: &'a str, language: &'a str) -> impl Iterator<Item = &'a str> {
    let fenced = text.split("\n```").skip(1).step_by(2);
    fenced.filter_map(move |block| block.strip_prefix(language)?.strip_prefix('\n'))
}

/// A text without its blocks.
fn prose(text: &str) -> String {
    text.split("\n```").step_by(2).collect()
}

/// The commands of a block, and what it shows of each one's output.
fn commands(block: &str) -> impl Iterator<Item = (&str, String)> {
    let commands = block
        .strip_prefix("$ ")
        .into_iter()
        .flat_map(|block| block.split("\n$ "));
    commands.map(|text| match text.split_once('\n') {
        Some((command, output)) => (command, format!("{}\n", output.trim_end_matches('\n'))),
        None => (text, String::new()),
    })
}

/// What the reader of one page has: a home directory, and the variables that were set.
struct Reader {
    home: TempDir,
    variables: Vec<(String, String)>,
}

impl Reader {
    /// With the policy file of the page, where it has one, and a screenshot of a QR code.
    fn of(page: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let screenshot = Path::new(ROOT).join("host/src/cli/oath/testing/account.png");
        fs::copy(screenshot, home.path().join("qr.png")).unwrap();
        for policy in blocks(page, "toml") {
            fs::write(home.path().join("policy.toml"), policy).unwrap();
        }
        Self {
            home,
            variables: Vec::new(),
        }
    }

    /// Runs a command, to its end or until it is ready, and gives what it prints.
    fn run(&self, arguments: &str) -> String {
        let (reader, writer) = std::io::pipe().unwrap();
        let arguments = arguments.split(' ').map(|argument| match argument.split_once(':') {
            // The port that a page names may be taken here.
            Some((address @ "127.0.0.1", _)) => format!("{address}:0"),
            _ => argument.to_owned(),
        });
        let mut command = Command::new(env!("CARGO_BIN_EXE_brasskey"))
            .args(arguments)
            .current_dir(self.home.path())
            .env_clear()
            .env("HOME", self.home.path())
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(writer.try_clone().unwrap())
            .stderr(writer)
            .spawn()
            .unwrap();
        let mut printed = String::new();
        for line in BufReader::new(reader).lines() {
            let line = line.unwrap();
            printed += &format!("{line}\n");
            if line.starts_with("Ready:") {
                command.kill().unwrap();
                command.wait().unwrap();
                return self.at_home(&printed);
            }
        }
        assert!(command.wait().unwrap().success(), "{printed}");
        self.at_home(&printed)
    }

    /// As the pages have it, whose reader is alice.
    fn at_home(&self, printed: &str) -> String {
        printed.replace(self.home.path().to_str().unwrap(), "/home/alice")
    }
}

/// A text without what differs from run to run: IDs, the random steps of counters, what has room, ports, one-time
/// codes, and whether something keeps this computer's clock right.
fn steady(text: &str) -> String {
    let steady = |line: &str| {
        let id = line.strip_prefix("  ").and_then(|line| line.split_once("  alice"));
        if let Some((_, rest)) = id.filter(|(id, _)| id.len() == 16) {
            return format!("  #  alice{rest}\n");
        }
        let code = line
            .split_once("  valid for ")
            .and_then(|(start, _)| start.rsplit_once("  "));
        if let Some((name, _)) = code {
            return format!("{name}  #  valid for # s\n");
        }
        if line.starts_with("brasskey: this computer's clock is not synchronised") {
            return String::new();
        }
        let mut line = line.to_owned();
        for before in [
            "u2f/user/alice/my-key-",
            "went up from 0 to ",
            "room for about ",
            " udp:127.0.0.1:",
            " http://127.0.0.1:",
            "--tcp-port ",
        ] {
            if let Some((start, rest)) = line.split_once(before) {
                let rest = rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric());
                line = format!("{start}{before}#{rest}");
            }
        }
        line + "\n"
    };
    text.lines().map(steady).collect()
}

/// Whether this was printed: a line with an ellipsis alone stands for lines that the page leaves out.
fn assert_shown(shown: &str, printed: &str, at: &str) {
    let (shown, printed) = (steady(shown), steady(printed));
    match shown.split_once("\n…\n") {
        Some((start, end)) => {
            let rest = printed.strip_prefix(&format!("{start}\n"));
            assert!(rest.is_some_and(|rest| rest.ends_with(end)), "{at}\n{printed}");
        }
        None => assert_eq!(shown, printed, "{at}"),
    }
}

#[test]
fn commands_print_what_the_pages_show() {
    let mut pages_with_commands = Vec::new();
    for page in pages() {
        if OF_RELEASES.contains(&page.as_str()) {
            continue;
        }
        let text = read(&page);
        let mut reader = Reader::of(&text);
        let mut has_run = false;
        for (command, shown) in blocks(&text, "console").flat_map(commands) {
            let at = format!("{page}: {command}");
            if ELSEWHERE.iter().any(|elsewhere| command.starts_with(elsewhere)) {
                continue;
            }
            if let Some((name, value)) = command.strip_prefix("export ").and_then(|set| set.split_once('=')) {
                reader.variables.push((name.to_owned(), value.to_owned()));
            } else if let Some(arguments) = command.strip_prefix("cargo ") {
                // Named, so that a key that happens to be plugged in is left alone.
                let without_notice = shown
                    .split_once("using the built-in soft token\n")
                    .unwrap_or_else(|| panic!("{at}"))
                    .1;
                assert_shown(without_notice, &reader.run(&format!("{arguments} --ephemeral")), &at);
                has_run = true;
            } else {
                let arguments = command
                    .strip_prefix("brasskey ")
                    .unwrap_or_else(|| panic!("nobody runs {at}"));
                assert_shown(&shown, &reader.run(arguments), &at);
                has_run = true;
            }
        }
        if has_run {
            pages_with_commands.push(page);
        }
    }
    assert_eq!(
        pages_with_commands,
        [
            "docs/attestation.md",
            "docs/browser.md",
            "docs/codes.md",
            "docs/conformance.md",
            "docs/decode.md",
            "docs/policy.md",
            "docs/testing.md",
            "docs/using.md",
            "README.md"
        ]
    );
}

/// As Cargo chooses it: where the workspace has several programs, by `default-run`.
/// The README's first command is an alias, so that it compiles half of the crates.
#[test]
fn cargo_knows_the_first_command() {
    let alias = "selftest = \"run --package brasskey-cli --no-default-features -- selftest\"";
    assert!(read(".cargo/config.toml").lines().any(|line| line == alias));
}

#[test]
fn cargo_run_needs_no_name() {
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(ROOT)
        .output()
        .unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let chosen: Vec<_> = packages
        .iter()
        .filter_map(|package| package["default_run"].as_str())
        .collect();
    assert_eq!(chosen, ["brasskey"]);
}

#[test]
fn the_page_on_use_names_every_command() {
    let help = Reader::of("").run("--help");
    let (_, listed) = help.split_once("\nCommands:\n").unwrap();
    let listed = listed.split("\n\n").next().unwrap();
    let names = listed
        .lines()
        .filter_map(|line| line.strip_prefix("  ")?.split_once("  "))
        .filter(|(name, _)| !name.is_empty() && *name != "help");
    let page = read("docs/using.md");
    let (_, table) = page.split_once("\n| command |").unwrap();
    let table = table.split("\n\n").next().unwrap();
    let mut count = 0;
    for (name, _) in names {
        assert!(
            ["`", " "].iter().any(|end| table.contains(&format!("`{name}{end}"))),
            "{name}"
        );
        count += 1;
    }
    assert!(count > 15, "{help}");
}

#[test]
fn the_page_on_policies_explains_every_rule() {
    let help = Reader::of("").run("policy plan --help");
    let (_, file) = help.split_once("The file is TOML").unwrap();
    let page = read("docs/policy.md");
    let (mut section, mut count) = (String::new(), 0);
    for line in file.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            section = format!("{name}.");
        } else if let Some((rule, _)) = line.split_once(" = ") {
            assert!(page.contains(&format!("\n| `{section}{rule}` |")), "{section}{rule}");
            count += 1;
        }
    }
    assert_eq!(count, 8, "{help}");
}

#[test]
fn the_control_endpoint_has_the_paths_that_the_page_names() {
    let api = read("host/src/soft/control/openapi.yaml");
    let page = read("docs/testing.md");
    let (_, table) = page.split_once("\n| request |").unwrap();
    let table = table.split("\n\n").next().unwrap();
    let named = |path: &str| table.contains(&format!(" {path}`"));
    let paths = api
        .lines()
        .filter_map(|line| line.strip_prefix("  /")?.strip_suffix(':'));
    let paths: Vec<_> = paths.map(|path| format!("/{path}")).collect();
    assert!(paths.len() > 5 && paths.iter().all(|path| named(path)), "{paths:?}");
    assert_eq!(table.matches(" /v1/").count(), paths.len());
}

/// `tests/vm` reads them from a desktop and from a terminal.
#[test]
fn a_touch_is_asked_for_in_the_words_that_the_page_shows() {
    let read_there = read("tests/vm/suites/desktop.py");
    let page = read("docs/browser.md");
    let questions: Vec<_> = blocks(&page, "text").flat_map(str::lines).collect();
    assert_eq!(questions.len(), 3);
    for question in questions {
        let words = question.trim_start_matches("brasskey: ").split(" [").next().unwrap();
        assert!(read_there.contains(&format!("\"{words}\"")), "{question}");
    }
}

/// The name that a link has for a heading, as on the forge.
fn anchor(heading: &str) -> String {
    let kept = heading
        .chars()
        .filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

#[test]
fn every_link_leads_somewhere() {
    let mut count = 0;
    for text in texts() {
        let content = prose(&read(&text));
        for link in content.split("](").skip(1) {
            let link = link.split(')').next().unwrap();
            if link.contains("://") {
                continue;
            }
            let (path, heading) = link.split_once('#').unwrap_or((link, ""));
            let here = PathBuf::from(&text);
            let target = match path {
                "" => here,
                path => here.parent().unwrap().join(path),
            };
            assert!(Path::new(ROOT).join(&target).exists(), "{text}: {link}");
            if !heading.is_empty() {
                let target = prose(&read(target.to_str().unwrap()));
                let headings = target.lines().filter(|line| line.starts_with('#'));
                let mut anchors = headings.map(|line| anchor(line.trim_start_matches('#').trim_start()));
                assert!(anchors.any(|anchor| anchor == heading), "{text}: {link}");
            }
            count += 1;
        }
    }
    assert!(count > 30);
}

#[test]
fn every_path_that_the_architecture_names_exists() {
    let text = read("ARCHITECTURE.md");
    let directories = [
        "protocol/",
        "conformance/",
        "host/",
        "cli/",
        "firmware/",
        "tests/",
        "fuzz/",
        "javascript/",
        "contrib/",
        "docs/",
        "python/",
        "release/",
    ];
    let quoted = text.split('`').skip(1).step_by(2);
    let paths: Vec<_> = quoted
        .filter(|path| directories.iter().any(|directory| path.starts_with(directory)) && !path.contains("NAME"))
        .collect();
    assert!(paths.len() > 20, "{paths:?}");
    for path in paths {
        assert!(Path::new(ROOT).join(path).exists(), "{path}");
    }
}

#[test]
fn texts_are_short_enough_to_read() {
    assert!(read("README.md").lines().count() < 150);
    for text in texts() {
        // Neither a table's row nor a program's output can be broken.
        let content = prose(&read(&text));
        let long = content
            .lines()
            .find(|line| !line.starts_with('|') && line.chars().count() > 120);
        assert_eq!(long, None, "{text}");
    }
}

/// It is replaced in one place when the repository has an owner.
#[test]
fn the_owner_to_be_replaced_stands_once() {
    let texts = texts()
        .into_iter()
        .chain(["action.yml".to_owned(), "Cargo.toml".to_owned()]);
    let count = |text: String| read(&text).matches("OWNER/").count();
    assert_eq!(texts.map(count).sum::<usize>(), 1);
}
