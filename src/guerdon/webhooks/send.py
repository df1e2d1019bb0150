"""One call to a receiver: no redirects, verified TLS, ten seconds, and only the beginning of the answer is read."""

import asyncio
import time
from types import TracebackType
from typing import Self

from guerdon.clock import real_now
from guerdon.webhooks import guard
from guerdon.webhooks.calls import Calls, CannotConnect, InvalidAnswer
from guerdon.webhooks.settle import Attempt

TIMEOUT_S = 10.0


class Sender:
    """Makes calls, over connections that can only reach targets that the guard lets pass."""

    def __init__(self, *, allow_private: bool, connections: int, ports: frozenset[int] | None = None) -> None:
        self._rules = guard.Rules(allow_private, ports)
        self._resolver = guard.Resolver(self._rules)
        self._calls = Calls(self._resolver, connections)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._calls.close()
        self._resolver.close()

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
            until = asyncio.get_running_loop().time() + TIMEOUT_S
            status, retry_after, beginning = await self._calls.post(url, headers, content, until)
            excerpt = beginning.decode(errors="replace").replace("\x00", "�") or None
        except (OSError, ValueError) as failure:
            error = _describe(failure)
        return Attempt(started_at, round((time.perf_counter() - clock) * 1000), status, error, excerpt, retry_after)


def _describe(failure: BaseException) -> str:
    """In words of our own where the library's would repeat the URL, whose query may be secret."""
    if isinstance(failure, TimeoutError):
        return f"no answer within {TIMEOUT_S:.0f} s"
    if isinstance(failure, CannotConnect):
        return f"cannot connect: {failure}"
    if isinstance(failure, guard.TargetRefused):
        return str(failure)
    if isinstance(failure, InvalidAnswer):
        return f"invalid answer: {failure}"
    return f"connection failed: {type(failure).__name__}"
