"""Answers that a website must refuse.

=====================================  ===============================================================================
fault                                  the answer
=====================================  ===============================================================================
``challenge``                          is to another challenge
``origin``                             was given to the same host at another port
``userVerification``                   says that nobody was verified
``counter``                            has a counter that went back, as that of a copied key (after a sign-in, where it
                                       moves)
``signature``                          has one bit of its signature wrong; a registration has one where the website asks
                                       for attestation
``userPresence``                       has the flag UP clear
``backup``                             has the flag BS without BE, which no key may say
``rpId``                               is for another website
``userHandle``, ``credentialId``       names another account (in sign-ins), or another credential: nothing signs these
=====================================  ===============================================================================

:meth:`brasskey.Key.forge` makes a key's next answer wrong. The key signs the first four itself, so that nothing else is
wrong with them. :func:`forge` changes an answer that is there already.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal, Union, get_args
from urllib.parse import urlsplit

from ._json import decode, encode

if TYPE_CHECKING:
    from .key import Key

__all__ = ["Fault", "Forgery", "forge"]

Answer = dict[str, Any]
#: What a website must notice, with the names that WebAuthn has for it.
Fault = Literal[
    "challenge",
    "origin",
    "userVerification",
    "counter",
    "signature",
    "userPresence",
    "backup",
    "rpId",
    "userHandle",
    "credentialId",
]
#: A fault, or a function that takes the answer and returns another.
Forgery = Union[Fault, Callable[[Answer], Answer]]

FAULTS: tuple[str, ...] = get_args(Fault)
#: How often a key is asked for a counter that goes back, where its steps are random.
COUNTER_ATTEMPTS = 1000
FLAGS, COUNTER = 32, slice(33, 37)
UP, UV, BE, BS = 0x01, 0x04, 0x08, 0x10


def forge(answer: Answer, *faults: Forgery) -> Answer:
    """The answer, made wrong in these ways. It is a copy: ``answer`` stays as it is.

    Not the key signs it, but this changes it. So its signature is wrong, too, where the key signs what is changed.

    :param faults: names of :data:`Fault` but ``challenge``, ``origin`` and ``counter``, or functions.
    :raises ValueError: there is no such fault, or the answer has nothing to make wrong.
    """
    for fault in checked(faults):
        if callable(fault):
            answer = fault(answer)
        elif fault in _CHANGES:
            answer = _CHANGES[fault](answer)
        else:
            raise ValueError(f"only a key makes the fault {fault!r}: use Key.forge()")
    return answer


def checked(faults: Sequence[Any]) -> tuple[Forgery, ...]:
    """The faults, where there are such."""
    known = f"{', '.join(map(repr, FAULTS))}, or a function"
    if not faults:
        raise ValueError(f"say which fault: {known}")
    for fault in faults:
        if not callable(fault) and fault not in FAULTS:
            raise ValueError(f"there is no fault {fault!r}: there are {known}")
    return tuple(faults)


def answered(
    key: Key, faults: Sequence[Forgery], ask: Callable[[str, str], Answer], options: str, origin: str
) -> Answer:
    """What ``key`` answers, and what becomes of it."""
    wanted = _asked(faults, json.loads(options)) if faults else options
    if "origin" in faults:
        origin = _other_port(origin)
    answer = _with_lower_counter(key, lambda: ask(wanted, origin)) if "counter" in faults else ask(wanted, origin)
    key._counters[answer["id"]] = max(_highest(key, answer), _counter(answer))
    changes: Iterable[Forgery] = (fault for fault in faults if callable(fault) or fault in _CHANGES)
    for change in changes:
        answer = forge(answer, change)
    return answer


def _asked(faults: Sequence[Forgery], options: Any) -> str:
    """What is asked of the key, for those faults that it signs."""
    if isinstance(options, dict):
        if "challenge" in faults and isinstance(options.get("challenge"), str):
            options["challenge"] = _flipped(options["challenge"])
        if "userVerification" in faults:
            selection = options.get("authenticatorSelection")
            if isinstance(selection, dict):
                selection["userVerification"] = "discouraged"
            options["userVerification"] = "discouraged"
    return json.dumps(options)


def _other_port(origin: str) -> str:
    """The same website at another port: for a relying party it is another origin, and its RP ID is right."""
    parts = urlsplit(origin)
    port = 9443 if parts.port == 8443 else 8443
    return f"{parts.scheme}://{parts.hostname}:{port}"


def _with_lower_counter(key: Key, ask: Callable[[], Answer]) -> Answer:
    stored = key.credentials
    try:
        for _ in range(COUNTER_ATTEMPTS):
            for credential in stored:
                key.set_sign_count(0, credential.id)
            key.set_sign_count(0)
            answer = ask()
            highest = _highest(key, answer)
            if highest == 0:
                break
            if _counter(answer) <= highest:
                return answer
    finally:
        # The answer after this one is right again.
        for credential in stored:
            key.set_sign_count(credential.sign_count, credential.id)
        key.set_sign_count(max(key._counters.values(), default=0))
    raise ValueError("the fault 'counter' needs a credential that has signed in, and whose counter moves")


def _highest(key: Key, answer: Answer) -> int:
    return key._counters.get(answer["id"], 0)


def _counter(answer: Answer) -> int:
    return int.from_bytes(decode(answer["response"]["authenticatorData"])[COUNTER], "big")


def _flipped(text: str) -> str:
    """The last byte changed: of a signature in DER that leaves the form as it is."""
    octets = bytearray(decode(text) or b"\0")
    octets[-1] ^= 1
    return encode(octets)


def _with_response(answer: Answer, **members: str) -> Answer:
    return {**answer, "response": {**answer["response"], **members}}


def _with_flags(answer: Answer, change: Callable[[int], int]) -> Answer:
    return _with_authenticator_data(answer, FLAGS, change)


def _with_authenticator_data(answer: Answer, at: int, change: Callable[[int], int]) -> Answer:
    """Changes a byte of the authenticator data, in a registration also where it stands in the attestation object."""
    before = decode(answer["response"]["authenticatorData"])
    after = bytearray(before)
    after[at] = change(after[at])
    members = {"authenticatorData": encode(after)}
    if "attestationObject" in answer["response"]:
        whole = decode(answer["response"]["attestationObject"])
        members["attestationObject"] = encode(whole.replace(before, bytes(after)))
    return _with_response(answer, **members)


def _signature(answer: Answer) -> Answer:
    response = answer["response"]
    if "signature" in response:
        return _with_response(answer, signature=_flipped(response["signature"]))
    # The text "sig", and a byte string that follows. Signatures have more than 23 bytes.
    whole = bytearray(decode(response["attestationObject"]))
    at = whole.find(b"\x63sig") + 4
    sizes = {0x58: 1, 0x59: 2}
    if at < 4 or whole[at] not in sizes:
        raise ValueError("the fault 'signature' needs a registration that asks for attestation: no other is signed")
    head = at + 1 + sizes[whole[at]]
    end = head + int.from_bytes(whole[at + 1 : head], "big")
    whole[end - 1] ^= 1
    return _with_response(answer, attestationObject=encode(whole))


def _user_handle(answer: Answer) -> Answer:
    if "attestationObject" in answer["response"]:
        raise ValueError("the fault 'userHandle' needs a sign-in: a registration names no account")
    handle = answer["response"].get("userHandle")
    return _with_response(answer, userHandle=encode(bytes(16)) if handle is None else _flipped(handle))


def _credential_id(answer: Answer) -> Answer:
    other = _flipped(answer["id"])
    return {**answer, "id": other, "rawId": other}


_CHANGES: dict[str, Callable[[Answer], Answer]] = {
    "signature": _signature,
    "userPresence": lambda answer: _with_flags(answer, lambda flags: flags & ~UP),
    "userVerification": lambda answer: _with_flags(answer, lambda flags: flags & ~UV),
    "backup": lambda answer: _with_flags(answer, lambda flags: flags & ~BE | BS),
    "rpId": lambda answer: _with_authenticator_data(answer, 0, lambda octet: octet ^ 1),
    "userHandle": _user_handle,
    "credentialId": _credential_id,
}
