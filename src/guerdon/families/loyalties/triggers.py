"""Events of the feed as earning rules see them: which rules they meet, and what they earn once for."""

from collections.abc import Sequence
from typing import Any

import msgspec

from guerdon.clock import iso
from guerdon.engine.moment import Moment
from guerdon.engine.order import Order
from guerdon.events.work import Work
from guerdon.families.loyalties import store
from guerdon.families.loyalties.earning_terms import ANY_TIER, ORDER_PAID, SEGMENT_ENTERED, TIER_EVENTS
from guerdon.families.loyalties.store import Met, RecordedEvent

_ORDER_PAID, _CUSTOM_EVENT = "customer.order.paid", "customer.custom_event"
# The events that rules may wait for.
TYPES = (_ORDER_PAID, _CUSTOM_EVENT, SEGMENT_ENTERED, *sorted(TIER_EVENTS))


class Trigger(msgspec.Struct, frozen=True):
    """Something that has happened to a customer, as it was told then."""

    event: RecordedEvent
    data: dict[str, Any]

    @property
    def order(self) -> dict[str, Any] | None:
        return self.data["order"] if self.event.type == _ORDER_PAID else None

    @property
    def custom_event(self) -> dict[str, Any] | None:
        return self.data["event"] if self.event.type == _CUSTOM_EVENT else None

    @property
    def event_schema(self) -> dict[str, Any] | None:
        return self.data["event_schema"] if self.event.type == _CUSTOM_EVENT else None

    @property
    def segment(self) -> dict[str, Any] | None:
        return self.data["segment"] if self.event.type == SEGMENT_ENTERED else None

    @property
    def tier(self) -> dict[str, Any] | None:
        """The tier that the event is of: of a move the one that the customer has come to."""
        if self.event.type not in TIER_EVENTS:
            return None
        return self.data.get("loyalty_tier") or self.data.get("loyalty_tier_to")

    @property
    def card_code(self) -> str | None:
        """The card that a custom event says is to earn."""
        named = self.custom_event and self.custom_event.get("loyalty")
        return named["code"] if named else None

    @property
    def cause_id(self) -> str:
        """What earns once by every rule: an order however often it is paid, every other event by itself."""
        return self.order["id"] if self.order else self.event.id

    @property
    def met(self) -> Met:
        name, targets, tier = self.event.type, ("",), self.tier or {}
        if self.order is not None:
            name = ORDER_PAID
        elif self.custom_event is not None and self.event_schema is not None:
            name, targets = self.custom_event["type"], (self.event_schema["id"],)
        elif self.segment is not None:
            targets = (self.segment["id"],)
        elif tier:
            targets = (tier["id"], ANY_TIER)
        return Met(name, targets, tier.get("campaign_id") or "", self.event.created_at)

    @property
    def shown(self) -> dict[str, Any]:
        """The event as other events show it."""
        names = ("id", "type", "category", "entity_id", "group_id")
        return {name: getattr(self.event, name) for name in names} | {"created_at": iso(self.event.created_at)}

    @property
    def named(self) -> dict[str, Any]:
        """What the ledger names of it."""
        found: dict[str, Any] = {"event": {"id": self.event.id, "type": self.event.type}}
        if self.order is not None:
            found["order"] = {"id": self.order["id"], "source_id": self.order["source_id"]}
        if self.custom_event is not None:
            found["custom_event"] = {name: self.custom_event[name] for name in ("id", "type")}
            found["event_schema"] = self.event_schema
        if self.segment is not None:
            found["segment"] = {name: self.segment[name] for name in ("id", "name")}
        if self.tier is not None:
            found["loyalty_tier"] = {name: self.tier[name] for name in ("id", "name")}
        return found

    def engine_order(self) -> Order:
        return msgspec.convert(self.order, Order) if self.order is not None else Order()

    def moment(self, timezone: str) -> Moment:
        return Moment(self.event.created_at, timezone)


async def load(work: Work, event_number: int) -> Trigger | None:
    """The event of this number; None if it is gone."""
    return (await load_several(work, [event_number])).get(event_number)


async def load_several(work: Work, event_numbers: Sequence[int]) -> dict[int, Trigger]:
    """Events by number, as far as they are still there."""
    found = await store.events(work.db, work.project.id, event_numbers)
    return {number: Trigger(*one) for number, one in found.items()}
