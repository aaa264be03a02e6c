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
from concurrent.futures import Future, ThreadPoolExecutor, as_completed, wait
from typing import Any, Literal

from . import _brasskey, _given
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
from .key import ATTACHMENTS, Key

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
    return _answer("create", options, origin, key)


def get(options: Options, origin: str, key: Key) -> dict[str, Any]:
    """``navigator.credentials.get()`` of a page at ``origin``, with ``key`` at hand.

    It gives up as :func:`create` does.

    :param options: ``PublicKeyCredentialRequestOptionsJSON``.
    :return: ``AuthenticationResponseJSON``.
    :raises WebAuthnError: what the page gets in place of an answer.
    :raises ValueError: ``origin`` is not one where WebAuthn works.
    """
    return _answer("get", options, origin, key)


def _answer(
    ceremony: Literal["create", "get"], options: Options, origin: str, key: Key, cancel: _brasskey.Cancel | None = None
) -> dict[str, Any]:
    native = key._native.create if ceremony == "create" else key._native.get
    wanted, faults = to_json(options), key._forgeries.popleft() if key._forgeries else ()

    def ask(options: str, origin: str) -> dict[str, Any]:
        answer = native(options, origin, key.attachment, key.pin, key._account, cancel)
        return json.loads(answer)  # type: ignore[no-any-return]

    try:
        return answered(key, faults, ask, wanted, origin)
    except WebAuthnError:
        # There was no answer: they are for the next.
        if faults:
            key._forgeries.appendleft(faults)
        raise


#: How long to wait before looking again whether a key waits for its user, in seconds.
_PAUSE = 0.005
#: What one key says, and another one need not. A key that is registered already ends a registration (§5.1.3).
_REFUSALS = (ConstraintError, NotAllowedError, NotSupportedError)


class Browser:
    """A page at an origin, with a key at hand: :func:`create` and :func:`get` without the repetition.

    :param origin: such as ``https://example.com``. It is the attribute ``origin``, too.
    :param key: a new one that approves everything, where none is given.
    :param others: further keys. Those that are where the website wants one are asked in their order, and the next one
        as soon as one waits for its user. So all of those wait at once, and the first that has an answer gives it. A
        key that refuses leaves it to the others. All of them are the attribute ``keys``, a list.
    :raises ValueError: ``origin`` is not one where WebAuthn works.
    """

    def __init__(self, origin: str, key: Key | None = None, *others: Key) -> None:
        #: The page's origin.
        self.origin = _given.text("origin", origin)
        _brasskey.Key.check_origin(origin)
        #: The keys at hand.
        self.keys = [Key() if key is None else _key(key), *map(_key, others)]

    @property
    def key(self) -> Key:
        """The key at hand, or the first of them. To set it takes the others away."""
        return self.keys[0]

    @key.setter
    def key(self, key: Key) -> None:
        self.keys = [_key(key)]

    def create(self, options: Options) -> dict[str, Any]:
        """``navigator.credentials.create()``: see :func:`create`."""
        return self._first("create", options)

    def get(self, options: Options) -> dict[str, Any]:
        """``navigator.credentials.get()``: see :func:`get`."""
        return self._first("get", options)

    def _first(self, ceremony: Literal["create", "get"], options: Options) -> dict[str, Any]:
        if len(self.keys) == 1:
            return _answer(ceremony, options, self.origin, self.keys[0])
        wanted = _wanted_attachment(options)
        asked = {number: key for number, key in enumerate(self.keys) if wanted in (None, key.attachment)}
        if not asked:
            wish = "" if wanted is None else f"the website asks for a {wanted} key: "
            raise NotAllowedError(f"{wish}none is at hand")
        cancel, requests = _brasskey.Cancel(), []
        with ThreadPoolExecutor(len(asked)) as pool:
            try:
                for key in asked.values():
                    requests.append(pool.submit(_answer, ceremony, options, self.origin, key, cancel))
                    while not requests[-1].done() and key.state.waiting is None:
                        wait(requests[-1:], timeout=_PAUSE)
                    if requests[-1].done() and not _refusal(requests[-1]):
                        return requests[-1].result()
                for request in as_completed(requests):
                    if not _refusal(request):
                        return request.result()
            finally:
                cancel.cancel()
        errors = [error for request in requests if (error := _refusal(request))]
        if len(errors) == 1:
            raise errors[0]
        kinds = {type(error) for error in errors}
        kind = kinds.pop() if len(kinds) == 1 else NotAllowedError
        said = "; ".join(f"keys[{n}] ({asked[n].attachment}): {error}" for n, error in zip(asked, errors, strict=True))
        raise kind(f"none of {len(errors)} keys has an answer. {said}")

    def __repr__(self) -> str:
        return f"Browser({self.origin!r})"


def _key(key: Any) -> Key:
    if not isinstance(key, Key):
        raise TypeError(f"key is of the type {type(key).__name__}, and must be a brasskey.Key")
    return key


def _refusal(request: Future[dict[str, Any]]) -> WebAuthnError | None:
    """Why a key has no answer, where another one may have one."""
    error = request.exception()
    return error if isinstance(error, _REFUSALS) else None


def _wanted_attachment(options: Options) -> str | None:
    """Where the website wants a key. Browsers ignore a place that they do not know."""
    read = json.loads(to_json(options))
    selection = read.get("authenticatorSelection") if isinstance(read, dict) else None
    wanted = selection.get("authenticatorAttachment") if isinstance(selection, dict) else None
    return wanted if wanted in ATTACHMENTS else None
