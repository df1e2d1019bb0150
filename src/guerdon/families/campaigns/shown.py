"""Campaigns as answers and events show them whole, with their codes counted and with what stands beside them."""

from collections.abc import Sequence

from msgspec import UNSET

from guerdon.db.transaction import Transaction
from guerdon.families.campaigns import access, store, views
from guerdon.families.campaigns.schemas import Campaign
from guerdon.families.campaigns.store import AccessRow, CampaignRow
from guerdon.families.promotion_tiers import shown as tiers_shown, store as promotion_tiers
from guerdon.families.promotion_tiers.schemas import Tier
from guerdon.families.vouchers import beside


async def campaigns(
    db: Transaction, project_id: str, rows: Sequence[CampaignRow], *, access_settings: bool = False
) -> list[Campaign]:
    """`access_settings` also shows to which areas and stores they are assigned, of those that are."""
    found = await beside.of(db, project_id, rows)
    tiers = await _tiers(db, project_id, [row for row in rows if not row.has_codes])
    counted = await store.counted(db, project_id, rows)
    whole = [views.campaign(row, found, tiers.get(row.id, ())) for row in counted]
    if access_settings:
        assigned: dict[str, list[AccessRow]] = {}
        for row in await store.access_of(db, project_id, [row.id for row in rows]):
            assigned.setdefault(row.campaign_id, []).append(row)
        for one in whole:
            one.access_settings_assignments = access.shown(assigned[one.id]) if one.id in assigned else UNSET
    return whole


async def campaign(db: Transaction, project_id: str, row: CampaignRow) -> Campaign:
    (shown,) = await campaigns(db, project_id, [row], access_settings=True)
    return shown


async def _tiers(db: Transaction, project_id: str, rows: Sequence[CampaignRow]) -> dict[str, list[Tier]]:
    """The tiers of promotions, by the ids of the campaigns."""
    found: dict[str, list[Tier]] = {row.id: [] for row in rows}
    stored = await promotion_tiers.of_campaigns(db, project_id, list(found))
    of_tiers = {row.id: views.of_tier(row) for row in rows}
    for tier in await tiers_shown.tiers(db, project_id, stored, of_tiers) if stored else ():
        found[tier.promotion_id].append(tier)
    return found
