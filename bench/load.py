"""A lean HTTP/1.1 client and receiver on bare asyncio protocols: a measurement is of the server, not of them."""

import asyncio
import time
from collections.abc import Iterable, Iterator


class Client(asyncio.Protocol):
    """One keep-alive connection that sends the next request as soon as the last answer is complete."""

    def __init__(self, requests: Iterator[bytes], done: "asyncio.Future[Client]") -> None:
        self._requests = requests
        self._done = done
        self._received = b""
        self._sent_at = 0.0
        self._transport: asyncio.Transport | None = None
        self.seconds: list[float] = []
        self.refused = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]
        self._next()

    def _next(self) -> None:
        request = next(self._requests, None)
        if request is None:
            self._transport.close()
            self._done.set_result(self)
            return
        self._sent_at = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        end = self._received.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._received[:end].lower()
        start = head.find(b"content-length:") + len(b"content-length:")
        length = int(head[start:].partition(b"\r\n")[0]) if start >= len(b"content-length:") else 0
        if len(self._received) < end + 4 + length:
            return
        if head[9:10] != b"2":
            self.refused += 1
        self._received = b""
        self.seconds.append(time.perf_counter() - self._sent_at)
        self._next()


class Receiver(asyncio.Protocol):
    """Answers 200 to every POST and counts them; keeps the time of each arrival."""

    def __init__(self, arrivals: list[float]) -> None:
        self._arrivals = arrivals
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        self._received += data
        while True:
            end = self._received.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self._received[:end].lower()
            start = head.find(b"content-length:") + len(b"content-length:")
            length = int(head[start:].partition(b"\r\n")[0])
            if len(self._received) < end + 4 + length:
                return
            self._received = self._received[end + 4 + length :]
            self._arrivals.append(time.time())
            self._transport.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")


def request(method: str, path: str, headers: dict[str, str], body: bytes) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = f"{method} {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n{lines}"
    return f"{head}content-length: {len(body)}\r\n\r\n".encode() + body


async def send_all(port: int, requests: Iterable[bytes], connections: int) -> tuple[float, list[float]]:
    """Sends all requests over so many connections; the seconds it took, and each answer's, sorted.

    Raises RuntimeError if any was refused: a bench of refusals measures nothing.
    """
    loop = asyncio.get_running_loop()
    pending = iter(requests)
    done = [loop.create_future() for _ in range(connections)]
    started = time.perf_counter()
    for future in done:
        await loop.create_connection(lambda future=future: Client(pending, future), "127.0.0.1", port)
    clients: list[Client] = await asyncio.gather(*done)
    elapsed = time.perf_counter() - started
    refused = sum(client.refused for client in clients)
    if refused:
        raise RuntimeError(f"{refused} requests were refused")
    return elapsed, sorted(second for client in clients for second in client.seconds)
