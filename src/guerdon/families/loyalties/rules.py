"""Making and removing the rules by which customers earn points."""

from typing import Any

import msgspec
from msgspec import UNSET

from guerdon.engine.points import problem_of
from guerdon.errors import invalid_payload, not_found
from guerdon.events.work import Work
from guerdon.families.campaigns import store as campaigns, views as campaign_views
from guerdon.families.campaigns.store import CampaignRow
from guerdon.families.loyalties import earning_terms, store, views
from guerdon.families.loyalties.earning_schemas import EarningRuleEvent, EarningRulePatch, NewEarningRule
from guerdon.families.loyalties.earning_terms import ORDER_PAID
from guerdon.families.loyalties.store import RULES, EarningRuleRow
from guerdon.families.metadata_schemas.check import Sent, require
from guerdon.families.validation_rules import assign, store as rules_store
from guerdon.families.validation_rules.schemas import About
from guerdon.families.vouchers.terms import check_windows, windows

_PLAIN = ("start_date", "expiration_date")


async def create(work: Work, campaign: CampaignRow, new: list[NewEarningRule]) -> list[EarningRuleRow]:
    """All of the rules or none.

    Errors: invalid_payload, missing_param, metadata_validation_failed, not_found for what a rule names, and if the
    campaign was deleted meanwhile.
    """
    await require(work, *(Sent("earning_rule", rule.metadata) for rule in new))
    await work.db.begin()
    held = await campaigns.hold(work.db, work.project.id, campaign.id)
    if held is None:
        raise not_found("campaign", campaign.id)
    rows = [await _row(work, held, rule, f"[{place}]") for place, rule in enumerate(new)]
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
    await require(work, Sent("earning_rule", patch.metadata, created=False))
    await work.db.begin()
    held = await RULES.lock(work.db, work.project.id, row.id)
    if held is None:
        raise not_found("earning_rule", row.id)
    sent = await _sent(work, held, patch)
    if all(value == getattr(held, name) for name, value in sent.items()):
        return held
    changed = msgspec.structs.replace(held, **sent, updated_at=work.now)
    _check_times(campaign, changed, "")
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
    told = EarningRuleEvent(campaign_views.simple(campaign), views.earning_rule_in_event(row))
    work.record(event_type, campaign.id, told, campaign_id=campaign.id)


async def _row(work: Work, campaign: CampaignRow, new: NewEarningRule, path: str) -> EarningRuleRow:
    row = EarningRuleRow(
        id=work.new_id("ern_"),
        automation_id=work.new_id("auto_"),
        campaign_id=campaign.id,
        event=new.event,
        target=await earning_terms.target(work, new, path),
        loyalty=await earning_terms.loyalty(work, new.loyalty, new.event, path),
        pending_days=earning_terms.pending_days(new, path),
        expiration_rules=msgspec.to_builtins(new.expiration_rules),
        banner=new.source.banner if new.source else None,
        active=new.active is not False,
        start_date=new.start_date,
        expiration_date=new.expiration_date,
        validity=windows(new),
        metadata=new.metadata or {},
        created_at=work.now,
        validation_rule_id=new.validation_rule_id or None,
    )
    _check_times(campaign, row, path)
    return row


def _check_times(campaign: CampaignRow, row: EarningRuleRow, path: str) -> None:
    """Errors: invalid_payload."""
    if row.start_date and row.expiration_date and row.expiration_date <= row.start_date:
        raise invalid_payload(f"Property {path}.expiration_date must be after the start date")
    check_windows(row.start_date or campaign.start_date, row.validity)
    problem = row.expiration and problem_of(row.expiration)
    if problem:
        raise invalid_payload(f"Property {path}.expiration_rules.{problem}")


async def _sent(work: Work, held: EarningRuleRow, patch: EarningRulePatch) -> dict[str, Any]:
    """The columns that the patch says something of. Errors: invalid_payload, not_found."""
    sent = {name: value for name in _PLAIN if (value := getattr(patch, name)) is not UNSET}
    if patch.expiration_rules is not UNSET:
        sent["expiration_rules"] = msgspec.to_builtins(patch.expiration_rules)
    if patch.loyalty is not None:
        sent["loyalty"] = await earning_terms.loyalty(work, patch.loyalty, held.event, "")
    if patch.active is not None:
        sent["active"] = patch.active
    if patch.source is not None:
        sent["banner"] = patch.source.banner
    if patch.metadata is not None:
        sent["metadata"] = {**held.metadata, **patch.metadata}
    if patch.validation_rule_id is not UNSET:
        sent["validation_rule_id"] = patch.validation_rule_id or None
    if patch.pending_points is not UNSET:
        if patch.pending_points is not None and held.event != ORDER_PAID:
            raise invalid_payload(f"Property .pending_points is only for the event '{ORDER_PAID}'")
        sent["pending_days"] = patch.pending_points and patch.pending_points.period_value
    return sent | {"validity": windows(patch, held.validity)}
