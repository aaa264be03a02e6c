"""Checks what callers give. Each error names the setting, what it is, and what it must be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

T = TypeVar("T")

#: The highest counter, and the highest number of milliseconds.
UINT32_MAX = (1 << 32) - 1


def one_of(name: str, value: Any, known: Sequence[str]) -> str:
    """One of some texts."""
    if value in known:
        return str(value)
    kind = ValueError if isinstance(value, str) else TypeError
    raise kind(f"{name} is {_shown(value)}, and must be {_either([repr(text) for text in known])}")


def text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{name} is {_shown(value)}, and must be a str")
    return value


def boolean(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{name} is {_shown(value)}, and must be True or False")
    return value


def whole(name: str, value: Any, highest: int = UINT32_MAX) -> int:
    """A whole number from 0."""
    allowed = f"a whole number from 0 to {highest}"
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{name} is {_shown(value)}, and must be {allowed}")
    if not 0 <= value <= highest:
        raise ValueError(f"{name} is {value}, and must be {allowed}")
    return value


def algorithm(name: str, value: Any) -> int:
    """A COSE algorithm identifier."""
    allowed = "a COSE algorithm identifier, such as -7 for ES256"
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{name} is {_shown(value)}, and must be {allowed}")
    if not -(1 << 31) <= value < 1 << 31:
        raise ValueError(f"{name} is {value}, and must be {allowed}")
    return value


def optional(check: Callable[[str, Any], T], name: str, value: Any) -> T | None:
    """What may be left out."""
    return None if value is None else check(name, value)


def seconds(name: str, value: Any) -> float:
    """A time that is not endless."""
    allowed = "a number of seconds, 0 or more"
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise TypeError(f"{name} is {_shown(value)}, and must be {allowed}")
    if not 0 <= value <= UINT32_MAX:
        raise ValueError(f"{name} is {value}, and must be {allowed}")
    return float(value)


def octets(name: str, value: Any, length: int | None = None) -> bytes:
    """Bytes. An error says nothing of what they are: they may be a secret."""
    wanted = "bytes" if length is None else f"{length} bytes"
    if not isinstance(value, (bytes, bytearray, memoryview)):
        raise TypeError(f"{name} is {_kind(value)}, and must be {wanted}")
    read = bytes(value)
    if length is not None and len(read) != length:
        raise ValueError(f"{name} has {len(read)} bytes, and must have {length}")
    return read


def pin(name: str, value: Any) -> str:
    """A PIN, whose length the key judges. An error does not quote it."""
    if not isinstance(value, str):
        raise TypeError(f"{name} is {_kind(value)}, and must be a str")
    return value


def _shown(value: Any) -> str:
    if value is None or isinstance(value, (bool, int, float)):
        return repr(value)
    if isinstance(value, str):
        return repr(value if len(value) <= 40 else value[:40] + "…")
    return _kind(value)


def _kind(value: Any) -> str:
    return "None" if value is None else f"of the type {type(value).__name__}"


def _either(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"
