"""A website in the guest: a page that makes requests of its browser as it is told, and the server behind it."""

import http.server
import json
import pathlib
import queue
import threading

from key import PATIENCE

PAGE = pathlib.Path(__file__).with_name("page.html")


class Request:
    """One call of `navigator.credentials` in the page."""

    def __init__(self, number, method, options):
        self.body = {"number": number, "method": method, "options": options}
        self._abort = threading.Event()
        self._ended = threading.Event()
        self._outcome = None

    def abort(self):
        """Has the page abort the call."""
        self._abort.set()

    def until_abort(self):
        self._abort.wait()

    def end(self, outcome):
        self._outcome = outcome
        self._ended.set()
        self._abort.set()

    def ended(self):
        return self._ended.is_set()

    def outcome(self):
        """Waits for what came of the call: `credential` or `error`, as the page sent it."""
        if not self._ended.wait(PATIENCE):
            raise TimeoutError(f"nothing came of {json.dumps(self.body)}")
        return self._outcome


class Website:
    """The server of the page; a context manager. A browser that opens `address` is at its service."""

    #: The page's title, which browsers show in that of their window.
    title = "A website"

    def __init__(self):
        self._requests = []
        self._waiting = queue.Queue()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler(self))
        self._server.daemon_threads = True
        # WebAuthn takes http from this host only (Secure Contexts §3.1).
        self.address = f"http://localhost:{self._server.server_port}/"
        self.opened = threading.Event()

    def ask(self, method, options):
        """Has the page call `navigator.credentials.METHOD` with `options`, as JSON writes them."""
        request = Request(len(self._requests), method, options)
        self._requests.append(request)
        self._waiting.put(request)
        return request

    def next_request(self):
        """Waits for what the page is to do next."""
        self.opened.set()
        return self._waiting.get().body

    def request(self, number):
        return self._requests[int(number)]

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()


def handler(site):
    """What `site` answers its page."""

    class Handler(http.server.BaseHTTPRequestHandler):
        # The page's connection stays.
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            match self.path.split("/")[1:]:
                case [""]:
                    self.answer(PAGE.read_bytes(), "text/html")
                case ["request"]:
                    self.answer(json.dumps(site.next_request()).encode())
                case ["abort", number]:
                    site.request(number).until_abort()
                    self.answer(b"{}")
                case _:
                    self.send_error(404)

        def do_POST(self):
            outcome = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            site.request(self.path.removeprefix("/outcome/")).end(outcome)
            self.answer(b"{}")

        def answer(self, body, media_type="application/json"):
            self.send_response(200)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Says nothing: what the page does is in the cases' evidence."""

    return Handler
