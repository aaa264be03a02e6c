"""A copy of the project in which a program of tests holds all changes of the key."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from source import Source

LIBRARY = "protocol/src/lib.rs"
OWN_TESTS = ["--package", "brasskey-protocol", "--all-features", "--lib"]
TESTS = ["--package", "brasskey-tests", *OWN_TESTS, "--test", "forms", "--test", "vectors"]
DOES_NOT_COMPILE = "does not compile"
ALONE = "needs a build of its own"
# The compiler sees what some changes do, and would refuse it.
ALLOWED = "#![allow(warnings, arithmetic_overflow, unconditional_panic)]"
SWITCH = """
#[allow(missing_docs)]
pub mod mutants {
    extern crate std;
    use std::fs::OpenOptions;
    use std::io::Write as _;
    use std::string::String;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicBool, Ordering};

    static REACHED: [AtomicBool; COUNT] = [const { AtomicBool::new(false) }; COUNT];
    static ACTIVE: OnceLock<Option<usize>> = OnceLock::new();
    static LOG: OnceLock<Option<String>> = OnceLock::new();

    #[inline(never)]
    pub fn is(number: usize) -> bool {
        let active = *ACTIVE.get_or_init(|| std::env::var("BRASSKEY_MUTANT").ok()?.parse().ok());
        if active.is_none() && !REACHED[number].swap(true, Ordering::Relaxed) {
            if let Some(log) = LOG.get_or_init(|| std::env::var("BRASSKEY_REACHED").ok()) {
                let mut file = OpenOptions::new().append(true).create(true).open(log).unwrap();
                file.write_all(std::format!("{number}\\n").as_bytes()).unwrap();
            }
        }
        active == Some(number)
    }
}
"""


class Build:
    """The copy. `verdict` of a change says from the start what the compiler says of it."""

    def __init__(self, directory, target, listed):
        self.directory, self.target = directory, target
        self.copy()
        self.sources, self.changes, self.regions = {}, [], {}
        for file in [LIBRARY, *(change["file"] for change in listed)]:
            if file not in self.sources:
                self.sources[file] = Source(file, (directory / file).read_text())
        for number, change in enumerate(listed):
            self.changes.append(self.sources[change["file"]].add(number, change))
        for source in self.sources.values():
            for change in source.outside:
                change.verdict = ALONE

    def copy(self):
        """The files as they are now, committed or not. What has not changed keeps its time, and is not built anew."""
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], stdout=subprocess.PIPE, check=True
        )
        for name in filter(None, listed.stdout.decode().split("\0")):
            to = self.directory / name
            to.parent.mkdir(parents=True, exist_ok=True)
            to.unlink(missing_ok=True)
            if os.path.exists(name):
                shutil.copy2(name, to, follow_symlinks=False)

    def cargo(self, *arguments):
        done = subprocess.run(
            ["cargo", *arguments, "--message-format=json"],
            cwd=self.directory,
            env={**os.environ, "CARGO_TARGET_DIR": str(self.target)},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        return done.returncode == 0, [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]

    def with_all(self):
        """Compiles until each change that is left does. Returns the programs with the tests."""
        while True:
            for file, source in self.sources.items():
                text, self.regions[file] = source.rewritten(lambda function, change: not change.verdict)
                if file == LIBRARY:
                    text = text.replace("#![no_std]", f"#![no_std]\n{ALLOWED}", 1)
                    text += SWITCH.replace("COUNT", str(len(self.changes)))
                (self.directory / file).write_text(text)
            done, messages = self.cargo("check", *TESTS)
            if done:
                done, messages = self.cargo("test", "--no-run", *TESTS)
            if done:
                return programs(messages)
            errors = [message["message"] for message in messages if message.get("reason") == "compiler-message"]
            errors = [error for error in errors if error["level"] == "error"]
            # All of them, not only until the first one that is new.
            if not sum([self.blame(error) for error in errors]):
                sys.exit("mutants: error: the copy does not compile, and no change is why:\n" + errors[0]["rendered"])

    def blame(self, error):
        """Says of the change that an error is about that it does not compile. Returns whether that is news."""
        name = re.search(r"non-const (?:associated )?(?:function|method) `[^`]*?(\w+)`", error["message"])
        if name:
            return self.keep_const(name[1])
        places = [(span["file_name"], span["line_start"]) for span in error["spans"] if span["is_primary"]]
        return any([self.blame_line(file, line) for file, line in places])

    def blame_line(self, file, line):
        for region in self.regions.get(file, []):
            if region.first <= line <= region.last:
                if region.change:
                    return judge([region.change], DOES_NOT_COMPILE)
                return judge(region.function.changes, ALONE)
        return False

    def keep_const(self, name):
        """A function that constants call stays `const`, and so cannot ask which body runs."""
        return any([
            judge(function.changes, ALONE)
            for source in self.sources.values()
            for function in source.functions.values()
            if function.is_const and re.search(rf"fn {name}\b", source.text[function.start : function.body[0]])
        ])

    def with_one(self, change):
        """Compiles with one change and no others. Yields the programs, or `None` where it does not compile: first the
        core's own tests, which notice most changes and compile quickly."""
        for file, source in self.sources.items():
            text = source.changed(change) if file == change.file else source.text
            path = self.directory / file
            if path.read_text() != text:
                path.write_text(text)
        for tests in (OWN_TESTS, TESTS):
            done, messages = self.cargo("test", "--no-run", *tests)
            yield programs(messages) if done else None


def judge(changes, verdict):
    """Returns whether one of the changes had no verdict."""
    news = False
    for change in changes:
        if not change.verdict:
            change.verdict, news = verdict, True
    return news


def programs(messages):
    artifacts = [message for message in messages if message.get("reason") == "compiler-artifact"]
    artifacts = [artifact for artifact in artifacts if artifact["profile"]["test"]]
    return {built["target"]["name"]: Path(built["executable"]) for built in artifacts if built.get("executable")}
