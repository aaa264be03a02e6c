"""The cases that matter once more, with the AWS CLI of Debian 12: 2.9.19, from before AWS_ENDPOINT_URL.

Not among the gates' tests, which find test_*.py: .ci/weekly runs it. To install that AWS CLI takes longer than all
cases of the one from PyPI do.
"""

import unittest

import test_check_live
import test_enroll


class EnrolmentAndSessions(test_enroll.EnrolmentAndSessions):
    system = True


class LiveCheck(test_check_live.LiveCheck):
    system = True


if __name__ == "__main__":
    unittest.main()
