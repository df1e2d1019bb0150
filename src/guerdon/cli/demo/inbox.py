"""What came to the receiver, judged: of which kind, signed rightly or not, in the right shape or not, and how soon."""

import queue
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import cast

import msgspec

from guerdon.cli.demo.kinds import KINDS, Kind, kind_of
from guerdon.cli.demo.receiver import Arrival, signed
from guerdon.cli.demo.shapes import differences


class Delivery(msgspec.Struct, frozen=True):
    """A delivery and what is to be said of it; `differs` names the places that do not have the reference's shape."""

    event: str
    kind: Kind | None
    committed: datetime | None
    arrived: datetime
    signed: bool
    differs: tuple[str, ...]

    @property
    def right(self) -> bool:
        return self.signed and not self.differs

    @property
    def delay_ms(self) -> int | None:
        """From the event's commit until it was here whole."""
        return None if self.committed is None else round((self.arrived - self.committed).total_seconds() * 1_000)


class Inbox:
    """Collects deliveries. The receiver's threads put them in; one thread looks."""

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._new: queue.SimpleQueue[Delivery] = queue.SimpleQueue()
        self.deliveries: list[Delivery] = []

    def take(self, arrival: Arrival) -> None:
        self._new.put(judge(arrival, self._secret))

    def first(self, kind: Kind) -> Delivery | None:
        """The delivery of this kind that came first; one that is not right before all others."""
        found = [delivery for delivery in self.deliveries if delivery.kind == kind]
        return min(found, key=lambda delivery: delivery.right, default=None)

    def missing(self, keys: Sequence[str]) -> int:
        """How many deliveries of these kinds have not come yet; a kind that is named twice is to come twice."""
        return (Counter(keys) - Counter(one.kind.key for one in self.deliveries if one.kind)).total()

    def arriving(self, keys: Sequence[str], *, at_least_s: float, at_most_s: float) -> Iterator[Delivery]:
        """Deliveries as they come, until all of these kinds have come; within limits of time."""
        begun = time.monotonic()
        while True:
            wait_until = begun + (at_most_s if self.missing(keys) else at_least_s)
            try:
                delivery = self._new.get(timeout=max(0.0, wait_until - time.monotonic()))
            except queue.Empty:
                return
            self.deliveries.append(delivery)
            yield delivery

    def right(self) -> bool:
        """Whether every kind has come, and everything that has come is right."""
        return not self.missing([kind.key for kind in KINDS]) and all(one.right for one in self.deliveries)


def judge(arrival: Arrival, secret: str) -> Delivery:
    """The delivery that a request is."""
    try:
        body: object = msgspec.json.decode(arrival.body)
    except msgspec.DecodeError:
        body = None
    event, data = _at(body, "event", "type"), _at(body, "data")
    kind = kind_of(arrival.path, str(event), data)
    differs = tuple(differences(kind.shape, body)) if kind else (f"nobody asked {arrival.path} for this",)
    return Delivery(
        str(event), kind, _time(_at(body, "event", "created_at")), arrival.at, signed(arrival, secret), differs
    )


def _at(body: object, *keys: str) -> object:
    for key in keys:
        body = cast("dict[str, object]", body).get(key) if isinstance(body, dict) else None
    return body


def _time(value: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(value))
    except ValueError:
        return None
