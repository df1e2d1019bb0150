"""A ring that is still on its way does not outlive the pool."""

import asyncio

from guerdon.asgi import runtime
from guerdon.events.doorbell import Bell
from installation import Installation


def test_the_last_ring_is_sent_and_leaves_no_connection(installation: Installation) -> None:
    async def ring_and_leave() -> None:
        async with runtime(installation.settings, installation.database.url()) as made:
            made.doorbell.ring(Bell.JOBS)  # its task has not begun when the block ends
        assert made.doorbell._task is not None
        assert made.doorbell._task.done()

    asyncio.run(ring_and_leave())
