"""A display without a monitor. A case can look at what programs show on it, and type."""

import os
import pathlib
import shutil
import subprocess
import tempfile

from case import eventually
from key import PATIENCE


class Screen:
    """A context manager: an X server with one screen."""

    size = "1000x700"

    def __init__(self):
        self._directory = tempfile.TemporaryDirectory()
        readable, writable = os.pipe()
        # -fbdir: the picture is a file (in the format of xwd), so that a look at it costs nothing. -noreset: the server
        # does not change when a program ends.
        self._server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(writable), "-screen", "0", f"{self.size}x24", "-nolisten", "tcp", "-noreset"]
            + ["-fbdir", self._directory.name],
            pass_fds=[writable], stderr=subprocess.DEVNULL,
        )
        os.close(writable)
        with open(readable) as numbers:
            number = numbers.readline().strip()
        if not number:
            raise RuntimeError("Xvfb did not start")
        self.environment = {**os.environ, "DISPLAY": f":{number}"}
        self._picture = pathlib.Path(self._directory.name, "Xvfb_screen0")
        # In the corner the pointer does not change how anything looks.
        self.do("mousemove", "999", "699")

    def do(self, *action, check=True):
        """Runs an action of xdotool."""
        done = subprocess.run(["xdotool", *action], env=self.environment, stdout=subprocess.DEVNULL, check=check)
        return done.returncode == 0

    def focus(self, title):
        """Gives the keyboard to the window with `title` in its title, as soon as it exists. No window manager does."""
        action = ("search", "--onlyvisible", "--name", title, "windowfocus")
        eventually(lambda: self.do(*action, check=False), "the window opens")

    def area(self, colours):
        """How many pixels have one of the `colours`, each a number of six hexadecimal digits."""
        picture = self._picture.read_bytes()
        return sum(picture.count(bytes.fromhex(colour)[::-1]) for colour in colours)

    def photograph(self, path):
        """Saves the picture. `develop` makes a PNG of it."""
        shutil.copyfile(self._picture, path.with_suffix(".xwd"))

    def develop(self, directory):
        """Makes PNGs of the pictures in `directory`."""
        pictures = sorted(directory.glob("*.xwd"))
        if pictures:
            subprocess.run(["mogrify", "-format", "png", *map(str, pictures)], check=True)
        for picture in pictures:
            picture.unlink()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.terminate()
        self._server.wait(PATIENCE)
        self._directory.cleanup()
