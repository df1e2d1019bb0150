"""What a distribution may be: which events start which purpose, what may narrow them, and which paths lead on."""

import msgspec

from guerdon.errors import invalid_payload, not_found
from guerdon.events.catalogue import ADDED_KEYS, EVENTS, EventType, Purpose, Scope
from guerdon.events.work import Work
from guerdon.families.campaigns import store as campaigns
from guerdon.families.distributions.schemas import Action, Channel, Trigger
from guerdon.webhooks import checks, template

_MANUAL = "manual"
# What narrows a trigger, and the name of the resource that it names.
_NARROWING = {
    "segment_id": "segment",
    "campaign_id": "campaign",
    "validation_rule_id": "validation_rules",
    "custom_event_schema_id": "custom_event_schema",
    "loyalty_tier_id": "loyalty_tier",
    "customer_id": "customer",
}


async def check(work: Work, trigger: Trigger, action: Action, channels: list[Channel]) -> tuple[Trigger, Action]:
    """Trigger and action with campaigns by their ids, whichever way they were named.

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
    if trigger.type == _MANUAL:
        raise invalid_payload("Property .trigger.type 'manual' is not supported by this version")
    event = EVENTS.get(trigger.type)
    if event is None or event.scope not in {Scope.DISTRIBUTION, Scope.BOTH}:
        raise invalid_payload(
            f"Property .trigger.type must be equal to one of the allowed values: no trigger '{trigger.type}'"
        )
    return event


async def _narrowed(work: Work, event: EventType, trigger: Trigger) -> Trigger:
    named = {field: value for field in _NARROWING if (value := getattr(trigger, field)) is not None}
    for field in event.required - named.keys():
        raise invalid_payload(f"Property .trigger should have required property '{field}'")
    for field, value in named.items():
        if field not in event.narrowed_by:
            raise invalid_payload(f"Property .trigger.{field} does not narrow the trigger '{trigger.type}'")
        if field != "campaign_id":
            raise not_found(_NARROWING[field], value)
    if trigger.send_at is not None:
        raise invalid_payload("Property .trigger.send_at is only for the trigger 'manual'")
    if trigger.campaign_id is None:
        return trigger
    return msgspec.structs.replace(trigger, campaign_id=await _campaign_id(work, trigger.campaign_id))


async def _resolved(work: Work, action: Action) -> Action:
    if action.type is Purpose.PUBLICATION:
        if action.campaign_id is None:
            raise invalid_payload("Property .action should have required property 'campaign_id'")
        return msgspec.structs.replace(action, campaign_id=await _campaign_id(work, action.campaign_id))
    if action.type is Purpose.PROMOTION:
        if action.promotion_tier_id is None:
            raise invalid_payload("Property .action should have required property 'promotion_tier_id'")
        raise not_found("promotion_tier", action.promotion_tier_id)
    return action


async def _campaign_id(work: Work, name: str) -> str:
    found = await campaigns.find(work.db, work.project.id, name)
    if found is None:
        raise not_found("campaign", name)
    if not found.has_codes:
        raise invalid_payload(f"Campaign '{found.name}' has no codes that could be published")
    return found.id


def _check_channel(event: EventType, purpose: Purpose, channel: Channel, path: str) -> None:
    checks.require_target_url(channel.target_url, f"{path}.target_url")
    checks.require_headers(channel.headers, f"{path}.headers")
    if channel.payload is None:
        if channel.raw:
            raise invalid_payload(f"Property .{path}.raw needs a payload")
        return
    known = {key.name for key in (*event.keys, *ADDED_KEYS[purpose])}
    for named in template.paths(channel.payload):
        if named.partition(".")[0] not in known:
            raise invalid_payload(f"Property .{path}.payload names '{named}', which the event does not have")
    if not channel.raw and not template.is_json(channel.payload):
        raise invalid_payload(f"Property .{path}.payload must give JSON once its placeholders are filled")
