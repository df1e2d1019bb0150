"""Reward rows as answers and events show them."""

from msgspec import UNSET

from guerdon.clock import iso, iso_or_none
from guerdon.families.products.store import ProductRow, SkuRow
from guerdon.families.rewards import schemas
from guerdon.families.rewards.store import AssignmentRow, RewardRow


def reward(row: RewardRow) -> schemas.Reward:
    return schemas.Reward(
        id=row.id,
        name=row.name,
        stock=row.stock,
        redeemed=row.redeemed,
        attributes=UNSET if row.attributes is None else row.attributes,
        metadata=row.metadata,
        type=row.type,
        parameters=row.parameters,
        created_at=iso(row.created_at),
        updated_at=iso_or_none(row.updated_at),
    )


def assignment(row: AssignmentRow) -> schemas.Assignment:
    price = None if row.points is None else schemas.ShownPrice(row.points, row.auto_redeem or UNSET)
    return schemas.Assignment(
        id=row.id,
        reward_id=row.reward_id,
        related_object_id=row.campaign_id,
        parameters=schemas.ShownParameters(price) if price else UNSET,
        created_at=iso(row.created_at),
        updated_at=iso_or_none(row.updated_at),
    )


def simple_product(row: ProductRow) -> schemas.SimpleProduct:
    return schemas.SimpleProduct(row.id, row.source_id or UNSET, row.name or UNSET)


def simple_sku(row: SkuRow) -> schemas.SimpleSku:
    return schemas.SimpleSku(row.id, row.source_id or UNSET, row.sku or UNSET)
