"""A FIDO2 security key in software, in your process: no server, no port, no browser.

>>> import brasskey
>>> key = brasskey.Key()
>>> brasskey.Browser("https://example.com", key)
Browser('https://example.com')

=========================  ===========================================================================================
name                       what it is
=========================  ===========================================================================================
:class:`Key`               the key, with a button, a plug and a clock for your tests
:class:`Browser`           a page at an origin, with a key at hand
:mod:`brasskey.webauthn`   a browser's part: a website's JSON in, the page's JSON or exception out
:mod:`brasskey.forgery`    answers that a website must refuse: :meth:`Key.forge`, :func:`forge`
:mod:`brasskey.errors`     what goes wrong
:mod:`brasskey.fido2`      the key as a ``CtapDevice`` of python-fido2 (``pip install 'brasskey[fido2]'``)
:mod:`brasskey.fleet`      thousands of keys from one seed
:mod:`brasskey.locust`     users for Locust who sign in with keys (``pip install 'brasskey[locust]'``)
=========================  ===========================================================================================

The key is for tests: whoever can read the memory of your process has its secrets.
"""

from . import errors, webauthn
from .errors import Error
from .fleet import Fleet
from .forgery import forge
from .key import Key
from .records import Command, Credential, State, Waiting
from .webauthn import Browser

__all__ = [
    "Browser",
    "Command",
    "Credential",
    "Error",
    "Fleet",
    "Key",
    "State",
    "Waiting",
    "errors",
    "forge",
    "webauthn",
]
