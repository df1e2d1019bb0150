"""Binding things by rules, and releasing them."""

from collections.abc import Sequence

from guerdon.errors import duplicate_found, not_found
from guerdon.events.work import Work
from guerdon.families.validation_rules import store, views
from guerdon.families.validation_rules.schemas import About, RelatedType, RuleAssignmentEvent
from guerdon.families.validation_rules.store import ASSIGNMENTS, AssignmentRow, Binding, RuleRow


async def bind(work: Work, rule_ids: Sequence[str] | None, related_type: RelatedType, related_id: str) -> list[Binding]:
    """Assigns the rules to something that the caller has just made or holds, and has yet to `tell` of.

    Errors: not_found for a rule, duplicate_found if it binds this already.
    """
    wanted = list(dict.fromkeys(rule_ids or ()))
    if not wanted:
        return []
    await work.db.begin()
    rules = await store.hold(work.db, work.project.id, wanted)
    made: list[Binding] = []
    for rule_id in wanted:
        if rule_id not in rules:
            raise not_found("validation_rules", rule_id)
        row = AssignmentRow(
            id=work.new_id("asgm_"),
            rule_id=rule_id,
            related_object_id=related_id,
            related_object_type=related_type,
            created_at=work.now,
        )
        if not await store.assign(work.db, work.project.id, row):
            found = await store.assignment_of(work.db, work.project.id, related_id, rule_id)
            raise duplicate_found("validation_rules_assignment", "id", found.id if found else rule_id)
        made.append(Binding(row, rules[rule_id]))
    return made


async def tell(work: Work, made: Sequence[Binding], about: About, *, campaign_id: str | None = None) -> None:
    """Records that rules bind something."""
    for binding in made:
        name = "business_validation_rule.assignment.created"
        await _tell(work, name, binding.rule, binding.assignment, about, campaign_id=campaign_id)


async def detach(
    work: Work, rule: RuleRow, row: AssignmentRow, about: About, *, campaign_id: str | None = None
) -> None:
    """Releases something from a rule. Errors: not_found if somebody else was faster."""
    await work.db.begin()
    if not await ASSIGNMENTS.delete(work.db, work.project.id, row.id):
        raise not_found("validation_rules_assignment", row.id)
    await _tell(work, "business_validation_rule.assignment.deleted", rule, row, about, campaign_id=campaign_id)


async def _tell(
    work: Work, event_type: str, rule: RuleRow, row: AssignmentRow, about: About, *, campaign_id: str | None
) -> None:
    count = await store.counts(work.db, work.project.id, [rule.id])
    told = RuleAssignmentEvent(
        rule=views.rule_in_event(rule, count.get(rule.id, 0)),
        assignment=views.assignment(row),
        voucher=about.voucher,
        campaign=about.campaign,
        distribution=about.distribution,
        earning_rule=about.earning_rule,
        promotion_tier=about.promotion_tier,
    )
    work.record(event_type, rule.id, told, campaign_id=campaign_id)
