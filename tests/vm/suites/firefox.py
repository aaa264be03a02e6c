"""Firefox as Debian ships it. A page makes its requests; a server in the guest verifies what comes of them."""

from web import ceremonies
from web.browser import Firefox


class InFirefox(ceremonies.Ceremonies):
    browser_class = Firefox
