"""Loads passkey_site.py: ``locust --host http://localhost:8000``, and see docs/python.md for many machines."""

from brasskey.locust import WebAuthnUser
from locust import between


class Visitor(WebAuthnUser):
    # The time in which people think.
    wait_time = between(0.1, 0.5)
    # One browser in five passes attestation on.
    attestation = {"none": 4, "direct": 1}
    # An attack in twenty sign-ins, of each kind.
    bad_signatures = 0.05
    replays = 0.05
