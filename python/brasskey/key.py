"""The soft token: a security key in this process, in memory."""

from __future__ import annotations

import base64
import json
import uuid
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from . import _brasskey

if TYPE_CHECKING:
    from .fido2 import Device

_keys: weakref.WeakSet[Key] = weakref.WeakSet()


@dataclass(frozen=True)
class Waiting:
    """A request that waits for a touch. Its texts come from outside."""

    #: ``register``, ``authenticate``, ``excluded`` (register what is registered already), ``select`` or ``reset``.
    operation: str
    #: The relying party.
    rp_id: str | None
    #: The account's name.
    user: str | None
    #: U2F: the application parameter, in hexadecimal.
    application: str | None
    #: Since when, in milliseconds since power-up.
    since_ms: int


@dataclass(frozen=True)
class State:
    """What a key does now."""

    #: Whether it is switched on.
    powered: bool
    #: Whether the button is held.
    held: bool
    #: The request that waits for a touch.
    waiting: Waiting | None


@dataclass(frozen=True)
class Command:
    """A command that a key was given, and its answer, without their contents."""

    #: When it began, in milliseconds since power-up.
    time_ms: int
    #: The channel that sent it.
    channel: str
    #: Named as the standards name it.
    command: str
    #: A status of CTAP2 (``0x00``) or a status word (``0x9000``).
    status: str
    #: How long the key took, without the wait for its user, in microseconds.
    duration_us: int
    #: How long it waited for its user, in microseconds.
    waited_us: int


@dataclass(frozen=True)
class Credential:
    """A credential that a key keeps a record of: discoverable, or injected."""

    id: bytes
    rp_id: str
    is_discoverable: bool
    #: ``user.id``; empty for one that is not discoverable.
    user_handle: bytes
    user_name: str | None
    user_display_name: str | None
    #: The COSE algorithm identifier.
    algorithm: int
    #: The COSE key, as canonical CBOR.
    public_key: bytes
    sign_count: int
    #: BE.
    backup_eligible: bool
    #: BS.
    backed_up: bool
    #: Its credProtect level, 1 to 3.
    cred_protect: int
    has_large_blob_key: bool
    #: Whether it was injected.
    injected: bool


class Key:
    """A security key in this process. It keeps everything in memory, and is gone with its last reference.

    :param touch: who touches it. ``auto``: every request is approved. ``deny``: every request is refused. ``control``:
        :meth:`press`, :meth:`pulse` and :meth:`decline` decide. A list of ``touch`` and ``decline``: one answer for
        each request; after the last, as ``control``.
    :param pin: its PIN, which :mod:`brasskey.webauthn` also types where it is asked for.
    :param user_verification: whether it verifies its user by itself, as with a fingerprint. ``pin``: it cannot.
        ``always`` and ``never``: it succeeds, it fails. ``control``: as :meth:`set_user_verified` said last.
    :param backup: whether new credentials may leave the key, as synced passkeys do: ``never``, ``eligible`` (BE) or
        ``backed-up`` (BE and BS). With both of these their counter stays at 0.
    :param attachment: what it passes for in :mod:`brasskey.webauthn`: ``cross-platform``, or ``platform`` as a passkey
        provider of the computer.
    :param aaguid: the model that it says it is.
    :param seed: 32 bytes from which all its random numbers come: two keys with one seed do the same.
    :param scripted_clock: its clock stands still until :meth:`advance`.
    :param list_recent_algorithms: whether it lists the algorithms that older browsers do not know, too.
    """

    def __init__(
        self,
        *,
        touch: Literal["auto", "deny", "control"] | Sequence[Literal["touch", "decline"]] = "auto",
        pin: str | None = None,
        user_verification: Literal["pin", "always", "never", "control"] = "pin",
        backup: Literal["never", "eligible", "backed-up"] = "never",
        attachment: Literal["cross-platform", "platform"] = "cross-platform",
        aaguid: uuid.UUID | bytes | None = None,
        seed: bytes | None = None,
        scripted_clock: bool = False,
        list_recent_algorithms: bool = False,
    ) -> None:
        script = None if isinstance(touch, str) else list(touch)
        self._native = _brasskey.Key(
            touch=touch if isinstance(touch, str) else "script",
            script=script,
            user_verification=user_verification,
            backup=backup,
            aaguid=aaguid.bytes if isinstance(aaguid, uuid.UUID) else aaguid,
            seed=seed,
            scripted_clock=scripted_clock,
            recent_algorithms=list_recent_algorithms,
        )
        #: What it passes for in :mod:`brasskey.webauthn`.
        self.attachment = attachment
        #: The PIN that :mod:`brasskey.webauthn` types. Another text makes it type a wrong one.
        self.pin: str | None = None
        if pin is not None:
            self.set_pin(pin)
        _keys.add(self)

    def press(self) -> None:
        """Presses the button. A button that is held already when a request comes does not answer it."""
        self._native.press()

    def release(self) -> None:
        """Releases the button."""
        self._native.release()

    def pulse(self) -> None:
        """Presses and releases the button."""
        self._native.pulse()

    def decline(self) -> None:
        """Refuses the request that waits, as a person does at a prompt."""
        self._native.decline()

    def power_off(self) -> None:
        """Pulls the plug: a request that runs ends without an answer. What the key has acknowledged stays."""
        self._native.power_off()

    def power_on(self) -> None:
        """Plugs it in again."""
        self._native.power_on()

    def power_cycle(self) -> None:
        """Pulls the plug and plugs it in again."""
        self.power_off()
        self.power_on()

    def advance(self, milliseconds: int) -> None:
        """Moves the clock of a key with ``scripted_clock``, and does what falls due."""
        self._native.advance(milliseconds)

    def set_user_verified(self, verified: bool) -> None:
        """Says whether the user is verified from now on, where ``user_verification`` is ``control``."""
        self._native.set_user_verified(verified)

    def set_pin(self, pin: str) -> None:
        """Sets the PIN of a key that has none. :mod:`brasskey.webauthn` then types it where it is asked for.

        :raises ValueError: no key takes such a PIN.
        :raises brasskey.Error: the key has one already.
        """
        self._native.set_pin(pin)
        self.pin = pin

    @property
    def state(self) -> State:
        """What the key does now."""
        state = json.loads(self._native.state())
        return State(state["powered"], state["held"], _waiting(state["waiting"]))

    def wait_until_asked(self, timeout: float = 10.0) -> Waiting | None:
        """Waits until the key waits for a touch, at most for ``timeout`` seconds, and returns what it was asked."""
        return _waiting(json.loads(self._native.wait_until_asked(timeout)))

    @property
    def log(self) -> list[Command]:
        """The last thousand commands, the oldest first."""
        return [Command(**entry) for entry in json.loads(self._native.log())]

    @property
    def credentials(self) -> list[Credential]:
        """The credentials that the key keeps records of: discoverable ones, and those that were injected. It keeps
        nothing of the others: their IDs hold everything."""
        return [_credential(credential) for credential in json.loads(self._native.credentials())]

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
        """Puts a credential into the key, with its private key: PKCS#8 in DER, or the bare 32 bytes.

        :param id: its ID; a random one where none is given.
        :param algorithm: the COSE algorithm identifier; ES256 for bare bytes, the usual one for PKCS#8.
        :param user_handle: ``user.id``, which makes it discoverable.
        :raises ValueError: no key of a kind that can be injected.
        """
        injected = self._native.inject(
            rp_id,
            private_key,
            id=id,
            algorithm=algorithm,
            user_handle=user_handle,
            user_name=user_name,
            user_display_name=user_display_name,
            sign_count=sign_count,
            backup_eligible=backup_eligible,
            large_blob=large_blob,
        )
        return _credential(json.loads(injected))

    def delete_credential(self, id: bytes) -> None:
        """Deletes a credential that the key keeps a record of."""
        self._native.delete_credential(id)

    def delete_credentials(self) -> int:
        """Deletes all of them, and returns how many there were."""
        return self._native.delete_credentials()

    def set_sign_count(self, sign_count: int, id: bytes | None = None) -> None:
        """Sets the counter of a credential that the key keeps a record of, or the one that all others share. A counter
        that is set back looks like that of a cloned key."""
        self._native.set_sign_count(id, sign_count)

    def device(self) -> Device:
        """A ``CtapDevice`` of python-fido2, with a channel of its own. Needs ``brasskey[fido2]``."""
        from .fido2 import Device

        return Device(self)

    def __repr__(self) -> str:
        return f"<brasskey.Key {self.state}>"


def _waiting(waiting: dict[str, Any] | None) -> Waiting | None:
    return None if waiting is None else Waiting(**waiting)


def _credential(json: dict[str, Any]) -> Credential:
    return Credential(
        id=_bytes(json["credentialId"]),
        rp_id=json["rpId"],
        is_discoverable=json["isResidentCredential"],
        user_handle=_bytes(json["userHandle"]),
        user_name=json["userName"],
        user_display_name=json["userDisplayName"],
        algorithm=json["algorithm"],
        public_key=_bytes(json["publicKey"]),
        sign_count=json["signCount"],
        backup_eligible=json["backupEligibility"],
        backed_up=json["backupState"],
        cred_protect=json["credProtect"],
        has_large_blob_key=json["hasLargeBlobKey"],
        injected=json["injected"],
    )


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
