"""Tries the changes of cargo-mutants at the key, all from one build.

cargo-mutants itself builds and tests once for each change, which takes a day for the key. Here a copy of the project
holds them all: a function with three changes has four bodies, and an environment variable says which one runs. For
each change only those tests run that reach it.
"""

import argparse
import csv
import hashlib
import json
import os
import subprocess
import sys
import time
import tomllib
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from build import ALONE, DOES_NOT_COMPILE, Build
from trial import CAUGHT, ENDLESS, MISSED, reached, tests_of, trial

HERE = Path(__file__).resolve().parent
# What was found when a file was last tried. Its hash says whether it has changed since.
RECORD = HERE / "tried.csv"
COLUMNS = ["file", "sha256", "changes", CAUGHT, "changes nothing", MISSED, DOES_NOT_COMPILE, ALONE]
# Changes that no test can notice, by why.
EQUIVALENT = HERE / "equivalent.toml"


def main():
    arguments = parse()
    record = read_record()
    files = arguments.files
    if arguments.is_tried or arguments.changed:
        files = [file for file in sources() if not is_tried(file, record)]
        if not files:
            return say("no file has changed since it was tried")
        say(f"changed since they were tried, or not noticed then: {', '.join(files)}")
        if arguments.is_tried:
            sys.exit(1)
    changes = run_all(listed(files), arguments)
    known = equivalents()
    stale = unfit(known, changes, files or sources())
    for change in changes:
        if change.verdict == MISSED and change.what in known[change.file]:
            change.verdict = "changes nothing"
    missed = [change for change in changes if change.verdict == MISSED]
    for change in missed:
        print(f"missed: {change.file}:{change.line}: {change.what}")
    for file, what in stale:
        say(f"{EQUIVALENT.name}: no test misses a change in {file} that is called: {what}. Take it out, or mend it")
    count = Counter(change.verdict for change in changes)
    tried = count[CAUGHT] + count[ENDLESS] + count[MISSED]
    noticed = count[CAUGHT] + count[ENDLESS]
    print(f"{noticed} of {tried} changes noticed ({100 * noticed / max(tried, 1):.1f} %); ", end="")
    print(", ".join(f"{number} {verdict}" for verdict, number in sorted(count.items())))
    if arguments.record:
        write_record(record, changes, files or sources())
    sys.exit(2 if missed or stale else 0)


def parse():
    parser = argparse.ArgumentParser(prog=".ci/mutants", description=" ".join(__doc__.split("\n\n")[1].split()))
    parser.add_argument("files", nargs="*", metavar="FILE", help="this file alone, such as protocol/src/store/pin.rs")
    parser.add_argument("--changed", action="store_true", help="only files that have changed since they were tried")
    parser.add_argument("--is-tried", action="store_true", help="only say whether all were tried as they are")
    parser.add_argument("--alone", action="store_true", help="also changes that need a build of their own: hours")
    parser.add_argument("--record", action="store_true", help="write what was found to tests/mutants/tried.csv")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="tests at a time [default: one a processor]")
    target = Path(os.environ.get("CARGO_TARGET_DIR", "target"))
    parser.set_defaults(target=target, directory=target / "mutants")
    arguments = parser.parse_args()
    unknown = set(arguments.files) - set(sources())
    if unknown:
        parser.error(f"no file of the key: {', '.join(sorted(unknown))}")
    return arguments


def say(text):
    print(text, file=sys.stderr, flush=True)


def sources():
    """The files of the key that are not tests."""
    names = sorted(str(path) for path in Path("protocol/src").rglob("*.rs"))
    return [name for name in names if "/tests" not in name and "/testing" not in name]


def digest(file):
    return hashlib.sha256(Path(file).read_bytes()).hexdigest()


def is_tried(file, record):
    """Whether the file is as it was when nothing was missed in it."""
    row = record.get(file)
    return row is not None and (row["sha256"], row[MISSED]) == (digest(file), "0")


def listed(files):
    """The changes, as cargo-mutants lists them."""
    only = [argument for file in files for argument in ("--file", file)]
    command = ["cargo", "mutants", "--list", "--json", "--package", "brasskey-protocol", "--all-features", *only]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)


def equivalents():
    """The changes of each file that change nothing."""
    known = defaultdict(set)
    for files in tomllib.loads(EQUIVALENT.read_text()).values():
        for file, changes in files.items():
            known[file].update(changes)
    return known


def unfit(known, changes, files):
    """Those of the `known` changes of `files`, and of files that are gone, that are none any more, or that a test
    notices. What needs a build of its own may not have been tried."""
    fit = {(change.file, change.what) for change in changes if change.verdict in (MISSED, ALONE)}
    gone = known.keys() - set(sources())
    asked = sorted(gone.union(files) & known.keys())
    return [(file, what) for file in asked for what in sorted(known[file]) if (file, what) not in fit]


def run_all(changes, arguments):
    """Tries each change. Returns them with their verdicts."""
    if not changes:
        return []
    build = Build(arguments.directory.resolve(), arguments.target.resolve(), changes)
    begun = time.monotonic()
    programs = build.with_all()
    say(f"{len(build.changes)} changes built in {time.monotonic() - begun:.0f} s")
    tests = list(tests_of(programs, build.directory))
    reaching = defaultdict(list)
    with ThreadPoolExecutor(arguments.jobs) as pool:
        for test, numbers in zip(tests, pool.map(lambda test: reached(test, build.directory), tests)):
            for number in numbers:
                reaching[number].append(test)

        def try_one(change):
            environment = {"BRASSKEY_MUTANT": str(change.number)}
            quick_first = sorted(reaching[change.number], key=lambda test: test.seconds)
            change.verdict = trial(quick_first, build.directory, environment)

        left = [change for change in build.changes if not change.verdict]
        for number, _ in enumerate(pool.map(try_one, left), 1):
            if number % 100 == 0 or number == len(left):
                say(f"{number} of {len(left)} tried after {time.monotonic() - begun:.0f} s")
    if arguments.alone:
        seconds = {test.name: test.seconds for test in tests}
        for change in build.changes:
            if change.verdict == ALONE:
                alone(build, change, seconds)
                say(f"{change.verdict}: {change.file}:{change.line}: {change.what}")
    return build.changes


def alone(build, change, seconds):
    """Tries a change in a build of its own. `seconds` says how long each test takes without a change."""
    for programs in build.with_one(change):
        if programs is None:
            change.verdict = DOES_NOT_COMPILE
            return
        tests = list(tests_of(programs, build.directory))
        for test in tests:
            test.seconds = seconds[test.name]
        # Which tests reach a constant is not known. Those of its part of the key are the most likely to notice.
        part = Path(change.file).relative_to("protocol/src").parts[0].removesuffix(".rs")
        tests.sort(key=lambda test: (not test.name.startswith(f"{part}::"), test.seconds))
        change.verdict = trial(tests, build.directory, {})
        if change.verdict != MISSED:
            return


def read_record():
    with RECORD.open(newline="") as file:
        return {row["file"]: row for row in csv.DictReader(file)}


def write_record(record, changes, files):
    for file in files:
        counts = Counter(change.verdict for change in changes if change.file == file)
        counts[CAUGHT] += counts.pop(ENDLESS, 0)
        record[file] = {"file": file, "sha256": digest(file), "changes": counts.total(), **counts}
    rows = [record[file] for file in sources() if file in record]
    with RECORD.open("w", newline="") as file:
        table = csv.DictWriter(file, COLUMNS, restval=0, lineterminator="\n")
        table.writeheader()
        table.writerows(rows)


main()
