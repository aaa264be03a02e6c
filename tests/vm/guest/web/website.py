"""A website in the guest: a page that calls its browser as the cases say, and the server behind it."""

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
        """Tells the page to abort the call."""
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
        """Waits for the result of the call: `credential` or `error`, as the page sent it."""
        if not self._ended.wait(PATIENCE):
            raise TimeoutError(f"nothing came of {json.dumps(self.body)}")
        return self._outcome


class Website:
    """A context manager: the server of the page. It controls a browser that opens `address`."""

    #: The page's title, which is part of the title of the browser's window.
    title = "A website"

    def __init__(self):
        self._requests = []
        self._waiting = queue.Queue()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler(self))
        self._server.daemon_threads = True
        # The only host for which WebAuthn accepts http (Secure Contexts §3.1).
        self.address = f"http://localhost:{self._server.server_port}/"
        self.opened = threading.Event()

    def ask(self, method, options):
        """Tells the page to call `navigator.credentials.METHOD` with `options`, in their JSON form."""
        request = Request(len(self._requests), method, options)
        self._requests.append(request)
        self._waiting.put(request)
        return request

    def next_request(self):
        """Waits for the next thing that the page has to do."""
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
    """The answers of `site` to its page."""

    class Handler(http.server.BaseHTTPRequestHandler):
        # The page keeps its connection.
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
            """Logs nothing: the cases' evidence has what the page does."""

    return Handler
