"""What goes wrong, as exceptions.

==========================  ==========================================================================================
exception                   means
==========================  ==========================================================================================
:class:`Error`              the key itself: it is off, has no room, has no such credential
:class:`CtaphidError`       the key refused the packets of a message
:class:`WebAuthnError`      a page gets an exception in place of an answer; each subclass is one that browsers know
==========================  ==========================================================================================
"""

from __future__ import annotations


class Error(Exception):
    """The key cannot do this now. The text says why."""


class CtaphidError(Error):
    """The key refused the packets of a message (CTAP 2.3 §11.2.9.1.6)."""

    #: The code on the wire.
    code: int

    def __init__(self, code: int) -> None:
        super().__init__(f"the key answered with the CTAPHID error 0x{code:02X}")
        self.code = code


class WebAuthnError(Error):
    """A page gets this in place of an answer (WebAuthn Level 3 §5.1.3 and §5.1.4).

    The text says why in plain words. A browser says less, so do not build on it.
    """

    #: What JavaScript calls it, such as ``NotAllowedError``.
    name = "UnknownError"


class AbortError(WebAuthnError):
    """Somebody gave up."""

    name = "AbortError"


class ConstraintError(WebAuthnError):
    """The key cannot do what the options require, such as to verify its user."""

    name = "ConstraintError"


class EncodingError(WebAuthnError, ValueError):
    """Bytes in the options are not base64url without padding."""

    name = "EncodingError"


class InvalidStateError(WebAuthnError):
    """The key holds one of the excluded credentials: it is registered already."""

    name = "InvalidStateError"


class NotAllowedError(WebAuthnError):
    """The user refused, nobody touched the key, the PIN is wrong, or the key holds none of the credentials."""

    name = "NotAllowedError"


class NotSupportedError(WebAuthnError):
    """The options ask for what there is not: no algorithm that the key knows, an extension in the wrong place."""

    name = "NotSupportedError"


class SecurityError(WebAuthnError):
    """The origin may not use this RP ID."""

    name = "SecurityError"


class OptionsSyntaxError(WebAuthnError, ValueError):
    """JavaScript's ``SyntaxError``: the options name a credential that they do not allow."""

    name = "SyntaxError"


class OptionsTypeError(WebAuthnError, TypeError):
    """JavaScript's ``TypeError``: a member of the options is missing, or has another type."""

    name = "TypeError"


class UnknownError(WebAuthnError):
    """The key's answer is of no use."""


_BY_NAME = {
    kind.name: kind
    for kind in (
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
    )
}


def exception(name: str, message: str) -> WebAuthnError:
    """The exception that JavaScript calls ``name``."""
    return _BY_NAME.get(name, UnknownError)(message)
