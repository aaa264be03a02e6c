"""Users for Locust who register and sign in with security keys, from one machine or from a hundred.

Subclass :class:`WebAuthnUser`, say where the website has its endpoints, and run ``locust``. Needs ``brasskey[locust]``.

Each step is measured apart: ``options`` and ``verification`` are the website's, of the type ``POST``, and ``ceremony``
is the key's, of the type ``KEY``. What an attacker sends is counted as a success where the website refuses it.
"""

from __future__ import annotations

import base64
import copy
import hashlib
import os
import random
import time
from collections.abc import Mapping
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

from locust import HttpUser, task
from locust.env import Environment

from .fleet import Fleet

__all__ = ["Partition", "WebAuthnUser"]

#: How many numbers a worker has for its users.
PARTITION_SIZE = 1 << 32


class Partition:
    """The users of one worker, whose keys are all made from the seed of the run. No two workers have one in common."""

    def __init__(self, index: int, fleet: Fleet) -> None:
        #: The number of the worker: 0, 1, 2 …
        self.index = index
        #: Their keys.
        self.fleet = fleet
        #: The users that are registered.
        self.registered: list[int] = []
        self._next = 0

    def new_user(self) -> int:
        """The number of a user who is not registered yet."""
        number = self.index * PARTITION_SIZE + self._next
        self._next += 1
        return number

    def know(self, count: int) -> None:
        """The first ``count`` users were registered in an earlier run."""
        self.registered.extend(self.new_user() for _ in range(count))


_partitions: WeakKeyDictionary[Environment, Partition] = WeakKeyDictionary()


class WebAuthnUser(HttpUser):
    """Somebody who opens accounts with security keys and signs in to them.

    The default is a website that speaks JSON: to the two ``…_options`` paths a user sends ``{"username": …}`` and gets
    the options, and to the two ``…_verify`` paths the page's answer. Override :meth:`ask` and :meth:`answer` for
    another one.
    """

    abstract = True

    #: Where the website asks for a registration, and where it takes the answer.
    register_options = "/register/options"
    register_verify = "/register/verify"
    #: The same for a sign-in.
    login_options = "/login/options"
    login_verify = "/login/verify"
    #: The page's origin; without one it is the host that Locust is told.
    origin: str | None = None

    #: All keys come from this text. The environment variable ``BRASSKEY_SEED`` comes before it.
    seed = "brasskey"
    #: How many users of each worker an earlier run with the same seed registered.
    known_users = 0
    #: What the keys are: see :class:`brasskey.Fleet`.
    user_verification = "always"
    backup = "backed-up"

    #: How often browsers pass attestation on: shares by ``none`` and ``direct``, such as ``{"none": 9, "direct": 1}``.
    #: Without it, as the website asks for it.
    attestation: ClassVar[Mapping[str, float] | None] = None
    #: Which part of the sign-ins has a signature that is wrong, and which part is sent again by an attacker.
    bad_signatures = 0.0
    replays = 0.0

    @task(1)
    def register(self) -> None:
        """Opens an account with a new key."""
        partition = self.partition()
        number = partition.new_user()
        options = self.ask("register: options", self.register_options, number)
        if options is None:
            return
        if self.attestation:
            kinds, shares = zip(*self.attestation.items())
            options["attestation"] = random.choices(kinds, shares)[0]
        answer = self.ceremony("register: ceremony", partition.fleet.create, number, options)
        if answer is not None and self.answer("register: verification", self.register_verify, answer):
            partition.registered.append(number)

    @task(10)
    def sign_in(self) -> None:
        """Signs in to an account of this worker; where there is none, opens one."""
        partition = self.partition()
        if not partition.registered:
            return self.register()
        number = random.choice(partition.registered)
        options = self.ask("sign-in: options", self.login_options, number)
        if options is None:
            return
        answer = self.ceremony("sign-in: ceremony", partition.fleet.get, number, options)
        if answer is None:
            return
        if random.random() < self.bad_signatures:
            self.answer("sign-in: bad signature", self.login_verify, with_bad_signature(answer), refused=True)
            return
        if self.answer("sign-in: verification", self.login_verify, answer) and random.random() < self.replays:
            # The website has issued another challenge since.
            if self.ask("sign-in: options", self.login_options, number) is not None:
                self.answer("sign-in: replay", self.login_verify, answer, refused=True)

    def name(self, number: int) -> str:
        """The name of the account of user ``number``."""
        return f"user-{number // PARTITION_SIZE}-{number % PARTITION_SIZE}"

    def ask(self, name: str, path: str, number: int) -> dict[str, Any] | None:
        """Gets options from the website, for the account of user ``number``; ``None`` where it failed."""
        self.client.cookies.clear()
        with self.client.post(path, json={"username": self.name(number)}, name=name, catch_response=True) as response:
            if response.ok:
                return response.json()  # type: ignore[no-any-return]
            response.failure(f"{response.status_code}: {response.text[:200]}")
            return None

    def answer(self, name: str, path: str, answer: dict[str, Any], refused: bool = False) -> bool:
        """Takes the page's answer to the website, and returns whether that did what it should: accept the answer, or,
        with ``refused``, answer with 400 to 499."""
        with self.client.post(path, json=answer, name=name, catch_response=True) as response:
            as_expected = 400 <= response.status_code < 500 if refused else bool(response.ok)
            if as_expected:
                response.success()
            else:
                wanted = "a refusal" if refused else "acceptance"
                response.failure(f"{response.status_code} in place of {wanted}: {response.text[:200]}")
            return as_expected

    def ceremony(self, name: str, work: Any, number: int, options: dict[str, Any]) -> dict[str, Any] | None:
        """What browser and key do, measured; ``None`` where it failed."""
        begun = time.perf_counter()
        answer: dict[str, Any] | None = None
        failure: Exception | None = None
        try:
            answer = work(number, options, self.origin or self.host)
        except Exception as error:
            failure = error
        self.environment.events.request.fire(
            request_type="KEY",
            name=name,
            response_time=(time.perf_counter() - begun) * 1000,
            response_length=0,
            exception=failure,
            context=self.context(),
        )
        return answer

    def partition(self) -> Partition:
        """The users of this worker. Without workers there is one partition."""
        found = _partitions.get(self.environment)
        if found is None:
            index = max(getattr(self.environment.runner, "worker_index", 0), 0)
            seed = hashlib.sha256(os.environ.get("BRASSKEY_SEED", self.seed).encode()).digest()
            fleet = Fleet(seed, user_verification=self.user_verification, backup=self.backup)  # type: ignore[arg-type]
            found = _partitions[self.environment] = Partition(index, fleet)
            found.know(self.known_users)
        return found


def with_bad_signature(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer of somebody who has not the key: one bit of the signature is another."""
    forged = copy.deepcopy(answer)
    text = forged["response"]["signature"]
    signature = bytearray(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    signature[-1] ^= 1
    forged["response"]["signature"] = base64.urlsafe_b64encode(signature).rstrip(b"=").decode()
    return forged
