"""Whether an event that has happened is one that a distribution is for, as its trigger narrows it.

The campaign is looked at where endpoints are found for events; everything else needs what the event tells.
"""

from datetime import datetime
from typing import Any

import msgspec

from guerdon.engine.moment import Moment
from guerdon.engine.order import Order
from guerdon.events.work import Work
from guerdon.families.customers.store import CUSTOMERS
from guerdon.families.distributions.schemas import Trigger
from guerdon.families.loyalties.grounds import Ground, facts_for
from guerdon.families.product_collections import known
from guerdon.families.validation_rules.compiled import holds
from guerdon.families.validation_rules.store import RULES, RuleRow
from guerdon.telemetry import logger

log = logger("distributions")
Data = dict[str, Any]


def is_narrowed(trigger: Trigger) -> bool:
    """Whether the event's data has to be looked at."""
    named = (trigger.segment_id, trigger.custom_event_schema_id, trigger.loyalty_tier_id, trigger.validation_rule_id)
    return any(one is not None for one in named)


async def lets_through(work: Work, trigger: Trigger, data: Data, at: datetime) -> bool:
    """Whether the trigger lets an event with this data through, which happened then."""
    if not _is_of(trigger.segment_id, data.get("segment")):
        return False
    if not _is_of(trigger.custom_event_schema_id, data.get("event_schema")):
        return False
    # Of a move, the tier that the customer has come to.
    if not _is_of(trigger.loyalty_tier_id, data.get("loyalty_tier") or data.get("loyalty_tier_to")):
        return False
    return trigger.validation_rule_id is None or await _rule_holds(work, trigger.validation_rule_id, data, at)


def _is_of(wanted: str | None, told: Data | None) -> bool:
    return wanted is None or (told is not None and told["id"] == wanted)


async def _rule_holds(work: Work, rule_id: str, data: Data, at: datetime) -> bool:
    """A rule that is gone lets nothing through: a message that should not be sent cannot be taken back."""
    rule = await RULES.get(work.db, work.project.id, id=rule_id)
    if rule is None:
        log.warning("no_rule_to_ask", rule=rule_id)
        return False
    ground = await _ground(work, data, at)
    return ground is not None and await _holds(work, rule, ground)


async def _holds(work: Work, rule: RuleRow, ground: Ground) -> bool:
    catalogue = await known.catalogue(work, ground.order.items, rule.collection_ids)
    return holds(rule, await facts_for(work, [rule], ground, catalogue))


async def _ground(work: Work, data: Data, at: datetime) -> Ground | None:
    """What rules are asked about; the customer with the metadata that they had then. None if the customer is gone."""
    customer = await CUSTOMERS.get(work.db, work.project.id, id=data["customer"]["id"])
    if customer is None:
        return None
    order: Data = data.get("order") or {}
    event: Data = data.get("event") or {}
    return Ground(
        moment=Moment(at, work.project.timezone),
        customer=msgspec.structs.replace(customer, metadata=data["customer"].get("metadata") or {}),
        order=msgspec.convert(order, Order) if order else Order(),
        order_metadata=order.get("metadata") or {},
        event_metadata=event.get("metadata") or {},
    )
