"""Thousands of keys from one seed, to load a website with its users.

A key is a number. Its secrets come from the seed and that number, so another process, or another machine, with the same
seed has the same keys. A key that is not in use takes some hundred bytes.
"""

from __future__ import annotations

import json
from typing import Any, Literal

from . import _brasskey, _given
from ._json import Options, to_json
from .key import ATTACHMENTS, BACKUPS, USER_VERIFICATIONS

__all__ = ["Fleet"]

#: The highest number of a key.
NUMBER_MAX = (1 << 64) - 1


class Fleet:
    """Keys that touch themselves. Whoever knows the seed knows all their secrets: they are for tests.

    One key at a time runs, on the thread that calls: have a fleet for each thread.

    :param seed: 32 bytes.
    :param user_verification: ``always`` where the website requires it; ``pin`` for keys that cannot; ``never`` for keys
        that try and fail.
    :param attachment: what they pass for: ``cross-platform`` or ``platform``.
    :param backup: ``never``: each key's counter goes up, and begins at 0 again where the key is made from its seed
        anew, which websites refuse once they have seen more. ``eligible`` and ``backed-up``: as synced passkeys, with a
        counter that stays at 0, so that any process can sign in with what another one registered.
    """

    def __init__(
        self,
        seed: bytes,
        *,
        user_verification: Literal["pin", "always", "never"] = "always",
        backup: Literal["never", "eligible", "backed-up"] = "backed-up",
        attachment: Literal["cross-platform", "platform"] = "cross-platform",
    ) -> None:
        self._attachment = _given.one_of("attachment", attachment, ATTACHMENTS)
        self._native = _brasskey.Fleet(
            _given.octets("seed", seed, 32),
            _given.one_of("user_verification", user_verification, USER_VERIFICATIONS[:3]),
            _given.one_of("backup", backup, BACKUPS),
        )

    def __len__(self) -> int:
        """How many keys have been used."""
        return len(self._native)

    def create(self, number: int, options: Options, origin: str) -> dict[str, Any]:
        """As :func:`brasskey.webauthn.create`, with key ``number``."""
        number = _given.whole("number", number, NUMBER_MAX)
        answer = self._native.create(number, to_json(options), origin, self._attachment)
        return json.loads(answer)  # type: ignore[no-any-return]

    def get(self, number: int, options: Options, origin: str) -> dict[str, Any]:
        """As :func:`brasskey.webauthn.get`, with key ``number``."""
        number = _given.whole("number", number, NUMBER_MAX)
        answer = self._native.get(number, to_json(options), origin, self._attachment)
        return json.loads(answer)  # type: ignore[no-any-return]
