"""Chromium as Debian ships it. A page makes its requests, and a server in the guest verifies the results."""

from web import ceremonies
from web.browser import Chromium


class InChromium(ceremonies.Ceremonies):
    browser_class = Chromium
    chooses = True
    explains = True
    blanks_aaguid = True
