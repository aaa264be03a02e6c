"""A program at a terminal, which runs while the case goes on."""

import os
import pty
import signal
import threading

from case import eventually


class Terminal:
    """A context manager: a program and its terminal."""

    def __init__(self, *command):
        self._shown = b""
        self._pid, self._terminal = pty.fork()
        if self._pid == 0:
            os.execvp(command[0], command)
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self):
        # This ends when no process has the terminal open any more.
        while True:
            try:
                self._shown += os.read(self._terminal, 4096)
            except OSError:
                return

    def shown(self):
        return self._shown.decode(errors="replace").replace("\r\n", "\n")

    def await_text(self, text):
        try:
            eventually(lambda: text in self.shown(), f"the program says {text}")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.shown()}") from error

    def type(self, text):
        os.write(self._terminal, text.encode())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # The same as Ctrl-C.
        self.type("\x03")
        self._reader.join(timeout=10)
        if self._reader.is_alive():
            # It leads the session of the terminal, so that all processes of the session end.
            os.kill(self._pid, signal.SIGKILL)
            self._reader.join()
        os.waitpid(self._pid, 0)
        os.close(self._terminal)
