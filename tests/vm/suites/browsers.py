"""Weekly: browsers with a key of the CI script, in a container, and by USB/IP; guides to MFA at AWS."""

import functools
import unittest

import chromium
import firefox
from ci import Container, ScriptsKey
from plug import PluggedKey
from web import guide
from web.browser import Firefox
from web.remote import BiDi


class InFirefox(firefox.InFirefox):
    """The key is one that the script has plugged in."""

    key_class = ScriptsKey


class InContainersChromium(chromium.InChromium):
    """The browser and the key are in one container."""

    @classmethod
    def setUpClass(cls):
        inside = cls.enterClassContext(Container()).inside

        class Browser(cls.browser_class):
            def command(self, profile, address):
                return [*inside, *super().command(profile, address)]

        cls.browser_class, cls.key_class = Browser, functools.partial(ScriptsKey, inside=inside)
        super().setUpClass()


class WithPluggedKey(chromium.InChromium):
    """The key comes by USB/IP."""

    key_class = PluggedKey


class WithFirefox(guide.Guide):
    browser_class = Firefox
    remote_class = BiDi


def load_tests(loader, _tests, _pattern):
    """The guides, and a round for each other way in which a browser gets a key."""
    suite = loader.loadTestsFromTestCase(WithFirefox)
    suite.addTest(chromium.WithChromium("test_root"))
    for browser in (InFirefox, InContainersChromium, WithPluggedKey):
        suite.addTest(browser("test_a_second_factor_registers_and_authenticates"))
    return suite
