"""Paying for a reward with the points of a card: all of it happens, or nothing does."""

import base64
import hashlib
from typing import Any

import msgspec
from msgspec import UNSET

from guerdon.clock import iso
from guerdon.engine.redeeming import Card, refusal
from guerdon.errors import ApiError, not_found, refused
from guerdon.events.work import Work
from guerdon.families.campaigns import store as campaigns
from guerdon.families.campaigns.store import CampaignRow
from guerdon.families.customers import store as customers
from guerdon.families.customers.store import CUSTOMERS, CustomerRow
from guerdon.families.loyalties.movements import Member
from guerdon.families.metadata_schemas.check import Sent, require
from guerdon.families.orders import save
from guerdon.families.orders.schemas import NewOrder
from guerdon.families.orders.store import SPENT
from guerdon.families.orders.write import write
from guerdon.families.products.store import PRODUCTS, SKUS
from guerdon.families.redeemables import tell, views
from guerdon.families.redeemables.schemas import NewRedemption
from guerdon.families.redeemables.store import REDEMPTIONS, REWARD_REDEMPTIONS, RedemptionRow, RewardRedemptionRow
from guerdon.families.redeemables.views import Redeemed
from guerdon.families.rewards import store as rewards
from guerdon.families.rewards.store import AssignmentRow, RewardRow
from guerdon.families.vouchers import ledger
from guerdon.families.vouchers.store import VOUCHERS, VoucherRow

_TRACKING_BYTES = 16


async def redeem_reward(work: Work, card: VoucherRow, body: NewRedemption) -> Redeemed:
    """Takes the price off the card and one reward out of the stock, and saves the order that comes with it.

    Locks are taken in the order campaign, card, reward, order, customer. Errors: missing_reward;
    metadata_validation_failed; not_found for a reward that the campaign does not offer; what `refusal` says;
    reward_out_of_stock; invalid_customer for an order of somebody else; those of saving orders.
    """
    if body.reward is None:
        details = "A reward is required when redeeming a LOYALTY_CARD"
        raise refused("missing_reward", "Missing reward", details)
    await require(work, Sent("redemption", body.metadata))
    db, project_id = work.db, work.project.id
    await db.begin()
    campaign = await campaigns.hold(db, project_id, card.campaign_id or "")
    if campaign is None:
        raise not_found("voucher", card.code)
    offer = await rewards.offer(db, project_id, campaign.id, body.reward.id)
    if offer is None:
        raise not_found("reward", body.reward.id)
    paid = await _pay(work, card, campaign, offer.points)
    reward = await rewards.take_one(db, project_id, offer.reward_id)
    if reward is None:
        raise refused("reward_out_of_stock", "Reward out of stock", f"Nothing is left of reward '{offer.reward_id}'")
    holder = await CUSTOMERS.get(db, project_id, id=paid.holder_id)
    if holder is None:
        raise _not_the_holder(card)
    done = await _redeemed(work, Member(paid, campaign, holder), reward, offer, body)
    if body.order is not None:
        done = await _with_order(work, done, body.order)
    counted = await customers.count_redemption(db, project_id, holder.id, campaign.name, offer.points)
    if counted is None:
        raise _not_the_holder(card)
    return await _finish(work, msgspec.structs.replace(done, member=Member(paid, campaign, counted)))


async def _pay(work: Work, card: VoucherRow, campaign: CampaignRow, price: int) -> VoucherRow:
    """The card after paying, locked. Errors: not_found if it is gone, and what `refusal` says."""
    held = await VOUCHERS.lock(work.db, work.project.id, card.id)
    if held is None:
        raise not_found("voucher", card.code)
    problem = refusal(_state(held, campaign), price, work.now, work.project.timezone)
    if problem is not None:
        raise refused(*problem, card.code)
    return await ledger.redeem(work, held, price)


async def _redeemed(
    work: Work, member: Member, reward: RewardRow, offer: AssignmentRow, body: NewRedemption
) -> Redeemed:
    product: dict[str, Any] = reward.parameters["product"]
    row = RedemptionRow(
        id=work.new_id("r_"),
        customer_id=member.holder.id,
        tracking_id=_tracking_id(work, member.holder),
        voucher_id=member.card.id,
        campaign_id=member.campaign.id,
        reward_id=reward.id,
        reward_assignment_id=offer.id,
        amount=offer.points,
        channel_id=work.actor.app_id or "",
        metadata=body.metadata or {},
        created_at=work.now,
    )
    return Redeemed(
        redemption=row,
        member=member,
        reward=reward,
        assignment=offer,
        product=await PRODUCTS.get(work.db, work.project.id, id=product["id"]),
        sku=await SKUS.get(work.db, work.project.id, id=product["sku_id"]) if product["sku_id"] else None,
    )


async def _with_order(work: Work, done: Redeemed, new: NewOrder) -> Redeemed:
    """Saves the order as the holder's, paid unless it is already or the request says otherwise.

    Errors: invalid_customer.
    """
    card, holder = done.member.card, done.member.holder
    if new.customer is None and new.customer_id is UNSET:
        new = msgspec.structs.replace(new, customer_id=holder.id)
    draft = await save.draft(work, new)
    before = draft.before.customer_id if draft.before else None
    if draft.after.customer_id != holder.id or before not in {None, holder.id}:
        raise _not_the_holder(card)
    entry = {
        "date": iso(work.now),
        "related_object_type": "voucher",
        "related_object_id": card.id,
        "related_object_parent_id": done.member.campaign.id,
    }
    after = msgspec.structs.replace(
        draft.after,
        status=new.status or (draft.after.status if draft.after.status in SPENT else "PAID"),
        redemptions={**draft.after.redemptions, done.redemption.id: entry},
    )
    told = msgspec.structs.replace(done, order=after)
    order = await write(work, msgspec.structs.replace(draft, after=after), redemption=views.internal(told))
    redemption = msgspec.structs.replace(done.redemption, order_id=order.id)
    return msgspec.structs.replace(done, order=order, redemption=redemption)


async def _finish(work: Work, done: Redeemed) -> Redeemed:
    """Writes what is left of it, and tells."""
    row = done.redemption
    owed = RewardRedemptionRow(
        id=work.new_id("rewr_"),
        state="PENDING",
        voucher_id=row.voucher_id,
        campaign_id=row.campaign_id,
        customer_id=row.customer_id,
        reward_assignment_id=row.reward_assignment_id,
        source_id=row.id,
        created_at=work.now,
    )
    await REDEMPTIONS.insert(work.db, work.project.id, row)
    await REWARD_REDEMPTIONS.insert(work.db, work.project.id, owed)
    tell.redeemed(work, done)
    await tell.paid(work, done)
    tell.rewarded(work, done, owed)
    return done


def _state(card: VoucherRow, campaign: CampaignRow) -> Card:
    return Card(
        active=card.active and campaign.active,
        held=card.holder_id is not None,
        balance=card.balance,
        redeemed_quantity=card.redeemed_quantity,
        quantity=card.redemption_quantity,
        periods=(campaign.period, card.period),
    )


def _not_the_holder(card: VoucherRow) -> ApiError:
    return refused("invalid_customer", "Customer must be a holder of a loyalty card.", card.code)


def _tracking_id(work: Work, customer: CustomerRow) -> str:
    """The same for everything that a customer does in a project; it does not show who it is."""
    name = (customer.source_id or customer.id).encode()
    digest = hashlib.blake2b(name, digest_size=_TRACKING_BYTES, key=work.project.id.encode()).digest()
    return f"track_{base64.b64encode(digest).decode()}"
