"""Where webhooks may go."""

import asyncio
import ipaddress
import shutil
import socket
import ssl
import subprocess
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from yarl import URL

from guerdon.webhooks import guard
from guerdon.webhooks.calls import EXCERPT_BYTES
from guerdon.webhooks.send import TIMEOUT_S, Sender
from guerdon.webhooks.settle import Attempt


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.255.255.254",
        "0.0.0.0",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "192.0.2.1",
        "198.18.0.1",
        "203.0.113.9",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fc00::1",
        "fe80::1",
        "ff02::1",
        "2001:db8::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
        "2001:0:4136:e378:8000:63bf:80ff:fffe",  # Teredo, whatever is inside
        "2001:0:4136:e378:8000:63bf:f7f7:f7f7",
        "::7f00:1",  # IPv4-compatible
        "::808:808",
        "::ffff:0:7f00:1",  # IPv4-translated
        "::ffff:a9fe:a9fe",
        "::ffff:100.100.100.200",
        "64:ff9b::100.64.0.1",
        "64:ff9b:1::1",  # NAT64 of a network's own
        "64:ff9b:1:7f00:1::",
        "2002:a9fe:a9fe::1",
        "2002:c0a8:101::",
        "2606:4700::5efe:10.0.0.1",  # ISATAP
        "2606:4700::200:5efe:127.0.0.1",
        "fec0::1",
        "fd00:ec2::254",
        "fe80::a9fe:a9fe",
        "febf::1",
        "ff0e::1",
        "100::1",
        "3fff::1",
        "5f00::1",
        "2001:2::1",
        "2001:10::1",
        "100.100.100.200",
        "100.127.255.255",
        "168.63.129.16",
        "192.0.0.192",
        "192.0.0.1",
        "192.88.99.1",
        "169.254.170.2",
        "169.254.0.1",
        "198.19.255.255",
        "239.255.255.255",
        "0.1.2.3",
    ],
)
def test_addresses_that_are_not_public(address: str) -> None:
    assert not guard.is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        "1.1.1.1",
        "8.8.8.8",
        "100.63.255.255",
        "100.128.0.1",
        "172.32.0.1",
        "2606:4700::1111",
        "2001:4860:4860::8888",
        "::ffff:8.8.8.8",
        "64:ff9b::808:808",
        "2002:808:808::1",
    ],
)
def test_addresses_that_are(address: str) -> None:
    assert guard.is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/",
        "file:///etc/passwd",
        "//example.com",
        "example.com/hook",
        "http://",
        "http:///path",
        "https://user@example.com/",
        "https://user:secret@example.com/",
        "http://example.com:99999/",
        "javascript:alert(1)",
        "",
        "http://[::1",
        "http://xn--/",
        "http://a b/",
        "http://ex\nample.com/",
        "http://example.com/\r\nx: y",
        "http://example.com\\@127.0.0.1/",
        "http://%00/",
        "http://exa<mple.com/",
        "http://a..b/",
        "http://./",
        "http://[fe80::1%25eth0]/",
        "http://@example.com/",
        "http://:@example.com/",
        "http://example.com:0/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0x7f.1/",
        "http://0177.0.0.1/",
        "http://017700000001/",
        "http://127.1/",
        "http://127.0.0.1./",
        "http://1.2.3.4.5/",
        "http://256.1.1.1/",
        "http://example.0x7f/",
        "http://0x/",
        "gopher://example.com/",
        "http:example.com",
        "http:\\\\example.com",
    ],
)
def test_urls_that_no_webhook_can_have(url: str) -> None:
    assert guard.parse_target(url) is None


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com",
        "https://example.com:8443/a?b=c",
        "http://[2606:4700::1111]/",
        "http://8.8.8.8/",
        "http://münchen.example/",
        "http://example.com./",
        "http://1.example.com/",
        "http://example.com/a@b?c=d@e",
        "http://a1/",
    ],
)
def test_urls_that_one_can(url: str) -> None:
    assert guard.parse_target(url) == URL(url)


def _attempt(url: str, *, allow_private: bool = False, ports: frozenset[int] | None = None) -> Attempt:
    async def post() -> Attempt:
        async with Sender(allow_private=allow_private, connections=1, ports=ports) as sender:
            return await sender.post(url, b"{}", {})

    return asyncio.run(post())


def _post(url: str, *, allow_private: bool = False) -> str | None:
    return _attempt(url, allow_private=allow_private).error


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "[::1]",
        "[::]",
        "0.0.0.0",
        "localhost",
        "LOCALHOST",
        "ⓛocalhost",
        "127。0。0。1",
        "\uff11\uff12\uff17.0.0.1",  # digits of full width
        "[::ffff:127.0.0.1]",
        "[::127.0.0.1]",
        "[0:0:0:0:0:ffff:7f00:0001]",
        "[64:ff9b::127.0.0.1]",
        "169.254.169.254",
    ],
)
def test_private_targets_are_refused_however_they_are_spelt(host: str) -> None:
    error = _post(f"http://{host}:9/")
    assert error is not None
    assert "not a public address" in error


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "127.0.0.1."])
def test_addresses_in_odd_spellings_are_no_targets(host: str) -> None:
    assert _post(f"http://{host}:9/") == "target is not an http(s) URL"


def test_the_setting_lets_them_through() -> None:
    error = _post("http://127.0.0.1:9/", allow_private=True)
    assert error is not None
    assert "cannot connect" in error


def test_only_the_ports_that_are_allowed() -> None:
    refused = _attempt("http://127.0.0.1:9/", allow_private=True, ports=frozenset({80, 443}))
    assert refused.error == "target port 9 is not allowed"
    tried = _attempt("http://127.0.0.1:9/", allow_private=True, ports=frozenset({9}))
    assert "cannot connect" in (tried.error or "")


@pytest.mark.parametrize("name", ["localhost.", "internal.example"])
def test_a_name_that_leads_inside_is_refused(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    _resolving_to(monkeypatch, ["127.0.0.1"])
    assert "not a public address" in (_post(f"http://{name}/") or "")


def test_a_name_with_one_private_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    _resolving_to(monkeypatch, ["1.1.1.1", "10.0.0.1"])
    assert "not a public address" in (_post("http://mixed.example/") or "")


def test_the_connection_goes_to_the_address_that_was_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """A resolver that answers differently the second time finds nobody who asks it a second time."""
    asked = _resolving_to(monkeypatch, ["1.1.1.1"], ["127.0.0.1"])
    connected: list[Any] = []

    async def start_connection(addr_infos: Any, **_: Any) -> Any:
        connected.extend(info[4][0] for info in addr_infos)
        raise OSError("far enough")

    monkeypatch.setattr("aiohappyeyeballs.start_connection", start_connection)
    assert "far enough" in (_post("http://rebinding.example/") or "")
    assert set(connected) == {"1.1.1.1"}
    assert asked == ["rebinding.example"]


def _resolving_to(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Makes the system's resolver give these answers, one after the other; the names that it was asked for."""
    asked: list[str] = []
    left = iter(answers)

    def getaddrinfo(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in next(left)]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


@contextmanager
def _answering(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """The URL of a server that hands each connection, once something was received, to `talk`, then closes it."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection, suppress(OSError):
                connection.recv(65536)
                talk(connection)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/hook?token=secret-in-query"
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()


def _endlessly(beginning: bytes, part: bytes) -> Callable[[socket.socket], None]:
    def talk(connection: socket.socket) -> None:
        connection.sendall(beginning)
        while True:
            connection.sendall(part)

    return talk


def test_of_an_answer_of_gigabytes_only_the_beginning_is_read() -> None:
    began_at = time.monotonic()
    with _answering(_endlessly(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n", b"x" * 65536)) as url:
        attempt = _attempt(url, allow_private=True)
    assert (attempt.status_code, attempt.error) == (200, None)
    assert attempt.response_excerpt == "x" * EXCERPT_BYTES
    assert time.monotonic() - began_at < TIMEOUT_S / 2


def test_an_answer_that_drips_does_not_hold_the_call() -> None:
    def talk(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
        for _ in range(1_000):
            connection.sendall(b"x")
            time.sleep(0.05)

    began_at = time.monotonic()
    with _answering(talk) as url:
        attempt = _attempt(url, allow_private=True)
    assert (attempt.status_code, attempt.error) == (200, None)
    assert time.monotonic() - began_at < TIMEOUT_S / 2


@pytest.mark.parametrize(
    ("beginning", "part"),
    [
        pytest.param(b"HTTP/1.1 200 OK\r\n", b"x: " + b"y" * 1000 + b"\r\n", id="headers without end"),
        pytest.param(b"HTTP/1.1 200 OK\r\nx: ", b"y" * 65536, id="a header without end"),
        pytest.param(b"HTTP/1.1 ", b"2" * 65536, id="a status without end"),
        pytest.param(b"", b"\x00\xff" * 1000, id="no HTTP"),
    ],
)
def test_an_answer_that_is_no_answer_takes_little_memory_and_names_no_secret(beginning: bytes, part: bytes) -> None:
    tracemalloc.start()
    try:
        with _answering(_endlessly(beginning, part)) as url:
            attempt = _attempt(url, allow_private=True)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert attempt.status_code is None
    assert attempt.error
    assert "secret-in-query" not in attempt.error
    assert peak < 20 * 2**20


def test_a_redirect_is_not_followed() -> None:
    calls: list[int] = []

    def talk(connection: socket.socket) -> None:
        calls.append(1)
        connection.sendall(b"HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n")

    with _answering(talk) as url:
        assert _attempt(url, allow_private=True).status_code == 302
    assert calls == [1]


@pytest.mark.skipif(shutil.which("openssl") is None, reason="makes its certificate with openssl")
def test_certificates_are_verified(tmp_path: Path) -> None:
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run([*made, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)

    async def post() -> Attempt:
        server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0, ssl=tls)
        async with server, Sender(allow_private=True, connections=1) as sender:
            return await sender.post(f"https://localhost:{server.sockets[0].getsockname()[1]}/?a=secret", b"{}", {})

    attempt = asyncio.run(post())
    assert attempt.status_code is None
    assert "certificate verify failed" in (attempt.error or "")
    assert "secret" not in (attempt.error or "")
