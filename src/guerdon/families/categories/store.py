"""Categories: their table and every statement on it."""

from collections.abc import Collection
from datetime import datetime

import msgspec

from guerdon.db.table import Order, Table, Where
from guerdon.db.transaction import Transaction
from guerdon.errors import not_found


class CategoryRow(msgspec.Struct, frozen=True, kw_only=True):
    """A category as it is stored; a lower hierarchy goes first."""

    id: str
    name: str
    hierarchy: int
    created_at: datetime
    updated_at: datetime | None = None


CATEGORIES = Table("categories", CategoryRow)
# Condition of a list: of the category that has this id or name.
OF_CATEGORY = "category_id IN (SELECT c.id FROM categories c WHERE c.project_id = $1 AND (c.id = {0} OR c.name = {0}))"

# An id wins over a name, and of several with one name the oldest.
_FIND = f"""
({CATEGORIES.select} AND id = $2) UNION ALL ({CATEGORIES.select} AND name = $2 ORDER BY created_at, id LIMIT 1) LIMIT 1
"""
_CHANGE = f"""
UPDATE categories SET name = $3, hierarchy = $4, updated_at = $5 WHERE project_id = $1 AND id = $2
RETURNING {CATEGORIES.columns}
"""


async def find(db: Transaction, project_id: str, name: str) -> CategoryRow | None:
    """By id, or else by name."""
    record = await db.row(_FIND, project_id, name)
    return None if record is None else CATEGORIES.read(record)


async def named(db: Transaction, project_id: str, name: str | None) -> str | None:
    """The id of the category that a request names by id or name; None if it names none. Errors: not_found."""
    if not name:
        return None
    found = await find(db, project_id, name)
    if found is None:
        raise not_found("category", name)
    return found.id


async def by_ids(db: Transaction, project_id: str, ids: Collection[str]) -> dict[str, CategoryRow]:
    """Those that exist, by id."""
    return {row.id: row for row in await CATEGORIES.several(db, project_id, ids)}


async def hold(db: Transaction, project_id: str, ids: Collection[str]) -> None:
    """Keeps the categories from being deleted until the transaction ends. Errors: not_found."""
    found = {row.id for row in await CATEGORIES.hold_several(db, project_id, ids)}
    missing = sorted(set(ids) - found)
    if missing:
        raise not_found("category", missing[0])


async def all_categories(db: Transaction, project_id: str) -> list[CategoryRow]:
    return await CATEGORIES.all(db, project_id, Where(), Order("created_at"))


async def change(
    db: Transaction, project_id: str, category_id: str, name: str, hierarchy: int, at: datetime
) -> CategoryRow | None:
    """The category as it then is; None if it is gone."""
    record = await db.write_row(_CHANGE, project_id, category_id, name, hierarchy, at)
    return None if record is None else CATEGORIES.read(record)
