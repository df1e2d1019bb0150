"""Switching campaigns on and off."""

from guerdon.events.work import Work
from guerdon.families.campaigns import shown, store
from guerdon.families.campaigns.schemas import CampaignSwitched
from guerdon.families.campaigns.store import CampaignRow


async def switch(work: Work, row: CampaignRow, *, active: bool) -> None:
    """Nothing is told if it was so already."""
    await work.db.begin()
    changed = await store.switch(work.db, work.project.id, row.id, active=active, at=work.now)
    if changed is not None:
        whole = await shown.campaign(work.db, work.project.id, changed)
        name = "campaign.enabled" if active else "campaign.disabled"
        work.record(name, row.id, CampaignSwitched(whole), campaign_id=row.id)
