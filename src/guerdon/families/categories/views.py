"""Category rows as answers show them."""

from msgspec import UNSET

from guerdon.clock import iso, iso_or_none
from guerdon.families.categories import schemas
from guerdon.families.categories.store import CategoryRow


def category(row: CategoryRow) -> schemas.Category:
    return schemas.Category(
        id=row.id,
        name=row.name,
        hierarchy=row.hierarchy,
        created_at=iso(row.created_at),
        updated_at=iso_or_none(row.updated_at) or UNSET,
    )
