"""What a browser does between a website and a key (WebAuthn Level 3), for tests of websites.

Options go in as the website sends them to its page, and the answer comes out as the page sends it back, both in the
JSON of ``PublicKeyCredential.parseCreationOptionsFromJSON()`` and ``toJSON()``. Where a browser throws, an exception of
:mod:`brasskey.errors` is raised, with the browser's name for it.

>>> from brasskey import Key, webauthn
>>> options = {
...     "rp": {"id": "example.com", "name": "Example"},
...     "user": {"id": b"a random number", "name": "alice", "displayName": "Alice"},
...     "challenge": b"a random number of the server",
...     "pubKeyCredParams": [{"type": "public-key", "alg": -7}],
... }
>>> key = Key()
>>> answer = webauthn.create(options, "https://login.example.com", key)
>>> answer["response"]["publicKeyAlgorithm"]
-7
>>> webauthn.create(options, "https://example.org", key)
Traceback (most recent call last):
...
brasskey.errors.SecurityError: the origin may not ask for this RP ID: it is not its host nor a registrable suffix of it
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from . import _given
from ._json import Options, to_json
from .errors import (
    AbortError,
    ConstraintError,
    EncodingError,
    InvalidStateError,
    NotAllowedError,
    NotSupportedError,
    OptionsSyntaxError,
    OptionsTypeError,
    SecurityError,
    UnknownError,
    WebAuthnError,
)
from .forgery import answered
from .key import Key

__all__ = [
    "AbortError",
    "Browser",
    "ConstraintError",
    "EncodingError",
    "InvalidStateError",
    "NotAllowedError",
    "NotSupportedError",
    "Options",
    "OptionsSyntaxError",
    "OptionsTypeError",
    "SecurityError",
    "UnknownError",
    "WebAuthnError",
    "create",
    "get",
]


def create(options: Options, origin: str, key: Key) -> dict[str, Any]:
    """``navigator.credentials.create()`` of a page at ``origin``, with ``key`` at hand.

    It gives up when the options' ``timeout`` is over (from 1 s to 10 min; without one 5 min), or when the key does,
    whose user has 30 s for a touch. With ``scripted_clock`` the key's clock says when.

    :param options: ``PublicKeyCredentialCreationOptionsJSON``.
    :return: ``RegistrationResponseJSON``.
    :raises WebAuthnError: what the page gets in place of an answer.
    :raises ValueError: ``origin`` is not one where WebAuthn works, such as ``https://example.com`` or
        ``http://localhost:8000``.
    """
    return _answer(key._native.create, options, origin, key)


def get(options: Options, origin: str, key: Key) -> dict[str, Any]:
    """``navigator.credentials.get()`` of a page at ``origin``, with ``key`` at hand.

    It gives up as :func:`create` does.

    :param options: ``PublicKeyCredentialRequestOptionsJSON``.
    :return: ``AuthenticationResponseJSON``.
    :raises WebAuthnError: what the page gets in place of an answer.
    :raises ValueError: ``origin`` is not one where WebAuthn works.
    """
    return _answer(key._native.get, options, origin, key)


def _answer(ceremony: Callable[..., str], options: Options, origin: str, key: Key) -> dict[str, Any]:
    wanted, faults = to_json(options), key._forgeries.popleft() if key._forgeries else ()

    def ask(options: str, origin: str) -> dict[str, Any]:
        answer = ceremony(options, origin, key.attachment, key.pin, key._account)
        return json.loads(answer)  # type: ignore[no-any-return]

    try:
        return answered(key, faults, ask, wanted, origin)
    except WebAuthnError:
        # There was no answer: they are for the next.
        if faults:
            key._forgeries.appendleft(faults)
        raise


class Browser:
    """A page at an origin, with a key at hand: :func:`create` and :func:`get` without the repetition.

    :param origin: such as ``https://example.com``. It is the attribute ``origin``, too.
    :param key: a new one that approves everything, where none is given. It is the attribute ``key``, too.
    """

    def __init__(self, origin: str, key: Key | None = None) -> None:
        if not isinstance(key, (Key, type(None))):
            raise TypeError(f"key is of the type {type(key).__name__}, and must be a brasskey.Key")
        #: The page's origin.
        self.origin = _given.text("origin", origin)
        #: The key at hand.
        self.key = Key() if key is None else key

    def create(self, options: Options) -> dict[str, Any]:
        """``navigator.credentials.create()``: see :func:`create`."""
        return create(options, self.origin, self.key)

    def get(self, options: Options) -> dict[str, Any]:
        """``navigator.credentials.get()``: see :func:`get`."""
        return get(options, self.origin, self.key)

    def __repr__(self) -> str:
        return f"Browser({self.origin!r})"
