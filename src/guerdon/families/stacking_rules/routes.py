"""Operations on stacking rules, and the deletion of categories."""

import msgspec
from msgspec import UNSET

from guerdon.clock import iso, iso_or_none
from guerdon.errors import not_found
from guerdon.families.categories.routes import ONE as CATEGORY
from guerdon.families.categories.store import CategoryRow
from guerdon.families.stacking_rules import change, store
from guerdon.families.stacking_rules.schemas import NewStackingRules, StackingRules, StackingRulesList
from guerdon.families.stacking_rules.store import STACKING_RULES, StackingRulesRow
from guerdon.http.call import Call
from guerdon.http.routing import Param, Route, Scope


class DeleteCategoryQuery(msgspec.Struct):
    """`remove_from_stacking_rules` also takes the category out of the stacking rules that name it."""

    remove_from_stacking_rules: bool = False


async def create_stacking_rules(call: Call[NewStackingRules]) -> StackingRules:
    return _view(await change.create(call.work, call.body))


async def list_stacking_rules(call: Call[None]) -> StackingRulesList:
    """The rules that are in force: the project's, or else the defaults."""
    row = await store.current(call.db, call.project_id)
    return StackingRulesList([_view(row) if row else StackingRules()], 1)


async def get_stacking_rules(_call: Call[None], row: StackingRulesRow) -> StackingRules:
    return _view(row)


async def update_stacking_rules(call: Call[NewStackingRules], row: StackingRulesRow) -> StackingRules:
    return _view(await change.update(call.work, row, call.body))


async def delete_stacking_rules(call: Call[None], row: StackingRulesRow) -> None:
    """Puts the defaults in force again. Errors: not_found if somebody else was faster."""
    if not await STACKING_RULES.delete(call.db, call.project_id, row.id):
        raise not_found("stacking_rules", row.id)


async def delete_category(call: Call[None], row: CategoryRow) -> None:
    await change.delete_category(call.work, row, detach=call.query.remove_from_stacking_rules)


def _view(row: StackingRulesRow) -> StackingRules:
    settings = msgspec.convert(row.settings, StackingRules)
    return msgspec.structs.replace(
        settings, id=row.id, created_at=iso(row.created_at), updated_at=iso_or_none(row.updated_at) or UNSET
    )


async def load(call: Call[object], rules_id: str) -> StackingRulesRow | None:
    return await STACKING_RULES.get(call.db, call.project_id, id=rules_id)


_ALL = "/management/v1/projects/{projectId}/stacking-rules"
_PATH = f"{_ALL}/{{stackingRulesId}}"
_ONE = (Param("stacking_rules", load),)
_SCOPE = Scope.MANAGEMENT
ROUTES = (
    Route("POST", _ALL, create_stacking_rules, body=NewStackingRules, answer=StackingRules, scope=_SCOPE),
    Route("GET", _ALL, list_stacking_rules, answer=StackingRulesList, scope=_SCOPE),
    Route("GET", _PATH, get_stacking_rules, _ONE, answer=StackingRules, scope=_SCOPE),
    Route("PUT", _PATH, update_stacking_rules, _ONE, NewStackingRules, answer=StackingRules, scope=_SCOPE),
    Route("DELETE", _PATH, delete_stacking_rules, _ONE, scope=_SCOPE),
    Route("DELETE", "/v1/categories/{categoryId}", delete_category, CATEGORY, query=DeleteCategoryQuery),
)
