"""A website's options as JSON, whatever a Python library has them in."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any, Union

from .errors import OptionsTypeError

#: JSON, or a mapping. A member ``publicKey``, as python-fido2's server wraps the options, is looked into. Bytes become
#: base64url.
Options = Union[str, bytes, Mapping[str, Any]]


def to_json(options: Options) -> str:
    """The options as JSON text.

    :raises OptionsTypeError: there is no such JSON.
    """
    try:
        read = json.loads(options) if isinstance(options, (str, bytes, bytearray)) else options
        if not isinstance(read, Mapping):
            kind = type(options).__name__
            raise OptionsTypeError(f"the options are of the type {kind}, and must be JSON or a mapping")
        return json.dumps(read.get("publicKey", read), default=_plain)
    except OptionsTypeError:
        raise
    # Text that is no JSON, bytes that are no text; values that JSON does not have; mappings that hold themselves.
    except (ValueError, TypeError, RecursionError) as error:
        raise OptionsTypeError(f"the options are no JSON: {error}") from None


def encode(octets: bytes | bytearray) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _plain(value: Any) -> Any:
    if isinstance(value, (bytes, bytearray, memoryview)):
        return encode(bytes(value))
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"JSON has nothing like a {type(value).__name__}")
