"""What need not be saved at once: kept in the process, and saved about once a second.

What a killed process had not saved yet is lost, so nothing that decides anything, or that somebody waits for, is kept
like this.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from guerdon.db.pool import UNREACHABLE
from guerdon.telemetry import logger

_PAUSE_S = 1.0

log = logger("soon")


class Soon:
    """Calls `save` a second after `touch`, and again while it answers that something is left, or cannot save it."""

    def __init__(self, save: Callable[[], Awaitable[bool]]) -> None:
        self._save = save
        self._closing = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def touch(self) -> None:
        """Says that there is something to save. Never fails and never waits."""
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        """Saves what is still to be saved, if the database can be reached."""
        self._closing.set()
        if self._task is not None:
            await self._task

    async def _run(self) -> None:
        left = True
        while left:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_PAUSE_S):
                    await self._closing.wait()
            try:
                left = await self._save()
            except UNREACHABLE:
                left = not self._closing.is_set()
            except Exception:
                log.exception("not_saved")
                left = False
