"""What a page shows, read by the browser's own protocol for debuggers. It changes nothing in the page but the focus:
what a user types, xdotool types."""

import json
import urllib.request

import websocket

from case import eventually

PORT = 9222


class Remote:
    """The only page of a browser."""

    def __init__(self):
        self._number = 0
        self._socket = eventually(self._connect, "the browser's debugger answers")

    def _connect(self):
        try:
            # Browsers refuse connections that a page could make: those with an Origin.
            return websocket.create_connection(self.address(), suppress_origin=True, timeout=60)
        except OSError:
            return None

    def call(self, method, **parameters):
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while (answer := json.loads(self._socket.recv())).get("id") != self._number:
            pass
        if "result" not in answer:
            raise LookupError(answer)
        return answer["result"]

    def value(self, expression):
        """The value of an expression of JavaScript, or None while the page changes."""
        try:
            found = self.evaluate(f"JSON.stringify({expression})")
        except LookupError:
            return None
        return json.loads(found["value"]) if found.get("type") == "string" else None


class Cdp(Remote):
    """Chromium's protocol."""

    option = (f"--remote-debugging-port={PORT}",)

    def address(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/json", timeout=60) as answer:
            [page] = [target for target in json.load(answer) if target["type"] == "page"]
        return page["webSocketDebuggerUrl"]

    def evaluate(self, expression):
        return self.call("Runtime.evaluate", expression=expression, returnByValue=True)["result"]


class BiDi(Remote):
    """WebDriver BiDi, which Firefox speaks without another program."""

    option = ("--remote-debugging-port", str(PORT))

    def __init__(self):
        super().__init__()
        self.call("session.new", capabilities={})

    def address(self):
        return f"ws://127.0.0.1:{PORT}/session"

    def evaluate(self, expression):
        [page] = self.call("browsingContext.getTree")["contexts"]
        answer = self.call(
            "script.evaluate", expression=expression, target={"context": page["context"]}, awaitPromise=False
        )
        return answer.get("result", {})
