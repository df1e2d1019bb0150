"""The fields of customers that filters may name: how each is read of a customer, and what it is in SQL."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, cast

import msgspec

from guerdon.db.filters import Column, Kind
from guerdon.engine.money import divide_half_up
from guerdon.families.customers.store import CustomerRow


class EventCount(msgspec.Struct, frozen=True):
    """How often a customer has had an event, and when the last time."""

    count: int
    last_at: datetime


class Person(msgspec.Struct, frozen=True):
    """A customer with the custom events that there were."""

    row: CustomerRow
    events: Mapping[str, EventCount] = {}


class Field(Column, frozen=True, kw_only=True):
    """A field of customers, also of what SQL cannot tell."""

    read: Callable[[Person], object]


def field_of(path: str) -> Field:
    """ValueError for what is no field of customers."""
    found = _FIELDS.get(path)
    if found is not None:
        return found
    for prefix, suffix, make in _NAMED:
        name = path.removeprefix(prefix).removesuffix(suffix)
        if path.startswith(prefix) and path.endswith(suffix) and name and len(path) > len(prefix) + len(suffix):
            return make(name)
    raise ValueError(f".{path} is not a field of customers")


def _column(kind: Kind, name: str) -> Field:
    return Field(kind=kind, read=lambda person: getattr(person.row, name), sql=name)


def _address(part: str) -> Field:
    return Field(kind=Kind.TEXT, read=lambda person: (person.row.address or {}).get(part), sql=f"address->>'{part}'")


def _count(read: Callable[[CustomerRow], int], sql: str | None = None) -> Field:
    return Field(kind=Kind.NUMBER, read=lambda person: read(person.row), sql=sql)


def _metadata(name: str) -> Field:
    """A key, or the keys of nested objects with dots between them."""

    def read(person: Person) -> object:
        if name in person.row.metadata:
            return person.row.metadata[name]
        value: object = person.row.metadata
        for key in name.split("."):
            value = cast("dict[str, object]", value).get(key) if isinstance(value, dict) else None
        return value

    sql = None if "." in name else "NULLIF(metadata->{}::text, 'null')"
    return Field(kind=Kind.JSON, read=read, sql=sql, name=name)


def _program(key: str) -> Callable[[str], Field]:
    def make(name: str) -> Field:
        def read(person: Person) -> object:
            program: dict[str, Any] | None = person.row.programs.get(name)
            return None if program is None else program.get(key, 0)

        return Field(kind=Kind.NUMBER, read=read)

    return make


def _event_count(name: str) -> Field:
    sql = (
        "coalesce((SELECT e.count FROM custom_event_counts e"
        " WHERE e.project_id = $1 AND e.customer_id = customers.id AND e.event = {}::text), 0)"
    )

    def read(person: Person) -> int:
        found = person.events.get(name)
        return found.count if found else 0

    return Field(kind=Kind.NUMBER, read=read, sql=sql, name=name)


def _event_moment(name: str) -> Field:
    sql = (
        "(SELECT e.last_at FROM custom_event_counts e"
        " WHERE e.project_id = $1 AND e.customer_id = customers.id AND e.event = {}::text)"
    )

    def read(person: Person) -> datetime | None:
        found = person.events.get(name)
        return found.last_at if found else None

    return Field(kind=Kind.MOMENT, read=read, sql=sql, name=name)


def _points(row: CustomerRow) -> int:
    return sum(program.get("points", 0) for program in row.programs.values())


def _average(row: CustomerRow) -> int:
    return divide_half_up(row.orders_amount, row.orders_count) if row.orders_count else 0


_FIELDS: dict[str, Field] = {
    **{name: _column(Kind.TEXT, name) for name in ("id", "source_id", "name", "description", "email", "phone")},
    **{name: _column(Kind.MOMENT, name) for name in ("created_at", "updated_at")},
    **{name: _column(Kind.DAY, name) for name in ("birthday", "birthdate")},
    "city": _address("city"),
    **{f"address.{part}": _address(part) for part in ("city", "state", "line_1", "line_2", "country", "postal_code")},
    "loyalty.points": _count(_points),
    "loyalty.referred_customers": _count(
        lambda row: sum(program.get("referred_customers", 0) for program in row.programs.values())
    ),
    "summary.orders.total_amount": _count(lambda row: row.orders_amount, "orders_amount"),
    "summary.orders.total_count": _count(lambda row: row.orders_count, "orders_count"),
    "summary.orders.average_amount": _count(_average),
    "summary.orders.last_order_amount": _count(lambda row: row.last_order_amount, "last_order_amount"),
    "summary.orders.last_order_date": Field(
        kind=Kind.MOMENT, read=lambda person: person.row.last_order_at, sql="last_order_at"
    ),
    "summary.redemptions.total_redeemed": _count(
        lambda row: row.redemptions_succeeded + row.redemptions_failed, "(redemptions_succeeded + redemptions_failed)"
    ),
    "summary.redemptions.total_succeeded": _count(lambda row: row.redemptions_succeeded, "redemptions_succeeded"),
    "summary.redemptions.total_failed": _count(lambda row: row.redemptions_failed, "redemptions_failed"),
    "summary.redemptions.total_rolled_back": _count(
        lambda row: row.rollbacks_succeeded + row.rollbacks_failed, "(rollbacks_succeeded + rollbacks_failed)"
    ),
    "summary.redemptions.total_rollback_succeeded": _count(lambda row: row.rollbacks_succeeded, "rollbacks_succeeded"),
    "summary.redemptions.total_rollback_failed": _count(lambda row: row.rollbacks_failed, "rollbacks_failed"),
    "summary.redemptions.gift.redeemed_amount": _count(lambda row: row.gift_redeemed, "gift_redeemed"),
    "summary.redemptions.gift.amount_to_go": _count(lambda row: row.gift_to_go, "gift_to_go"),
    "summary.redemptions.loyalty_card.redeemed_points": _count(lambda row: row.points_redeemed, "points_redeemed"),
    "summary.redemptions.loyalty_card.points_to_go": _count(_points),
}
_NAMED: tuple[tuple[str, str, Callable[[str], Field]], ...] = (
    ("metadata.", "", _metadata),
    ("events.", ".count", _event_count),
    ("events.", ".created_at", _event_moment),
    ("loyalty_points.campaigns.", ".points", _program("points")),
    ("loyalty.campaigns.", ".points", _program("points")),
    ("loyalty.campaigns.", ".referred_customers", _program("referred_customers")),
)
