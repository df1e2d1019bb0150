"""The feed: every event of a project once, in the order of commits, to whoever goes on from the last cursor."""

import threading
import time
from typing import Any

import pytest

import make
from installation import Project, eventually
from together import at_once, in_background


def feed(project: Project, **query: Any) -> dict[str, Any]:
    return project.management.get(f"{project.path}/events", **query)


def read_all(project: Project, limit: int, **query: Any) -> list[dict[str, Any]]:
    """Page by page, until there is nothing more."""
    events: list[dict[str, Any]] = []
    after = ""
    while True:
        page = feed(project, after=after, limit=limit, **query)
        assert len(page["data"]) <= limit
        if not page["data"]:
            return events
        events += page["data"]
        after = page["next_cursor"]


def customers(project: Project, *names: str) -> None:
    for name in names:
        make.customer(project, name)
    project.recorded("customer.created", count=len(names))


def test_events_are_what_webhooks_are_sent(project: Project) -> None:
    path = project.webhook("customer.created")
    ann = make.customer(project, "ann", metadata={"10": 1.0, "9": "é"})
    (sent,) = project.receiver.wait(path)
    page = feed(project)
    assert page["object"] == "list"
    (event,) = page["data"]
    assert list(event)[:6] == ["cursor", "id", "type", "created_at", "entity_id", "group_id"]
    told = sent.json["event"]
    assert {name: event[name] for name in told if name != "type"} == {n: told[n] for n in told if n != "type"}
    assert (event["type"], event["entity_id"], event["data"]) == ("customer.created", ann["id"], sent.data)
    assert event["cursor"] == page["next_cursor"]


def test_pages_go_on_from_the_last_cursor(project: Project) -> None:
    customers(project, *"abcdefg")
    names = [event["data"]["customer"]["source_id"] for event in read_all(project, 3)]
    assert names == list("abcdefg")
    first = feed(project, limit=2)
    again = feed(project, limit=2)
    assert first == again
    rest = feed(project, after=first["data"][0]["cursor"])
    assert [event["data"]["customer"]["source_id"] for event in rest["data"]] == list("bcdefg")


def test_an_empty_end_gives_a_cursor_to_go_on_from(project: Project) -> None:
    start = feed(project)
    assert start["data"] == []
    customers(project, "a")
    assert len(feed(project, after=start["next_cursor"])["data"]) == 1
    end = feed(project, after="latest")
    assert end["data"] == []
    customers(project, "a", "b")
    make.customer(project, "b")
    (event,) = feed(project, after=end["next_cursor"])["data"][:1]
    assert event["data"]["customer"]["source_id"] == "b"


def test_types_are_filtered_and_the_cursor_passes_the_others(project: Project) -> None:
    customers(project, "a", "b", "c")
    project.delete("/v1/customers/b")
    project.recorded("customer.deleted")
    deleted = feed(project, types="customer.deleted,voucher.published")
    assert [event["type"] for event in deleted["data"]] == ["customer.deleted"]
    none = feed(project, types="voucher.published")
    assert none["data"] == []
    assert none["next_cursor"] == feed(project, after="latest")["next_cursor"]
    assert [event["type"] for event in read_all(project, 1, types="customer.deleted,customer.created")] == [
        *["customer.created"] * 3,
        "customer.deleted",
    ]
    assert feed(project, types="voucher.loyalty_card.points_aded")["data"] == []


def test_waiting_ends_with_the_first_event(project: Project) -> None:
    cursor = feed(project)["next_cursor"]
    waiting = in_background(lambda: feed(project, after=cursor, types="customer.deleted", wait_s=15))
    make.customer(project, "a")
    began = time.monotonic()
    project.delete("/v1/customers/a")
    page = waiting.result()
    assert [event["type"] for event in page["data"]] == ["customer.deleted"]
    assert time.monotonic() - began < 5


def test_waiting_in_vain_ends_in_time(project: Project) -> None:
    began = time.monotonic()
    page = feed(project, wait_s=0.3)
    assert 0.3 <= time.monotonic() - began < 5
    assert page["data"] == []


def test_many_who_wait_hold_nobody_else_up(project: Project) -> None:
    """More of them than the API has connections to the database."""
    waiting = [in_background(lambda: feed(project, wait_s=15, types="customer.deleted")) for _ in range(16)]
    make.customer(project, "a")
    project.delete("/v1/customers/a")
    assert {len(one.result()["data"]) for one in waiting} == {1}


def test_a_reader_skips_nothing_and_sees_nothing_twice_while_many_write(project: Project) -> None:
    done = threading.Event()
    seen: list[dict[str, Any]] = []

    def follow() -> None:
        after = ""
        while True:
            finished = done.is_set()
            page = feed(project, after=after, limit=7, wait_s=0.2)
            seen.extend(page["data"])
            after = page["next_cursor"]
            if finished and not page["data"]:
                return

    following = in_background(follow)

    def write(writer: int) -> None:
        for number in range(15):
            make.customer(project, f"w{writer}-{number}")

    at_once(*[lambda writer=writer: write(writer) for writer in range(8)])
    eventually(lambda: not project.installation.sql("SELECT seq FROM outbox WHERE project_id = $1 LIMIT 1", project.id))
    done.set()
    following.result()
    committed = project.installation.sql("SELECT id FROM events WHERE project_id = $1 ORDER BY number", project.id)
    assert [event["id"] for event in seen] == [row["id"] for row in committed]
    assert len(seen) == 120


def test_bad_cursors_are_refused(project: Project) -> None:
    customers(project, "a", "b")
    cursor = feed(project)["next_cursor"]
    other = make.project(project.installation)
    number, _, mark = cursor.partition("-")
    bad = ["x", "1", "-1", number, f"{number}-", f"{number}-00000000", f"0{cursor}", f" {cursor}", f"{cursor}\n"]
    bad += [f"{int(number) + 1}-{mark}", "9" * 30 + f"-{mark}", cursor.upper() + "X", "Latest", "\u0661-00000000", "\0"]
    for after in bad:
        answer = project.management.request("GET", f"{project.path}/events", params={"after": after})
        assert (answer.status_code, answer.json()["key"]) == (400, "invalid_query_params"), after
    answer = project.management.request("GET", f"{other.path}/events", params={"after": cursor})
    assert answer.status_code == 400


def test_a_cursor_that_lies_ahead_is_refused(project: Project) -> None:
    """As after a database was restored: a reader must learn of it instead of skipping what comes."""
    customers(project, "a")
    cursor = feed(project)["next_cursor"]
    project.installation.sql("UPDATE event_feeds SET last_number = 0 WHERE project_id = $1", project.id)
    answer = project.management.request("GET", f"{project.path}/events", params={"after": cursor})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "wait_s=-1", "wait_s=31", "wait_s=nan", "types=", "types=a,b"]
)
def test_bad_queries_are_refused(project: Project, query: str) -> None:
    project.management.refuse("GET", f"{project.path}/events?{query}", status=400, key="invalid_query_params")


def test_only_management_reads_the_feed(project: Project) -> None:
    project.refuse("GET", f"{project.path}/events", status=401, key="unauthorized")
