"""The practice account, and a person who uses its pages in a browser."""

import json
import subprocess
import threading

from case import RESULTS, eventually
from key import PATIENCE


class Practice:
    """A context manager: `brasskey aws console`, in memory."""

    #: Part of the title of every page.
    title = "Practice account"

    def __init__(self, screen):
        self._errors = open(RESULTS / "console.errors", "a")
        self._process = subprocess.Popen(
            ["brasskey", "aws", "console", "--listen", "127.0.0.1:0", "--json"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self._errors, text=True,
        )
        self.ready = json.loads(self._process.stdout.readline())
        self.address = self.ready["url"]
        self.opened = Opened(screen, self.title)

    def password(self, name):
        [user] = [user for user in self.ready["users"] if user["name"] == name]
        return user["password"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.terminate()
        self._process.wait(PATIENCE)
        self._process.stdout.close()
        self._errors.close()


class Opened(threading.Event):
    """Whether a window shows one of the pages."""

    def __init__(self, screen, title):
        super().__init__()
        self._look = lambda: screen.do("search", "--onlyvisible", "--name", title, check=False)

    def is_set(self):
        return self._look()


class Visitor:
    """A person at the keyboard. A protocol for debuggers only moves the focus, and reads."""

    #: The colour behind "This is not AWS", which every page begins with.
    BANNER = ("f2e3b8",)

    def __init__(self, screen, remote, name):
        self.screen = screen
        self._remote = remote
        self._name = name
        self._pictures = 0

    def exists(self, element):
        return self._remote.value(f"document.readyState === 'complete' && document.querySelector({element!r}) !== null")

    def see(self, element):
        """Waits for an element, and returns its text."""
        eventually(lambda: self.exists(element), f"the page has {element}")
        return self._remote.value(f"document.querySelector({element!r}).textContent")

    def attribute(self, element, name):
        self.see(element)
        return self._remote.value(f"document.querySelector({element!r}).getAttribute({name!r})")

    def all(self, elements, expression):
        """What an expression says of each `element` that fits."""
        return self._remote.value(f"Array.from(document.querySelectorAll({elements!r}), (element) => {expression})")

    def _focus(self, element):
        self.see(element)
        self._remote.value(f"document.querySelector({element!r}).focus()")

    def scroll_to(self, element):
        self.see(element)
        self._remote.value(f"document.querySelector({element!r}).scrollIntoView({{block: 'center'}})")

    def _act(self, action, has_effect, what):
        """Does something, again if it had no effect: an emulated browser may be slow, and may lose keys."""
        def done():
            action()
            try:
                return eventually(has_effect, what, patience=20)
            except AssertionError:
                return False

        eventually(done, what)

    def type(self, element, text):
        """Types into a field."""
        def keys():
            self._focus(element)
            self.screen.do("key", "ctrl+a")
            self.screen.do("type", text)

        self._act(keys, lambda: self._remote.value(f"document.querySelector({element!r}).value") == text,
                  f"{element} has what was typed")

    def choose(self, element):
        """Chooses a radio button."""
        def space():
            self._focus(element)
            self.screen.do("key", "space")

        self._act(space, lambda: self._remote.value(f"document.querySelector({element!r}).checked"),
                  f"{element} is chosen")

    def press(self, element, then):
        """Presses a button or follows a link, until the page has `then`."""
        def key():
            if self.exists(element) and not self.exists(then):
                self._focus(element)
                self.screen.do("key", "Return")

        self._act(key, lambda: self.exists(then), f"{element} leads to {then}")

    def open_menu(self):
        def is_open():
            return self._remote.value("document.querySelector('#account-menu').open")

        def key():
            if not is_open():
                self._focus("#account-menu-button")
                self.screen.do("key", "Return")

        self._act(key, is_open, "the account menu opens")

    def photograph(self, what):
        """Keeps what the screen shows, and returns the picture's path."""
        try:
            eventually(lambda: self.screen.area(self.BANNER) > 10_000, "the page is drawn", patience=20)
        except AssertionError:
            # It was scrolled, or a dialogue is above it.
            pass
        self._pictures += 1
        picture = RESULTS / f"{self._name}-{self._pictures:02}-{what}"
        self.screen.photograph(picture)
        return picture.with_suffix(".xwd")
