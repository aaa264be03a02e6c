"""What a key tells of itself: what it does, what it did, and what is in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ._json import decode

__all__ = ["Command", "Credential", "State", "Waiting"]


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


def waiting(read: dict[str, Any] | None) -> Waiting | None:
    """What the native half says of the request that waits."""
    return None if read is None else Waiting(**read)


def credential(read: dict[str, Any]) -> Credential:
    """What it says of a credential."""
    return Credential(
        id=decode(read["credentialId"]),
        rp_id=read["rpId"],
        is_discoverable=read["isResidentCredential"],
        user_handle=decode(read["userHandle"]),
        user_name=read["userName"],
        user_display_name=read["userDisplayName"],
        algorithm=read["algorithm"],
        public_key=decode(read["publicKey"]),
        sign_count=read["signCount"],
        backup_eligible=read["backupEligibility"],
        backed_up=read["backupState"],
        cred_protect=read["credProtect"],
        has_large_blob_key=read["hasLargeBlobKey"],
        injected=read["injected"],
    )
