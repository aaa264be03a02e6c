"""A website that accepts everything: the attacks of brasskey.locust are failures there; and what `help()` says of its
users. Run by test_locust.py."""

from brasskey.locust import WebAuthnUser
from locust.env import Environment


class Visitor(WebAuthnUser):
    host = "https://example.com"


class Welcome:
    """A response, and what Locust is told of it."""

    ok, status_code, text = True, 200, "welcome"

    def __init__(self):
        self.told = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def success(self):
        self.told.append(None)

    def failure(self, why):
        self.told.append(why)


visitor, response = Visitor(Environment(user_classes=[Visitor])), Welcome()
visitor.client.post = lambda *_, **__: response
assert visitor.answer("sign-in: replay", "/login/verify", {}, refused=True) is False
assert visitor.answer("sign-in: verification", "/login/verify", {}) is True
assert response.told == ["200 in place of a refusal: welcome", None], response.told
assert visitor.partition().index == 0

# Each setting is explained.
for name, value in vars(WebAuthnUser).items():
    if not (name.startswith("_") or callable(value) or name in ("abstract", "tasks")):
        assert f"``{name}``" in WebAuthnUser.__doc__, name
