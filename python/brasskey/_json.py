"""A website's options as JSON, whatever a Python library has them in."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any, Union

#: JSON, or a mapping. A member ``publicKey``, as python-fido2's server wraps the options, is looked into. Bytes become
#: base64url.
Options = Union[str, Mapping[str, Any]]


def to_json(options: Options) -> str:
    """The options as JSON text."""
    if isinstance(options, (str, bytes)):
        read = json.loads(options)
    elif isinstance(options, Mapping):
        read = dict(options)
    else:
        raise TypeError(f"options are JSON or a mapping, not {type(options).__name__}")
    if isinstance(read, dict) and "publicKey" in read:
        read = read["publicKey"]
    return json.dumps(read, default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, (bytes, bytearray, memoryview)):
        return base64.urlsafe_b64encode(bytes(value)).rstrip(b"=").decode()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is nothing that JSON has")
