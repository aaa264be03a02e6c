"""Fixtures for pytest, which finds them by itself once the package is installed.

``brasskey_key``
    A fresh key that approves everything.

``brasskey_browser``
    A function: ``brasskey_browser("https://example.com")`` is a page there with ``brasskey_key`` at hand. With settings
    of :class:`brasskey.Key` it has a key of its own: ``brasskey_browser(origin, touch="deny")``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .key import Key
from .webauthn import Browser


@pytest.fixture
def brasskey_key() -> Key:
    """A fresh security key that approves everything."""
    return Key()


@pytest.fixture
def brasskey_browser(brasskey_key: Key) -> Callable[..., Browser]:
    """A page at an origin, with a security key at hand."""

    def browser(origin: str, **settings: Any) -> Browser:
        return Browser(origin, Key(**settings) if settings else brasskey_key)

    return browser
