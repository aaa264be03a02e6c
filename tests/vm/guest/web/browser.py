"""Unmodified browsers with a new profile, and their dialogues."""

import json
import pathlib
import subprocess
import tempfile

from case import RESULTS, eventually
from key import PATIENCE

# Seconds for a browser to show its first page.
START = 300.0


class Browser:
    """A context manager: a browser that shows a website on a screen."""

    #: The colours that only the default button of a dialogue has.
    button = ()

    def __init__(self, screen, site):
        self.screen = screen
        self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self._log = RESULTS / "browser.log"
        with open(self._log, "w") as log:
            self._process = subprocess.Popen(
                self.command(pathlib.Path(self._profile.name), site.address),
                env=screen.environment, stdout=log, stderr=subprocess.STDOUT,
            )
        self.await_page(site)
        screen.focus(site.title)

    def command(self, profile, address):
        raise NotImplementedError

    def keep_no_passwords(self, profile):
        """Has the browser not offer to save passwords, which would hide a part of the page."""

    def await_page(self, site):
        def decided():
            return site.opened.is_set() or self._process.poll() is not None

        try:
            eventually(decided, "the page opens", patience=START)
        except AssertionError as error:
            self.screen.photograph(RESULTS / "start")
            raise RuntimeError(self.log()) from error
        if not site.opened.is_set():
            raise RuntimeError(f"the browser ended:\n{self.log()}")

    def log(self):
        return self._log.read_text(errors="replace")[-20_000:]

    def asks(self):
        """Whether a dialogue with a default button is open."""
        return self.screen.area(self.button) > 1000

    def await_question(self):
        eventually(self.asks, "a dialogue asks")

    def enter_pin(self, pin, taken):
        """Types the PIN into the dialogue that asks for it. Repeats this until `taken` says that it had an effect."""
        def used():
            # Without a dialogue, Return would press another button.
            if self.asks():
                # First it deletes what an earlier attempt has typed.
                self.screen.do("key", "ctrl+a", "type", pin)
                self.screen.do("key", "Return")
            try:
                return eventually(taken, "the PIN is used", patience=15)
            except AssertionError:
                return False

        eventually(used, "the PIN is used")
        eventually(lambda: not self.asks(), "the dialogue closes")

    def answer(self, key):
        """Answers a dialogue with a key of the keyboard, and repeats this until it has an effect. Browsers ignore
        answers at first, so that nobody answers a dialogue before they have read it."""
        self.await_question()

        def closes():
            self.screen.do("key", key)
            return self.is_closed(patience=3)

        eventually(closes, "the dialogue closes")

    def is_closed(self, patience):
        """Whether all dialogues are gone within `patience` seconds."""
        try:
            return eventually(lambda: not self.asks(), "the dialogue closes", patience=patience)
        except AssertionError:
            return False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._profile.cleanup()


class Chromium(Browser):
    """Chromium in a window without tabs, which takes half the time to start."""

    button = ("0b57d0",)

    def keep_no_passwords(self, profile):
        (profile / "Default").mkdir()
        (profile / "Default/Preferences").write_text(json.dumps({"credentials_enable_service": False}))

    def command(self, profile, address):
        return [
            "chromium", f"--app={address}", f"--user-data-dir={profile}", "--window-position=0,0",
            f"--window-size={self.screen.size.replace('x', ',')}",
            # One process fewer. If that one is slow, Chromium ends it and waits for the page for ever.
            "--enable-features=NetworkServiceInProcess2",
            # Logs what it does with keys.
            "--enable-logging=stderr", "--vmodule=device_event_log*=1",
            # To run as root, and without a graphics processor.
            "--no-sandbox", "--disable-gpu",
            # Nothing but the page.
            "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--disable-default-apps", "--disable-extensions", "--password-store=basic",
        ]


class Firefox(Browser):
    """Firefox, which does not fetch and ask anything at its first start."""

    button = ("0062fa",)
    preferences = {
        # Otherwise a dialogue asks whether the website may see the attestation.
        "security.webauthn.always_allow_direct_attestation": True,
        # The buttons of dialogues work at once.
        "security.dialog_enable_delay": 0,
        "ui.prefersReducedMotion": 1,
        "signon.rememberSignons": False,
        "browser.shell.checkDefaultBrowser": False,
        "browser.aboutwelcome.enabled": False,
        "browser.startup.homepage_override.mstone": "ignore",
        "browser.startup.page": 0,
        "browser.newtabpage.enabled": False,
        "termsofuse.bypassNotification": True,
        "datareporting.policy.dataSubmissionEnabled": False,
        "datareporting.policy.dataSubmissionPolicyBypassNotification": True,
        "toolkit.telemetry.reportingpolicy.firstRun": False,
        "app.normandy.enabled": False,
        "app.update.enabled": False,
        "extensions.update.enabled": False,
        "extensions.getAddons.cache.enabled": False,
        "browser.safebrowsing.malware.enabled": False,
        "browser.safebrowsing.phishing.enabled": False,
        "network.captive-portal-service.enabled": False,
        "network.connectivity-service.enabled": False,
        "services.settings.server": "data:,",
        # One process fewer for the page.
        "fission.autostart": False,
        "dom.ipc.processPrelaunch.enabled": False,
    }

    def command(self, profile, address):
        lines = (f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in self.preferences.items())
        (profile / "user.js").write_text("".join(lines))
        width, height = self.screen.size.split("x")
        return ["firefox-esr", "--no-remote", "--profile", str(profile), "--width", width, "--height", height, address]
