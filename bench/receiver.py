"""A receiver in a process of its own, with a count of what it got and the times of arrival."""

import asyncio
import contextlib
import multiprocessing
import signal
import time
from collections.abc import Iterator
from multiprocessing.sharedctypes import Synchronized
from typing import Any

import uvloop

from guerdon.subprocesses import die_with_parent
from load import Receiver
from stage import free_port

KEPT = 100_000


class Running:
    """The running receiver as the measuring process sees it."""

    def __init__(self, port: int, count: "Synchronized[int]", arrivals: Any) -> None:
        self.url = f"http://127.0.0.1:{port}/hook"
        self.port = port
        self._count = count
        self._arrivals = arrivals

    @property
    def count(self) -> int:
        return self._count.value

    def arrival(self, number: int) -> float:
        """When the n-th request came, from 0, as seconds since the epoch."""
        return self._arrivals[number]

    def wait_for(self, count: int, *, patience_s: float = 60) -> None:
        deadline = time.monotonic() + patience_s
        while self.count < count:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self.count} of {count} deliveries came")
            time.sleep(0.02)


@contextlib.contextmanager
def receiving() -> Iterator[Running]:
    port = free_port()
    count = multiprocessing.Value("i", 0)
    arrivals = multiprocessing.Array("d", KEPT, lock=False)
    process = multiprocessing.Process(target=_serve, args=(port, count, arrivals), daemon=True)
    process.start()
    try:
        yield Running(port, count, arrivals)
    finally:
        process.terminate()
        process.join()


def _serve(port: int, count: Any, arrivals: Any) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    promise = die_with_parent(signal.SIGTERM)
    if promise is not None:
        promise()

    class Counting(list[float]):
        def append(self, moment: float) -> None:
            arrivals[count.value % KEPT] = moment
            count.value += 1

    async def run() -> None:
        server = await asyncio.get_running_loop().create_server(lambda: Receiver(Counting()), "127.0.0.1", port)
        await server.serve_forever()

    uvloop.run(run())
