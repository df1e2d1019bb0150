"""Making and removing the rules by which customers earn points."""

from datetime import datetime
from typing import Any

import msgspec
from msgspec import UNSET

from guerdon.engine.points import ExpirationRules, problem_of
from guerdon.errors import invalid_payload, not_found
from guerdon.events.work import Work
from guerdon.families.campaigns import store as campaigns, views as campaign_views
from guerdon.families.campaigns.store import CampaignRow
from guerdon.families.loyalties import store, views
from guerdon.families.loyalties.schemas import (
    EarningRuleEvent,
    EarningRulePatch,
    FixedPoints,
    NewEarningRule,
    ProportionalPoints,
    Step,
    Unsupported,
)
from guerdon.families.loyalties.store import RULES, EarningRuleRow
from guerdon.families.metadata_schemas.check import Sent, require
from guerdon.families.validation_rules import assign, store as rules_store
from guerdon.families.validation_rules.schemas import About

ORDER_PAID = "order.paid"
_PROPERTIES = {"ORDER_AMOUNT": "amount", "ORDER_TOTAL_AMOUNT": "total_amount"}
_PLAIN = ("start_date", "expiration_date", "expiration_rules")


async def create(work: Work, campaign: CampaignRow, new: list[NewEarningRule]) -> list[EarningRuleRow]:
    """All of the rules or none.

    Errors: invalid_payload, metadata_validation_failed, not_found if the campaign was deleted meanwhile.
    """
    await require(work, *(Sent("earning_rule", rule.metadata) for rule in new))
    rows = [_row(work, campaign, rule, f"[{place}]") for place, rule in enumerate(new)]
    await work.db.begin()
    held = await campaigns.hold(work.db, work.project.id, campaign.id)
    if held is None:
        raise not_found("campaign", campaign.id)
    for row in rows:
        await _require_rule(work, row.validation_rule_id)
        await RULES.insert(work.db, work.project.id, row)
        bound = await assign.bind(work, _listed(row.validation_rule_id), "earning_rule", row.id)
        _tell(work, "campaign.earning_rule.assigned", held, row)
        await assign.tell(work, bound, about(held, row), campaign_id=held.id)
    return rows


async def update(work: Work, campaign: CampaignRow, row: EarningRuleRow, patch: EarningRulePatch) -> EarningRuleRow:
    """The rule after the change; nothing is told if nothing changes.

    Errors: not_found, invalid_payload, metadata_validation_failed.
    """
    _check_supported(patch, "")
    await require(work, Sent("earning_rule", patch.metadata, created=False))
    await work.db.begin()
    held = await RULES.lock(work.db, work.project.id, row.id)
    if held is None:
        raise not_found("earning_rule", row.id)
    sent = {name: value for name in _PLAIN if (value := getattr(patch, name)) is not UNSET}
    sent |= {"expiration_rules": msgspec.to_builtins(sent["expiration_rules"])} if "expiration_rules" in sent else {}
    sent |= {"loyalty": _loyalty(patch.loyalty)} if patch.loyalty else {}
    sent |= {"active": patch.active} if patch.active is not None else {}
    sent |= {"banner": patch.source.banner} if patch.source else {}
    sent |= {"metadata": {**held.metadata, **patch.metadata}} if patch.metadata is not None else {}
    sent |= {"validation_rule_id": patch.validation_rule_id or None} if patch.validation_rule_id is not UNSET else {}
    if all(value == getattr(held, name) for name, value in sent.items()):
        return held
    changed = msgspec.structs.replace(held, **sent, updated_at=work.now)
    _check_times(changed.start_date, changed.expiration_date, changed.expiration, "")
    await _rebind(work, campaign, held, changed)
    await RULES.update(work.db, work.project.id, changed)
    _tell(work, "campaign.earning_rule.updated", campaign, changed)
    if changed.active != held.active:
        _tell_switched(work, campaign, changed)
    return changed


async def switch(work: Work, campaign: CampaignRow, row: EarningRuleRow, *, active: bool) -> EarningRuleRow:
    """The rule, switched on or off; nothing is told if it was so already. Errors: not_found."""
    await work.db.begin()
    held = await RULES.lock(work.db, work.project.id, row.id)
    if held is None:
        raise not_found("earning_rule", row.id)
    if held.active == active:
        return held
    changed = msgspec.structs.replace(held, active=active, updated_at=work.now)
    await RULES.update(work.db, work.project.id, changed)
    _tell_switched(work, campaign, changed)
    return changed


async def delete(work: Work, campaign: CampaignRow, row: EarningRuleRow) -> None:
    """Errors: not_found if somebody else was faster."""
    if not await RULES.delete(work.db, work.project.id, row.id):
        raise not_found("earning_rule", row.id)
    await rules_store.forget(work.db, work.project.id, [row.id])
    _tell(work, "campaign.earning_rule.deleted", campaign, row)


async def forget(work: Work, payload: dict[str, Any]) -> None:
    """Removes the rules of a campaign that was deleted."""
    gone = await store.forget_campaign(work.db, work.project.id, payload["entity_id"])
    await rules_store.forget(work.db, work.project.id, gone)


def about(campaign: CampaignRow, row: EarningRuleRow) -> About:
    """An earning rule as the events of its assignments show it."""
    return About(campaign=campaign_views.simple(campaign), earning_rule=views.simple_earning_rule(row))


async def note_rule(work: Work, earning_rule_id: str, rule_id: str, *, bound: bool) -> None:
    """Notes that a validation rule binds an earning rule from now on, or no longer does."""
    held = await RULES.lock(work.db, work.project.id, earning_rule_id)
    if held is not None and (bound or held.validation_rule_id == rule_id):
        changed = msgspec.structs.replace(held, validation_rule_id=rule_id if bound else None, updated_at=work.now)
        await RULES.update(work.db, work.project.id, changed)


async def _rebind(work: Work, campaign: CampaignRow, old: EarningRuleRow, new: EarningRuleRow) -> None:
    """Releases an earning rule from the validation rule that it had, and binds it by the one that it gets."""
    if old.validation_rule_id == new.validation_rule_id:
        return
    if old.validation_rule_id is not None:
        assigned = await rules_store.assignment_of(work.db, work.project.id, old.id, old.validation_rule_id)
        rule = await rules_store.RULES.get(work.db, work.project.id, id=old.validation_rule_id)
        if assigned is not None and rule is not None:
            await assign.detach(work, rule, assigned, about(campaign, new), campaign_id=campaign.id)
    await _require_rule(work, new.validation_rule_id)
    bound = await assign.bind(work, _listed(new.validation_rule_id), "earning_rule", new.id)
    await assign.tell(work, bound, about(campaign, new), campaign_id=campaign.id)


def _listed(rule_id: str | None) -> list[str]:
    return [rule_id] if rule_id else []


async def _require_rule(work: Work, rule_id: str | None) -> None:
    """Holds the validation rule. Errors: not_found."""
    if rule_id and rule_id not in await rules_store.hold(work.db, work.project.id, [rule_id]):
        raise not_found("validation_rules", rule_id)


def _tell_switched(work: Work, campaign: CampaignRow, row: EarningRuleRow) -> None:
    name = "campaign.earning_rule.enabled" if row.active else "campaign.earning_rule.disabled"
    _tell(work, name, campaign, row)


def _tell(work: Work, event_type: str, campaign: CampaignRow, row: EarningRuleRow) -> None:
    told = EarningRuleEvent(campaign_views.simple(campaign), views.earning_rule(row))
    work.record(event_type, campaign.id, told, campaign_id=campaign.id)


def _row(work: Work, campaign: CampaignRow, new: NewEarningRule, path: str) -> EarningRuleRow:
    if new.event != ORDER_PAID:
        raise invalid_payload(f"Property {path}.event must be '{ORDER_PAID}': other events are not supported yet")
    _check_supported(new, path)
    _check_times(new.start_date, new.expiration_date, new.expiration_rules, path)
    return EarningRuleRow(
        id=work.new_id("ern_"),
        automation_id=work.new_id("auto_"),
        campaign_id=campaign.id,
        event=new.event,
        loyalty=_loyalty(new.loyalty),
        expiration_rules=msgspec.to_builtins(new.expiration_rules),
        banner=new.source.banner if new.source else None,
        active=new.active is not False,
        start_date=new.start_date,
        expiration_date=new.expiration_date,
        metadata=new.metadata or {},
        created_at=work.now,
        validation_rule_id=new.validation_rule_id or None,
    )


def _check_supported(new: Unsupported, path: str) -> None:
    for name in Unsupported.__struct_fields__:
        if getattr(new, name) is not None:
            raise invalid_payload(f"Property {path}.{name} is not supported yet")


def _check_times(start: datetime | None, end: datetime | None, rules: ExpirationRules | None, path: str) -> None:
    if start and end and end <= start:
        raise invalid_payload(f"Property {path}.expiration_date must be after the start date")
    problem = rules and problem_of(rules)
    if problem:
        raise invalid_payload(f"Property {path}.expiration_rules.{problem}")


def _loyalty(new: FixedPoints | ProportionalPoints) -> dict[str, Any]:
    if isinstance(new, FixedPoints):
        _check_plain(new)
        return {"type": "FIXED", "points": int(new.points)}
    name = _PROPERTIES[new.calculation_type]
    step: Step | None = getattr(new.order, name, None)
    if step is None:
        details = f"Loyalty order rules must contain one of the following properties - '{name}'"
        raise invalid_payload(details)
    _check_plain(step)
    return {
        "type": "PROPORTIONAL",
        "calculation_type": new.calculation_type,
        "order": {name: {"every": step.every, "points": int(step.points)}},
    }


def _check_plain(points: FixedPoints | Step) -> None:
    """Errors: invalid_payload for points by a formula, which the plain number must not silently stand in for."""
    if points.points_formula is not None:
        raise invalid_payload("Property .points_formula is not supported yet")
