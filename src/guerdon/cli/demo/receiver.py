"""A small receiver of webhooks, as a shop would have one: takes them, and checks each signature over the raw body."""

import contextlib
import hashlib
import hmac
import threading
from collections.abc import Callable, Generator
from datetime import UTC, datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

from guerdon.cli.demo.installation import HOST

SIGNATURE_HEADER = "x-voucherify-signature"


class Arrival(NamedTuple):
    """One request that came: to which path, what it says, how it is signed, and when it was here whole."""

    path: str
    body: bytes
    signature: str
    at: datetime


def signed(arrival: Arrival, secret: str) -> bool:
    """Whether the sender knows the project's secret and nobody changed the body on the way."""
    expected = hmac.new(secret.encode(), arrival.body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), arrival.signature.encode())


@contextlib.contextmanager
def receiver(take: Callable[[Arrival], None]) -> Generator[str]:
    """Gives every request to `take`, in a thread of its own; yields the receiver's base URL."""
    server = _Server(take)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, take: Callable[[Arrival], None]) -> None:
        super().__init__((HOST, 0), _Handler)
        self.take = take

    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing: a sender that goes away tries again, or was told to stop."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        arrival = Arrival(self.path, body, self.headers.get(SIGNATURE_HEADER, ""), datetime.now(UTC))
        self.send_response(HTTPStatus.OK)
        self.send_header("content-length", "0")
        self.end_headers()
        assert isinstance(self.server, _Server)
        self.server.take(arrival)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Nothing: the display shows what arrives."""
