"""uvicorn's HTTP protocol, with the head and the body of an answer in one write.

Two writes are two system calls here, two packets, and two times that the client's process is woken.
"""

import asyncio
from typing import cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_END_OF_HEAD = b"\r\n\r\n"
_INFORMATIONAL = b"HTTP/1.1 1"


class _Joining(asyncio.Transport):
    """A connection that keeps the head of an answer until there is more to write, or no more to come."""

    def __init__(self, transport: asyncio.Transport) -> None:
        super().__init__()
        self._transport = transport
        self._head = b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        head, self._head = self._head, b""
        if not head and data[:5] == b"HTTP/" and data[-4:] == _END_OF_HEAD and data[:10] != _INFORMATIONAL:
            self._head = bytes(data)
        else:
            self._transport.write(head + data if head else data)

    def flush(self) -> None:
        """Writes a head that no body follows, as for HEAD."""
        head, self._head = self._head, b""
        if head:
            self._transport.write(head)

    def close(self) -> None:
        self.flush()
        self._transport.close()

    def is_closing(self) -> bool:
        return self._transport.is_closing()


class JoiningProtocol(HttpToolsProtocol):
    """For `uvicorn.run(http=…)`. Web sockets are not served, so nothing else asks for the connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast("asyncio.Transport", transport))
        self.transport = self._joining = _Joining(self.transport)

    def on_response_complete(self) -> None:
        self._joining.flush()
        super().on_response_complete()
