"""What time does to points: in which order, as of which day, once, whatever dies meanwhile."""

import asyncio
import contextlib
from datetime import datetime
from typing import Any

import pytest

import make
import together
from guerdon.asgi import runtime
from guerdon.db.transaction import Transaction
from guerdon.events.work import working
from guerdon.families.loyalties import day
from guerdon.families.projects import store as projects
from guerdon.worker import JOBS
from installation import Installation, Project, eventually
from make import rule

MONTHLY = {"period_type": "MONTH", "period_value": 1}


def programme(project: Project, points: int = 0, **rules: Any) -> dict[str, Any]:
    card = {"points": points, "expiration_rules": {**MONTHLY, **rules}}
    return make.campaign(project, voucher={"loyalty_card": card})


def card_of(project: Project, card: dict[str, Any]) -> dict[str, Any]:
    return project.get(f"/v1/loyalties/members/{card['code']}")["loyalty_card"]


def ledger(project: Project, card: dict[str, Any]) -> list[tuple[str, int, str]]:
    """Types, points and days, the oldest first."""
    found = project.get(f"/v1/loyalties/members/{card['code']}/transactions", order="id", limit=100)["data"]
    return [(one["type"], one["details"]["balance"]["points"], one["created_at"][:16]) for one in found]


def test_the_clock_stops_at_every_day_on_which_something_falls_due(project: Project) -> None:
    programme(project)
    card = make.member(project)
    rule(project, 30, pending_points={"period_type": "DAY", "period_value": 10})
    project.advance(to="2027-01-05T12:00:00Z")
    make.order(project, 1_000, status="PAID")
    project.advance("P6M")
    assert ledger(project, card) == [
        ("PENDING_POINTS_ACTIVATION", 30, "2027-01-15T00:00"),
        ("POINTS_EXPIRATION", -30, "2027-02-16T00:00"),
    ]
    told = project.recorded("voucher.loyalty_card.points_expired")[0]["data"]
    assert told["buckets"][0]["expires_at"] == "2027-02-15"
    assert project.management.get(f"{project.path}/clock")["now"].startswith("2027-07-05T12:00:0")


def test_points_that_wait_can_be_used_before_others_end_on_the_same_day(project: Project) -> None:
    programme(project)
    card = make.member(project)
    project.advance(to="2027-01-15T12:00:00Z")
    project.post(f"/v1/loyalties/members/{card['code']}/balance", {"points": 7})  # until 15 February
    project.advance(to="2027-02-10T12:00:00Z")
    rule(project, 30, pending_points={"period_type": "DAY", "period_value": 6})
    make.order(project, 1_000, status="PAID")
    project.advance("P7D")
    assert [(kind, at) for kind, _, at in ledger(project, card)[1:]] == [
        ("PENDING_POINTS_ACTIVATION", "2027-02-16T00:00"),
        ("POINTS_EXPIRATION", "2027-02-16T00:00"),
    ]


def test_what_follows_from_a_day_counts_from_that_day(project: Project) -> None:
    programme(project, period_value=0)
    filter_ = {"created_at": {"conditions": {"$more_than_ago": [20]}}}
    make.customer(project)
    card = make.member(project)
    segment = make.segment(project, "auto-update", filter_=filter_)
    rule(project, 10, event="customer.segment.entered", segment={"id": segment["id"]})
    entered = project.management.get(f"{project.path}/clock")["now"]
    project.advance("P60D")
    (added, at), (gone, end) = [(kind, datetime.fromisoformat(at)) for kind, _, at in ledger(project, card)]
    assert (added, gone) == ("POINTS_ACCRUAL", "POINTS_EXPIRATION")
    assert (end - at).days == 1
    assert 20 <= (at - datetime.fromisoformat(entered[:16])).days <= 22


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "America/New_York"])
def test_a_day_begins_where_the_project_is(installation: Installation, zone: str) -> None:
    project = make.project(installation, timezone=zone)
    programme(project, period_value=0)
    card = make.member(project)
    project.advance(to="2027-06-10T12:00:00Z")
    day = {"Pacific/Auckland": "2027-06-11", "America/New_York": "2027-06-10"}[zone]
    end = {"Pacific/Auckland": "2027-06-11T12:00", "America/New_York": "2027-06-11T04:00"}[zone]
    project.post(f"/v1/loyalties/members/{card['code']}/balance", {"points": 5})
    assert card_of(project, card)["next_expiration_date"] == day
    project.advance("P2D")
    assert ledger(project, card)[-1] == ("POINTS_EXPIRATION", -5, end)


def test_days_that_were_missed_are_made_up_for_one_by_one(project: Project) -> None:
    """As after a downtime: the clock was moved, and no job has run on the way."""
    programme(project)
    card = make.member(project)
    rule(project, 30, pending_points={"period_type": "DAY", "period_value": 10})
    project.advance(to="2027-01-05T12:00:00Z")
    make.order(project, 1_000, status="PAID")
    eventually(lambda: card_of(project, card)["pending_points"] == 30)
    moved = "UPDATE projects SET clock_offset = clock_offset + interval '100 days' WHERE id = $1 RETURNING id"
    project.installation.sql(moved, project.id)
    job = """
    INSERT INTO jobs (project_id, id, name, payload, group_id, due_at)
    SELECT $1, 'job_' || n, 'loyalties.day', '{}', 'w-', now() FROM generate_series(1, 4) n RETURNING id
    """
    project.installation.sql(job, project.id)
    eventually(lambda: len(ledger(project, card)) == 2)
    assert ledger(project, card) == [
        ("PENDING_POINTS_ACTIVATION", 30, "2027-01-15T00:00"),
        ("POINTS_EXPIRATION", -30, "2027-02-16T00:00"),
    ]
    assert card_of(project, card)["balance"] == 0


@pytest.mark.parametrize("done", range(4))
def test_a_day_that_dies_after_any_of_its_steps_begins_anew(project: Project, done: int) -> None:
    programme(project)
    card = make.member(project)
    rule(project, 30, pending_points={"period_type": "DAY", "period_value": 10})
    project.advance(to="2027-01-05T12:00:00Z")
    project.post(f"/v1/loyalties/members/{card['code']}/balance", {"points": 7})
    make.order(project, 1_000, status="PAID")
    eventually(lambda: card_of(project, card)["pending_points"] == 30)
    moved = "UPDATE projects SET clock_offset = clock_offset + interval '100 days' WHERE id = $1 RETURNING id"
    project.installation.sql(moved, project.id)
    asyncio.run(_die_after(project, done))
    project.advance("PT0S")
    assert [entry for entry in ledger(project, card) if entry[0] != "POINTS_ADDITION"] == [
        ("PENDING_POINTS_ACTIVATION", 30, "2027-01-15T00:00"),
        ("POINTS_EXPIRATION", -7, "2027-02-06T00:00"),
        ("POINTS_EXPIRATION", -30, "2027-02-16T00:00"),
    ]
    assert [one for one in project.installation.audit(project.id) if one.wrong] == []


async def _die_after(project: Project, done: int) -> None:
    """Does so many slices of the job, loses the job, and dies in the middle of the next."""
    installation, handler = project.installation, JOBS[day.DAY]
    payload: dict[str, Any] | None = {}
    async with runtime(installation.settings, installation.database.url()) as made:
        async with Transaction(made.pool) as db:
            found = await projects.find(db, project.id)
        assert found is not None
        for _ in range(done):
            async with working(made, found, "w-test") as work:
                payload = await handler(work, payload or {})
        with contextlib.suppress(_DiedError):
            async with working(made, found, "w-test") as work:
                await handler(work, payload or {})
                raise _DiedError


class _DiedError(Exception):
    """The process is gone."""


def test_a_redemption_and_the_end_of_its_points_have_one_outcome(project: Project) -> None:
    programme(project, period_value=0)
    card = make.member(project, points=100)
    path = f"/v1/loyalties/members/{card['code']}/balance"
    moved = "UPDATE projects SET clock_offset = clock_offset + interval '2 days' WHERE id = $1 RETURNING id"
    job = """
    INSERT INTO jobs (project_id, id, name, payload, group_id, due_at)
    VALUES ($1, 'job_1', 'loyalties.day', '{}', 'w-', now()) RETURNING id
    """

    def spend() -> int:
        return project.request("POST", path, json={"points": -60}).status_code

    def end() -> int:
        project.installation.sql(moved, project.id)
        return len(project.installation.sql(job, project.id))

    together.at_once(spend, end, spend)
    shown = eventually(lambda: (found := card_of(project, card))["expired_points"] and found)
    assert shown["balance"] == 0
    assert shown["subtracted_points"] + shown["expired_points"] == 100
    assert shown["subtracted_points"] in {0, 60}


def test_two_moves_of_a_clock_add_up(project: Project) -> None:
    make.customer(project)
    path = f"{project.path}/clock/advance"
    found = together.at_once(*[lambda: project.management.post(path, {"by": "P10D"})] * 3)
    days = sorted(round(one["offset_s"] / 86_400) for one in found)
    assert days == [10, 20, 30]
