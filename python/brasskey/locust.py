"""Users for Locust who register and sign in with security keys, from one machine or from a hundred.

Subclass :class:`WebAuthnUser`, say where the website has its endpoints, and run ``locust``. Needs Locust:
``pip install 'brasskey[locust]'``.

Each step is measured apart: ``options`` and ``verification`` are the website's, of the type ``POST``, and ``ceremony``
is the key's, of the type ``KEY``. What an attacker sends is counted as a success where the website refuses it.
"""

from __future__ import annotations

import hashlib
import os
import random
import secrets
import time
from collections.abc import Mapping
from typing import Any, ClassVar, Literal
from weakref import WeakKeyDictionary

try:
    from locust import HttpUser, task
    from locust.env import Environment
except ModuleNotFoundError as error:
    raise ImportError("brasskey.locust needs Locust: pip install 'brasskey[locust]'", name=error.name) from error

from .fleet import Fleet
from .forgery import forge

__all__ = ["Partition", "WebAuthnUser"]

#: How many numbers a worker has for its users.
PARTITION_SIZE = 1 << 32
#: How many hexadecimal digits tell the accounts of one seed from those of others.
RUN_DIGITS = 10


class Partition:
    """The users of one worker, whose keys are all made from the seed of the run. No two workers have one in common."""

    def __init__(self, index: int, fleet: Fleet, run: str) -> None:
        #: The number of the worker: 0, 1, 2 …
        self.index = index
        #: Their keys.
        self.fleet = fleet
        #: What tells the accounts of this seed from those of others.
        self.run = run
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
    the options, and to the two ``…_verify`` paths the page's answer. Override :meth:`ask`, :meth:`answer` and
    :meth:`name` for another one.

    A subclass sets these:

    ``register_options``, ``register_verify``
        Where the website asks for a registration, and where it takes the answer:
        ``/register/options``, ``/register/verify``.
    ``login_options``, ``login_verify``
        The same for a sign-in: ``/login/options``, ``/login/verify``.
    ``origin``
        The page's origin, such as ``https://login.example.com``. Without one it is the host that Locust is told.
    ``seed``
        A text that all keys and the names of their accounts come from. The environment variable ``BRASSKEY_SEED`` comes
        before it. Without either, each run has keys and accounts of its own. With one, a later run signs in to the
        accounts of an earlier run.
    ``known_users``
        With a seed: how many accounts of each worker are there from earlier runs, to sign in to at once. More are found
        as the website refuses to register them again: see ``exists``.
    ``exists``
        The status with which the website refuses to register an account that exists: 409. With a seed that account is
        then signed in to, and the refusal counts as a success. Without a seed it is a failure, as every other one.
    ``user_verification``, ``backup``
        What the keys are: see :class:`brasskey.Fleet`. ``always``, ``backed-up``.
    ``attestation``
        How often browsers pass attestation on: shares by ``none`` and ``direct``, such as ``{"none": 9, "direct": 1}``.
        Without it, as the website asks for it.
    ``bad_signatures``, ``replays``
        Which part of the sign-ins has a signature that is wrong, and which part is sent again by an attacker: 0 to 1.
    """

    abstract = True

    register_options = "/register/options"
    register_verify = "/register/verify"
    login_options = "/login/options"
    login_verify = "/login/verify"
    origin: str | None = None

    seed: str | None = None
    known_users = 0
    exists = 409
    user_verification: Literal["pin", "always", "never"] = "always"
    backup: Literal["never", "eligible", "backed-up"] = "backed-up"

    attestation: ClassVar[Mapping[str, float] | None] = None
    bad_signatures = 0.0
    replays = 0.0

    #: Whether the last registration was refused because the account exists.
    _found = False

    @task(1)
    def register(self) -> None:
        """Opens an account with a new key. With a seed, an account that is there already is known from then on."""
        partition = self.partition()
        number = partition.new_user()
        options = self.ask("register: options", self.register_options, number)
        if options is None:
            if self._found:
                partition.registered.append(number)
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
            self.answer("sign-in: bad signature", self.login_verify, forge(answer, "signature"), refused=True)
            return
        if self.answer("sign-in: verification", self.login_verify, answer) and random.random() < self.replays:
            # The website has issued another challenge since.
            if self.ask("sign-in: options", self.login_options, number) is not None:
                self.answer("sign-in: replay", self.login_verify, answer, refused=True)

    def name(self, number: int) -> str:
        """The name of the account of user ``number``."""
        return f"user-{self.partition().run}-{number // PARTITION_SIZE}-{number % PARTITION_SIZE}"

    def ask(self, name: str, path: str, number: int) -> dict[str, Any] | None:
        """Gets options from the website, for the account of user ``number``; ``None`` where there are none."""
        self.client.cookies.clear()
        self._found = False
        with self.client.post(path, json={"username": self.name(number)}, name=name, catch_response=True) as response:
            if response.ok:
                return response.json()  # type: ignore[no-any-return]
            is_refused = path == self.register_options and response.status_code == self.exists
            self._found = is_refused and self._seed() is not None
            if self._found:
                response.success()
            else:
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
            text = self._seed()
            if text is None and self.known_users:
                raise ValueError(f"known_users is {self.known_users}, and needs the seed of the run that made them")
            seed = hashlib.sha256((secrets.token_hex() if text is None else text).encode()).digest()
            fleet = Fleet(seed, user_verification=self.user_verification, backup=self.backup)
            run = hashlib.sha256(b"run" + seed).hexdigest()[:RUN_DIGITS]
            found = _partitions[self.environment] = Partition(index, fleet, run)
            found.know(self.known_users)
        return found

    def _seed(self) -> str | None:
        return os.environ.get("BRASSKEY_SEED", self.seed)
