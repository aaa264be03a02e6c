"""A case of a suite. It keeps what its clients print, and shows it if the case fails."""

import functools
import os
import pathlib
import pty
import select
import subprocess
import tempfile
import time
import unittest

from key import PATIENCE, Key


def eventually(condition, what, patience=PATIENCE):
    """Waits until `condition` gives something true, and returns that."""
    deadline = time.monotonic() + patience
    while not (held := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"never happened: {what}")
        time.sleep(0.1)
    return held


RESULTS = pathlib.Path("/share/results")


class Case(unittest.TestCase):
    """Cases with a real client and a key of their own."""

    #: The class that brings the key into the guest.
    key_class = Key
    #: More options for `brasskey token`.
    options = ()
    touch = "auto"
    #: Whether each case has a key of its own, or all cases of the class share one.
    shared = False

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        if cls.shared:
            cls.key = cls.enterClassContext(cls.plug_in())

    @classmethod
    def plug_in(cls):
        return cls.key_class(*cls.options, touch=cls.touch)

    def setUp(self):
        self._transcript = []
        if not self.shared:
            self.key = self.enterContext(self.plug_in())

    @functools.cached_property
    def files(self):
        """A directory for this case."""
        return pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def replug(self, *options, touch="auto"):
        """Pulls the key out, and plugs in another one, or the same one with the same `--state`."""
        self.key.close()
        self.key = self.enterContext(self.key_class(*options, touch=touch))

    def set_pin(self, pin):
        """Sets the PIN with libfido2."""
        self.dialogue("fido2-token", "-S", self.key.hidraw, answers=[("Enter new PIN", pin), ("again", pin)])

    def note(self, text):
        """Adds `text` to the evidence."""
        self._transcript.append(text)

    def transcript(self):
        """What the clients printed, on stderr too."""
        return "\n".join(self._transcript)

    def client(self, *command, status=0, **options):
        """Runs a client to its end, and returns what it printed. With `status` None, any status passes."""
        command = [str(word) for word in command]
        # Without a terminal, so that a client that asks for a PIN fails at once.
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=PATIENCE, start_new_session=True,
            **({"stdin": subprocess.DEVNULL} if "input" not in options else {}), **options,
        )
        self.note(f"$ {' '.join(command)}\n{done.stdout}{done.stderr}[exit status {done.returncode}]")
        if status is not None:
            self.assertEqual(done.returncode, status, "the client's exit status")
        return done.stdout

    def dialogue(self, *command, answers=(), status=0, **options):
        """Runs a client on a terminal. When it prints the next prompt of `answers`, types the answer to it, and not
        earlier: programs drop what was typed before they ask."""
        command = [str(word) for word in command]
        pid, terminal = pty.fork()
        if pid == 0:
            os.environ.update(options.get("env", {}))
            if directory := options.get("cwd"):
                os.chdir(directory)
            os.execvp(command[0], command)
        shown, waiting, seen = b"", list(answers), 0
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if not select.select([terminal], [], [], 1)[0]:
                continue
            try:
                got = os.read(terminal, 4096)
            except OSError:
                break
            if not got:
                break
            shown += got
            if waiting and waiting[0][0].encode() in shown[seen:]:
                seen = len(shown)
                os.write(terminal, waiting.pop(0)[1].encode() + b"\n")
        else:
            os.kill(pid, 9)
        os.close(terminal)
        ended = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        text = shown.decode(errors="replace").replace("\r\n", "\n")
        self.note(f"$ {' '.join(command)}\n{text}[exit status {ended}]")
        self.assertEqual(waiting, [], "the client asked for less")
        if status is not None:
            self.assertEqual(ended, status, "the client's exit status")
        return text

    def evidence(self):
        key = getattr(self, "key", None)
        return "\n".join(["-- the clients", self.transcript(), key.evidence() if key else ""])
