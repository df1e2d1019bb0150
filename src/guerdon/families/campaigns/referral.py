"""Reads what a request says of a referral program into what is stored, and shown."""

from typing import Any

from guerdon.errors import not_found
from guerdon.events.work import Work
from guerdon.families.campaigns import store
from guerdon.families.campaigns.define import invalid_campaign
from guerdon.families.campaigns.referring import NewReferralProgram, RefereeReward, ReferralEvent
from guerdon.families.custom_events.store import EVENT_SCHEMAS

REDEMPTION, CUSTOM_EVENT = "redemption", "custom_event"


async def program(work: Work, new: NewReferralProgram) -> dict[str, Any]:
    """Errors: invalid_campaign without the event, or for a reward of another type than its campaign; not_found."""
    told: dict[str, Any] = {"conversion_event_type": new.conversion_event_type}
    if new.conversion_event_type == CUSTOM_EVENT:
        told["custom_event"] = await _event(work, new.custom_event or ReferralEvent())
    if new.referee_reward is not None:
        told["referee_reward"] = await _reward(work, new.referee_reward)
    return told


async def _event(work: Work, wanted: ReferralEvent) -> dict[str, str]:
    name = wanted.id or wanted.name
    if name is None:
        raise invalid_campaign("Property 'referral_program.custom_event' is required where a custom event converts")
    key = {"id": wanted.id} if wanted.id else {"name": wanted.name}
    found = await EVENT_SCHEMAS.get(work.db, work.project.id, **key)
    if found is None:
        raise not_found("custom_event_schema", name)
    return {"id": found.id, "name": found.name}


async def _reward(work: Work, wanted: RefereeReward) -> dict[str, Any]:
    parent = await store.find(work.db, work.project.id, wanted.related_object_parent.id)
    if parent is None:
        raise not_found("campaign", wanted.related_object_parent.id)
    if parent.voucher_type != wanted.type:
        raise invalid_campaign(f"Campaign {parent.id} has no vouchers of type {wanted.type}")
    return {
        "type": wanted.type,
        "amount": wanted.amount,
        "related_object_parent": {"id": parent.id, "name": parent.name, "object": "CAMPAIGN"},
    }
