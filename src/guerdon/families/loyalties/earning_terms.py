"""What a request may say of an earning rule: checked, and in the form that is stored."""

from typing import Any, Literal

import msgspec

from guerdon.engine.earning import PLACES
from guerdon.engine.formula.compile import compile_formula
from guerdon.engine.formula.operands import FOR_POINTS
from guerdon.errors import invalid_payload, missing_param, not_found
from guerdon.events.work import Work
from guerdon.families.custom_events.store import EVENT_SCHEMAS
from guerdon.families.loyalties.earning_schemas import (
    FixedPoints,
    GoodsStep,
    NewEarningRule,
    NewLoyalty,
    ProportionalPoints,
    Step,
)
from guerdon.families.loyalties.tier_store import LOYALTY_TIERS
from guerdon.families.product_collections import store as collections
from guerdon.families.segments import live

Trigger = Literal["order.paid", "customer.segment.entered", "tier", "custom_event"]
ORDER_PAID: Trigger = "order.paid"
SEGMENT_ENTERED: Trigger = "customer.segment.entered"
TIER_EVENTS = frozenset(
    f"customer.loyalty.tier.{name}" for name in ("joined", "left", "upgraded", "downgraded", "prolonged")
)
ANY_TIER = "__ANY__"
_WORDS = {"order": "order", "order_items": "order items", "customer": "customer", "custom_event": "custom event"}


def trigger_of(event: str) -> Trigger:
    """What kind of event a rule waits for."""
    if event == "order.paid":
        return "order.paid"
    if event == "customer.segment.entered":
        return "customer.segment.entered"
    return "tier" if event in TIER_EVENTS else "custom_event"


async def target(work: Work, new: NewEarningRule, path: str) -> str:
    """The id of what the event must be of. A segment that is passive begins to tell who enters it.

    Errors: missing_param, not_found, invalid_payload for the name of another event.
    """
    kind = trigger_of(new.event)
    if kind == "order.paid":
        return ""
    if kind == "customer.segment.entered":
        segment_id = _named(new.segment and new.segment.id, "segment.id")
        if await live.follow(work, segment_id) is None:
            raise not_found("segment", segment_id)
        return segment_id
    if kind == "tier":
        tier_id = _named(new.loyalty_tier and new.loyalty_tier.id, "loyalty_tier.id")
        if tier_id != ANY_TIER and await LOYALTY_TIERS.get(work.db, work.project.id, id=tier_id) is None:
            raise not_found("loyalty_tier", tier_id)
        return tier_id
    schema_id = _named(new.custom_event and new.custom_event.schema_id, "custom_event.schema_id")
    defined = await EVENT_SCHEMAS.get(work.db, work.project.id, id=schema_id)
    if defined is None:
        raise not_found("custom_event_schema", schema_id)
    if defined.name != new.event:
        raise invalid_payload(f"Property {path}.event must be '{defined.name}', the name of the custom event")
    return schema_id


def pending_days(new: NewEarningRule, path: str) -> int | None:
    """Errors: invalid_payload for points that are not for orders: only those can wait."""
    if new.pending_points is None:
        return None
    if new.event != ORDER_PAID:
        raise invalid_payload(f"Property {path}.pending_points is only for the event '{ORDER_PAID}'")
    return new.pending_points.period_value


async def loyalty(work: Work, new: NewLoyalty, event: str, path: str) -> dict[str, Any]:
    """How many points there are, as it is stored and shown. Errors: invalid_payload, not_found for a collection."""
    if isinstance(new, FixedPoints):
        return {"type": "FIXED", **_points(new, f"{path}.loyalty")}
    block, name = PLACES[new.calculation_type]
    _require_known(new, event, path)
    steps = getattr(new, block)
    step: Step | None = steps and getattr(steps, name)
    if step is None:
        word = _WORDS[block]
        raise invalid_payload(f"Loyalty {word} rules must contain one of the following properties - '{name}'")
    stored = {"every": step.every, **_points(step, f"{path}.loyalty.{block}.{name}")}
    stored |= {"property": prop} if (prop := getattr(step, "property", None)) else {}
    stored |= await _goods(work, step, f"{path}.loyalty.{block}.{name}") if isinstance(step, GoodsStep) else {}
    return {"type": "PROPORTIONAL", "calculation_type": new.calculation_type, block: {name: stored}}


def _require_known(new: ProportionalPoints, event: str, path: str) -> None:
    """Errors: invalid_payload for a basis that such an event does not have."""
    kind, basis = trigger_of(event), new.calculation_type
    known = basis == "CUSTOMER_METADATA" or basis.startswith("ORDER_" if kind == ORDER_PAID else "CUSTOM_EVENT")
    if not known or (basis == "CUSTOM_EVENT_METADATA" and kind != "custom_event"):
        raise invalid_payload(f"Property {path}.loyalty.calculation_type cannot be '{basis}' for the event '{event}'")


def _named(name: str | None, param: str) -> str:
    if not name:
        raise missing_param(param)
    return name


def _points(new: FixedPoints | Step, path: str) -> dict[str, Any]:
    """Errors: invalid_payload for a formula that is none, or that asks for what there is not."""
    stored: dict[str, Any] = {"points": int(new.points)}
    if new.points_formula is None:
        return stored
    try:
        unknown = sorted(compile_formula(new.points_formula).operands - FOR_POINTS)
    except ValueError as error:
        raise invalid_payload(f"Property {path}.points_formula is invalid: {error}") from None
    if unknown:
        raise invalid_payload(f"Property {path}.points_formula cannot use {', '.join(unknown)}")
    return {**stored, "points_formula": new.points_formula}


async def _goods(work: Work, step: GoodsStep, path: str) -> dict[str, Any]:
    """The goods as they are shown: the first of several also by itself."""
    if step.applicable_to is not None:
        listed: list[dict[str, str]] = msgspec.to_builtins(step.applicable_to)
    elif (step.object is None) != (step.id is None):
        raise invalid_payload(f"Property {path} must have both of the properties 'object' and 'id' or neither")
    else:
        listed = [{"object": step.object, "id": step.id}] if step.object and step.id else []
    await collections.hold(
        work.db, work.project.id, {one["id"] for one in listed if one["object"] == "products_collection"}
    )
    if step.applicable_to is None:
        return listed[0] if listed else {}
    return {**(listed[0] if listed else {}), "applicable_to": listed}
