"""One call to a receiver: no redirects, verified TLS, ten seconds, and only the beginning of the answer is read."""

import asyncio
import time
from types import TracebackType
from typing import Self

import aiohttp

from guerdon.clock import real_now
from guerdon.webhooks import guard
from guerdon.webhooks.settle import Attempt

TIMEOUT_S = 10.0
EXCERPT_BYTES = 1_024
_EXCERPT_S = 1.0  # the status decides; a body that drips must not hold the call
_USER_AGENT = "guerdon"


class Sender:
    """A client session whose connections can only reach targets that the guard lets pass."""

    def __init__(self, *, allow_private: bool, connections: int, ports: frozenset[int] | None = None) -> None:
        self._rules = guard.Rules(allow_private, ports)
        self._session = aiohttp.ClientSession(
            connector=guard.connector(self._rules, connections),
            timeout=aiohttp.ClientTimeout(total=TIMEOUT_S),
            headers={"user-agent": _USER_AGENT},
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def post(self, target_url: str, content: bytes, headers: dict[str, str]) -> Attempt:
        """Posts and tells what happened; never raises for what a receiver or the network does."""
        started_at, clock = real_now(), time.perf_counter()
        status: int | None = None
        excerpt: str | None = None
        error: str | None = None
        retry_after: str | None = None
        try:
            url = guard.parse_target(target_url)
            if url is None:
                raise guard.TargetRefused("target is not an http(s) URL")
            guard.judge(url, self._rules)
            async with self._session.post(url, data=content, headers=headers, allow_redirects=False) as response:
                status, retry_after = response.status, response.headers.get("retry-after")
                excerpt = await _excerpt(response)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as failure:
            # After the status has come, what goes wrong with the rest of the answer changes nothing.
            error = None if status is not None else _describe(failure)
        return Attempt(started_at, round((time.perf_counter() - clock) * 1000), status, error, excerpt, retry_after)


async def _excerpt(response: aiohttp.ClientResponse) -> str | None:
    """The first bytes of the answer. A connection whose answer is longer, or does not end, is closed, not drained."""
    content = b""
    if response.content.is_eof() and response.content.exception() is None:  # all of it came with the status
        content = response.content.read_nowait(EXCERPT_BYTES)
    else:
        try:
            async with asyncio.timeout(_EXCERPT_S):
                while len(content) < EXCERPT_BYTES and not response.content.at_eof():
                    content += await response.content.read(EXCERPT_BYTES - len(content))
        except (aiohttp.ClientError, OSError, TimeoutError):
            response.close()
    if not response.content.at_eof():
        response.close()
    return content.decode(errors="replace").replace("\x00", "�") or None


def _describe(failure: BaseException) -> str:
    """In words of our own where the library's would repeat the URL, whose query may be secret."""
    if isinstance(failure, TimeoutError):
        return f"no answer within {TIMEOUT_S:.0f} s"
    if isinstance(failure, aiohttp.ClientConnectorCertificateError):
        return f"cannot connect: {failure.certificate_error}"
    if isinstance(failure, aiohttp.ClientConnectorError):
        return f"cannot connect: {failure.os_error}"
    if isinstance(failure, guard.TargetRefused):
        return str(failure)
    if isinstance(failure, aiohttp.ClientResponseError):
        return f"invalid answer: {failure.message}"
    return f"connection failed: {type(failure).__name__}"
