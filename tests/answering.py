"""Small HTTP servers for tests that answer in JSON, in place of inference or a PM."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = tuple[int, object]
"""Status and body."""


class JSONHandler(BaseHTTPRequestHandler):
    """Says how; a subclass says what, in `get` and `post`."""

    def get(self) -> Answer:
        raise NotImplementedError

    def post(self, body: Any) -> Answer:
        raise NotImplementedError

    def do_GET(self) -> None:
        self._answer(*self.get())

    def do_POST(self) -> None:
        self._answer(*self.post(json.loads(self.rfile.read(int(self.headers["Content-Length"])))))

    def _answer(self, status: int, body: object) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def answering(server: ThreadingHTTPServer) -> Iterator[str]:
    """The server at work in a thread; its URL."""
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
