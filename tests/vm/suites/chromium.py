"""Chromium as Debian ships it. A page makes its requests, and a server in the guest verifies the results. Then it walks
a guide to MFA at AWS on the practice account."""

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
