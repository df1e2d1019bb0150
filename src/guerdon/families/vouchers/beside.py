"""What stands beside a voucher, campaign or tier where it is shown: its category, and the rules that bind it."""

from collections.abc import Collection, Mapping
from typing import Protocol

import msgspec

from guerdon.db.transaction import Transaction
from guerdon.families.categories import schemas as category_schemas, store as categories, views as category_views
from guerdon.families.categories.store import CategoryRow
from guerdon.families.validation_rules import store as rules, views as rule_views
from guerdon.families.validation_rules.store import AssignmentRow
from guerdon.families.vouchers.schemas import Assignments


class Categorised(Protocol):
    """A row that may have a category and may be bound by rules."""

    @property
    def id(self) -> str: ...
    @property
    def category_id(self) -> str | None: ...


class Beside(msgspec.Struct, frozen=True):
    """Categories by their ids, and assignments of rules by the ids of what they bind."""

    categories: Mapping[str, CategoryRow] = {}
    assignments: Mapping[str, list[AssignmentRow]] = {}

    def category(self, row: Categorised) -> str | None:
        """The name of its category."""
        found = self.categories.get(row.category_id or "")
        return found.name if found else None

    def categories_of(self, row: Categorised) -> list[category_schemas.Category]:
        found = self.categories.get(row.category_id or "")
        return [category_views.category(found)] if found else []

    def assignments_of(self, row: Categorised) -> Assignments:
        found = [rule_views.assignment(one) for one in self.assignments.get(row.id, ())]
        return Assignments(data=found, total=len(found))


NOTHING = Beside()


async def of(db: Transaction, project_id: str, rows: Collection[Categorised]) -> Beside:
    """What stands beside these rows."""
    found = await rules.assignments_of(db, project_id, [row.id for row in rows])
    return msgspec.structs.replace(await categories_of(db, project_id, rows), assignments=found)


async def categories_of(db: Transaction, project_id: str, rows: Collection[Categorised]) -> Beside:
    """Their categories alone: for what has just been made and cannot be bound by rules of its own yet."""
    ids = {row.category_id for row in rows if row.category_id}
    return Beside(await categories.by_ids(db, project_id, ids)) if ids else NOTHING
