"""The soft token as a ``CtapDevice`` of python-fido2, so that ``Fido2Client`` and every tool on it works with it.

>>> import brasskey
>>> from fido2.ctap2 import Ctap2
>>> Ctap2(brasskey.Key().device()).info.versions
['U2F_V2', 'FIDO_2_0', 'FIDO_2_1', 'FIDO_2_3']

Needs python-fido2 1.2 or newer: ``pip install 'brasskey[fido2]'``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Event

try:
    from fido2.ctap import STATUS, CtapDevice, CtapError
    from fido2.hid import CAPABILITY
except ModuleNotFoundError as error:
    raise ImportError("brasskey.fido2 needs python-fido2: pip install 'brasskey[fido2]'", name=error.name) from error

from .errors import CtaphidError
from .key import Key, _keys

__all__ = ["Device"]

#: How long to wait before a key that is busy is asked again, in seconds.
_BUSY_PAUSE = 0.1


class Device(CtapDevice):
    """A channel of a soft token. Use one for each thread. Once the key was unplugged, make another one: this one is of
    no more use, as a device on USB."""

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
        """Sends a message and returns the answer, as python-fido2's own devices do. While another channel uses the key,
        it tries again.

        :param event: cancels the request once it is set.
        :raises CtapError: the key refused its packets.
        :raises OSError: the key was unplugged (``ENODEV``), before or meanwhile, or the device was closed (``EBADF``).
        """
        event = event or Event()
        keepalive = None if on_keepalive is None else lambda status: on_keepalive(STATUS(status))
        while True:
            try:
                return self._native.call(cmd, data, event.is_set, keepalive)
            except CtaphidError as error:
                if error.code != CtapError.ERR.CHANNEL_BUSY or event.wait(_BUSY_PAUSE):
                    raise CtapError(error.code) from None

    def close(self) -> None:
        """Gives the channel up. What waits on it is cancelled, and every later call raises an ``OSError``."""
        self._native.close()

    def __repr__(self) -> str:
        return f"Device({self.key!r})"

    @classmethod
    def list_devices(cls) -> Iterator[CtapDevice]:
        """A device for each :class:`brasskey.Key` of this process that is switched on."""
        for key in list(_keys):
            if key.state.powered:
                yield cls(key)
