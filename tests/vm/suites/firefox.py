"""Firefox as Debian ships it. A page makes its requests, and a server in the guest verifies the results. Then it walks
a guide to MFA at AWS on the practice account."""

from web import ceremonies, guide
from web.browser import Firefox
from web.remote import BiDi


class InFirefox(ceremonies.Ceremonies):
    browser_class = Firefox


class WithFirefox(guide.Guide):
    browser_class = Firefox
    remote_class = BiDi
