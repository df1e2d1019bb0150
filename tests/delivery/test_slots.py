"""How the calls of one worker are shared out among its endpoints, with a receiver that is let go by the test."""

import asyncio
from datetime import timedelta
from typing import Any, cast

import pytest

from guerdon.clock import real_now
from guerdon.webhooks.deliver import Deliverer
from guerdon.webhooks.lane import Lane
from guerdon.webhooks.prepare import Claimed, Signing, Target
from guerdon.webhooks.settle import Attempt


class _Sender:
    """Holds calls of endpoints whose name begins with `hang`; others are answered at the next turn."""

    def __init__(self) -> None:
        self.begun: list[tuple[str, str]] = []
        self.let_go = asyncio.Event()

    async def post(self, target_url: str, content: bytes, headers: dict[str, str]) -> Attempt:
        self.begun.append((target_url, content.decode()))
        await (self.let_go.wait() if target_url.startswith("hang") else asyncio.sleep(0))
        return Attempt(real_now(), 1, 200, None, None)

    def of(self, name: str) -> list[str]:
        return [content for url, content in self.begun if url == name]


class _Office:
    """A deliverer whose lanes are filled by hand."""

    def __init__(self, *, in_flight: int, per_endpoint: int) -> None:
        self.sender = _Sender()
        self.deliverer = Deliverer(
            cast("Any", None),
            cast("Any", self.sender),
            in_flight=in_flight,
            per_endpoint=per_endpoint,
            lease=timedelta(seconds=60),
        )

    def give(self, name: str, count: int) -> Lane:
        lane = self.deliverer._lane(Target("p", name, {}, catch_up=False, clock_offset=timedelta()))
        self.deliverer._take(lane, [_claimed(name, number) for number in range(count)], full=False)
        return lane

    async def settled(self) -> None:
        for _ in range(200):
            await asyncio.sleep(0)


def _claimed(name: str, number: int) -> Claimed:
    values = dict.fromkeys(Claimed.__struct_fields__, "") | {
        "id": f"whs_{number}",
        "target_url": name,
        "body": str(number),
        "attempts_count": 0,
        "by_hand": False,
        "first_attempt_at": None,
        "signing": Signing("secret"),
    }
    return Claimed(**cast("Any", values))


def test_however_many_hang_one_call_is_left_for_the_next() -> None:
    async def run() -> None:
        office = _Office(in_flight=16, per_endpoint=16)
        lanes = [office.give(f"hang{number}", 100) for number in range(4)]
        await office.settled()
        assert all(lane.open for lane in lanes)
        office.give("well", 50)
        await office.settled()
        assert len(office.sender.of("well")) == 50
        office.sender.let_go.set()
        await office.settled()
        assert all(lane.open == 0 for lane in lanes)
        assert len(office.sender.begun) == 450

    asyncio.run(run())


def test_one_endpoint_alone_gets_as_many_calls_as_it_may_have() -> None:
    async def run() -> None:
        office = _Office(in_flight=128, per_endpoint=32)
        lane = office.give("hang", 100)
        assert lane.open == 32
        office.sender.let_go.set()
        await office.settled()
        assert len(office.sender.begun) == 100

    asyncio.run(run())


def test_who_finds_no_call_free_is_served_when_one_ends() -> None:
    async def run() -> None:
        office = _Office(in_flight=2, per_endpoint=2)
        for number in range(5):
            office.give(f"hang{number}", 3)
        await office.settled()
        assert len(office.sender.begun) == 2
        office.sender.let_go.set()
        await office.settled()
        assert len(office.sender.begun) == 15
        assert office.deliverer._open == 0
        assert office.deliverer._held == 0

    asyncio.run(run())


@pytest.mark.parametrize("per_endpoint", [1, 8])
def test_calls_begin_in_the_order_of_what_was_claimed(per_endpoint: int) -> None:
    async def run() -> None:
        office = _Office(in_flight=32, per_endpoint=per_endpoint)
        office.give("well", 100)
        await office.settled()
        assert office.sender.of("well") == [str(number) for number in range(100)]

    asyncio.run(run())


def test_what_has_waited_too_long_for_its_lease_is_not_begun() -> None:
    async def run() -> None:
        office = _Office(in_flight=1, per_endpoint=1)
        office.give("hang", 1)
        lane = office.give("well", 0)
        lane.add([_claimed("well", 1)], 0.0, full=False)
        lane.add([_claimed("well", 2)], float("inf"), full=False)
        office.deliverer._begin(lane)
        office.sender.let_go.set()
        await office.settled()
        assert office.sender.of("well") == ["2"]

    asyncio.run(run())
