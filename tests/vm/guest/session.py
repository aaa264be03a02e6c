"""A desktop session without a desktop: its message bus, and services on it."""

import os
import pathlib
import subprocess
import tempfile

from case import eventually
from key import PATIENCE

# The bus starts no service by itself. A session has the services that its case starts.
BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={socket}</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""


class Session:
    """A context manager: a session bus and a home directory. Programs that get `environment` are in the session."""

    def __init__(self):
        self._directory = tempfile.TemporaryDirectory()
        self.home = pathlib.Path(self._directory.name)
        socket, configuration = self.home / "bus", self.home / "bus.conf"
        configuration.write_text(BUS.format(socket=socket))
        self.environment = {
            "HOME": str(self.home),
            "XDG_RUNTIME_DIR": str(self.home),
            "DBUS_SESSION_BUS_ADDRESS": f"unix:path={socket}",
        }
        self._bus = subprocess.Popen(["dbus-daemon", f"--config-file={configuration}", "--nofork", "--nopidfile"])
        eventually(socket.exists, "the bus listens")

    def has(self, name):
        """Whether a program on the bus owns `name`."""
        bus = "org.freedesktop.DBus"
        asked = subprocess.run(
            [
                "dbus-send", "--session", "--print-reply=literal",
                f"--dest={bus}", "/", f"{bus}.NameHasOwner", f"string:{name}",
            ],
            env={**os.environ, **self.environment}, capture_output=True, text=True, check=True, timeout=PATIENCE,
        )
        return "true" in asked.stdout

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._bus.terminate()
        self._bus.wait(PATIENCE)
        self._directory.cleanup()


class Service:
    """A context manager: a program that owns a name on the session's bus."""

    name = None

    def __init__(self, session, *command, typed="", **environment):
        self.environment = {**os.environ, **session.environment, **environment}
        self._output = session.home / f"{command[0]}.output"
        with open(self._output, "w") as output:
            self._process = subprocess.Popen(
                command, env=self.environment, text=True,
                stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT,
            )
        self._process.stdin.write(typed)
        self._process.stdin.close()
        try:
            eventually(lambda: session.has(self.name), f"{command} answers for {self.name}")
        except AssertionError as error:
            self.end()
            raise AssertionError(f"{error}\n{self.said()}") from error

    def said(self):
        return self._output.read_text()

    def end(self):
        self._process.terminate()
        self._process.wait(PATIENCE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()


class Notifications(Service):
    """dunst, which shows notifications on a screen and prints them, with a user who chooses from its menu."""

    name = "org.freedesktop.Notifications"

    def __init__(self, session, screen):
        self._choice = session.home / "choice"
        chooser = session.home / "menu"
        # dunst gives the menu a line for each action: a `#`, the label, and the notification.
        chooser.write_text(f'#!/bin/sh\ngrep -F -m 1 "#$(cat {self._choice}) ("\n')
        chooser.chmod(0o700)
        configuration = session.home / "dunstrc"
        configuration.write_text(f"[global]\ndmenu = {chooser}\n")
        # The case reads its output while it runs.
        command = ["stdbuf", "-oL", "dunst", "-print", "-conf", str(configuration)]
        super().__init__(session, *command, DISPLAY=screen.environment["DISPLAY"])

    def control(self, *action):
        done = subprocess.run(
            ["dunstctl", *action], env=self.environment, capture_output=True, text=True, check=True, timeout=PATIENCE,
        )
        return done.stdout.strip()

    def shown(self):
        """How many notifications are on the screen."""
        return int(self.control("count", "displayed"))

    def choose(self, label):
        """Opens the menu of the notification, and chooses the action with this `label`."""
        self._choice.write_text(label)
        self.control("context")

    def close(self):
        """Closes the notification, as a click on it does."""
        self.control("close")


class Secrets(Service):
    """GNOME Keyring, opened with a password unless that is None. A new keyring gets the first password."""

    name = "org.freedesktop.secrets"

    def __init__(self, session, password):
        unlock = [] if password is None else ["--unlock"]
        command = ["gnome-keyring-daemon", "--foreground", "--components=secrets", *unlock]
        super().__init__(session, *command, typed=password or "")
