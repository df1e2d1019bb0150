"""What a call says on the wire, what it understands, and when its connection serves for another one."""

import asyncio
import shutil
import socket
import ssl
import subprocess
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import pytest

from guerdon.webhooks.calls import EXCERPT_BYTES
from guerdon.webhooks.send import Sender
from guerdon.webhooks.settle import Attempt

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
Talk = Callable[[Sender, "Script"], Awaitable[Any]]


class Script:
    """A receiver that answers each request with the next of the given bytes; None hangs up instead."""

    def __init__(self, *answers: bytes | None, tls: ssl.SSLContext | None = None, close: bool = False) -> None:
        self._answers = list(answers)
        self._close = close
        self._tls = tls
        self.requests: list[bytes] = []
        self.connections = 0
        self.writers: list[asyncio.StreamWriter] = []
        self.port = 0

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://localhost:{self.port}/hook?a=b%20c"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for writer in self.writers:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.writers.append(writer)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
                self.requests.append(head + await reader.readexactly(length))
                answer = self._answers.pop(0)
                if answer is None:
                    break
                writer.write(answer)
                if self._close:
                    await writer.drain()
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


def talk(script: Script, conversation: Talk, *, connections: int = 4) -> Any:
    async def run() -> Any:
        async with script, Sender(allow_private=True, connections=connections) as sender:
            return await conversation(sender, script)

    return asyncio.run(run())


def calls(script: Script, count: int) -> list[Attempt]:
    """So many calls, one after the other."""

    async def conversation(sender: Sender, script: Script) -> list[Attempt]:
        return [await sender.post(script.url, b"{}", {}) for _ in range(count)]

    return talk(script, conversation)


def test_what_is_said() -> None:
    async def said(sender: Sender, script: Script) -> None:
        await sender.post(f"http://127.0.0.1:{script.port}/ä?q=1&r#part", b'{"a":1}', {"x-one": "1", "x-two": "zwölf"})

    script = Script(OK)
    talk(script, said)
    head, _, body = script.requests[0].partition(b"\r\n\r\n")
    line, *lines = head.decode().split("\r\n")
    assert line == "POST /%C3%A4?q=1&r HTTP/1.1"
    assert dict(one.split(": ") for one in lines) == {
        "host": f"127.0.0.1:{script.port}",
        "accept": "*/*",
        "accept-encoding": "identity",
        "user-agent": "guerdon",
        "content-length": "7",
        "x-one": "1",
        "x-two": "zwölf",
    }
    assert body == b'{"a":1}'


@pytest.mark.parametrize("value", ["a\r\nx-three: 3", "a\rb", "a\nb", "a\0b"])
def test_a_header_cannot_become_two(value: str) -> None:
    async def conversation(sender: Sender, script: Script) -> Attempt:
        return await sender.post(script.url, b"{}", {"x-one": value})

    script = Script(OK)
    attempt = talk(script, conversation)
    assert (attempt.status_code, attempt.error) == (None, "connection failed: ValueError")
    assert script.requests == []


@pytest.mark.parametrize(
    ("answer", "status", "excerpt"),
    [
        pytest.param(OK, 200, "ok", id="a length"),
        pytest.param(b"HTTP/1.1 204 No Content\r\n\r\n", 204, None, id="no content"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n3;x=y\r\nay!\r\n0\r\nt: u\r\n\r\n",
            200,
            "okay!",
            id="chunks",
        ),
        pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n" + OK, 200, "ok", id="an announcement before"),
        pytest.param(b"HTTP/1.1 200\ncontent-length: 2\n\nok", 200, "ok", id="bare line ends and no reason"),
        pytest.param(b"HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n", 500, None, id="a failure"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n" + b"x" * 5000, 200, "x" * EXCERPT_BYTES, id="a long one"
        ),
    ],
)
def test_a_connection_serves_for_the_next_call(answer: bytes, status: int, excerpt: str | None) -> None:
    script = Script(answer, OK)
    first, second = calls(script, 2)
    assert (first.status_code, first.error, first.response_excerpt) == (status, None, excerpt)
    assert (second.status_code, second.response_excerpt) == (200, "ok")
    assert script.connections == 1


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok", id="it says so"),
        pytest.param(b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok", id="the old protocol"),
        pytest.param(OK + b"HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n", id="a second answer"),
        pytest.param(OK + b"what else I wanted to say", id="more than an answer"),
        pytest.param(b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n", id="an upgrade"),
    ],
)
def test_a_connection_that_cannot_serve_again(answer: bytes) -> None:
    script = Script(answer, OK)
    first, second = calls(script, 2)
    assert first.status_code == int(answer[9:12])
    assert first.error is None
    assert second.status_code == 200
    assert script.connections == 2


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\nok", id="a body that ends with the connection"),
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nok", id="a body that is cut off"),
        pytest.param(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n", id="a chunk is missing"),
        pytest.param(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\nzz", id="a chunk that is none"),
    ],
)
def test_after_the_status_nothing_changes_the_outcome(answer: bytes) -> None:
    (attempt,) = calls(Script(answer, close=True), 1)
    assert (attempt.status_code, attempt.error, attempt.response_excerpt) == (200, None, "ok")


def test_a_status_stands_when_the_time_is_over_before_its_body_has_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("guerdon.webhooks.send.TIMEOUT_S", 0.3)
    script = Script(b"HTTP/1.1 202 Accepted\r\ncontent-length: 10\r\n\r\nok", OK)
    first, second = calls(script, 2)
    assert (first.status_code, first.error, first.response_excerpt) == (202, None, "ok")
    assert second.status_code == 200
    assert script.connections == 2


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        pytest.param(None, "connection failed: ConnectionResetError", id="nothing"),
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-le", "connection failed: ConnectionResetError", id="half a head"),
        pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n", "connection failed: ConnectionResetError", id="announced only"),
        pytest.param(b"SSH-2.0-x\r\n", "invalid answer: ", id="another protocol"),
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n", "invalid answer: ", id="a length that is none"),
    ],
)
def test_no_answer(answer: bytes | None, error: str) -> None:
    script = Script(answer, OK, close=answer is not None)
    first, second = calls(script, 2)
    assert first.status_code is None
    assert (first.error or "").startswith(error)
    assert second.status_code == 200


@pytest.mark.parametrize("words", [b"", b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"])
def test_a_connection_on_which_something_happened_meanwhile_is_not_used(words: bytes) -> None:
    """The receiver closed it, or said something unasked, which the next call must not take for its answer."""

    async def conversation(sender: Sender, script: Script) -> list[Attempt]:
        first = await sender.post(script.url, b"{}", {})
        if words:
            script.writers[0].write(words)
        else:
            script.writers[0].close()
        await asyncio.sleep(0.05)
        return [first, await sender.post(script.url, b"{}", {})]

    script = Script(OK, b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n")
    assert [one.status_code for one in talk(script, conversation)] == [200, 202]
    assert script.connections == 2


def test_calls_at_the_same_time_have_connections_of_their_own() -> None:
    async def conversation(sender: Sender, script: Script) -> list[Attempt]:
        return [
            attempt
            for _ in range(2)
            for attempt in await asyncio.gather(*(sender.post(script.url, b"{}", {}) for _ in range(3)))
        ]

    script = Script(*[OK] * 6)
    assert [one.status_code for one in talk(script, conversation, connections=2)] == [200] * 6
    assert script.connections == 4  # of the three, two were kept


def test_an_answer_before_the_request_was_read() -> None:
    """It counts, and what is left of the request is not what the next call begins with."""

    async def conversation(sender: Sender, script: Script) -> list[Attempt]:
        return [await sender.post(script.url, body, {}) for body in (b"x" * 8_000_000, b"{}")]

    class Hasty(Script):
        async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if self.connections:
                return await super()._serve(reader, writer)
            self.connections += 1
            self.writers.append(writer)
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n")
            return None

    script = Hasty(OK)
    assert [one.status_code for one in talk(script, conversation)] == [413, 200]
    assert script.connections == 2


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_receiver_that_says_nothing_is_left(monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    """Every connection is closed, after the request as well as in the middle of the handshake."""
    monkeypatch.setattr("guerdon.webhooks.send.TIMEOUT_S", 0.2)
    silent = socket.create_server(("127.0.0.1", 0))  # the system takes the connections, and nobody asks for them yet
    silent.settimeout(5)

    def read_to_the_end() -> bytes:
        connection, _ = silent.accept()
        said = b""
        with connection, suppress(ConnectionResetError):
            connection.settimeout(5)
            while part := connection.recv(65_536):
                said += part
        return said

    async def conversation() -> None:
        url = f"{scheme}://127.0.0.1:{silent.getsockname()[1]}/"
        async with Sender(allow_private=True, connections=4) as sender:
            for _ in range(3):
                attempt = await sender.post(url, b"{}", {})
                assert (attempt.status_code, attempt.error) == (None, "no answer within 0 s")
            ended = [await asyncio.to_thread(read_to_the_end) for _ in range(3)]
            assert all(said.startswith(b"POST / " if scheme == "http" else b"\x16\x03") for said in ended)

    with silent:
        asyncio.run(conversation())


def test_callers_at_the_same_time_wait_for_one_look_up(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    really = socket.getaddrinfo

    def getaddrinfo(host: str, *rest: Any, **named: Any) -> Any:
        asked.append(host)
        return really(host, *rest, **named)

    async def conversation(sender: Sender, script: Script) -> list[Attempt]:
        return await asyncio.gather(*(sender.post(script.url, b"{}", {}) for _ in range(3)))

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    assert [one.status_code for one in talk(Script(*[OK] * 3), conversation)] == [200] * 3
    assert asked.count("localhost") == 1


def test_a_name_that_does_not_exist_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def getaddrinfo(host: str, *_: Any, **__: Any) -> Any:
        asked.append(host)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    async def conversation(sender: Sender, _: Script) -> list[Attempt]:
        return [await sender.post("http://nowhere.example/?secret=1", b"{}", {}) for _ in range(2)]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    for attempt in talk(Script(), conversation):
        assert attempt.error == f"cannot connect: [Errno {socket.EAI_NONAME}] Name or service not known"
    assert asked == ["nowhere.example"] * 2


@pytest.mark.skipif(shutil.which("openssl") is None, reason="makes its certificate with openssl")
def test_over_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
    made += ["-addext", "subjectAltName=DNS:localhost"]
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run([*made, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    script = Script(OK, OK, tls=tls)
    assert [one.response_excerpt for one in calls(script, 2)] == ["ok", "ok"]
    assert script.connections == 1
