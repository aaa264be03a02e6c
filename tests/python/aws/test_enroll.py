"""Enrolment and sessions by brasskey and the real AWS CLI, against the practice account."""

import json
import os
import time
import unittest

from practice_cli import PATIENCE, STEP, Home, Practice, code

# The soft token needs nobody: what a person does is tested elsewhere.
KEY = ("--device", "soft", "--touch", "auto")

ENFORCING = {
    "Version": "2012-10-17",
    "Statement": {
        "Effect": "Deny",
        "NotAction": ["sts:GetSessionToken", "iam:DeleteUserPolicy"],
        "Resource": "*",
        "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
    },
}


class EnrolmentAndSessions(unittest.TestCase):
    system = False

    @classmethod
    def setUpClass(cls):
        cls.practice = Practice()
        cls.addClassCleanup(cls.practice.close)
        cls.admin = Home(cls.practice, "admin", cls.system)
        cls.addClassCleanup(cls.admin.close)
        cls.alice = Home(cls.practice, "alice", cls.system)
        cls.addClassCleanup(cls.alice.close)
        # Two codes in a row take up to half a minute, so that this runs beside the rest.
        cls.enrolment = cls.alice.start(
            os.environ["BRASSKEY"], "aws", "enroll", "totp", "--name", "laptop", "--yes", "--json", *KEY
        )
        cls.addClassCleanup(cls.enrolment.kill)
        cls.serial, cls.seed = cls.admin.device("admin", "phone")

    def session(self, *arguments):
        return (os.environ["BRASSKEY"], "aws", "session", "--serial", self.serial, *KEY, *arguments)

    def test_1_one_touch_serves_parallel_callers(self):
        callers = [self.admin.start(*self.session()) for _ in range(4)]
        printed = [caller.communicate(timeout=PATIENCE) for caller in callers]
        sessions = [json.loads(session) for session, said in printed if session or self.fail(said)]
        self.assertEqual({session["Version"] for session in sessions}, {1})
        self.assertEqual(len({session["AccessKeyId"] for session in sessions}), 1)

    def test_2_the_real_cli_gets_its_credentials_from_the_command(self):
        written = self.admin.brasskey("aws", "session", "--serial", self.serial, *KEY, "--configure", "mfa", "--yes")
        self.assertIn("aws session --serial", written["credentialProcess"])
        identity = self.admin.aws("sts", "get-caller-identity", "--profile", "mfa")
        self.assertEqual(identity["Arn"], f"arn:aws:iam::{self.practice.account}:user/admin")
        aws = " ".join(("aws", *self.admin.aws_options))
        status, printed, said = self.admin.run(
            *self.session("--", "sh", "-c", f"{aws} iam list-users --query 'Users[].UserName' --output text; exit 7")
        )
        self.assertEqual((status, printed.split()), (7, ["admin", "alice"]), said)

    def test_3_a_policy_lets_in_who_has_signed_in_with_a_code(self):
        self.admin.aws(
            "iam", "put-user-policy", "--user-name", "admin", "--policy-name", "enforce-mfa",
            "--policy-document", json.dumps(ENFORCING),
        )  # fmt: skip
        status, _, said = self.admin.run("aws", "iam", "list-users")
        self.assertNotEqual(status, 0)
        self.assertIn("iam:ListUsers", said)
        # What is missing is named, and what to do about it.
        status, _, said = self.admin.run(os.environ["BRASSKEY"], "aws", "remove", "--name", "phone", "--yes", *KEY)
        self.assertEqual(status, 7, said)
        self.assertIn("AWS does not allow iam:ListMFADevices", said)
        self.assertIn("brasskey aws session", said)
        users = self.admin.aws("iam", "list-users", "--profile", "mfa")["Users"]
        self.assertEqual(len(users), 2)
        self.admin.aws("iam", "delete-user-policy", "--user-name", "admin", "--policy-name", "enforce-mfa")

    def test_4_a_code_that_was_used_is_refused_in_plain_words(self):
        # As if another computer had used it: what this one remembers of its codes is taken away.
        def use_up(step):
            self.admin.run(
                "aws", "sts", "get-session-token", "--serial-number", self.serial, "--token-code", code(self.seed, step)
            )  # fmt: skip

        for _ in range(3):
            for note in (self.admin.path / ".local/share/brasskey/aws-sessions").glob("*.step"):
                note.unlink()
            step = int(time.time()) // STEP
            use_up(step)
            # A half minute may begin meanwhile.
            use_up(step + 1)
            status, printed, said = self.admin.run(*self.session("--no-cache"))
            if int(time.time()) // STEP <= step + 1:
                break
        self.assertEqual((status, printed), (7, ""), said)
        self.assertIn("a code is good once", said)

    def test_5_a_device_is_enrolled_by_the_real_cli_and_removed(self):
        printed, said = self.enrolment.communicate(timeout=PATIENCE)
        self.assertEqual(self.enrolment.returncode, 0, said)
        enrolled = json.loads(printed)
        serial = f"arn:aws:iam::{self.practice.account}:mfa/laptop"
        self.assertEqual((enrolled["serialNumber"], enrolled["user"], enrolled["listed"]), (serial, "alice", True))
        devices = self.alice.aws("iam", "list-mfa-devices", "--user-name", "alice")["MFADevices"]
        self.assertEqual([device["SerialNumber"] for device in devices], [serial])
        status, _, said = self.alice.run(
            os.environ["BRASSKEY"], "aws", "enroll", "totp", "--name", "laptop", "--yes", *KEY
        )
        self.assertEqual(status, 2, said)
        # AWS's own self-service policy lets a user deactivate a device with MFA only; admin may.
        removed = self.admin.brasskey("aws", "remove", "--name", "laptop", "--user", "alice", "--yes", *KEY)
        self.assertEqual((removed["deactivated"], removed["deleted"]), (True, True))
        self.assertEqual(self.alice.aws("iam", "list-mfa-devices", "--user-name", "alice")["MFADevices"], [])


if __name__ == "__main__":
    unittest.main()
