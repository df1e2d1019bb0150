"""Events that come together earn together, with the same outcome as one after the other."""

from collections.abc import Sequence
from typing import Any

import pytest

import make
from guerdon import worker
from guerdon.events.work import Work
from guerdon.families.loyalties import earn, earn_together
from guerdon.jobs.worker import Apart
from installation import Project, eventually

ORDERS = 18
NAMES = ("ann", "bob", "cleo")
_HELD = "SELECT FROM event_feeds WHERE project_id = $1 FOR UPDATE"
_BUSY = "SELECT FROM jobs WHERE project_id = $1 UNION ALL SELECT FROM outbox WHERE project_id = $1"
_ENTRIES = """
SELECT details->'balance'->>'balance' AS balance, details->'order'->>'source_id' AS order, amount
FROM voucher_transactions WHERE project_id = $1 AND voucher_id = $2 AND type = 'POINTS_ACCRUAL'
ORDER BY (details->'balance'->>'balance')::int
"""
Jobs = Sequence[tuple[Work, dict[str, Any]]]


class Outcomes(list[tuple[int, str]]):
    """How many jobs were tried together each time, and whether that was possible."""


@pytest.fixture
def outcomes(monkeypatch: pytest.MonkeyPatch) -> Outcomes:
    found = Outcomes()

    async def noted(jobs: Jobs) -> None:
        try:
            await earn_together.happened(jobs)
        except Apart:
            found.append((len(jobs), "apart"))
            raise
        found.append((len(jobs), "together"))

    monkeypatch.setitem(worker.TOGETHER, earn.HAPPENED, noted)
    return found


def paid_at_once(project: Project, **fields: Any) -> None:
    """Orders of which the worker hears in the same moment; returns when all that follows has been done."""
    with project.installation.holding(_HELD, project.id):
        for number in range(ORDERS):
            make.order(project, 100 * number, NAMES[number % 3], status="PAID", source_id=f"o{number}", **fields)
    eventually(lambda: not project.installation.sql(_BUSY, project.id))


def test_orders_that_come_together_earn_as_they_would_alone(project: Project, outcomes: Outcomes) -> None:
    make.campaign(project)
    make.rule(project, loyalty=make.proportional("amount", 100, 1))
    make.rule(project, 2)
    cards = [make.member(project, name) for name in NAMES]
    paid_at_once(project)
    assert (ORDERS, "together") in outcomes
    for first, card in enumerate(cards):
        entries = project.installation.sql(_ENTRIES, project.id, card["id"])
        numbers = [number for number in range(first, ORDERS, 3) for _ in range(1 if number == 0 else 2)]
        assert [row["order"] for row in entries] == [f"o{number}" for number in numbers]
        sums = [sum(row["amount"] for row in entries[: place + 1]) for place in range(len(entries))]
        assert [int(row["balance"]) for row in entries] == sums
        assert sums[-1] == sum(number + 2 for number in range(first, ORDERS, 3))
        assert project.get(f"/v1/loyalties/members/{card['code']}")["loyalty_card"]["balance"] == sums[-1]
    told = project.recorded("customer.rewarded.loyalty_points", count=2 * ORDERS - 1)
    assert len(told) == 2 * ORDERS - 1
    by_order: dict[str, list[Any]] = {}
    for event in told:
        by_order.setdefault(event["data"]["order"]["source_id"], []).append(event["data"])
    for shown in by_order.values():
        (before,) = {data["voucher"]["loyalty_card"]["balance"] for data in shown}
        after = sorted(data["balance"]["balance"] for data in shown)
        assert after[-1] == before + sum(data["balance"]["points"] for data in shown)
    paid_at_once(project, metadata={"again": True})
    assert len(project.recorded("customer.rewarded.loyalty_points")) == 2 * ORDERS - 1
    assert [one for one in project.installation.audit(project.id) if one.wrong] == []


def test_customers_who_join_by_earning_are_dealt_with_one_by_one(project: Project, outcomes: Outcomes) -> None:
    make.campaign(project, auto_join=True)
    make.rule(project, 5)
    paid_at_once(project)
    assert (ORDERS, "apart") in outcomes
    points = [project.get(f"/v1/customers/{name}")["loyalty"]["points"] for name in NAMES]
    assert points == [5 * ORDERS // 3] * 3
    assert len(project.recorded("voucher.published", count=3)) == 3


def test_points_that_are_to_wait_are_given_one_by_one(project: Project, outcomes: Outcomes) -> None:
    make.campaign(project)
    make.rule(project, 5)
    make.rule(project, 3, pending_points={"period_type": "DAY", "period_value": 5})
    for name in NAMES:
        make.member(project, name)
    paid_at_once(project)
    assert (ORDERS, "apart") in outcomes
    points = [project.get(f"/v1/customers/{name}")["loyalty"]["points"] for name in NAMES]
    assert points == [5 * ORDERS // 3] * 3
    waiting = "SELECT count(*) AS entries FROM pending_points WHERE project_id = $1"
    assert project.installation.sql(waiting, project.id)[0]["entries"] == ORDERS


def test_what_fails_together_is_done_apart(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[int] = []

    async def broken(jobs: Jobs) -> None:
        await earn_together.happened(jobs)
        tried.append(len(jobs))
        raise ZeroDivisionError

    monkeypatch.setitem(worker.TOGETHER, earn.HAPPENED, broken)
    make.campaign(project)
    make.rule(project, 5)
    for name in NAMES:
        make.member(project, name)
    paid_at_once(project)
    assert max(tried) == ORDERS
    assert [project.get(f"/v1/customers/{name}")["loyalty"]["points"] for name in NAMES] == [5 * ORDERS // 3] * 3
    assert len(project.recorded("voucher.loyalty_card.points_added", count=ORDERS)) == ORDERS
