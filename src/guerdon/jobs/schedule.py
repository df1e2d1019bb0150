"""Queues the jobs that time causes: looked for now and then, and at once when a project's clock was moved."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from guerdon.db.pool import UNREACHABLE
from guerdon.db.transaction import Transaction
from guerdon.events.doorbell import Bell, Wakeup
from guerdon.events.work import Runtime
from guerdon.jobs import queue
from guerdon.jobs.queue import NewJob
from guerdon.telemetry import logger

# Finds the projects in which it is time for a job.
FindDue = Callable[[Transaction], Awaitable[Sequence[str]]]
_LOOK_S = 20.0

log = logger("schedule")


class Schedule:
    """Looks for as long as it runs; any number of processes may. A job of this name that waits already is enough."""

    def __init__(self, runtime: Runtime, due: Mapping[str, FindDue]) -> None:
        self._runtime = runtime
        self._due = due
        self.wakeup = Wakeup(poll_s=_LOOK_S)

    async def run(self) -> None:
        """Until cancelled. A database that is away is waited for."""
        while True:
            self.wakeup.begin()
            try:
                await self.look()
            except UNREACHABLE as error:
                log.warning("database_unreachable", error=str(error))
            await self.wakeup.wait()

    async def look(self) -> None:
        """Queues what is due now."""
        queued = False
        for name, find in self._due.items():
            async with Transaction(self._runtime.pool) as db:
                for project_id in await find(db):
                    ids = self._runtime.ids
                    queued |= await queue.add_once(db, project_id, NewJob(ids.new("job_"), name, {}, ids.new("w-")))
        if queued:
            self._runtime.doorbell.ring(Bell.JOBS)
