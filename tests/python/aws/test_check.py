"""`brasskey aws check` of a thousand accounts that are made up, against an oracle that shares no code with it."""

import collections
import concurrent.futures
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

from oracle.accounts import Account
from oracle.verdicts import FAILED, verdicts

BRASSKEY = os.environ["BRASSKEY"]
ACCOUNTS = 1000


def whom(subject):
    return subject["name"] if subject["kind"] == "user" else subject["kind"]


def check(seed):
    """What the command says of an account, and what it should say."""
    account = Account(seed)
    command = [BRASSKEY, "aws", "check", "--json", "--from"]
    stdin = "".join(text + "\n" for text in account.files.values())
    all_json = all(text.startswith("{") for text in account.files.values())
    with tempfile.TemporaryDirectory() as directory:
        for name, text in account.files.items():
            (pathlib.Path(directory) / name).write_text(text, encoding="utf-8")
        # As many documents one after another, where all are JSON.
        piped = seed % 2 == 0 and all_json and account.files
        if not account.files:
            return seed, None, None
        source = "-" if piped else directory
        ended = subprocess.run([*command, source], input=stdin if piped else "", capture_output=True, text=True)
    said = json.loads(ended.stdout)
    if "findings" not in said:
        return seed, (ended.returncode, said), None
    found = collections.Counter()
    for finding in said["findings"]:
        found[finding["check"], finding["outcome"], whom(finding["subject"])] += 1
    expected = verdicts(account.files.values())
    fails = any(outcome == FAILED for _, outcome, _ in expected)
    return seed, (ended.returncode, found), (6 if fails else 0, expected)


class Check(unittest.TestCase):
    def test_a_thousand_accounts_are_judged_as_the_oracle_judges_them(self):
        outcomes = collections.Counter()
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            for seed, said, expected in pool.map(check, range(ACCOUNTS)):
                self.assertEqual(said, expected, f"account {seed}")
                outcomes.update((kind, outcome) for kind, outcome, _ in (expected[1] if expected else ()))
        # Each verdict was there, or the comparison would show little.
        for kind in ("user-mfa", "root-mfa", "root-access-key"):
            for outcome in ("failed", "cannotTell"):
                self.assertGreater(outcomes[kind, outcome], 20, kind)
        for kind in ("one-device", "phishing-resistant", "access-key-mfa", "sign-in-mfa", "root-device", "report"):
            for outcome in ("warned", "cannotTell"):
                self.assertGreater(outcomes[kind, outcome], 20, kind)
        for kind in ("access-key-age", "access-key-use", "root-sign-in"):
            self.assertGreater(outcomes[kind, "warned"], 20, kind)


if __name__ == "__main__":
    unittest.main()
