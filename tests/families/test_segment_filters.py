"""Filters of customers: SQL and memory tell the same of everybody."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

import make
from guerdon.db.filters import narrow
from guerdon.db.pool import Pool
from guerdon.db.table import Order, Where
from guerdon.db.transaction import Transaction
from guerdon.engine.conditions import compile_conditions
from guerdon.engine.filters import compile_filter
from guerdon.engine.moment import Moment
from guerdon.families.customers.store import CUSTOMERS, CustomerRow
from guerdon.families.segments import store
from guerdon.families.segments.fields import Person, field_of
from installation import Installation

NOW = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)  # the night in which Warsaw's clocks go forward
ZONE = "Europe/Warsaw"
TEXTS = ("", "Ann", "ann", "5", "5.0", "true", "2026-03-29", "x_%\\é", "{}", "$2", "?")
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 5, 5.0, 2.5, -1, 10**30, *TEXTS, "2026-03-28T23:30:00Z", "+5", "005"),
    *([], ["Ann", 5], ["5", None], [True], [["Ann"]], {"Ann": 5}, {}),
)
FIELDS = (
    *("name", "email", "address.city", "city", "created_at", "updated_at", "birthdate", "loyalty.points", "source_id"),
    *("summary.orders.total_amount", "summary.orders.average_amount", "summary.redemptions.total_redeemed"),
    *("metadata.a", "metadata.b", "metadata.deep.a", "events.seen.count", "events.seen.created_at", "events.x.count"),
    "loyalty_points.campaigns.Club.points",
)
OPERATORS = (
    *("$is", "$is_not", "$in", "$not_in", "$has_value", "$is_unknown", "$not_intersect", "$count", "$count_more"),
    *("$starts_with", "$ends_with", "$contains", "$not_contain", "$more_than", "$less_than", "$more_than_equal"),
    *("$less_than_equal", "$greater_than_or_equal", "$after", "$before", "$more_than_ago", "$less_than_ago"),
    *("$is_days_ago", "$more_than_future", "$less_than_future", "$is_days_in_future", "$today", "$tomorrow"),
    *("$yesterday", "$this_week", "$next_month", "$this_month_md", "$is_day", "$is_years_ago"),
)
OPERANDS = st.one_of(
    st.sampled_from(TEXTS),
    st.sampled_from((0, 1, 5, 2.5, 30, -1, True, "2026-03-28T23:30:00Z", "2026-03-30", "Club", "1")),
)


def moments(number: int) -> datetime:
    return NOW + timedelta(days=number % 9 - 4, hours=number * 7 % 24, minutes=number * 13 % 60)


def row(number: int) -> CustomerRow:
    text = TEXTS[number % len(TEXTS)]
    value, other = VALUES[number % len(VALUES)], VALUES[number * 7 % len(VALUES)]
    return CustomerRow(
        id=f"cust_{number:03d}",
        source_id=str(number),
        name=text if number % 3 else None,
        email="ann@example.com" if number % 2 else None,
        birthdate=date(1990 + number % 40, 1 + number % 12, 1 + number % 28) if number % 4 else None,
        address={"city": text} if number % 5 else None,
        metadata={} if number % 11 == 0 else {"a": value, "b": other, "deep": {"a": value}},
        orders_amount=number % 7 * 5,
        orders_count=number % 3,
        redemptions_failed=number % 2,
        programs={"Club": {"points": number % 6}} if number % 3 else {},
        created_at=moments(number),
        updated_at=moments(number * 5) if number % 2 else None,
    )


ROWS = [row(number) for number in range(90)]


class Customers:
    """Customers in a database, and what it says of them."""

    def __init__(self, installation: Installation) -> None:
        self.project_id = make.project(installation).id
        self.loop = asyncio.new_event_loop()
        self.pool = Pool(installation.database.url(), 1)
        self.people = self.loop.run_until_complete(self.fill())

    async def fill(self) -> list[Person]:
        async with Transaction(self.pool) as db:
            await CUSTOMERS.insert_many(db, self.project_id, ROWS)
            for place, one in enumerate(ROWS[::2]):
                values = (self.project_id, one.id, place % 3 + 1, moments(place))
                sql = "INSERT INTO custom_event_counts VALUES ($1, $2, 'seen', $3, $4, $4)"
                await db.write(sql, *values)
            stored = await CUSTOMERS.all(db, self.project_id, Where(), Order("id", descending=False))
            return await store.people(db, self.project_id, stored)

    async def clear(self) -> None:
        """What was made up adds up to nothing."""
        async with Transaction(self.pool) as db:
            await db.write("DELETE FROM customers WHERE project_id = $1", self.project_id)

    def chosen(self, where: Where) -> set[str]:
        async def run() -> set[str]:
            async with Transaction(self.pool) as db:
                found = await CUSTOMERS.all(db, self.project_id, where, Order("id"))
                return {one.id for one in found}

        return self.loop.run_until_complete(run())


@pytest.fixture(scope="module")
def customers(installation: Installation) -> Iterator[Customers]:
    made = Customers(installation)
    yield made
    made.loop.run_until_complete(made.clear())
    made.loop.run_until_complete(made.pool.close())
    made.loop.close()


def accepted(conditions: dict[str, Any]) -> bool:
    try:
        compile_conditions(conditions)
    except ValueError:
        return False
    return True


CONDITIONS = st.dictionaries(
    st.sampled_from(OPERATORS), st.lists(OPERANDS, min_size=1, max_size=2), min_size=1, max_size=2
).filter(accepted)
FILTERS = st.builds(
    lambda fields, junction: {"junction": junction, **{path: {"conditions": one} for path, one in fields.items()}},
    st.dictionaries(st.sampled_from(FIELDS), CONDITIONS, min_size=1, max_size=3),
    st.sampled_from(("and", "or")),
)


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(definition=FILTERS)
def test_sql_and_memory_agree(customers: Customers, definition: dict[str, Any]) -> None:
    wanted, moment, where = compile_filter(definition), Moment(NOW, ZONE), Where()
    exact = narrow(where, wanted, moment, field_of)
    candidates = customers.chosen(where)
    met = {
        person.row.id
        for person in customers.people
        if wanted.holds(lambda path, person=person: field_of(path).read(person), moment)
    }
    assert met <= candidates, definition
    if exact:
        assert candidates == met, definition


@pytest.mark.parametrize(
    ("path", "conditions"),
    [
        ("email", {"$in": ["a@b.c"]}),
        ("name", {"$not_contain": ["x"]}),
        ("metadata.level", {"$is": ["Gold"]}),
        ("metadata.level", {"$is_unknown": [True]}),
        ("summary.orders.total_count", {"$more_than": [3]}),
        ("birthdate", {"$more_than": ["2000-01-01"]}),
        ("created_at", {"$less_than_ago": [30]}),
        ("events.seen.count", {"$more_than": ["0"]}),
    ],
)
def test_what_lists_are_usually_narrowed_by_is_left_to_sql(path: str, conditions: dict[str, Any]) -> None:
    assert narrow(Where(), compile_filter({path: {"conditions": conditions}}), Moment(NOW, ZONE), field_of)


@pytest.mark.parametrize("field", ["birthdate", "birthday"])
def test_next_month_is_that_of_every_birthday(field: str) -> None:
    wanted = compile_filter({field: {"conditions": {"$next_month": [True]}}})
    moment = Moment(datetime(2026, 11, 22, tzinfo=UTC), "UTC")
    born = [date(1980, 12, 5), date(1990, 12, 31), date(2026, 12, 5), date(1990, 1, 1), date(1980, 11, 30)]
    assert [wanted.holds(lambda _path, day=day: day, moment) for day in born] == [True, True, True, False, False]
