"""What a receiver can ask for by its answer: more time, or that nothing comes any more."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import make
from installation import Delivery, Project, eventually


def due_in(delivery: dict[str, Any]) -> timedelta:
    return datetime.fromisoformat(delivery["next_attempt_at"]) - datetime.now(UTC)


def retrying(project: Project) -> dict[str, Any]:
    return eventually(lambda: project.deliveries(status="RETRYING"))[0]


def test_retry_after_in_seconds_puts_the_retry_off(project: Project) -> None:
    path = project.webhook("customer.created")
    project.receiver.answer(path, (503, {"retry-after": "1800"}))
    make.customer(project)
    waiting = retrying(project)
    assert timedelta(minutes=29) < due_in(waiting) <= timedelta(minutes=30)
    project.advance("PT20M")
    assert len(project.receiver.at(path)) == 1
    project.receiver.answer(path, 200)
    project.advance("PT11M")
    first, second = project.receiver.wait(path, 2)
    assert first.body == second.body


def test_retry_after_as_a_date_puts_the_retry_off(project: Project) -> None:
    path = project.webhook("customer.created")
    until = datetime.now(UTC) + timedelta(hours=2)
    project.receiver.answer(path, (429, {"retry-after": format_datetime(until, usegmt=True)}))
    make.customer(project)
    assert timedelta(minutes=119) < due_in(retrying(project)) <= timedelta(hours=2)


def test_nobody_is_waited_for_longer_than_a_day(project: Project) -> None:
    path = project.webhook("customer.created")
    project.receiver.answer(path, (503, {"retry-after": "99999999"}))
    make.customer(project)
    assert timedelta(hours=23) < due_in(retrying(project)) <= timedelta(hours=24)


def test_gone_switches_the_webhook_off_at_once(project: Project) -> None:
    path = project.webhook("customer.created")
    project.receiver.answer(path, 410)
    make.customer(project, "a")
    project.receiver.wait(path)
    failed = eventually(lambda: project.deliveries(status="FAILED"))
    assert [delivery["attempts_count"] for delivery in failed] == [1]
    webhook = project.management.get(f"{project.path}/webhooks")["data"][0]
    assert (webhook["active"], webhook["disabled_reason"]) == (False, "the receiver answered 410 Gone")
    make.customer(project, "b")
    project.advance("P2D")
    project.recorded("customer.created", count=2)
    assert len(project.receiver.at(path)) == 1
    project.management.put(f"{project.path}/webhooks/{webhook['id']}", {"active": True})
    project.receiver.answer(path, 200)
    make.customer(project, "c")
    assert project.receiver.wait(path, 2)[-1].data["customer"]["source_id"] == "c"


def test_gone_gives_up_the_retries_of_others_as_well(project: Project) -> None:
    path = project.webhook("customer.created")

    def answer(delivery: Delivery) -> int:
        return 410 if delivery.data["customer"]["source_id"] == "gone" else 500

    project.receiver.answer(path, answer)
    for number in range(5):
        make.customer(project, f"c{number}")
    eventually(lambda: len(project.deliveries(status="RETRYING")) == 5)
    make.customer(project, "gone")
    eventually(lambda: len(project.deliveries(status="FAILED")) == 6)
    project.advance("P2D")
    assert len(project.receiver.at(path)) == 6
