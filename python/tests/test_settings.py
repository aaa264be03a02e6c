"""What is wrong is said at once, with what it is and what there is."""

import brasskey
import pytest
from brasskey import webauthn

ORIGIN = "https://login.example.com"
OPTIONS = {
    "rp": {"id": "example.com", "name": "Example"},
    "user": {"id": b"alice", "name": "alice", "displayName": "Alice"},
    "challenge": b"challenge",
    "pubKeyCredParams": [{"type": "public-key", "alg": -7}],
}


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        ({"touch": "sometimes"}, ValueError),
        ({"touch": ["perhaps"]}, ValueError),
        ({"touch": True}, TypeError),
        ({"pin": 1234}, TypeError),
        ({"pin": "123"}, ValueError),
        ({"pin": "1" * 64}, ValueError),
        ({"user_verification": "x"}, ValueError),
        ({"user_verification": True}, TypeError),
        ({"backup": "yes"}, ValueError),
        ({"attachment": "usb"}, ValueError),
        ({"aaguid": b"short"}, ValueError),
        ({"aaguid": "no UUID"}, ValueError),
        ({"aaguid": 7}, TypeError),
        ({"seed": b"short"}, ValueError),
        ({"seed": "a text"}, TypeError),
        ({"scripted_clock": 1}, TypeError),
        ({"list_recent_algorithms": "no"}, TypeError),
    ],
)
def test_a_setting_that_there_is_not_is_named(settings, kind):
    name = "PIN" if settings.get("pin") in ("123", "1" * 64) else next(iter(settings))
    with pytest.raises(kind, match=name) as refused:
        brasskey.Key(**settings)
    assert "short" not in str(refused.value) or name == "PIN", "secrets are not quoted"


@pytest.mark.parametrize("settings", [{"seed": bytes(31)}, {"attachment": "usb"}, {"user_verification": "control"}])
def test_a_fleet_names_it_too(settings):
    with pytest.raises(ValueError, match=next(iter(settings))):
        brasskey.Fleet(**{"seed": bytes(32), **settings})


@pytest.mark.parametrize(
    ("call", "kind", "named"),
    [
        (lambda key: key.advance(1000), ValueError, "scripted_clock"),
        (lambda key: key.advance(-1), ValueError, "milliseconds"),
        (lambda key: key.advance("1000"), TypeError, "milliseconds"),
        (lambda key: key.set_user_verified(True), ValueError, "user_verification"),
        (lambda key: key.set_user_verified("yes"), TypeError, "verified"),
        (lambda key: key.set_sign_count(-1), ValueError, "sign_count"),
        (lambda key: key.set_sign_count(1 << 32), ValueError, "sign_count"),
        (lambda key: key.inject("example.com", bytes(32), sign_count=-1), ValueError, "sign_count"),
        (lambda key: key.inject(7, bytes(32)), TypeError, "rp_id"),
        (lambda key: key.inject("example.com", "x"), TypeError, "private_key"),
        (lambda key: key.inject("example.com", bytes(32), id="x"), TypeError, "^id"),
        (lambda key: key.inject("example.com", bytes(32), algorithm="ES256"), TypeError, "algorithm is 'ES256'"),
        (lambda key: key.inject("example.com", bytes(32), algorithm=1 << 99), ValueError, "algorithm"),
        (lambda key: key.inject("example.com", bytes(32), user_handle="bob"), TypeError, "user_handle"),
        (lambda key: key.inject("example.com", bytes(32), user_name=b"bob"), TypeError, "user_name"),
        (lambda key: key.inject("example.com", bytes(32), user_display_name=7), TypeError, "user_display_name"),
        (lambda key: key.inject("example.com", bytes(32), backup_eligible="no"), TypeError, "backup_eligible is 'no'"),
        (lambda key: key.inject("example.com", bytes(32), large_blob="x"), TypeError, "large_blob"),
        (lambda key: key.delete_credential("x"), TypeError, "^id"),
        (lambda key: key.set_sign_count(1, "x"), TypeError, "^id"),
        (lambda key: key.wait_until_asked(-1), ValueError, "timeout"),
        (lambda key: key.set_pin(1234), TypeError, "pin"),
        (lambda key: key.type_pin("1"), ValueError, "PIN"),
        (lambda key: setattr(key, "attachment", "usb"), ValueError, "attachment"),
        (lambda key: key.choose_account(7), TypeError, "account"),
        (lambda key: key.forge("everything"), ValueError, "signature"),
        (lambda key: key.forge(), ValueError, "signature"),
        (lambda key: brasskey.Browser(ORIGIN, "a key"), TypeError, "key"),
        (lambda key: brasskey.Browser(None), TypeError, "origin"),
        (lambda key: brasskey.Browser("example.com"), ValueError, "not a web origin"),
        (lambda key: brasskey.Browser("http://example.com"), ValueError, "https"),
        (lambda key: brasskey.Browser("http://127.0.0.1:8000"), ValueError, "http://localhost"),
    ],
)
def test_a_value_that_there_is_not_is_named(call, kind, named):
    with pytest.raises(kind, match=named):
        call(brasskey.Key())


@pytest.mark.parametrize(
    "options",
    [
        None,
        7,
        [],
        "no JSON",
        b"\xff",
        "null",
        {"publicKey": None},
        OPTIONS | {"challenge": object()},
        OPTIONS | {"challenge": 7},
        OPTIONS | {"timeout": "60"},
        OPTIONS | {"timeout": -5},
        {(1, 2): 3},
    ],
)
def test_options_that_are_none_are_a_pages_type_error(options):
    for ceremony in (webauthn.create, webauthn.get):
        with pytest.raises(webauthn.OptionsTypeError) as refused:
            ceremony(options, ORIGIN, brasskey.Key())
        assert isinstance(refused.value, TypeError) and refused.value.name == "TypeError"


def test_options_that_hold_themselves_are_too():
    endless = dict(OPTIONS)
    endless["user"] = endless
    with pytest.raises(webauthn.OptionsTypeError):
        webauthn.create(endless, ORIGIN, brasskey.Key())
