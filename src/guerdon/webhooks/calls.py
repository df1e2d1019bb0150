"""HTTP/1.1 calls to receivers: one at a time on a connection, which is kept a moment for the next one (record 0073).

The parser is llhttp, TLS is the event loop's; ours is only what a call needs. Nothing that a receiver sends takes more
memory than one read of the socket: the head of an answer is cut off at _HEAD_BYTES, its body is not read on after
EXCERPT_BYTES or _EXCERPT_S, and a connection with anything left to read is closed.
"""

import asyncio
import ssl
import time
from collections import defaultdict, deque
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple, cast

import aiohappyeyeballs
import httptools
from yarl import URL

from guerdon.webhooks.guard import Resolver, TargetRefused

EXCERPT_BYTES = 1_024
_EXCERPT_S = 1.0  # the status decides; a body that drips must not hold the call
_HEAD_BYTES = 65_536
# Many servers close a connection that is idle for 5 s. A call that meets this moment fails and waits a minute.
_IDLE_S = 3.0
_SECOND_ADDRESS_S = 0.25
_SWITCHING = 101
_FINAL = 200


class Answer(NamedTuple):
    """What a receiver said: the status, its wish for the next attempt as it wrote it, the beginning of the body."""

    status: int
    retry_after: str | None
    excerpt: bytes


class InvalidAnswer(ConnectionError):  # noqa: N818 - one of the ways a connection fails
    """What came is no HTTP."""


class CannotConnect(ConnectionError):  # noqa: N818 - one of the ways a connection fails
    """No address of the receiver took the connection, or what it presented is not to be trusted."""


class _Route(NamedTuple):
    host: str
    port: int
    tls: bool
    request_line: str


class Calls:
    """Connections to receivers, of which at most `most_kept` wait for another call."""

    def __init__(self, resolver: Resolver, most_kept: int) -> None:
        self._resolver = resolver
        self._most_kept = most_kept
        self._kept: dict[tuple[str, int, bool], deque[_Connection]] = defaultdict(deque)
        self._count = 0
        self._sweeping: asyncio.TimerHandle | None = None
        self._tls: ssl.SSLContext | None = None

    async def post(self, url: URL, headers: Mapping[str, str], content: bytes, until: float) -> Answer:
        """Sends the request and reads the beginning of the answer, `until` that moment of the event loop's time.

        Errors: TimeoutError, CannotConnect, InvalidAnswer, ConnectionError, TargetRefused, ValueError (a header that is
        none).
        """
        route = _route(url)
        request = _head(route, headers, len(content)) + content
        connection = self._take(route[:3])
        if connection is None:
            async with asyncio.timeout_at(until):
                connection = await self._connect(route)
        answer = await connection.call(request, until)
        if connection.free:
            self._keep(route[:3], connection)
        return answer

    def close(self) -> None:
        """Closes what is kept. A call that is open ends with its task."""
        if self._sweeping is not None:
            self._sweeping.cancel()
        for kept in self._kept.values():
            for connection in kept:
                connection.close()
        self._kept.clear()

    def _take(self, key: tuple[str, int, bool]) -> "_Connection | None":
        kept = self._kept.get(key)
        while kept:
            self._count -= 1
            connection = kept.pop()
            if connection.free and time.monotonic() - connection.ended_at < _IDLE_S:
                return connection
            connection.close()
        return None

    def _keep(self, key: tuple[str, int, bool], connection: "_Connection") -> None:
        if self._count >= self._most_kept:
            connection.close()
            return
        self._kept[key].append(connection)
        self._count += 1
        if self._sweeping is None:
            self._sweeping = asyncio.get_running_loop().call_later(_IDLE_S, self._sweep)

    def _sweep(self) -> None:
        """Closes what nobody has asked for."""
        last = time.monotonic() - _IDLE_S
        for key, kept in list(self._kept.items()):
            while kept and kept[0].ended_at <= last:
                kept.popleft().close()
                self._count -= 1
            if not kept:
                del self._kept[key]
        again = asyncio.get_running_loop().call_later
        self._sweeping = again(_IDLE_S, self._sweep) if self._kept else None

    async def _connect(self, route: _Route) -> "_Connection":
        loop = asyncio.get_running_loop()
        try:
            addresses = await self._resolver.resolve(route.host, route.port)
            taken = await aiohappyeyeballs.start_connection(  # pyright: ignore[reportUnknownMemberType]
                addresses, happy_eyeballs_delay=_SECOND_ADDRESS_S, interleave=1, loop=loop
            )
            secure: dict[str, Any] = {}
            if route.tls:
                self._tls = self._tls or ssl.create_default_context()
                secure = {"ssl": self._tls, "server_hostname": route.host.rstrip(".")}
            _, connection = await loop.create_connection(lambda: _Connection(loop), sock=taken, **secure)
        except TargetRefused:
            raise
        except OSError as failure:
            raise CannotConnect(str(failure)) from failure
        return connection


class _Connection(asyncio.Protocol):
    """One connection. The parser calls `on_…`; the event loop the rest."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        # What receivers get wrong and everybody reads: the connection carries nothing but this receiver's answers.
        self._parser.set_dangerous_leniencies(
            lenient_headers=True, lenient_optional_cr_before_lf=True, lenient_spaces_after_chunk_size=True
        )
        self._waiting: asyncio.Future[Answer] | None = None
        self._dripping: asyncio.TimerHandle | None = None
        self._begin()
        self.free = False
        self.ended_at = 0.0

    def _begin(self) -> None:
        self._status: int | None = None
        self._retry_after: str | None = None
        self._excerpt = b""
        self._head_bytes = 0
        self._whole = False
        self._stays = False

    async def call(self, request: bytes, until: float) -> Answer:
        """The answer to the request; afterwards `free` says whether another may follow.

        Errors: ConnectionError; TimeoutError if not even a status has come until then.
        """
        transport = self._transport
        if transport is None:
            raise ConnectionResetError("the receiver closed the connection")
        self._begin()
        self.free = False
        self._waiting = self._loop.create_future()
        limit = self._loop.call_at(until, self._expire)
        transport.write(request)
        try:
            return await self._waiting
        finally:
            self._waiting = None
            limit.cancel()
            if not self.free:
                transport.abort()

    def _expire(self) -> None:
        """The time is over. A status that has come stands, whatever is missing of the body."""
        self._fail(TimeoutError()) if self._status is None else self._end()

    def close(self) -> None:
        self.free = False
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self.free = False
        if self._status is not None:
            self._end()
        else:
            failure = ConnectionResetError("the receiver closed the connection")
            failure.__cause__ = exc
            self._fail(failure)

    def data_received(self, data: bytes) -> None:
        if self._waiting is None or self._waiting.done():
            self.close()  # nobody asked for it
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._end()
        except httptools.HttpParserError as failure:
            if self._status is None:
                self._fail(InvalidAnswer(str(failure)))
            self._end()
        else:
            self._read(len(data))

    def _read(self, length: int) -> None:
        """Judges what has come so far, of which `length` bytes just now."""
        if self._whole or len(self._excerpt) >= EXCERPT_BYTES:
            self._end(stays=self._stays)
        elif self._status is not None:
            self._dripping = self._dripping or self._loop.call_later(_EXCERPT_S, self._end)
        else:
            self._head_bytes += length
            if self._head_bytes > _HEAD_BYTES:
                self._fail(InvalidAnswer("its head does not end"))

    def _end(self, *, stays: bool = False) -> None:
        if self._dripping is not None:
            self._dripping.cancel()
            self._dripping = None
        if self._waiting is not None and not self._waiting.done() and self._status is not None:
            # An answer that came before all of the request was sent leaves the rest of it on the way.
            self.free = stays and self._transport is not None and not self._transport.get_write_buffer_size()
            self.ended_at = time.monotonic()
            self._waiting.set_result(Answer(self._status, self._retry_after, self._excerpt))

    def _fail(self, failure: OSError) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(failure)

    def on_message_begin(self) -> None:
        if self._whole:
            raise InvalidAnswer("a second answer")  # stops the parser; the first one counts, and is the last
        self._retry_after = None

    def on_header(self, name: bytes, value: bytes) -> None:
        if len(name) == len(b"retry-after") and name.lower() == b"retry-after":
            self._retry_after = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status >= _FINAL or status == _SWITCHING:  # others only announce the answer
            self._status = status

    def on_body(self, body: bytes) -> None:
        if len(self._excerpt) < EXCERPT_BYTES:
            self._excerpt += body[: EXCERPT_BYTES - len(self._excerpt)]

    def on_message_complete(self) -> None:
        if self._status is not None:
            self._whole = True
            self._stays = self._parser.should_keep_alive()


@lru_cache(1_000)
def _route(url: URL) -> _Route:
    line = f"POST {url.raw_path_qs} HTTP/1.1\r\nhost: {url.host_port_subcomponent}\r\n"
    return _Route(url.raw_host or "", url.port or 0, url.scheme == "https", line)


def _head(route: _Route, headers: Mapping[str, str], length: int) -> bytes:
    lines = [f"{name}: {value}" for name, value in headers.items()]
    named = "\r\n".join(lines)
    if named.count("\n") >= max(1, len(lines)) or named.count("\r") >= max(1, len(lines)) or "\0" in named:
        raise ValueError("a header must be one line of text")
    return (
        f"{route.request_line}accept: */*\r\naccept-encoding: identity\r\nuser-agent: guerdon\r\n"
        f"content-length: {length}\r\n{named}\r\n\r\n"
    ).encode()
