"""Tests that run against one change."""

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

CAUGHT = "caught"
ENDLESS = "does not end"
MISSED = "missed"
# The key alone; as a smart card; and what only keys that verify their user have.
FORMS = ("core", "card::", "in_process_with_verification::")
# Tests that one process runs. Where one of them fails, it goes on to the last.
TOGETHER = 24
# Seconds, beside twenty times what the tests took without a change.
PATIENCE = 20


@dataclass
class Test:
    """A test of a program. libtest takes a list of names, libtest-mimic one."""

    program: Path
    name: str
    together: bool
    seconds: float = 0.0


def tests_of(programs, directory):
    """All tests, but for those of forms that are the same key once more, behind something else."""
    for target, program in programs.items():
        listed = subprocess.run(
            [program, "--list"], cwd=directory / "protocol", stdout=subprocess.PIPE, text=True, check=True
        )
        for line in listed.stdout.splitlines():
            name, _, kind = line.rpartition(": ")
            if kind == "test" and (target != "forms" or name.startswith(FORMS)):
                yield Test(program, name, target != "forms")


def run(tests, directory, environment, seconds):
    """Whether all passed, `None` where they did not end."""
    command = [tests[0].program, *(test.name for test in tests), "--exact"]
    try:
        done = subprocess.run(
            command,
            cwd=directory / "protocol",
            env={**os.environ, "RUST_BACKTRACE": "0", "RUST_TEST_THREADS": "1", "PROPTEST_CASES": "32", **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=seconds,
        )
    except subprocess.TimeoutExpired:
        return None
    return done.returncode == 0


def reached(test, directory):
    """The numbers of the changes that a test reaches. Says in `test` how long it takes."""
    with tempfile.TemporaryDirectory() as place:
        log = Path(place) / "reached"
        begun = time.monotonic()
        if not run([test], directory, {"BRASSKEY_REACHED": str(log)}, 300):
            sys.exit(f"mutants: error: without a change, {test.name} fails\nhint: mend it first")
        test.seconds = time.monotonic() - begun
        return [int(number) for number in log.read_text().split()] if log.exists() else []


def trial(tests, directory, environment):
    """What the tests make of a change, one after the other: no more of them after the first that fails."""
    groups = []
    for test in tests:
        last = groups[-1] if groups else None
        if last and test.together and last[0].program == test.program and len(last) < TOGETHER:
            last.append(test)
        else:
            groups.append([test])
    for group in groups:
        passed = run(group, directory, environment, PATIENCE + 20 * sum(test.seconds for test in group))
        if not passed:
            return ENDLESS if passed is None else CAUGHT
    return MISSED
