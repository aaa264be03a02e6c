"""Tests of a website with passkeys, without a browser: copy them, and put your website in place of the example."""

from collections.abc import Callable

import passkey_site
import pytest
from brasskey import Browser
from brasskey.forgery import Fault
from brasskey.webauthn import InvalidStateError, NotAllowedError
from fastapi.testclient import TestClient
from httpx2 import Response


@pytest.fixture
def site() -> TestClient:
    passkey_site.accounts.clear()
    return TestClient(passkey_site.app)


@pytest.fixture
def browser(brasskey_browser: Callable[..., Browser]) -> Browser:
    return brasskey_browser(passkey_site.ORIGIN)


def register(site: TestClient, browser: Browser, username: str = "alice") -> Response:
    options = site.post("/register/options", json={"username": username}).json()
    return site.post("/register/verify", json=browser.create(options))


def sign_in(site: TestClient, browser: Browser, username: str = "alice") -> Response:
    options = site.post("/login/options", json={"username": username}).json()
    return site.post("/login/verify", json=browser.get(options))


def test_a_user_registers_and_signs_in(site: TestClient, browser: Browser) -> None:
    assert register(site, browser).json() == {"verified": True}
    assert sign_in(site, browser).json() == {"username": "alice"}


def test_an_answer_counts_once(site: TestClient, browser: Browser) -> None:
    register(site, browser)
    options = site.post("/login/options", json={"username": "alice"}).json()
    answer = browser.get(options)
    assert site.post("/login/verify", json=answer).status_code == 200
    assert site.post("/login/verify", json=answer).status_code == 400
    site.post("/login/options", json={"username": "alice"})
    assert site.post("/login/verify", json=answer).status_code == 401


@pytest.mark.parametrize("fault", ["challenge", "origin", "counter", "signature", "userPresence", "rpId"])
def test_a_wrong_answer_is_refused(site: TestClient, browser: Browser, fault: Fault) -> None:
    register(site, browser)
    browser.key.set_sign_count(100_000)
    assert sign_in(site, browser).status_code == 200
    browser.key.forge(fault)
    assert sign_in(site, browser).status_code == 401


def test_a_user_says_no(site: TestClient, brasskey_browser: Callable[..., Browser]) -> None:
    unwilling = brasskey_browser(passkey_site.ORIGIN, touch=["touch", "decline"])
    register(site, unwilling)
    with pytest.raises(NotAllowedError):
        sign_in(site, unwilling)


def test_a_key_is_registered_once(site: TestClient, browser: Browser) -> None:
    register(site, browser)
    options = site.post("/register/options", json={"username": "bob"}).json()
    held = site.post("/login/options", json={"username": "alice"}).json()["allowCredentials"]
    with pytest.raises(InvalidStateError):
        browser.create(options | {"excludeCredentials": held})
