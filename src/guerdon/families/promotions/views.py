"""Stack rows as answers and events show them."""

from msgspec import UNSET

from guerdon.clock import iso, iso_or_none
from guerdon.families.promotion_tiers.store import StackRow
from guerdon.families.promotions import schemas
from guerdon.families.vouchers.beside import Beside


def stack(row: StackRow, beside: Beside) -> schemas.Stack:
    return schemas.Stack(
        id=row.id,
        name=row.name,
        created_at=iso(row.created_at),
        updated_at=iso_or_none(row.updated_at) or UNSET,
        campaign_id=row.campaign_id,
        tiers=schemas.StackTiers(row.tier_ids),
        category_id=row.category_id,
        categories=beside.categories_of(row),
    )


def simple_stack(row: StackRow) -> schemas.SimpleStack:
    return schemas.SimpleStack(
        id=row.id,
        name=row.name,
        category_id=row.category_id or UNSET,
        campaign={"id": row.campaign_id},
        tiers=schemas.StackTiers(row.tier_ids),
    )
