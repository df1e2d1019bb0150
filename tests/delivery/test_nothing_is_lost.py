"""Workers and PostgreSQL are killed in the middle of some thousand deliveries, and every one is accounted for.

`make bench-ledger` is the long version of the same.
"""

from collections import Counter

import chaos
from ledger_book import Books, coming_and_going, dead, flaky, imbalance, slow, well

PLAN = chaos.Plan(
    manners=[[well, flaky], [coming_and_going, slow, dead]],
    events_per_project=1_000,
    callers=8,
    workers=2,
    kills_of_workers=4,
    kills_of_database=2,
    between_kills_s=(0.4, 0.8),
    patience_s=60,
    seed=20261121,
    pause_s=0.01,
)
EVENTS = PLAN.events_per_project * len(PLAN.manners)


def test_recorded_is_delivered_plus_given_up_whatever_is_killed() -> None:
    found = chaos.run(PLAN)
    assert found.off == []
    # An answer that was lost with its connection may stand for a commit, never the other way round.
    assert EVENTS * 0.9 <= found.answered <= len(found.books.events) <= EVENTS
    assert len(found.taken_at_kills) == PLAN.kills_of_workers + PLAN.kills_of_database
    delivered = Counter(delivery["status"] for delivery in found.books.deliveries)
    assert max(found.taken_at_kills) < delivered["SENT"], "a kill came after the last delivery"
    # The dead one is the only one that is given up, by the end of its schedule.
    given_up = Counter(row["endpoint"] for row in found.books.deliveries if row["status"] == "FAILED")
    assert given_up == {4: PLAN.events_per_project}
    assert max(attempt["number"] for attempt in found.books.attempts) == 13


def _books(code: int = 200, **changed: object) -> Books:
    delivery = {
        "id": "whs_1",
        "project_id": "p",
        "endpoint": 0,
        "event_id": "ev_1",
        "status": "SENT",
        "attempts_count": 1,
        "due_at": None,
    }
    attempts = [{"delivery_id": "whs_1", "number": 1, "status_code": code}]
    return Books([{"project_id": "p", "id": "ev_1"}], {"p": [0]}, set(), [delivery | changed], attempts)


CALL = {"id": "whs_1", "endpoint": 0, "status": 200, "genuine": True, "sha": "a"}


def test_the_comparison_finds_what_is_off() -> None:
    assert imbalance(_books(), [CALL]) == []
    assert imbalance(_books(), [CALL, CALL]) == []
    assert "never took it" in imbalance(_books(), [CALL | {"status": 500}])[0]
    assert "the receiver saw 0" in imbalance(_books(), [])[0]
    assert "same bytes" in imbalance(_books(), [CALL, CALL | {"sha": "b"}])[0]
    assert "same bytes" in imbalance(_books(), [CALL | {"genuine": False}])[0]
    assert "another endpoint" in imbalance(_books(), [CALL | {"endpoint": 1}])[0]
    assert "no such delivery" in imbalance(_books(), [CALL, CALL | {"id": "whs_2"}])[0]
    assert "unfinished" in imbalance(_books(status="RETRYING", due_at=1), [CALL])[0]
    assert "given up" in imbalance(_books(status="FAILED"), [CALL])[0]
    assert "not 1 to 2" in imbalance(_books(attempts_count=2), [CALL])[0]
    assert "0 deliveries" in imbalance(_books(event_id="ev_2"), [CALL])[0]
    assert "endpoint is on" in imbalance(_books(500, status="FAILED"), [CALL | {"status": 500}])[0]
