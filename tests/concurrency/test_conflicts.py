"""Work that meets other work on the same rows waits in the right order, is tried again at once, and fails nowhere."""

import time
from typing import Any

import asyncpg
import pytest

import make
import together
from guerdon import worker
from guerdon.engine.money import GREATEST
from guerdon.events.work import Work
from guerdon.families.loyalties import earn
from guerdon.jobs import queue
from installation import Project, eventually

_WAITING = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE $1"
_JOBS = "SELECT name FROM jobs WHERE project_id = $1 UNION ALL SELECT 'outbox' FROM outbox WHERE project_id = $1"


@pytest.fixture
def failures(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The errors of jobs that failed."""
    found: list[str] = []
    fail = queue.fail

    async def noted(*args: Any, **more: Any) -> None:
        found.append(str(args[4]))
        await fail(*args, **more)

    monkeypatch.setattr(queue, "fail", noted)
    return found


def waits(project: Project, statement: str) -> None:
    """Returns when somebody waits for a lock with such a statement."""
    eventually(lambda: project.installation.sql(_WAITING, statement))


def settled(project: Project) -> None:
    """Returns when the workers have nothing left to do."""
    eventually(lambda: not project.installation.sql(_JOBS, project.id))


def test_publishing_waits_for_the_customer_before_it_holds_anything_of_theirs(project: Project) -> None:
    make.campaign(project, "GIFT_VOUCHERS", "Gifts", vouchers_count=3)
    ann = make.customer(project)
    make.published(project, "Gifts")
    installation = project.installation
    with installation.holding(
        "SELECT FROM customers WHERE project_id = $1 AND id = $2 FOR UPDATE", project.id, ann["id"]
    ):
        publishing = together.in_background(lambda: make.published(project, "Gifts"))
        waits(project, "%FROM customers%FOR UPDATE%")
        free = "SELECT FROM campaign_holders WHERE project_id = $1 FOR UPDATE SKIP LOCKED"
        assert len(installation.sql(free, project.id)) == 1
    assert publishing.result()["customer_id"] == ann["id"]


def test_a_job_in_conflict_is_tried_again_at_once(
    project: Project, monkeypatch: pytest.MonkeyPatch, failures: list[str]
) -> None:
    tries: list[float] = []

    async def unlucky(work: Work, payload: dict[str, Any]) -> None:
        tries.append(time.monotonic())
        if len(tries) < 3:
            raise asyncpg.DeadlockDetectedError
        await earn.happened(work, payload)

    monkeypatch.setitem(worker.JOBS, earn.HAPPENED, unlucky)
    make.campaign(project, auto_join=True)
    make.rule(project, 5)
    make.order(project, 100, status="PAID")
    settled(project)
    assert project.get("/v1/customers/ann")["loyalty"]["points"] == 5
    assert (len(tries), failures) == (3, [])


def test_a_customer_who_is_deleted_while_an_order_earns(project: Project, failures: list[str]) -> None:
    make.campaign(project)
    make.rule(project, 5)
    card = make.member(project)
    installation = project.installation
    with installation.holding(
        "SELECT FROM vouchers WHERE project_id = $1 AND id = $2 FOR UPDATE", project.id, card["id"]
    ):
        make.order(project, 100, status="PAID")
        waits(project, "%FROM vouchers%FOR UPDATE%")
        project.delete("/v1/customers/ann")
    settled(project)
    assert project.get(f"/v1/loyalties/members/{card['code']}")["loyalty_card"]["points"] == 0
    assert failures == []


def test_points_that_no_card_can_hold_are_not_earned_and_hold_up_nothing(project: Project, failures: list[str]) -> None:
    make.campaign(project)
    make.rule(project, loyalty=make.proportional("amount", 1, GREATEST))
    make.rule(project, GREATEST)
    make.rule(project, 5)
    card = make.member(project, points=3)
    make.order(project, GREATEST, status="PAID")
    settled(project)
    assert project.get(f"/v1/loyalties/members/{card['code']}")["loyalty_card"]["points"] == 8
    assert failures == []
