"""Chromium as Debian ships it. A page makes its requests, and a server in the guest verifies the results. Then a user
walks a guide to MFA at AWS on the practice account."""

import unittest

from web import ceremonies, guide
from web.browser import Chromium
from web.remote import Cdp


class InChromium(ceremonies.Ceremonies):
    browser_class = Chromium
    chooses = True
    explains = True
    blanks_aaguid = True


class WithChromium(guide.Guide):
    browser_class = Chromium
    remote_class = Cdp


def load_tests(loader, _tests, _pattern):
    """The ceremonies, and a user's walk. The root user's takes as long again, and is in the weekly suite."""
    return unittest.TestSuite([loader.loadTestsFromTestCase(InChromium), WithChromium("test_a_user")])
