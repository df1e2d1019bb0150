"""What comes over the wire: an answer is one piece, and whatever is asked next on the connection is answered too."""

import socket
from collections.abc import Iterator

import pytest

from installation import Installation


@pytest.fixture
def wire(installation: Installation) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", installation.settings.port), timeout=10) as connection:
        yield connection


def _ask(method: str, path: str = "/healthz", *headers: str) -> bytes:
    return "\r\n".join((f"{method} {path} HTTP/1.1", "host: test", *headers, "", "")).encode()


def _until(wire: socket.socket, end: bytes) -> bytes:
    received = b""
    while not received.endswith(end):
        received += wire.recv(65_536) or pytest.fail(f"closed after {received!r}")
    return received


def test_head_and_body_come_in_one_piece(wire: socket.socket) -> None:
    for _ in range(3):
        wire.sendall(_ask("GET"))
        piece = wire.recv(65_536)
        assert piece.startswith(b"HTTP/1.1 200")
        assert piece.endswith(b'{"status":"ok"}')


def test_an_answer_without_a_body_comes_at_once(wire: socket.socket) -> None:
    wire.sendall(_ask("HEAD"))
    assert _until(wire, b"\r\n\r\n").startswith(b"HTTP/1.1 405")
    wire.sendall(_ask("GET"))
    assert _until(wire, b"}").startswith(b"HTTP/1.1 200")


def test_requests_sent_together_are_answered_in_turn(wire: socket.socket) -> None:
    wire.sendall(_ask("GET") + _ask("GET", "/no-such-path") + _ask("GET"))
    received = b""
    while received.count(b"HTTP/1.1 ") < 3 or not received.endswith(b"}"):
        received += wire.recv(65_536)
    assert [answer[:3] for answer in received.split(b"HTTP/1.1 ")[1:]] == [b"200", b"404", b"200"]


def test_a_client_that_asks_first_is_told_to_go_on(installation: Installation, wire: socket.socket) -> None:
    key = installation.first
    headers = (
        f"x-management-id: {key.management_id}",
        f"x-management-token: {key.management_token}",
        "content-type: application/json",
        "content-length: 2",
        "expect: 100-continue",
    )
    wire.sendall(_ask("POST", "/management/v1/projects", *headers))
    assert _until(wire, b"\r\n\r\n").startswith(b"HTTP/1.1 100")
    wire.sendall(b"{}")
    assert _until(wire, b"}").startswith(b"HTTP/1.1 400")


def test_a_connection_that_is_to_be_closed_gets_its_answer_first(wire: socket.socket) -> None:
    wire.sendall(_ask("GET", "/healthz", "connection: close"))
    received = b""
    while piece := wire.recv(65_536):
        received += piece
    assert received.endswith(b'{"status":"ok"}')
