"""The soft token: a security key in this process, in memory."""

from __future__ import annotations

import json
import uuid
import weakref
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from . import _brasskey, _given
from .errors import Error
from .forgery import Forgery, checked
from .records import Command, Credential, State, Waiting, credential, waiting

if TYPE_CHECKING:
    from .fido2 import Device

ATTACHMENTS = ("cross-platform", "platform")
BACKUPS = ("never", "eligible", "backed-up")
USER_VERIFICATIONS = ("pin", "always", "never", "control")

_keys: weakref.WeakSet[Key] = weakref.WeakSet()


class Key:
    """A security key in this process. It keeps everything in memory, and is gone with its last reference.

    :param touch: who touches it. ``auto``: every request is approved. ``deny``: every request is refused. ``control``:
        :meth:`press`, :meth:`pulse` and :meth:`decline` decide. A list of ``touch`` and ``decline``: one answer for
        each request; after the last, as ``control``.
    :param pin: its PIN, which its user knows: :mod:`brasskey.webauthn` types it where it is asked for.
    :param user_verification: whether it verifies its user by itself, as with a fingerprint. ``pin``: it cannot.
        ``always`` and ``never``: it succeeds, it fails. ``control``: as :meth:`set_user_verified` said last.
    :param backup: whether new credentials may leave the key, as synced passkeys do: ``never``, ``eligible`` (BE) or
        ``backed-up`` (BE and BS). With both of these their counter stays at 0.
    :param attachment: what it passes for in :mod:`brasskey.webauthn`: ``cross-platform``, or ``platform`` as a passkey
        provider of the computer.
    :param aaguid: the model that it says it is: a UUID, its text or its 16 bytes.
    :param seed: 32 bytes from which all its random numbers come: two keys with one seed do the same.
    :param scripted_clock: its clock stands still until :meth:`advance`. Browser and key then go by this clock alone:
        a request that nobody answers waits until it is advanced, however long that really takes.
    :param list_recent_algorithms: whether it lists the algorithms that older browsers do not know, too.
    :raises ValueError: a setting has a value that there is not. It is named, with what there is.
    :raises TypeError: a setting is of another type.
    """

    def __init__(
        self,
        *,
        touch: Literal["auto", "deny", "control"] | Sequence[Literal["touch", "decline"]] = "auto",
        pin: str | None = None,
        user_verification: Literal["pin", "always", "never", "control"] = "pin",
        backup: Literal["never", "eligible", "backed-up"] = "never",
        attachment: Literal["cross-platform", "platform"] = "cross-platform",
        aaguid: uuid.UUID | str | bytes | None = None,
        seed: bytes | None = None,
        scripted_clock: bool = False,
        list_recent_algorithms: bool = False,
    ) -> None:
        self.attachment = attachment
        self._user_verification = _given.one_of("user_verification", user_verification, USER_VERIFICATIONS)
        self._scripted_clock = _given.boolean("scripted_clock", scripted_clock)
        script = _script(touch)
        self._native = _brasskey.Key(
            touch="script" if script is not None else str(touch),
            script=script,
            user_verification=self._user_verification,
            backup=_given.one_of("backup", backup, BACKUPS),
            aaguid=_aaguid(aaguid),
            seed=None if seed is None else _given.octets("seed", seed, 32),
            scripted_clock=self._scripted_clock,
            recent_algorithms=_given.boolean("list_recent_algorithms", list_recent_algorithms),
        )
        self._pin: str | None = None
        self._account: str | bytes | None = None
        self._forgeries: deque[tuple[Forgery, ...]] = deque()
        # The highest counter of each credential, by its ID.
        self._counters: dict[str, int] = {}
        if pin is not None:
            self.set_pin(pin)
        _keys.add(self)

    @property
    def attachment(self) -> Literal["cross-platform", "platform"]:
        """What it passes for in :mod:`brasskey.webauthn`: ``cross-platform`` or ``platform``."""
        return self._attachment

    @attachment.setter
    def attachment(self, attachment: Literal["cross-platform", "platform"]) -> None:
        _given.one_of("attachment", attachment, ATTACHMENTS)
        self._attachment = attachment

    def press(self) -> None:
        """Presses the button. A button that is held already when a request comes does not answer it."""
        self._native.press()

    def release(self) -> None:
        """Releases the button."""
        self._native.release()

    def pulse(self) -> None:
        """Presses and releases the button: touches the key."""
        self._native.pulse()

    def decline(self) -> None:
        """Refuses the request that waits, as a person does at a prompt."""
        self._native.decline()

    def power_off(self) -> None:
        """Pulls the plug: a request that runs ends without an answer. What the key has acknowledged stays.

        In :mod:`brasskey.webauthn` the page then gets a ``NotAllowedError``. A device of :mod:`brasskey.fido2` raises
        an ``OSError``.
        """
        self._native.power_off()

    def power_on(self) -> None:
        """Plugs it in again."""
        self._native.power_on()

    def power_cycle(self) -> None:
        """Pulls the plug and plugs it in again."""
        self.power_off()
        self.power_on()

    def advance(self, milliseconds: int) -> None:
        """Moves the clock of a key with ``scripted_clock``, and does what falls due.

        :raises ValueError: the key goes by the real clock, or the time would go back.
        """
        milliseconds = _given.whole("milliseconds", milliseconds)
        if not self._scripted_clock:
            raise ValueError("scripted_clock is False, and must be True for advance(): this key goes by the real clock")
        self._native.advance(milliseconds)

    def set_user_verified(self, verified: bool) -> None:
        """Says whether the user is verified from now on, where ``user_verification`` is ``control``.

        As the standard has it, a key whose user was not verified five times in a row verifies nobody any more,
        whatever is said here. A PIN ends that: :meth:`set_pin`, and a request that the user answers with it.

        :raises ValueError: it is something else.
        """
        verified = _given.boolean("verified", verified)
        if self._user_verification != "control":
            message = f"user_verification is {self._user_verification!r}, and must be 'control' for set_user_verified()"
            raise ValueError(message)
        self._native.set_user_verified(verified)

    def set_pin(self, pin: str) -> None:
        """Gives the key its first PIN, which its user types from then on.

        :raises ValueError: no key takes such a PIN.
        :raises brasskey.Error: the key has one already.
        """
        pin = _given.pin("pin", pin)
        if self.has_pin:
            raise Error("the key has a PIN already: type_pin() says what its user types")
        self._native.set_pin(pin)
        self._pin = pin

    def type_pin(self, pin: str | None) -> None:
        """Says which PIN the user types from now on, right or wrong, where it is asked for. With ``None`` none.

        This leaves the key's own PIN as it is: :meth:`set_pin` gives it one.

        :raises ValueError: no key has such a PIN.
        :raises brasskey.Error: the key has no PIN, so nobody asks for it.
        """
        if pin is not None:
            _brasskey.Key.check_pin(_given.pin("pin", pin))
            if self._native.has_pin() is False:
                raise Error("the key has no PIN, so its user types none: set_pin() gives it one")
        self._pin = pin

    @property
    def pin(self) -> str | None:
        """The PIN that the user types, right or wrong; ``None`` for a user who types none. To set it is
        :meth:`type_pin`."""
        return self._pin

    @pin.setter
    def pin(self, pin: str | None) -> None:
        self.type_pin(pin)

    @property
    def has_pin(self) -> bool:
        """Whether the key has a PIN. ``False`` while it is switched off or at work."""
        return self._native.has_pin() is True

    @property
    def pin_retries(self) -> int:
        """How many wrong PINs the key still takes."""
        return self._native.pin_retries()

    def choose_account(self, account: str | bytes | None) -> None:
        """Says which account the user chooses where there are several: its name, or its user handle as bytes. With
        ``None`` it is the newest."""
        if account is not None and not isinstance(account, bytes):
            account = _given.text("account", account)
        self._account = account

    def forge(self, *faults: Forgery) -> None:
        """Makes the next answer wrong in these ways, for a website that must refuse it. Each call is for one answer, in
        the order of the calls.

        :param faults: names of :data:`brasskey.forgery.Fault`, or functions that take the answer and return another.
        :raises ValueError: there is no such fault.
        """
        self._forgeries.append(checked(faults))

    @property
    def state(self) -> State:
        """What the key does now."""
        state = json.loads(self._native.state())
        return State(state["powered"], state["held"], waiting(state["waiting"]))

    def wait_until_asked(self, timeout: float = 10.0) -> Waiting | None:
        """Waits until the key waits for a touch, at most for ``timeout`` real seconds, and returns what it was asked;
        ``None`` where it was not."""
        return waiting(json.loads(self._native.wait_until_asked(_given.seconds("timeout", timeout))))

    @property
    def log(self) -> list[Command]:
        """The last thousand commands, the oldest first."""
        return [Command(**entry) for entry in json.loads(self._native.log())]

    @property
    def credentials(self) -> list[Credential]:
        """The credentials that the key keeps records of: discoverable ones, and those that were injected. It keeps
        nothing of the others: their IDs hold everything."""
        return [credential(stored) for stored in json.loads(self._native.credentials())]

    def inject(
        self,
        rp_id: str,
        private_key: bytes,
        *,
        id: bytes | None = None,
        algorithm: int | None = None,
        user_handle: bytes | None = None,
        user_name: str | None = None,
        user_display_name: str | None = None,
        sign_count: int = 0,
        backup_eligible: bool = False,
        large_blob: bytes | None = None,
    ) -> Credential:
        """Puts a credential into the key, with its private key: PKCS#8 or SEC1 in DER, or the bare 32 bytes.

        :param id: its ID; a random one where none is given.
        :param algorithm: the COSE algorithm identifier; ES256 for bare bytes, the usual one for others.
        :param user_handle: ``user.id``, which makes it discoverable.
        :raises ValueError: no key of a kind that can be injected.
        :raises TypeError: a value is of another type. It is named.
        """
        injected = self._native.inject(
            _given.text("rp_id", rp_id),
            _given.octets("private_key", private_key),
            id=_given.optional(_given.octets, "id", id),
            algorithm=_given.optional(_given.algorithm, "algorithm", algorithm),
            user_handle=_given.optional(_given.octets, "user_handle", user_handle),
            user_name=_given.optional(_given.text, "user_name", user_name),
            user_display_name=_given.optional(_given.text, "user_display_name", user_display_name),
            sign_count=_given.whole("sign_count", sign_count),
            backup_eligible=_given.boolean("backup_eligible", backup_eligible),
            large_blob=_given.optional(_given.octets, "large_blob", large_blob),
        )
        return credential(json.loads(injected))

    def delete_credential(self, id: bytes) -> None:
        """Deletes a credential that the key keeps a record of."""
        self._native.delete_credential(_given.octets("id", id))

    def delete_credentials(self) -> int:
        """Deletes all of them, and returns how many there were."""
        return self._native.delete_credentials()

    def set_sign_count(self, sign_count: int, id: bytes | None = None) -> None:
        """Sets the counter of a credential that the key keeps a record of, or the one that all others share. A counter
        that is set back looks like that of a cloned key."""
        id = _given.optional(_given.octets, "id", id)
        self._native.set_sign_count(id, _given.whole("sign_count", sign_count))

    def device(self) -> Device:
        """A ``CtapDevice`` of python-fido2, with a channel of its own. Needs ``brasskey[fido2]``."""
        from .fido2 import Device

        return Device(self)

    def __repr__(self) -> str:
        return f"<brasskey.Key {self.state}>"


def _script(touch: Any) -> list[str] | None:
    """The answers, where ``touch`` is a list of them."""
    if isinstance(touch, str):
        known = "'auto', 'deny', 'control', or a list of 'touch' and 'decline'"
        if touch not in ("auto", "deny", "control"):
            raise ValueError(f"touch is {touch!r}, and must be {known}")
        return None
    if not isinstance(touch, (list, tuple)):
        raise TypeError(f"touch is of the type {type(touch).__name__}, and must be a str, or a list of answers")
    return [_given.one_of("an answer in touch", answer, ("touch", "decline")) for answer in touch]


def _aaguid(aaguid: Any) -> bytes | None:
    if aaguid is None or isinstance(aaguid, uuid.UUID):
        return None if aaguid is None else aaguid.bytes
    if isinstance(aaguid, str):
        try:
            return uuid.UUID(aaguid).bytes
        except ValueError:
            raise ValueError(f"aaguid is {aaguid!r}, and must be a UUID") from None
    return _given.octets("aaguid", aaguid, 16)
