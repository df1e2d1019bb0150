"""Finding cards by the paths that name them, and giving them to customers."""

from guerdon.errors import not_found
from guerdon.events.work import Work
from guerdon.families.campaigns import store as campaigns
from guerdon.families.campaigns.store import CampaignRow
from guerdon.families.customers import save
from guerdon.families.loyalties.schemas import NewMember
from guerdon.families.metadata_schemas.check import Sent, require
from guerdon.families.publications.publish import API, Target, Terms, publish_as_asked
from guerdon.families.vouchers import store as vouchers
from guerdon.families.vouchers.store import VoucherRow
from guerdon.http.call import Call

PROGRAMME = "LOYALTY_PROGRAM"
_CARD = "LOYALTY_CARD"


async def programme(work: Work, name: str) -> CampaignRow | None:
    """A loyalty programme by id or name."""
    found = await campaigns.find(work.db, work.project.id, name)
    return found if found and found.campaign_type == PROGRAMME else None


async def load_campaign(call: Call[object], name: str) -> CampaignRow | None:
    """What `programme` finds."""
    return await programme(call.work, name)


async def find_card(work: Work, name: str) -> VoucherRow | None:
    """A card by code or id."""
    found = await vouchers.find(work.db, work.project, name)
    return found if found and found.type == _CARD else None


async def load_card(call: Call[object], name: str) -> VoucherRow | None:
    """What `find_card` finds."""
    return await find_card(call.work, name)


async def load_card_of(call: Call[object], name: str, campaign: CampaignRow) -> VoucherRow | None:
    """A card of this programme by code or id."""
    found = await load_card(call, name)
    return found if found and found.campaign_id == campaign.id else None


async def add(work: Work, campaign: CampaignRow, new: NewMember) -> VoucherRow:
    """The card that the customer has now. Errors: those of publishing, metadata_validation_failed."""
    target: Target = campaign
    if new.voucher is not None:
        card = await vouchers.find(work.db, work.project, new.voucher)
        if card is None or card.campaign_id != campaign.id:
            raise not_found("voucher", new.voucher)
        target = card
    await require(work, Sent("publication", new.metadata))
    await work.db.begin()
    customer = await save.named(work, new.customer)
    channel = API if new.channel is None else new.channel
    terms = Terms(channel=channel, metadata=new.metadata or {}, source_id=new.source_id)
    done = await publish_as_asked(work, target, customer, terms)
    return done.vouchers[0]
