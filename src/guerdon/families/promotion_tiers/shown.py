"""Tiers as answers and events show them, with what stands beside them and what they were redeemed for."""

from collections.abc import Mapping, Sequence

from guerdon.db.transaction import Transaction
from guerdon.families.promotion_tiers import store, views
from guerdon.families.promotion_tiers.schemas import Tier, TierCampaign
from guerdon.families.promotion_tiers.store import Sums, TierRow
from guerdon.families.vouchers import beside


async def tiers(
    db: Transaction, project_id: str, rows: Sequence[TierRow], campaigns: Mapping[str, TierCampaign]
) -> list[Tier]:
    """`campaigns` are those of the tiers, by id."""
    found = await beside.of(db, project_id, rows)
    sums = await store.sums(db, project_id, [row.id for row in rows])
    return [views.tier(row, campaigns.get(row.campaign_id), found, sums.get(row.id, Sums())) for row in rows]
