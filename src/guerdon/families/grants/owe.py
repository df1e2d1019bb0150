"""What is owed for a reward, from the moment somebody gets it until it is handed over or taken back."""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import UNSET

from guerdon.clock import iso, iso_or_none
from guerdon.events.work import Work
from guerdon.families.campaigns import views as campaign_views
from guerdon.families.campaigns.store import CampaignRow
from guerdon.families.codes.change import switch
from guerdon.families.customers import views as customer_views
from guerdon.families.customers.store import CustomerRow
from guerdon.families.grants import accounts, schemas, store
from guerdon.families.grants.give import Given
from guerdon.families.grants.schemas import Amount, Rewarded, RewardRedemptionEvent, SimpleReferralTier, Source
from guerdon.families.grants.store import REWARD_REDEMPTIONS, RewardRedemptionRow
from guerdon.families.publications import views as publication_views
from guerdon.families.rewards import views as reward_views
from guerdon.families.rewards.schemas import SimpleRewardResult
from guerdon.families.rewards.store import AssignmentRow, RewardRow
from guerdon.families.vouchers import views as voucher_views
from guerdon.families.vouchers.assets import Links
from guerdon.families.vouchers.store import VOUCHERS, VoucherRow
from guerdon.jobs import queue
from guerdon.tenant import INTERNAL

TOP_UP = "grants.top_up"
TAKE_BACK = "grants.take_back"
ADD = "grants.add"
_EVENTS = {
    "CREATED": "customer.reward_redemptions.created",
    "PENDING": "customer.reward_redemptions.pending",
    "COMPLETED": "customer.reward_redemptions.completed",
    "ROLLEDBACK": "customer.reward_redemptions.rolledback",
}


class Occasion(msgspec.Struct, frozen=True, kw_only=True):
    """Who gets which reward for what: `voucher` is the card that paid, or the referral code.

    `shown` is the reward as events show it; `redemption`, `custom_event` and `referral_tier` are what caused it.
    """

    holder: CustomerRow
    voucher: VoucherRow
    campaign: CampaignRow
    reward: RewardRow
    assignment: AssignmentRow
    shown: SimpleRewardResult
    source: Source
    redemption: object = None
    custom_event: object = None
    referral_tier: SimpleReferralTier | None = None


async def owe(work: Work, occasion: Occasion, given: Given) -> None:
    """Notes what is owed and tells of it; what was given at once is completed at once, the rest by a job."""
    material = occasion.reward.type == "MATERIAL"
    row = RewardRedemptionRow(
        id=work.new_id("rewr_"),
        state="PENDING" if material else "CREATED",
        voucher_id=occasion.voucher.id,
        campaign_id=occasion.campaign.id,
        customer_id=occasion.holder.id,
        reward_assignment_id=occasion.assignment.id,
        reward_id=occasion.reward.id,
        referral_tier_id=occasion.referral_tier.id if occasion.referral_tier else None,
        source_id=occasion.source.id,
        source_type=occasion.source.type,
        granted_id=given.voucher.id if given.voucher else None,
        granted_amount=given.amount,
        publication_id=given.published.publication.id if given.published else None,
        created_at=work.now,
    )
    await REWARD_REDEMPTIONS.insert(work.db, work.project.id, row)
    told = _event(work, occasion, row, given)
    _tell(work, "CREATED", told)
    if material:
        _tell(work, "PENDING", told)
    elif given.amount is None:
        await _complete(work, row.id, told)
    else:
        payload = {"id": row.id, "told": msgspec.to_builtins(told)}
        await queue.enqueue(work, TOP_UP, payload)
    rewarded = Rewarded(
        customer=told.customer,
        holder=told.holder,
        voucher=told.voucher,
        campaign=campaign_views.simple_of_customer(occasion.campaign),
        redemption=occasion.redemption,
        reward=told.reward,
        referral_tier=occasion.referral_tier,
        balance=_balance(given),
        custom_event=occasion.custom_event,
    )
    work.record("customer.rewarded", told.holder.id, rewarded, campaign_id=occasion.campaign.id, actor=INTERNAL)


async def top_up(work: Work, payload: dict[str, Any]) -> None:
    """Puts the credits or points of a reward on the card, once."""
    told = msgspec.convert(payload["told"], RewardRedemptionEvent)
    row = await _complete(work, payload["id"], told)
    if row is not None and row.granted_id is not None and row.granted_amount is not None:
        await accounts.add(work, row.granted_id, row.granted_amount)


async def undo(work: Work, source_ids: Sequence[str]) -> dict[str, RewardRedemptionRow]:
    """Nothing is owed for these redemptions any more; what was given already goes back in jobs of their own.

    What was owed, by redemption.
    """
    undone: dict[str, RewardRedemptionRow] = {}
    for row in await store.undo(work.db, work.project.id, source_ids, work.now):
        if row.granted_id is not None and row.state == "COMPLETED":
            payload = {"granted_id": row.granted_id, "amount": row.granted_amount}
            await queue.enqueue(work, TAKE_BACK, payload)
        undone[row.source_id] = msgspec.structs.replace(row, state="ROLLEDBACK", updated_at=work.now)
    return undone


def tell_undone(work: Work, occasion: Occasion, row: RewardRedemptionRow) -> None:
    _tell(work, row.state, _event(work, occasion, row, Given(amount=row.granted_amount)))


async def take_back(work: Work, payload: dict[str, Any]) -> None:
    """Takes credits or points off the card again, as far as they are there; a coupon that nobody has used is off."""
    if payload["amount"] is not None:
        await accounts.take(work, payload["granted_id"], payload["amount"])
        return
    await work.db.begin()
    coupon = await VOUCHERS.lock(work.db, work.project.id, payload["granted_id"])
    if coupon is not None and coupon.active and not coupon.redeemed_quantity:
        await switch(work, coupon, active=False)


async def _complete(work: Work, row_id: str, told: RewardRedemptionEvent) -> RewardRedemptionRow | None:
    row = await store.complete(work.db, work.project.id, row_id, work.now)
    if row is not None:
        told.reward_redemption = _shown(row)
        _tell(work, "COMPLETED", told)
    return row


def _event(work: Work, occasion: Occasion, row: RewardRedemptionRow, given: Given) -> RewardRedemptionEvent:
    holder = customer_views.simple(occasion.holder)
    told = RewardRedemptionEvent(
        customer=holder,
        holder=holder,
        voucher=voucher_views.simple(occasion.voucher),
        campaign=campaign_views.simple(occasion.campaign),
        reward_redemption=_shown(row),
        reward=occasion.shown,
        reward_assignment=reward_views.assignment(occasion.assignment),
        source=occasion.source,
        balance=None if given.amount is None else Amount(amount=given.amount),
    )
    if given.published is not None:
        done, links = given.published, Links(work.runtime, work.project.id)
        told.publication = publication_views.in_customer_event(done.publication, done.customer, done.vouchers[0], links)
    return told


def _tell(work: Work, state: str, told: RewardRedemptionEvent) -> None:
    """The event of this state. Only the last one names the code that was published."""
    shown = msgspec.structs.replace(
        told, reward_redemption=msgspec.structs.replace(told.reward_redemption, state=state)
    )
    if state != "COMPLETED":
        shown.publication = UNSET
    work.record(_EVENTS[state], told.holder.id, shown, campaign_id=told.campaign.id, actor=INTERNAL)


def _shown(row: RewardRedemptionRow) -> schemas.RewardRedemption:
    return schemas.RewardRedemption(
        id=row.id,
        state=row.state,
        created_at=iso(row.created_at),
        updated_at=iso_or_none(row.updated_at),
        voucher_id=row.voucher_id,
        campaign_id=row.campaign_id,
        customer_id=row.customer_id,
        reward_assignment_id=row.reward_assignment_id,
        source_id=row.source_id,
        source_type=row.source_type,
    )


def _balance(given: Given) -> Amount | None:
    if given.amount is None or given.voucher is None:
        return None
    return Amount(points=given.amount) if given.voucher.type == "LOYALTY_CARD" else Amount(amount=given.amount)


async def add(work: Work, payload: dict[str, Any]) -> None:
    """Puts credits or points on a card that are owed for no reward."""
    await accounts.add(work, payload["card_id"], payload["amount"])


JOBS = {TOP_UP: top_up, TAKE_BACK: take_back, ADD: add}
