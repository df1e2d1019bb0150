"""Operations on rules, and the lists of what they are assigned to."""

from collections.abc import Sequence

from guerdon.clock import Moment
from guerdon.db.table import Where
from guerdon.families.product_collections.routes import ONE as COLLECTION
from guerdon.families.product_collections.store import CollectionRow
from guerdon.families.validation_rules import save, store, views
from guerdon.families.validation_rules.schemas import (
    NewRule,
    RuleAssignmentsList,
    RulePatch,
    RulesList,
    ValidationRule,
)
from guerdon.families.validation_rules.store import ASSIGNMENTS, RULES, RuleRow
from guerdon.http import crud
from guerdon.http.call import Call
from guerdon.http.paging import CreatedQuery, PageQuery
from guerdon.http.routing import Param, Route


class RulesQuery(CreatedQuery, kw_only=True):
    """What a list of rules can be narrowed to: when they were made, both ends included."""

    sortable = ("created_at", "updated_at", "name")

    start_date: Moment | None = None
    end_date: Moment | None = None

    def where(self) -> Where:
        return super().where().add("created_at >= {}", self.start_date).add("created_at <= {}", self.end_date)


class AssignmentsQuery(PageQuery, kw_only=True):
    """A list of one rule's assignments."""

    sortable = ("created_at",)


class AllAssignmentsQuery(AssignmentsQuery, kw_only=True):
    """What a list of all assignments can be narrowed to."""

    related_object_id: str | None = None
    rule: str | None = None

    def where(self) -> Where:
        return super().where().equal(related_object_id=self.related_object_id, rule_id=self.rule)


async def create_rule(call: Call[NewRule]) -> ValidationRule:
    return views.rule(await save.create(call.work, call.body), 0)


async def list_rules(call: Call[None]) -> RulesList:
    query: RulesQuery = call.query
    rows, total = await RULES.page(
        call.db, call.project_id, query.where(), query.sorting, limit=query.limit, offset=query.offset
    )
    return RulesList(await _shown(call, rows), total)


async def get_rule(call: Call[None], row: RuleRow) -> ValidationRule:
    return (await _shown(call, [row]))[0]


async def update_rule(call: Call[RulePatch], row: RuleRow) -> ValidationRule:
    return (await _shown(call, [await save.update(call.work, row, call.body)]))[0]


async def delete_rule(call: Call[None], row: RuleRow) -> None:
    await save.delete(call.work, row)


async def delete_collection(call: Call[None], row: CollectionRow) -> None:
    await save.delete_collection(call.work, row)


async def _shown(call: Call[None] | Call[RulePatch], rows: Sequence[RuleRow]) -> list[ValidationRule]:
    counts = await store.counts(call.db, call.project_id, [row.id for row in rows])
    return [views.rule(row, counts.get(row.id, 0)) for row in rows]


async def load(call: Call[object], rule_id: str) -> RuleRow | None:
    return await RULES.get(call.db, call.project_id, id=rule_id)


ONE = (Param("validation_rules", load),)
PATH = "/v1/validation-rules/{validationRuleId}"
_ASSIGNMENTS = crud.Resource(
    name="validation_rules_assignment",
    names="validation_rules_assignments",
    table=ASSIGNMENTS,
    view=views.assignment,
    listed=RuleAssignmentsList,
)
_OF_RULE = crud.Resource(
    name="validation_rules_assignment",
    names="assignments_of_validation_rules",
    table=ASSIGNMENTS,
    view=views.assignment,
    listed=RuleAssignmentsList,
    within="rule_id",
)
ROUTES = (
    Route("POST", "/v1/validation-rules", create_rule, body=NewRule, answer=ValidationRule),
    Route("GET", "/v1/validation-rules", list_rules, query=RulesQuery, answer=RulesList),
    Route("GET", PATH, get_rule, ONE, answer=ValidationRule),
    Route("PUT", PATH, update_rule, ONE, RulePatch, answer=ValidationRule),
    Route("DELETE", PATH, delete_rule, ONE),
    Route(
        "GET", f"{PATH}/assignments", crud.list_of(_OF_RULE), ONE, query=AssignmentsQuery, answer=RuleAssignmentsList
    ),
    Route(
        "GET",
        "/v1/validation-rules-assignments",
        crud.list_of(_ASSIGNMENTS),
        query=AllAssignmentsQuery,
        answer=RuleAssignmentsList,
    ),
    Route("DELETE", "/v1/product-collections/{productCollectionId}", delete_collection, COLLECTION),
)
