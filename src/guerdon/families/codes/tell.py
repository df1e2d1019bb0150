"""The events of single codes."""

from guerdon.events.work import Work
from guerdon.families.campaigns import views as campaign_views
from guerdon.families.campaigns.store import CampaignRow
from guerdon.families.codes.schemas import CustomerVoucherDeleted, VoucherEvent
from guerdon.families.customers import views as customer_views
from guerdon.families.customers.store import CustomerRow
from guerdon.families.vouchers import beside, views
from guerdon.families.vouchers.assets import Links
from guerdon.families.vouchers.store import VoucherRow


async def told(work: Work, event_type: str, row: VoucherRow, campaign: CampaignRow | None) -> None:
    """Records what has happened to a code, as it is now."""
    found = await beside.categories_of(work.db, work.project.id, [row])
    shown = views.voucher_in_event(row, Links(work.runtime, work.project.id), found)
    event = VoucherEvent(shown, campaign_views.simple(campaign) if campaign else None)
    work.record(event_type, row.id, event, campaign_id=row.campaign_id)


def lost(work: Work, row: VoucherRow, campaign: CampaignRow | None, holder: CustomerRow) -> None:
    """Records for the holder's log that the code is gone."""
    shown = campaign_views.simple_of_customer(campaign) if campaign else None
    event = CustomerVoucherDeleted(customer_views.simple(holder), shown, views.simple(row))
    work.record("customer.voucher.deleted", holder.id, event, campaign_id=row.campaign_id)
