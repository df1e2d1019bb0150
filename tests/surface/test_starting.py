"""A process that starts before its database is there waits for it."""

import asyncio
import contextlib
import os
import signal
import tempfile
from pathlib import Path

from guerdon.asgi import runtime
from guerdon.cli.serve import prepare
from guerdon.db.server import EmbeddedPostgres
from guerdon.settings import Settings
from installation import FAST, eventually
from together import in_background


def test_a_database_that_comes_late_is_waited_for() -> None:
    with tempfile.TemporaryDirectory(prefix="guerdon-test-") as folder:
        Path(folder).chmod(0o755)
        database = EmbeddedPostgres(Path(folder), options=FAST)
        database.start()
        url, pid = database.url(), database.pid
        asyncio.run(prepare(Settings(), url))
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0)
        attempts: list[str] = []
        starting = in_background(lambda: asyncio.run(_start(url, attempts)))
        eventually(lambda: attempts)
        assert not starting.done()
        database.start()
        try:
            assert starting.result(30) is True
        finally:
            database.stop()


async def _start(url: str, attempts: list[str]) -> bool:
    attempts.append(url)
    async with runtime(Settings(), url) as made:
        return len(made.asset_secret) > 30
