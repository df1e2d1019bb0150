"""Campaigns as answers and events show them whole, with their codes counted and with what stands beside them."""

from collections.abc import Sequence

from guerdon.db.transaction import Transaction
from guerdon.families.campaigns import store, views
from guerdon.families.campaigns.schemas import Campaign
from guerdon.families.campaigns.store import CampaignRow
from guerdon.families.vouchers import beside


async def campaigns(db: Transaction, project_id: str, rows: Sequence[CampaignRow]) -> list[Campaign]:
    found = await beside.of(db, project_id, rows)
    return [views.campaign(row, found) for row in await store.counted(db, project_id, rows)]


async def campaign(db: Transaction, project_id: str, row: CampaignRow) -> Campaign:
    (shown,) = await campaigns(db, project_id, [row])
    return shown
