"""Firefox as Debian ships it. A page makes its requests, and a server in the guest verifies the results."""

from web import ceremonies
from web.browser import Firefox


class InFirefox(ceremonies.Ceremonies):
    browser_class = Firefox
