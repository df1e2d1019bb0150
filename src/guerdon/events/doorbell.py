"""Wakes the workers of all processes after a commit.

NOTIFY is sent outside the transaction and merged: inside it, PostgreSQL would make all committing writers queue for one
lock. A lost ring costs nothing but time, because every worker also looks by itself once in a while.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from enum import StrEnum

from guerdon.db.pool import UNREACHABLE, Pool, acquired, connect

# Under load, the workers look no more often than the bell then rings.
_PAUSE_S = 0.005
# A NOTIFY is a commit of its own, with nothing in it that would have to reach the disk before it is heard.
_RING = """
SELECT pg_notify(channel, '')
FROM unnest($1::text[]) channel, (SELECT set_config('synchronous_commit', 'off', true)) unhurried
"""
_MOST_PAUSE_S = 0.04
REST = 10
MOST_REST_S = 0.05
_RECONNECT_S = 0.5


class Bell(StrEnum):
    """What there may be to do."""

    OUTBOX = "guerdon_outbox"
    DELIVERIES = "guerdon_deliveries"
    JOBS = "guerdon_jobs"
    PROJECTS = "guerdon_projects"


class Doorbell:
    """Rings for other processes; at most one NOTIFY per bell is on its way at a time."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._waiting: set[Bell] = set()
        self._task: asyncio.Task[None] | None = None

    def ring(self, *bells: Bell) -> None:
        """Says, soon, that there is something to do. Never fails and never waits."""
        self._waiting.update(bells)
        if self._waiting and (self._task is None or self._task.done()):
            self._task = asyncio.get_running_loop().create_task(self._send())

    async def silence(self) -> None:
        """Sends what is still to be rung, so that no connection is in use afterwards. Nobody may ring any more."""
        if self._task is not None:
            await self._task

    async def _send(self) -> None:
        pause_s = _PAUSE_S
        while self._waiting:
            bells, self._waiting = self._waiting, set()
            with contextlib.suppress(*UNREACHABLE):
                async with acquired(self._pool) as connection:
                    await connection.fetch(_RING, list(bells))
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, _MOST_PAUSE_S)


class Wakeup:
    """What a worker waits for: a ring, or the time after which it looks by itself.

    A ring after a quiet time is answered at once. Under load, a worker rests ten times as long as its last look took,
    at most 50 ms, and what comes meanwhile is done together: many times cheaper than one by one, and looking takes a
    bounded share of the machine. `hurry` cuts the rest short.
    """

    def __init__(self, *, poll_s: float = 1.0) -> None:
        self._poll_s = poll_s
        self._began_at = 0.0
        self._ring = asyncio.Event()
        self._hurry = asyncio.Event()

    def ring(self) -> None:
        self._ring.set()

    def hurry(self) -> None:
        self._ring.set()
        self._hurry.set()

    def begin(self) -> None:
        """To be called before looking; a ring during the look counts for the next one."""
        self._ring.clear()
        self._hurry.clear()
        self._began_at = time.monotonic()

    async def wait(self) -> None:
        ended_at = time.monotonic()
        rested_at = ended_at + min(MOST_REST_S, REST * (ended_at - self._began_at))
        await _within(self._poll_s, self._ring)
        await _within(max(0.0, rested_at - time.monotonic()), self._hurry)


async def _within(timeout_s: float, event: asyncio.Event) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(timeout_s):
            await event.wait()


async def listen(url: str, wake: dict[Bell, Callable[[], None]]) -> None:
    """Calls `wake[bell]` at every ring until cancelled; after a lost connection, comes back and rings all once."""
    while True:
        try:
            connection = await connect(url)
            try:
                for bell, call in wake.items():
                    await connection.add_listener(bell.value, _ignoring_arguments(call))
                for call in wake.values():
                    call()
                while not connection.is_closed():  # noqa: ASYNC110 - the connection has no event to wait for
                    await asyncio.sleep(_RECONNECT_S)
            finally:
                with contextlib.suppress(*UNREACHABLE):
                    await connection.close(timeout=1)
        except UNREACHABLE:
            pass
        await asyncio.sleep(_RECONNECT_S)


def _ignoring_arguments(call: Callable[[], None]) -> Callable[..., None]:
    def called(*_: object) -> None:
        call()

    return called
