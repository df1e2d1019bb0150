"""Operations that bind things by rules and release them."""

import msgspec

from guerdon.families.rule_assignments import change
from guerdon.families.validation_rules import views
from guerdon.families.validation_rules.routes import ONE, PATH
from guerdon.families.validation_rules.schemas import NewRuleAssignment, RuleAssignment
from guerdon.families.validation_rules.store import ASSIGNMENTS, AssignmentRow, RuleRow
from guerdon.http.call import Call
from guerdon.http.routing import Param, Route


class AssignQuery(msgspec.Struct):
    """`force` replaces the assignment if there is one."""

    force: bool = False


async def assign_rule(call: Call[NewRuleAssignment], rule: RuleRow) -> RuleAssignment:
    query: AssignQuery = call.query
    return views.assignment(await change.bind(call.work, rule, call.body, again=query.force))


async def delete_rule_assignment(call: Call[None], rule: RuleRow, row: AssignmentRow) -> None:
    await change.release(call.work, rule, row)


async def _load(call: Call[object], assignment_id: str, rule: RuleRow) -> AssignmentRow | None:
    return await ASSIGNMENTS.get(call.db, call.project_id, id=assignment_id, rule_id=rule.id)


ROUTES = (
    Route("POST", f"{PATH}/assignments", assign_rule, ONE, NewRuleAssignment, AssignQuery, answer=RuleAssignment),
    Route(
        "DELETE",
        f"{PATH}/assignments/{{assignmentId}}",
        delete_rule_assignment,
        (*ONE, Param("validation_rules_assignment", _load)),
    ),
)
