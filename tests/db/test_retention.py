"""What is old goes by weeks; what is wanted stays, and all that it needs with it."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from guerdon.db.migrate import make_partitions, migrate
from guerdon.db.pool import connect
from guerdon.db.retention import Retention, drop_old
from installation import Installation

NOW = datetime(2024, 6, 26, 12, tzinfo=UTC)
OLD = datetime(2024, 1, 3, tzinfo=UTC)  # in the week of the first of January
OLDER = datetime(2023, 12, 27, tzinfo=UTC)
YOUNG = datetime(2024, 6, 20, tzinfo=UTC)
WEEKS = ("20231225", "20240101", "20240617")
KEEP = Retention(timedelta(days=90), timedelta(days=30), timedelta(days=30))
TABLES = ("events", "deliveries", "delivery_attempts")
EVENT = """
INSERT INTO events (project_id, number, recorded_at, id, type, entity_id, group_id, created_at, event_source, category,
    quiet, data) VALUES ('p', $1, $2, 'ev', 'customer.created', 'cust', 'v', $2, '{}', 'ACTION', false, '{}')
"""
DELIVERY = """
INSERT INTO deliveries (project_id, id, recorded_at, endpoint_id, source_id, event_number, event_recorded_at, event_id,
    event_type, entity_id, type, target_url, created_at, status, due_at, first_attempt_at)
VALUES ('p', $1, $2, 'wh', 'wh', $3, $4, 'ev', 'customer.created', 'cust', 'customer.created', 'http://x', $2,
    CASE WHEN $5::timestamptz IS NULL THEN 'SENT' ELSE 'RETRYING' END, $5, $2)
"""
ATTEMPT = "INSERT INTO delivery_attempts VALUES ('p', $1, 1, $2, $2, 5, 200)"


class Past:
    """A database of the test's own, with three weeks of the past."""

    def __init__(self, url: str) -> None:
        self.url = url

    def run(self, sql: str, *values: Any) -> list[asyncpg.Record]:
        async def run() -> list[Any]:
            connection = await connect(self.url)
            try:
                return list(await connection.fetch(sql, *values))
            finally:
                await connection.close()

        return asyncio.run(run())

    def event(self, number: int, at: datetime) -> None:
        self.run(EVENT, number, at)

    def delivery(self, name: str, at: datetime, event: tuple[int, datetime], due_at: datetime | None = None) -> None:
        self.run(DELIVERY, name, at, *event, due_at)
        self.run(ATTEMPT, name, at)

    def drop(self) -> set[str]:
        async def run() -> list[str]:
            connection = await connect(self.url)
            try:
                return await drop_old(connection, NOW, KEEP)
            finally:
                await connection.close()

        return set(asyncio.run(run()))

    def weeks(self, table: str) -> set[str]:
        found = self.run("SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ $1", rf"^{table}_\d{{8}}$")
        return {row["relname"].rpartition("_")[2] for row in found} & set(WEEKS)


@pytest.fixture(scope="module")
def migrated(installation: Installation) -> str:
    url = installation.database.url("retention")
    asyncio.run(migrate(url))
    return url


@pytest.fixture
def past(migrated: str) -> Iterator[Past]:
    past = Past(migrated)
    for table in TABLES:
        for week in WEEKS:
            starts_at = datetime.strptime(week, "%Y%m%d").replace(tzinfo=UTC)
            past.run(f"DROP TABLE IF EXISTS {table}_{week}")
            past.run(
                f"CREATE TABLE {table}_{week} PARTITION OF {table}"
                f" FOR VALUES FROM ('{starts_at}') TO ('{starts_at + timedelta(days=7)}')"
            )
    yield past
    past.run("TRUNCATE events, deliveries, delivery_attempts, jobs")


def test_old_weeks_go_and_young_ones_stay(past: Past) -> None:
    for number, at in enumerate((OLDER, OLD, YOUNG)):
        past.event(number, at)
        past.delivery(f"whs_{number}", at, (number, at))
    past.drop()
    assert [past.weeks(table) for table in TABLES] == [{"20240617"}] * 3
    assert [row["id"] for row in past.run("SELECT id FROM deliveries")] == ["whs_2"]
    assert past.drop() == set()


def test_what_waits_keeps_its_week_its_event_and_its_attempts(past: Past) -> None:
    past.event(1, OLDER)
    past.event(2, OLD)
    past.delivery("whs_1", OLDER, (1, OLDER))
    past.delivery("whs_2", OLD, (2, OLD), due_at=NOW + timedelta(days=1))
    past.delivery("whs_3", OLD, (2, OLD))
    past.drop()
    assert past.weeks("deliveries") == {"20240101", "20240617"}
    assert past.weeks("events") == {"20240101", "20240617"}
    assert past.weeks("delivery_attempts") >= {"20240101", "20240617"}
    past.run("UPDATE deliveries SET due_at = NULL, status = 'SENT'")
    past.drop()
    assert [past.weeks(table) for table in TABLES] == [{"20240617"}] * 3


def test_an_event_stays_as_long_as_a_delivery_of_any_week_may_be_sent_again(past: Past) -> None:
    past.event(1, OLD)
    past.delivery("whs_1", YOUNG, (1, OLD))
    past.drop()
    assert past.weeks("events") == {"20240101", "20240617"}
    past.run("DELETE FROM deliveries")
    past.drop()
    assert past.weeks("events") == {"20240617"}


@pytest.mark.parametrize("parked_at", [None, NOW])
def test_an_event_stays_as_long_as_a_job_is_about_it(past: Past, parked_at: datetime | None) -> None:
    past.event(1, OLD)
    past.event(2, OLDER)
    past.run(
        "INSERT INTO jobs (project_id, id, name, payload, group_id, due_at, parked_at)"
        " VALUES ('p', 'job_1', 'x', $1, 'v', now(), $2), ('p', 'job_2', 'x', '{}', 'v', now(), NULL),"
        " ('q', 'job_3', 'x', '{\"event_number\": 2}', 'v', now(), NULL)",
        {"event_number": 1, "entity_id": "cust"},
        parked_at,
    )
    past.drop()
    assert past.weeks("events") == {"20240101", "20240617"}
    past.run("DELETE FROM jobs")
    past.drop()
    assert past.weeks("events") == {"20240617"}


def test_a_week_that_is_in_use_is_left_for_the_next_time(past: Past) -> None:
    async def hold() -> set[str]:
        holding, dropping = await connect(past.url), await connect(past.url)
        try:
            await holding.execute("BEGIN")
            await holding.fetch("SELECT project_id FROM deliveries")
            return set(await drop_old(dropping, NOW, KEEP))
        finally:
            await holding.close()
            await dropping.close()

    dropped = asyncio.run(hold())
    assert past.weeks("deliveries") == set(WEEKS)
    assert "events_20240101" in dropped
    past.drop()
    assert past.weeks("deliveries") == {"20240617"}


def test_two_at_once_drop_each_week_once(past: Past) -> None:
    async def both() -> list[list[str]]:
        connections = [await connect(past.url) for _ in range(2)]
        try:
            return await asyncio.gather(*(drop_old(connection, NOW, KEEP) for connection in connections))
        finally:
            for connection in connections:
                await connection.close()

    dropped = [name for names in asyncio.run(both()) for name in names]
    assert len(dropped) == len(set(dropped)) == 6


def test_what_fell_outside_all_weeks_goes_row_by_row(past: Past) -> None:
    between = datetime(2024, 2, 1, tzinfo=UTC)
    for number in (1, 2):
        past.event(number, between)
    past.delivery("whs_1", between, (1, between))
    past.delivery("whs_2", between, (2, between), due_at=NOW)
    past.drop()
    assert [row["id"] for row in past.run("SELECT id FROM deliveries")] == ["whs_2"]
    assert [row["number"] for row in past.run("SELECT number FROM events")] == [2]
    assert [row["delivery_id"] for row in past.run("SELECT delivery_id FROM delivery_attempts")] == ["whs_2"]


def test_rows_of_a_week_without_a_partition_do_not_stop_the_others_from_being_made(past: Past) -> None:
    late = datetime.now(UTC) + timedelta(days=60)
    past.event(1, late)

    async def make() -> None:
        connection = await connect(past.url)
        try:
            await make_partitions(connection, timedelta(days=80))
        finally:
            await connection.close()

    asyncio.run(make())
    weeks = past.run("SELECT partition FROM weeks_before('events', $1)", datetime.now(UTC) + timedelta(days=200))
    monday = (late - timedelta(days=late.weekday())).strftime("%Y%m%d")
    after = (late - timedelta(days=late.weekday() - 7)).strftime("%Y%m%d")
    names = {row["partition"] for row in weeks}
    assert f"events_{monday}" not in names
    assert f"events_{after}" in names
