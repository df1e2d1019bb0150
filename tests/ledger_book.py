"""A receiver of many endpoints that writes down what it got, and the comparison of that with what the database says.

`recorded = delivered + given up`, row by row: a book that does not balance is a list of what is off.
"""

import asyncio
import hashlib
import hmac
import json
import multiprocessing
import random
import signal
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from guerdon.subprocesses import die_with_parent

DROP = 0  # the connection is closed without an answer
HANG = -1  # no answer at all, until the caller goes
HUGE = b"HTTP/1.1 200 OK\r\ncontent-length: 9999999999\r\n\r\n" + b"x" * 2**20


class Fate(NamedTuple):
    """What an endpoint answers, and after how long."""

    status: int
    after_s: float = 0.0


class Moment(NamedTuple):
    """When a call comes: the chance of this run, and whether all has become calm."""

    chance: random.Random
    calm: bool


Manner = Callable[[Moment], Fate]


def well(_: Moment) -> Fate:
    return Fate(200)


def flaky(moment: Moment) -> Fate:
    """Fails a fifth of all calls, and drops some connections without an answer."""
    luck = moment.chance.random()
    return Fate(DROP if luck < 0.05 else 500 if luck < 0.25 else 204)


def slow(moment: Moment) -> Fate:
    return Fate(200, moment.chance.uniform(0.1, 0.5))


def hanging(moment: Moment) -> Fate:
    """Answers nothing before all is calm."""
    return Fate(200 if moment.calm else HANG)


def coming_and_going(moment: Moment) -> Fate:
    """Is there for three seconds and gone for the next three."""
    return Fate(200 if moment.calm or int(time.monotonic() / 3) % 2 else DROP)


def verbose(_: Moment) -> Fate:
    """Takes it, and answers with gigabytes."""
    return Fate(299)


def dead(_: Moment) -> Fate:
    return Fate(503)


class Receiver:
    """The running receiver; `calm()` heals what only hangs or comes and goes."""

    def __init__(self, log: Path, calm: Any, taken: Any) -> None:
        self._log = log
        self._calm = calm
        self._taken = taken

    def calm(self) -> None:
        self._calm.set()

    @property
    def taken(self) -> int:
        """How many calls were answered with success so far."""
        return self._taken.value

    def log(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._log.read_text().splitlines()]


@contextmanager
def receiving(port: int, manners: Sequence[Manner], secrets: Sequence[str], log: Path, seed: int) -> Iterator[Receiver]:
    """Endpoint n is at `/n`, behaves in the n-th manner, and is signed with the n-th secret."""
    spawning = multiprocessing.get_context("fork")
    calm, taken = spawning.Event(), spawning.Value("i", 0, lock=False)
    process = spawning.Process(target=_serve, args=(port, manners, secrets, log, seed, calm, taken), daemon=True)
    process.start()
    try:
        yield Receiver(log, calm, taken)
    finally:
        process.terminate()
        process.join()


def _serve(*args: Any) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    promise = die_with_parent(signal.SIGTERM)
    if promise is not None:
        promise()
    asyncio.run(_Book(*args).serve())


class _Book:
    def __init__(
        self,
        port: int,
        manners: Sequence[Manner],
        secrets: Sequence[str],
        log: Path,
        seed: int,
        calm: Any,
        taken: Any,
    ) -> None:
        self.manners = manners
        self._port = port
        self._secrets = secrets
        self._log = log.open("w")
        self._chance = random.Random(seed)
        self._calm = calm
        self._taken = taken

    async def serve(self) -> None:
        server = await asyncio.get_running_loop().create_server(lambda: _Connection(self), "127.0.0.1", self._port)
        await server.serve_forever()

    def enter(self, head: bytes, body: bytes) -> Fate:
        """Writes a call down before it is answered."""
        endpoint = int(head.split(b" ", 2)[1][1:])
        fate = self.manners[endpoint](Moment(self._chance, self._calm.is_set()))
        genuine = hmac.new(self._secrets[endpoint].encode(), body, hashlib.sha256).hexdigest().encode()
        entry = {
            "endpoint": endpoint,
            "id": json.loads(body)["id"],
            "status": fate.status,
            "genuine": b"x-voucherify-signature: " + genuine in head.lower(),
            "sha": hashlib.sha256(body).hexdigest(),
        }
        self._log.write(json.dumps(entry) + "\n")
        self._log.flush()
        self._taken.value += 200 <= fate.status < 300
        return fate


class _Connection(asyncio.Protocol):
    def __init__(self, book: _Book) -> None:
        self._book = book
        self._received = b""
        self._transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        end = self._received.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._received[:end]
        start = head.lower().find(b"content-length:") + len(b"content-length:")
        length = int(head[start:].partition(b"\r\n")[0])
        if len(self._received) < end + 4 + length:
            return
        body = self._received[end + 4 : end + 4 + length]
        self._received = b""  # a caller waits for the answer before it sends more
        fate = self._book.enter(head, body)
        if fate.after_s:
            asyncio.get_running_loop().call_later(fate.after_s, self._answer, fate.status)
        else:
            self._answer(fate.status)

    def _answer(self, status: int) -> None:
        if status == DROP:
            self._transport.abort()
        elif status == 299:
            self._transport.write(HUGE)
        elif status != HANG and not self._transport.is_closing():
            self._transport.write(b"HTTP/1.1 %d Said\r\ncontent-length: 0\r\n\r\n" % status)


class Books(NamedTuple):
    """What the database says; endpoints are named by the number in their URL."""

    events: Sequence[Any]  # project_id, id
    endpoints: Mapping[str, Sequence[int]]  # by project
    off: set[int]
    deliveries: Sequence[Any]  # id, project_id, endpoint, event_id, status, attempts_count, due_at
    attempts: Sequence[Any]  # delivery_id, number, status_code


def imbalance(books: Books, log: Sequence[dict[str, Any]]) -> list[str]:
    """Everything that is off, one line each; empty when recorded = delivered + given up."""
    calls: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for entry in log:
        calls[entry["id"]].append(entry)
    attempts: dict[str, list[Any]] = defaultdict(list)
    for attempt in books.attempts:
        attempts[attempt["delivery_id"]].append(attempt)
    off = [*_wrong_rows(books)]
    for delivery in books.deliveries:
        found = _wrong(delivery, calls.pop(delivery["id"], []), attempts.pop(delivery["id"], []), books.off)
        off += [f"{delivery['id']} to {delivery['endpoint']}: {what}" for what in found]
    off += [f"{name}: the receiver was called, and there is no such delivery" for name in calls]
    off += [f"{name}: there are attempts, and there is no such delivery" for name in attempts]
    return off


def _wrong_rows(books: Books) -> Iterator[str]:
    """One delivery for each event and endpoint, no less and no more."""
    made = Counter((delivery["event_id"], delivery["endpoint"]) for delivery in books.deliveries)
    for event in books.events:
        for endpoint in books.endpoints[event["project_id"]]:
            count = made.pop((event["id"], endpoint), 0)
            if count != 1:
                yield f"{event['id']}: {count} deliveries to {endpoint}"
    for event_id, endpoint in made:
        yield f"{event_id}: a delivery to {endpoint} of no event"


def _wrong(delivery: Any, calls: list[dict[str, Any]], attempts: list[Any], off: set[int]) -> Iterator[str]:
    statuses = [attempt["status_code"] for attempt in sorted(attempts, key=lambda one: one["number"])]
    if sorted(attempt["number"] for attempt in attempts) != list(range(1, delivery["attempts_count"] + 1)):
        yield f"its attempts are not 1 to {delivery['attempts_count']}"
    if sum(status is not None for status in statuses) > len(calls):
        yield f"{len(statuses)} attempts, but the receiver saw {len(calls)}"
    if any(not call["genuine"] for call in calls) or len({call["sha"] for call in calls}) > 1:
        yield "not always the same bytes with the right signature"
    if any(call["endpoint"] != delivery["endpoint"] for call in calls):
        yield "it came to another endpoint"
    if delivery["due_at"] is not None or delivery["status"] not in {"SENT", "FAILED"}:
        yield f"it is unfinished: {delivery['status']}"
    elif delivery["status"] == "SENT":
        yield from _wrong_delivered(calls, statuses)
    elif any(map(_ok, statuses)) or any(_ok(call["status"]) for call in calls):
        yield "given up, but the receiver took it"
    elif delivery["endpoint"] not in off:
        yield "given up, but its endpoint is on"


def _wrong_delivered(calls: list[dict[str, Any]], statuses: list[int | None]) -> Iterator[str]:
    if not any(_ok(call["status"]) for call in calls):
        yield "said to be delivered, but the receiver never took it"
    if not statuses or not _ok(statuses[-1]) or any(map(_ok, statuses[:-1])):
        yield "said to be delivered, but not by its last attempt alone"


def _ok(status: int | None) -> bool:
    return status is not None and 200 <= status < 300
