"""How many points an order would bring a customer."""

import msgspec

from guerdon.engine.moment import Moment
from guerdon.engine.validity import problem_at
from guerdon.errors import invalid_payload, refused
from guerdon.events.work import Work
from guerdon.families.campaigns.store import CampaignRow
from guerdon.families.customers import save as customers
from guerdon.families.customers.schemas import NewCustomer
from guerdon.families.customers.store import CustomerRow
from guerdon.families.loyalties import grounds, store
from guerdon.families.loyalties.earning_terms import ORDER_PAID
from guerdon.families.loyalties.grounds import Ground
from guerdon.families.loyalties.schemas import Estimate, EstimateRequest, NamedCampaign
from guerdon.families.loyalties.store import Met
from guerdon.families.loyalties.tier_store import tier_of_holder
from guerdon.families.orders import lines, save as orders


async def estimate(work: Work, campaign: CampaignRow, asked: EstimateRequest) -> Estimate:
    """The points of the rules for paid orders, whether they would wait or not; nothing is written.

    Errors: invalid_payload, not_found for an id of no order; campaign_not_active, campaign_not_allow_auto_join,
    loyalty_card_not_active.
    """
    if asked.customer is None:
        raise invalid_payload("Property .customer must be object")
    if asked.order is None:
        raise invalid_payload("Property .order must be object")
    zone = work.project.timezone
    if not campaign.active or problem_at(campaign.period, work.now, zone):
        message = f"Loyalty campaign '{campaign.id}' is not active"
        raise refused("campaign_not_active", message, "Given campaign is not active")
    known = await customers.find(work, asked.customer)
    await _require_card(work, campaign, known)
    before = await orders.find(work, asked.order)
    after = orders.preview(work, before, asked.order, await lines.look_up(work, asked.order.items or ()))
    ground = Ground(
        moment=Moment(work.now, zone),
        customer=_as_asked(work, known, asked.customer),
        order=after.order,
        order_metadata=after.metadata,
        tier=await tier_of_holder(work.db, work.project.id, campaign.id, known.id) if known else None,
    )
    met = Met(ORDER_PAID, ("",), "", work.now)
    by_campaign = await store.rules_that_reward(work.db, work.project.id, met)
    points = sum(one.points for one in await grounds.due(work, campaign, by_campaign.get(campaign.id, []), ground))
    return Estimate(NamedCampaign(campaign.id, campaign.name), points)


async def _require_card(work: Work, campaign: CampaignRow, customer: CustomerRow | None) -> None:
    """Errors: campaign_not_allow_auto_join, loyalty_card_not_active."""
    card = await store.card_of(work.db, work.project.id, campaign.id, customer.id) if customer else None
    if card is None:
        if campaign.auto_join:
            return
        message = f"Loyalty campaign '{campaign.id}' does not allow auto-join for non-members"
        raise refused("campaign_not_allow_auto_join", message, "Given campaign does not allow auto-join")
    if not card.active or problem_at(card.period, work.now, work.project.timezone):
        message = f"Customer's loyalty card '{card.code}' is not active"
        raise refused("loyalty_card_not_active", message, "Given customer's loyalty card is not active")


def _as_asked(work: Work, known: CustomerRow | None, sent: NewCustomer) -> CustomerRow:
    """The customer as stored, with the metadata of the request laid over theirs."""
    row = known or CustomerRow(id="", source_id=sent.source_id, created_at=work.now)
    said = sent.metadata if isinstance(sent.metadata, dict) else {}
    return msgspec.structs.replace(row, metadata={**row.metadata, **said})
