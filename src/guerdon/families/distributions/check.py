"""What a distribution may be: which events start which purpose, what may narrow them, and which paths lead on."""

from collections.abc import Awaitable, Callable

import msgspec

from guerdon.clock import Moment, iso
from guerdon.errors import invalid_payload, not_found
from guerdon.events.catalogue import ADDED_KEYS, EVENTS, MANUAL, EventType, Purpose, Scope
from guerdon.events.work import Work
from guerdon.families.campaigns import store as campaigns
from guerdon.families.campaigns.store import CampaignRow
from guerdon.families.custom_events.store import EVENT_SCHEMAS
from guerdon.families.customers import store as customers
from guerdon.families.distributions import paths
from guerdon.families.distributions.schemas import BY_HAND, SEGMENT_ENTERED, Action, Channel, Trigger
from guerdon.families.loyalties.tier_store import LOYALTY_TIERS
from guerdon.families.promotion_tiers.store import TIERS
from guerdon.families.segments.store import SEGMENTS
from guerdon.families.validation_rules.schemas import GLOBAL
from guerdon.families.validation_rules.store import RULES
from guerdon.webhooks import checks, template


async def check(work: Work, trigger: Trigger, action: Action, channels: list[Channel]) -> tuple[Trigger, Action]:
    """Trigger and action with what they name by its id, whichever way it was named.

    Errors: invalid_payload for a combination that there is not, not_found for what it names.
    """
    event = _event(trigger)
    if action.type not in event.purposes:
        allowed = ", ".join(sorted(event.purposes))
        raise invalid_payload(f"Property .action.type must be one of {allowed} for the trigger '{trigger.type}'")
    for place, channel in enumerate(channels):
        _check_channel(event, action.type, channel, f"channels[{place}]")
    return await _narrowed(work, event, trigger), await _resolved(work, action)


def _event(trigger: Trigger) -> EventType:
    event = EVENTS.get(MANUAL if trigger.type == BY_HAND else trigger.type)
    if event is None or event.scope not in {Scope.DISTRIBUTION, Scope.BOTH}:
        raise invalid_payload(
            f"Property .trigger.type must be equal to one of the allowed values: no trigger '{trigger.type}'"
        )
    return event


async def _narrowed(work: Work, event: EventType, trigger: Trigger) -> Trigger:
    named = {field: value for field in _FIND if (value := getattr(trigger, field)) is not None}
    for field in event.required - named.keys():
        raise invalid_payload(f"Property .trigger should have required property '{field}'")
    for field in named:
        if field not in event.narrowed_by:
            raise invalid_payload(f"Property .trigger.{field} does not narrow the trigger '{trigger.type}'")
    _check_by_hand(event, trigger)
    if trigger.include_present_members and event.name != SEGMENT_ENTERED:
        raise invalid_payload(f"Property .trigger.include_present_members is only for the trigger '{SEGMENT_ENTERED}'")
    found = {field: await _FIND[field](work, value, event) for field, value in named.items()}
    kind = BY_HAND if event.name == MANUAL else event.name
    return msgspec.structs.replace(trigger, type=kind, send_at=_moment(trigger.send_at), **found)


def _check_by_hand(event: EventType, trigger: Trigger) -> None:
    if event.name != MANUAL:
        if trigger.send_at is not None:
            raise invalid_payload(f"Property .trigger.send_at is only for the trigger '{BY_HAND}'")
    elif (trigger.segment_id is None) == (trigger.customer_id is None):
        raise invalid_payload("Property .trigger should have either 'segment_id' or 'customer_id'")


def _moment(text: str | None) -> str | None:
    try:
        return None if text is None else iso(Moment.parse(text))
    except ValueError as error:
        raise invalid_payload(f"Property .trigger.send_at {error}") from None


async def _segment(work: Work, segment_id: str, event: EventType) -> str:
    found = await SEGMENTS.get(work.db, work.project.id, id=segment_id)
    if found is None:
        raise not_found("segment", segment_id)
    if found.type == "static" and event.name != MANUAL:
        raise invalid_payload("Property .trigger.segment_id names a static segment: nobody enters or leaves it")
    return found.id


async def _rule(work: Work, rule_id: str, event: EventType) -> str:
    found = await RULES.get(work.db, work.project.id, id=rule_id)
    if found is None:
        raise not_found("validation_rules", rule_id)
    context = f"distribution.{event.name.removeprefix('customer.')}"
    if found.context_type not in {GLOBAL, context}:
        raise invalid_payload(
            f"Property .trigger.validation_rule_id names a rule for {found.context_type}, not for {context}"
        )
    return found.id


async def _schema(work: Work, schema_id: str, _event: EventType) -> str:
    if await EVENT_SCHEMAS.get(work.db, work.project.id, id=schema_id) is None:
        raise not_found("custom_event_schema", schema_id)
    return schema_id


async def _tier(work: Work, tier_id: str, _event: EventType) -> str:
    if await LOYALTY_TIERS.get(work.db, work.project.id, id=tier_id) is None:
        raise not_found("loyalty_tier", tier_id)
    return tier_id


async def _customer(work: Work, name: str, _event: EventType) -> str:
    found = await customers.find(work.db, work.project.id, name)
    if found is None:
        raise not_found("customer", name)
    return found.id


async def _campaign_id(work: Work, name: str, _event: EventType) -> str:
    return (await _campaign(work, name)).id


async def _campaign(work: Work, name: str) -> CampaignRow:
    found = await campaigns.find(work.db, work.project.id, name)
    if found is None:
        raise not_found("campaign", name)
    return found


# What narrows a trigger: finds what it names.
_FIND: dict[str, Callable[[Work, str, EventType], Awaitable[str]]] = {
    "segment_id": _segment,
    "campaign_id": _campaign_id,
    "validation_rule_id": _rule,
    "custom_event_schema_id": _schema,
    "loyalty_tier_id": _tier,
    "customer_id": _customer,
}


async def _resolved(work: Work, action: Action) -> Action:
    if action.type is Purpose.PUBLICATION:
        if action.campaign_id is None:
            raise invalid_payload("Property .action should have required property 'campaign_id'")
        campaign = await _campaign(work, action.campaign_id)
        if not campaign.has_codes:
            raise invalid_payload(f"Campaign '{campaign.name}' has no codes that could be published")
        return msgspec.structs.replace(action, campaign_id=campaign.id)
    if action.type is Purpose.PROMOTION:
        if action.promotion_tier_id is None:
            raise invalid_payload("Property .action should have required property 'promotion_tier_id'")
        if await TIERS.get(work.db, work.project.id, id=action.promotion_tier_id) is None:
            raise not_found("promotion_tier", action.promotion_tier_id)
    return action


def _check_channel(event: EventType, purpose: Purpose, channel: Channel, path: str) -> None:
    checks.require_target_url(channel.target_url, f"{path}.target_url")
    checks.require_headers(channel.headers, f"{path}.headers")
    if channel.payload is None:
        if channel.raw:
            raise invalid_payload(f"Property .{path}.raw needs a payload")
        return
    known = [*event.keys, *ADDED_KEYS[purpose]]
    for named in template.paths(channel.payload):
        if not paths.leads_somewhere(known, named):
            raise invalid_payload(f"Property .{path}.payload names '{named}', which the event does not have")
    if not channel.raw and not template.is_json(channel.payload):
        raise invalid_payload(f"Property .{path}.payload must give JSON once its placeholders are filled")
