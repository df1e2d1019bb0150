"""Promotion tiers, what they were redeemed for, and stacks of them: tables and statements."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import msgspec

from guerdon.db.filters import Fields, same
from guerdon.db.table import WANTED, Table
from guerdon.db.transaction import Transaction
from guerdon.engine.validity import Validity


class TierRow(msgspec.Struct, frozen=True, kw_only=True):
    """A tier as it is stored; those of a campaign apply in the order of their hierarchy."""

    id: str
    campaign_id: str
    name: str
    banner: str | None = None
    discount: dict[str, Any]
    hierarchy: int
    active: bool = True
    category_id: str | None = None
    start_date: datetime | None = None
    expiration_date: datetime | None = None
    validity: dict[str, Any] | None = None
    metadata: dict[str, Any] = {}
    created_at: datetime
    updated_at: datetime | None = None

    @property
    def period(self) -> Validity:
        """When it can be redeemed, as far as its campaign allows."""
        return Validity(self.start_date, self.expiration_date, self.validity)


class StackRow(msgspec.Struct, frozen=True, kw_only=True):
    """Tiers of one campaign that are redeemed together, in this order."""

    id: str
    campaign_id: str
    name: str
    tier_ids: list[str]
    category_id: str | None = None
    created_at: datetime
    updated_at: datetime | None = None


class Sums(msgspec.Struct, frozen=True):
    """How often a tier was redeemed, for orders of what amount, and what it took off them, in minor units."""

    redeemed: int = 0
    amount: int = 0
    discount_amount: int = 0


TIERS = Table("promotion_tiers", TierRow)
FIELDS = Fields(
    "promotion tiers",
    texts={**same("id", "name", "banner", "campaign_id", "category_id"), "promotion_id": "campaign_id"},
    numbers=same("hierarchy"),
    moments=same("start_date", "expiration_date", "created_at", "updated_at"),
    others={"active": "to_jsonb(active)"},
)
STACKS = Table("promotion_stacks", StackRow)
_SLOTS = 16
_OF_CAMPAIGNS = f"""
SELECT {", ".join(f"t.{column}" for column in TierRow.__struct_fields__)} FROM {WANTED}
JOIN promotion_tiers t ON t.project_id = wanted.project_id AND t.campaign_id = wanted.id
ORDER BY t.campaign_id, t.hierarchy, t.created_at, t.id
"""
_LAST = "SELECT max(hierarchy) FROM promotion_tiers WHERE project_id = $1 AND campaign_id = $2"
_SWITCH = f"""
UPDATE promotion_tiers SET active = $3, updated_at = $4 WHERE project_id = $1 AND id = $2 AND active <> $3
RETURNING {TIERS.columns}
"""
_REMOVE = f"DELETE FROM promotion_tiers WHERE project_id = $1 AND id = $2 RETURNING {TIERS.columns}"
_COUNT = f"""
INSERT INTO promotion_tier_sums AS s (project_id, tier_id, slot, redeemed, amount, discount_amount)
VALUES ($1, $2, abs(hashtext($3) % {_SLOTS}), $4, $5, $6)
ON CONFLICT (project_id, tier_id, slot) DO UPDATE SET redeemed = s.redeemed + excluded.redeemed,
    amount = s.amount + excluded.amount, discount_amount = s.discount_amount + excluded.discount_amount
"""
_SUMS = """
SELECT tier_id, sum(redeemed)::bigint, sum(amount)::bigint, sum(discount_amount)::bigint FROM promotion_tier_sums
WHERE project_id = $1 AND tier_id = ANY($2) GROUP BY tier_id
"""
_FORGET_SUMS = "DELETE FROM promotion_tier_sums WHERE project_id = $1 AND tier_id = ANY($2)"
_LEAVE_STACKS = f"""
UPDATE promotion_stacks SET tier_ids = array_remove(tier_ids, $3), updated_at = $4
WHERE project_id = $1 AND campaign_id = $2 AND $3 = ANY(tier_ids) RETURNING {STACKS.columns}
"""
_FORGET_TIERS = "DELETE FROM promotion_tiers WHERE project_id = $1 AND campaign_id = $2 RETURNING id"
_FORGET_STACKS = "DELETE FROM promotion_stacks WHERE project_id = $1 AND campaign_id = $2"


async def by_ids(db: Transaction, project_id: str, ids: Collection[str]) -> dict[str, TierRow]:
    """Those that exist, by id."""
    return {row.id: row for row in await TIERS.several(db, project_id, ids)}


async def hold(db: Transaction, project_id: str, ids: Collection[str]) -> dict[str, TierRow]:
    """Those that exist, by id; they cannot be deleted until the transaction ends."""
    return {row.id: row for row in await TIERS.hold_several(db, project_id, ids)}


async def of_campaigns(db: Transaction, project_id: str, campaign_ids: Collection[str]) -> list[TierRow]:
    """All tiers of the campaigns, those of each in the order of their hierarchy."""
    records = await db.rows(_OF_CAMPAIGNS, project_id, sorted(campaign_ids)) if campaign_ids else []
    return [TIERS.read(record) for record in records]


async def last_hierarchy(db: Transaction, project_id: str, campaign_id: str) -> int:
    """The highest of a campaign, 0 without tiers."""
    return await db.value(_LAST, project_id, campaign_id) or 0


async def switch(db: Transaction, project_id: str, tier_id: str, *, active: bool, at: datetime) -> TierRow | None:
    """The tier, switched on or off; None if it was so already, or is gone."""
    record = await db.write_row(_SWITCH, project_id, tier_id, active, at)
    return None if record is None else TIERS.read(record)


async def remove(db: Transaction, project_id: str, tier_id: str) -> TierRow | None:
    """Deletes a tier and returns it; None if somebody else did."""
    record = await db.write_row(_REMOVE, project_id, tier_id)
    return None if record is None else TIERS.read(record)


def count_redemption(db: Transaction, project_id: str, tier_id: str, by: str, more: Sums) -> None:
    """Adds to what the tier was redeemed for; `by` tells redemptions apart, so that they do not wait for each other."""
    db.later(_COUNT, project_id, tier_id, by, *msgspec.structs.astuple(more))


async def sums(db: Transaction, project_id: str, tier_ids: Collection[str]) -> dict[str, Sums]:
    """What the tiers were redeemed for, by id; those that never were are missing."""
    records = await db.rows(_SUMS, project_id, sorted(tier_ids)) if tier_ids else []
    return {tier_id: Sums(*values) for tier_id, *values in (record.values() for record in records)}


async def forget_sums(db: Transaction, project_id: str, tier_ids: Collection[str]) -> None:
    await db.write(_FORGET_SUMS, project_id, sorted(tier_ids))


async def stacks_by_ids(db: Transaction, project_id: str, ids: Collection[str]) -> dict[str, StackRow]:
    """Those that exist, by id."""
    return {row.id: row for row in await STACKS.several(db, project_id, ids)}


async def leave_stacks(
    db: Transaction, project_id: str, campaign_id: str, tier_id: str, at: datetime
) -> list[StackRow]:
    """Takes a tier out of the stacks of its campaign; returns those that had it."""
    records = await db.write(_LEAVE_STACKS, project_id, campaign_id, tier_id, at)
    return [STACKS.read(record) for record in records]


async def forget_campaign(db: Transaction, project_id: str, campaign_id: str) -> list[str]:
    """Removes the tiers and stacks of a campaign that is deleted; returns the ids of the tiers."""
    gone = [record["id"] for record in await db.write(_FORGET_TIERS, project_id, campaign_id)]
    await db.write(_FORGET_STACKS, project_id, campaign_id)
    await forget_sums(db, project_id, gone)
    return gone
