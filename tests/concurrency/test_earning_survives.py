"""PostgreSQL is killed again and again while orders earn: jobs commit without waiting for the disk (decision 0136)."""

import asyncio
import contextlib
import random
import threading
import time
from pathlib import Path
from typing import Any

import httpx

import audit
import chaos
from installation import free_port
from ledger_book import Receiver, receiving, well

SEED = 20261122
ORDERS = 240
CUSTOMERS = 12
CALLERS = 6
KILLS = 4
POINTS = 5
PATIENCE_S = 60
TOLD = "voucher.loyalty_card.points_added"
CLUB = {
    "name": "Club",
    "campaign_type": "LOYALTY_PROGRAM",
    "voucher": {"type": "LOYALTY_CARD", "loyalty_card": {"points": 0}},
}
RULE = {"event": "order.paid", "loyalty": {"type": "FIXED", "points": POINTS}, "source": {"banner": ""}}
_EARNED = "SELECT count(*) AS count FROM earnings WHERE project_id = $1"
_BUSY = """
SELECT FROM outbox WHERE project_id = $1 UNION ALL SELECT FROM jobs WHERE project_id = $1
UNION ALL SELECT FROM deliveries WHERE project_id = $1 AND due_at IS NOT NULL LIMIT 1
"""
# As if the time had passed after which a job is taken up again that a worker was at when the database went away.
_FREE = "UPDATE jobs SET leased_until = now(), due_at = now() WHERE project_id = $1 RETURNING id"


async def _post(http: httpx.AsyncClient, path: str, body: Any) -> Any:
    """The answer, once there is one: callers are told nothing of kills, and try again."""
    for _ in range(300):
        with contextlib.suppress(httpx.TransportError):
            answer = await http.post(path, json=body)
            if answer.status_code != 503:
                return answer.raise_for_status().json()
        await asyncio.sleep(0.05)
    raise AssertionError(f"{path} was never answered")


async def _prepare(http: httpx.AsyncClient) -> None:
    await _post(http, "/campaigns", CLUB)
    await _post(http, "/loyalties/Club/earning-rules", [RULE])
    for number in range(CUSTOMERS):
        await _post(http, "/loyalties/Club/members", {"customer": {"source_id": f"c{number}"}})


async def _pay(http: httpx.AsyncClient) -> None:
    numbers = iter(range(ORDERS))

    async def some() -> None:
        for number in numbers:
            customer = {"source_id": f"c{number % CUSTOMERS}"}
            order = {"source_id": f"o{number}", "status": "PAID", "amount": 100, "customer": customer}
            await _post(http, "/orders", order)
            await asyncio.sleep(0.05)

    await asyncio.gather(*(some() for _ in range(CALLERS)))


def _kill(running: chaos.Processes, project_id: str, seen: list[int]) -> None:
    """`seen` gets how many orders had earned at each kill."""
    chance = random.Random(SEED)
    for _ in range(KILLS):
        time.sleep(chance.uniform(0.3, 0.6))
        seen.append(running.rows(_EARNED, project_id)[0]["count"])
        running.kill_database()


def _settle(running: chaos.Processes, project_id: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while running.rows(_BUSY, project_id):
        assert time.monotonic() < deadline, "the worker does not come to rest"
        running.rows(_FREE, project_id)
        time.sleep(0.5)


def _require_all_there(running: chaos.Processes, project_id: str, receiver: Receiver) -> None:
    """Every order has earned once, and whatever anybody was told of is there."""
    assert running.rows(_EARNED, project_id)[0]["count"] == ORDERS
    cards = running.rows("SELECT balance FROM vouchers WHERE project_id = $1", project_id)
    assert [card["balance"] for card in cards] == [POINTS * ORDERS // CUSTOMERS] * CUSTOMERS
    events = running.rows("SELECT id FROM events WHERE project_id = $1 AND type = $2", project_id, TOLD)
    assert len(events) == ORDERS
    deliveries = running.rows("SELECT id, status FROM deliveries WHERE project_id = $1", project_id)
    assert {row["status"] for row in deliveries} == {"SENT"}
    assert len(deliveries) == ORDERS
    assert {call["id"] for call in receiver.log()} == {row["id"] for row in deliveries}
    assert audit.imbalance(running.rows, project_id) == []


def test_orders_earn_once_however_often_the_database_dies(tmp_path: Path) -> None:
    with chaos.processes(workers=1) as running, contextlib.closing(chaos.Caller(running)) as caller:
        caller.wait_until_ready()
        project = caller.project(1)
        port, key = free_port(), project["server_side_key"]
        headers = {"x-app-id": key["app_id"], "x-app-token": key["app_token"]}

        async def play() -> None:
            url = f"{running.urls[0]}/v1"
            async with httpx.AsyncClient(base_url=url, headers=headers, timeout=10) as http:
                await _prepare(http)
                caller.subscribe(project["id"], f"http://127.0.0.1:{port}/0", TOLD)
                killing.start()
                await _pay(http)

        with receiving(port, [well], [project["webhook_token"]], tmp_path / "log", SEED) as receiver:
            seen: list[int] = []
            killing = threading.Thread(target=_kill, args=(running, project["id"], seen))
            asyncio.run(play())
            killing.join()
            caller.wait_until_ready()
            _settle(running, project["id"])
            _require_all_there(running, project["id"], receiver)
        assert len(seen) == KILLS
        assert seen[1] < ORDERS, "the kills came after everything had earned"
