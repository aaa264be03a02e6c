"""The soft token as a ``CtapDevice`` of python-fido2, so that ``Fido2Client`` and every tool on it works with it.

>>> import brasskey
>>> from fido2.ctap2 import Ctap2
>>> Ctap2(brasskey.Key().device()).info.versions
['U2F_V2', 'FIDO_2_0', 'FIDO_2_1', 'FIDO_2_3']

Needs python-fido2 1.2 or newer (``pip install brasskey[fido2]``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Event

from fido2.ctap import STATUS, CtapDevice, CtapError
from fido2.hid import CAPABILITY

from .errors import CtaphidError
from .key import Key, _keys

__all__ = ["Device"]


class Device(CtapDevice):
    """A channel of a soft token. Use one for each thread."""

    def __init__(self, key: Key) -> None:
        #: The key, whose button a test presses.
        self.key = key
        self._native = key._native.connect()

    @property
    def capabilities(self) -> CAPABILITY:
        """What the key said of itself when it gave the channel."""
        return CAPABILITY(self._native.capabilities)

    def call(
        self,
        cmd: int,
        data: bytes = b"",
        event: Event | None = None,
        on_keepalive: Callable[[STATUS], None] | None = None,
    ) -> bytes:
        """Sends a message and returns the answer.

        :raises CtapError: the key refused its packets.
        """
        event = event or Event()
        keepalive = None if on_keepalive is None else lambda status: on_keepalive(STATUS(status))
        try:
            return self._native.call(cmd, data, event.is_set, keepalive)
        except CtaphidError as error:
            raise CtapError(error.code) from None

    def close(self) -> None:
        """Nothing: the channel is gone with the object."""

    def __repr__(self) -> str:
        return f"Device({self.key!r})"

    @classmethod
    def list_devices(cls) -> Iterator[CtapDevice]:
        """A device for each :class:`brasskey.Key` of this process that is switched on."""
        for key in list(_keys):
            if key.state.powered:
                yield cls(key)
