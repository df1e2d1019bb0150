"""A range of deliveries is sent again: each once, with the id and the body that it had."""

import asyncio
import threading
from typing import Any

import pytest

import make
from guerdon.families.deliveries import replay
from installation import Project, eventually
from together import at_once

RANGE = {"created_after": "2026-01-01", "created_before": "2100-01-01"}


def ask(project: Project, **body: Any) -> str:
    return project.management.post(f"{project.path}/deliveries/replay", {**RANGE, **body})["async_action_id"]


def counted(project: Project, action_id: str) -> int:
    """How many deliveries an action has sent again, once it is done."""
    done = project.finished(action_id)
    assert (done["type"], done["progress"], done["status"]) == ("DELIVERIES.REPLAY", 100, "DONE")
    return done["result"]["replayed_count"]


def failed(project: Project, *names: str, path: str | None = None) -> str:
    """Customers whose events could not be delivered; the receiver's path, which is well again."""
    path = project.webhook("customer.created", path=path)
    project.receiver.answer(path, 500)
    for name in names:
        make.customer(project, name)
    project.receiver.wait(path, len(names))
    eventually(lambda: len(project.deliveries(status="RETRYING")) == len(names))
    (webhook,) = [
        one
        for one in project.management.get(f"{project.path}/webhooks")["data"]
        if one["target_url"] == project.receiver.url(path)
    ]
    own = f"{project.path}/webhooks/{webhook['id']}"
    project.management.put(own, {"active": False})
    project.management.put(own, {"active": True})
    project.receiver.answer(path, 200)
    return path


def all_sent(project: Project, count: int) -> list[dict[str, Any]]:
    def look() -> list[dict[str, Any]] | None:
        found = project.deliveries(status="SENT")
        return found if len(found) == count else None

    return eventually(look)


def test_what_failed_is_sent_again_with_the_same_id_and_body(project: Project) -> None:
    path = failed(project, "a", "b", "c")
    before = {delivery.json["id"]: delivery.body for delivery in project.receiver.at(path)}
    assert counted(project, ask(project)) == 3
    all_sent(project, 3)
    again = project.receiver.at(path)[3:]
    assert {delivery.json["id"]: delivery.body for delivery in again} == before
    assert len(again) == 3
    assert counted(project, ask(project)) == 0


def test_what_was_sent_is_only_sent_again_when_asked_for(project: Project) -> None:
    path = project.webhook("customer.created")
    make.customer(project, "a")
    all_sent(project, 1)
    assert counted(project, ask(project)) == 0
    assert counted(project, ask(project, status="SENT")) == 1
    first, second = project.receiver.wait(path, 2)
    assert first.body == second.body


def test_waiting_retries_can_be_made_due_and_keep_their_schedule(project: Project) -> None:
    path = project.webhook("customer.created")
    project.receiver.answer(path, 500)
    make.customer(project, "a")
    eventually(lambda: project.deliveries(status="RETRYING"))
    assert counted(project, ask(project, status="RETRYING")) == 1
    project.receiver.wait(path, 2)
    (waiting,) = eventually(lambda: [row for row in project.deliveries(status="RETRYING") if row["next_attempt_at"]])
    assert waiting["next_attempt_at"] > waiting["created_at"]


def test_a_replay_that_fails_is_one_attempt_and_leaves_the_webhook_on(project: Project) -> None:
    path = failed(project, "a")
    project.receiver.answer(path, 500)
    assert counted(project, ask(project)) == 1
    project.receiver.wait(path, 2)
    (row,) = eventually(lambda: [one for one in project.deliveries(status="FAILED") if one["attempts_count"] == 2])
    assert row["next_attempt_at"] is None
    assert project.management.get(f"{project.path}/webhooks")["data"][0]["active"] is True


def test_a_range_is_narrowed(project: Project) -> None:
    failed(project, "a", "b")
    rows = sorted(project.deliveries(), key=lambda row: row["created_at"])
    source = rows[0]["source"]["id"]
    assert counted(project, ask(project, source_id="wh_none")) == 0
    assert counted(project, ask(project, event_types=["customer.deleted"])) == 0
    assert counted(project, ask(project, created_after="2090-01-01")) == 0
    assert counted(project, ask(project, created_before="2026-01-02")) == 0
    if rows[0]["created_at"] != rows[1]["created_at"]:
        assert counted(project, ask(project, created_after=rows[0]["created_at"])) == 1
    assert counted(project, ask(project, source_id=source, event_types=["customer.created"])) >= 1
    all_sent(project, 2)


def test_deliveries_of_a_moved_clock_are_found(project: Project) -> None:
    project.advance("P30D")
    failed(project, "a")
    (row,) = project.deliveries()
    project.advance("P30D")
    day = row["created_at"][:10]
    assert counted(project, ask(project, created_after=day, created_before=f"{day}T23:59:59.999Z")) == 1


def test_what_has_no_webhook_any_more_is_left_alone(project: Project) -> None:
    failed(project, "a")
    (webhook,) = project.management.get(f"{project.path}/webhooks")["data"]
    project.management.delete(f"{project.path}/webhooks/{webhook['id']}")
    assert counted(project, ask(project)) == 0
    assert project.deliveries()[0]["status"] == "FAILED"


def test_another_project_is_not_touched(project: Project) -> None:
    other = make.project(project.installation)
    failed(other, "a")
    assert counted(project, ask(project)) == 0
    assert other.deliveries()[0]["status"] == "FAILED"


def test_replays_at_once_send_each_failed_one_once(project: Project) -> None:
    path = failed(project, *[f"c{number}" for number in range(20)])
    actions = at_once(*[lambda: ask(project)] * 3)
    assert sum(counted(project, action) for action in actions) == 20
    sent = project.receiver.wait(path, 40)
    all_sent(project, 20)
    assert len(project.receiver.at(path)) == len(sent) == 40


def test_slices_end_to_end(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker runs in this process, so that its slices can be made small."""
    monkeypatch.setattr(replay, "SLICE", 3)
    path = failed(project, *[f"c{number}" for number in range(10)])
    assert counted(project, ask(project)) == 10
    assert len({one.json["id"] for one in project.receiver.wait(path, 20)[10:]}) == 10


def test_a_slice_that_is_cut_off_has_not_happened(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the worker were killed after a slice was made and before it was committed."""
    monkeypatch.setattr(replay, "SLICE", 2)
    path = failed(project, "a", "b", "c", "d", "e")
    cut = 0
    finish = replay.async_actions.advance

    async def dying(*arguments: Any) -> None:
        nonlocal cut
        cut += 1
        await finish(*arguments)
        if cut in {1, 3}:
            raise OSError("killed")

    monkeypatch.setattr(replay.async_actions, "advance", dying)
    monkeypatch.setattr("guerdon.jobs.worker.LEASE", replay.timedelta(seconds=1))
    assert counted(project, ask(project)) == 5
    assert cut == 4
    all_sent(project, 5)
    assert len(project.receiver.at(path)) == 10


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"created_after": "2026-01-01"},
        {**RANGE, "created_after": "soon"},
        {**RANGE, "created_after": "2100-01-01"},
        {**RANGE, "status": "PENDING"},
        {**RANGE, "status": None},
        {**RANGE, "event_types": []},
        {**RANGE, "event_types": ["customer.exploded"]},
        {**RANGE, "source_id": ""},
        {**RANGE, "source_id": "a\0"},
        [],
    ],
)
def test_bad_ranges_are_refused(project: Project, body: Any) -> None:
    path = f"{project.path}/deliveries/replay"
    project.management.refuse("POST", path, body, status=400, key="invalid_payload")
    assert project.installation.sql("SELECT id FROM async_actions WHERE project_id = $1", project.id) == []


def test_the_ends_of_time_are_no_trouble(project: Project) -> None:
    ends = {"created_after": "0001-01-02", "created_before": "9999-12-31T23:59:59Z"}
    assert counted(project, project.management.post(f"{project.path}/deliveries/replay", ends)["async_action_id"]) == 0


def test_a_replay_does_not_repeat_what_was_sent_since_it_was_asked_for(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two that were asked for at once, of which one comes to its turn when the other's deliveries have arrived."""
    path = project.webhook("customer.created")
    make.customer(project, "a")
    all_sent(project, 1)
    arrived, begun = threading.Event(), []
    do_slice = replay.store.replay_slice

    async def second_waits(*arguments: Any) -> Any:
        begun.append(arguments)
        while len(begun) > 1 and arguments is begun[1] and not arrived.is_set():
            await asyncio.sleep(0.01)
        return await do_slice(*arguments)

    monkeypatch.setattr(replay.store, "replay_slice", second_waits)
    actions = at_once(*[lambda: ask(project, status="SENT")] * 2)
    project.receiver.wait(path, 2)
    eventually(lambda: [row for row in project.deliveries(status="SENT") if row["attempts_count"] == 2])
    arrived.set()
    assert sorted(counted(project, action) for action in actions) == [0, 1]
    assert len(project.receiver.at(path)) == 2
