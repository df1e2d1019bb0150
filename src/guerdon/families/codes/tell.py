"""The events of single codes."""

from guerdon.events.work import Work
from guerdon.families.campaigns import views as campaign_views
from guerdon.families.campaigns.store import CampaignRow
from guerdon.families.codes.schemas import VoucherEvent
from guerdon.families.vouchers import beside, views
from guerdon.families.vouchers.assets import Links
from guerdon.families.vouchers.store import VoucherRow


async def told(work: Work, event_type: str, row: VoucherRow, campaign: CampaignRow | None) -> None:
    """Records what has happened to a code, as it is now."""
    found = await beside.categories_of(work.db, work.project.id, [row])
    shown = views.voucher_in_event(row, Links(work.runtime, work.project.id), found)
    event = VoucherEvent(shown, campaign_views.simple(campaign) if campaign else None)
    work.record(event_type, row.id, event, campaign_id=row.campaign_id)
