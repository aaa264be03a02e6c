"""`brasskey aws check` by the real AWS CLI, of the practice account: before there is any MFA, and after."""

import json
import os
import unittest

from practice_cli import Home, Practice


class LiveCheck(unittest.TestCase):
    system = False

    @classmethod
    def setUpClass(cls):
        cls.practice = Practice()
        cls.addClassCleanup(cls.practice.close)
        cls.admin = Home(cls.practice, "admin", cls.system)
        cls.addClassCleanup(cls.admin.close)

    def check(self):
        """What was found: check, outcome and whom."""
        status, printed, said = self.admin.run(os.environ["BRASSKEY"], "aws", "check", "--json")
        self.assertEqual(status, 6, said)
        audit = json.loads(printed)
        self.assertEqual(audit["account"], self.practice.account)
        subjects = [finding["subject"] for finding in audit["findings"]]
        whom = [subject.get("name", subject["kind"]) for subject in subjects]
        return {(f["check"], f["outcome"], name) for f, name in zip(audit["findings"], whom)}

    def test_a_device_takes_its_user_off_the_list(self):
        before = self.check()
        self.assertLessEqual(
            {("root-mfa", "failed", "root"), ("user-mfa", "failed", "admin"), ("user-mfa", "failed", "alice")}, before
        )
        # Sign-ins are asked for in all regions, and nobody has signed in.
        self.assertFalse({check for check, _, _ in before} & {"sign-in-mfa", "root-sign-in", "sign-in-history"})
        self.admin.device("admin", "phone")
        after = self.check()
        self.assertIn(("user-mfa", "failed", "alice"), after)
        self.assertNotIn(("user-mfa", "failed", "admin"), after)
        # One authenticator app, and nothing else: by list-mfa-devices.
        self.assertLessEqual(
            {("one-device", "warned", "admin"), ("phishing-resistant", "warned", "admin")}, after
        )


if __name__ == "__main__":
    unittest.main()
