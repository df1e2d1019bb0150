"""Referrals: from the redemption of a code, or a custom event, to what both sides get for it."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import UNSET

from guerdon.clock import iso
from guerdon.engine.validity import problem_at
from guerdon.errors import ApiError
from guerdon.events.work import Work
from guerdon.families.campaigns import store as campaigns, views as campaign_views
from guerdon.families.campaigns.referral import CUSTOM_EVENT, REDEMPTION
from guerdon.families.campaigns.store import CampaignRow
from guerdon.families.customers import store as customers, views as customer_views
from guerdon.families.customers.store import CUSTOMERS, CustomerRow
from guerdon.families.grants.give import Given, give
from guerdon.families.grants.owe import ADD, Occasion, owe
from guerdon.families.grants.schemas import Source
from guerdon.families.holders import store as holder_store
from guerdon.families.redeemables import read, views as redemption_views
from guerdon.families.redeemables.store import REDEMPTIONS
from guerdon.families.referrals import holders, store, views
from guerdon.families.referrals.schemas import Referred
from guerdon.families.referrals.store import EACH, Referral, ReferralTierRow
from guerdon.families.rewards import store as rewards, views as reward_views
from guerdon.families.rewards.schemas import SimpleRewardResult
from guerdon.families.rewards.store import AssignmentRow, RewardRow
from guerdon.families.vouchers import store as vouchers, views as voucher_views
from guerdon.families.vouchers.assets import Links
from guerdon.families.vouchers.store import VoucherRow
from guerdon.jobs import queue
from guerdon.telemetry import logger

log = logger("referrals")


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """What has referred the customer: a redemption, or the custom event of this name."""

    source: Source
    redemption: Any = None
    custom_event: dict[str, Any] | None = None

    @property
    def kind(self) -> str:
        return REDEMPTION if self.custom_event is None else CUSTOM_EVENT

    def meets(self, program: dict[str, Any]) -> bool:
        if program["conversion_event_type"] != self.kind:
            return False
        return self.custom_event is None or self.custom_event["type"] == program["custom_event"]["name"]


class _Pair(msgspec.Struct, frozen=True):
    """Who has referred whom, with which code of which campaign."""

    campaign: CampaignRow
    code: VoucherRow
    referrer: CustomerRow
    referee: CustomerRow


_Due = tuple[ReferralTierRow, RewardRow]


async def by_redemption(work: Work, payload: dict[str, Any]) -> None:
    """The customer who has redeemed a referral code was referred by it."""
    row = await REDEMPTIONS.get(work.db, work.project.id, id=payload["redemption_id"])
    if row is None or row.customer_id is None or row.status != "SUCCEEDED":
        return
    (done,) = await read.done(work, [row])
    if done.voucher is not None:
        shown = redemption_views.internal(done, Links(work.runtime, work.project.id))
        await _convert(work, done.voucher, row.customer_id, Cause(source=Source(row.id), redemption=shown))


async def by_event(work: Work, payload: dict[str, Any]) -> None:
    """The customer of a custom event was referred by the code that it names."""
    code = await vouchers.find(work.db, work.project, payload["code"])
    if code is None:
        return
    event: dict[str, Any] = payload["event"]
    cause = Cause(source=Source(event["id"], "redemption_event"), custom_event=event)
    campaign = await campaigns.hold(work.db, work.project.id, code.campaign_id or "")
    open_now = (
        campaign is not None and campaign.active and not problem_at(campaign.period, work.now, work.project.timezone)
    )
    if open_now and code.active and not problem_at(code.period, work.now, work.project.timezone):
        await _convert(work, code, event["customer"]["id"], cause)


async def _convert(work: Work, code: VoucherRow, referee_id: str, cause: Cause) -> None:
    """Locks are taken in the order campaign, referrer's count, reward, customers by id."""
    db, project_id = work.db, work.project.id
    campaign = await campaigns.hold(db, project_id, code.campaign_id or "")
    program = campaign.configured.referral_program if campaign else None
    referrer_id = code.holder_id
    if campaign is None or program is None or not cause.meets(program) or referrer_id in {None, referee_id}:
        return
    referrer_id = referrer_id or ""
    referral = Referral(campaign.id, referrer_id, referee_id, code.id, work.now)
    count = await store.refer(db, project_id, referral)
    due = await _due(work, campaign, referrer_id, count or 0)
    held = {row_id: await CUSTOMERS.lock(db, project_id, row_id) for row_id in sorted({referrer_id, referee_id})}
    referrer, referee = held[referrer_id], held[referee_id]
    if referrer is None or referee is None:
        return
    pair = _Pair(campaign, code, referrer, referee)
    if count:
        await _note(work, pair, cause)
    _tell(work, pair, cause)
    await _reward_referee(work, pair, program)
    for tier, reward in due:
        await _reward_referrer(work, pair, cause, tier, reward)


async def _due(work: Work, campaign: CampaignRow, referrer_id: str, count: int) -> Sequence[_Due]:
    """The tiers that the referrer has a right to now, with one of each reward taken out of the stock.

    `count` is how many they have referred with this one; 0 if nobody new.
    """
    reached: list[ReferralTierRow] = []
    for tier in await store.tiers_of(work.db, work.project.id, campaign.id) if count else ():
        once = tier.type != EACH
        if once and count < (tier.minimum or 0):
            continue
        if not once or await store.reach(work.db, work.project.id, tier.id, referrer_id):
            reached.append(tier)
    found: list[_Due] = []
    for tier in sorted(reached, key=lambda tier: (tier.reward_id, tier.id)):
        reward = await rewards.take_one(work.db, work.project.id, tier.reward_id)
        if reward is None:
            log.warning("nothing_left_for_the_referrer", tier=tier.id, reward=tier.reward_id, customer=referrer_id)
        else:
            found.append((tier, reward))
    return found


async def _note(work: Work, pair: _Pair, cause: Cause) -> None:
    """The referee as a holder of the code, and the sums of both."""
    row = holders.referee(work, pair.code, pair.referee)
    if await holder_store.add(work.db, work.project.id, [row]):
        holders.tell(work, holders.ADDED, row, pair.code, pair.campaign, pair.referee)
    entry = {
        "campaign_id": pair.campaign.id,
        "referrer_id": pair.referrer.id,
        "related_object_id": cause.source.id,
        "related_object_type": cause.kind,
        "date": iso(work.now),
    }
    await customers.refer(work.db, work.project.id, pair.referee.id, entry)
    await customers.count_referred(work.db, work.project.id, pair.referrer.id, pair.campaign.name)


def _tell(work: Work, pair: _Pair, cause: Cause) -> None:
    told = Referred(
        customer=customer_views.simple(pair.referee),
        referrer=customer_views.simple(pair.referrer),
        campaign=campaign_views.simple_of_customer(pair.campaign),
        voucher=voucher_views.simple(pair.code),
        custom_event=cause.custom_event,
        redemption=UNSET if cause.redemption is None else cause.redemption,
    )
    work.record("customer.referred", pair.referee.id, told, campaign_id=pair.campaign.id)


async def _reward_referee(work: Work, pair: _Pair, program: dict[str, Any]) -> None:
    reward: dict[str, Any] | None = program.get("referee_reward")
    if reward is None:
        return
    wanted = {"campaign": {"id": reward["related_object_parent"]["id"], "balance": reward["amount"]}}
    given = await _given(work, wanted, pair.referee)
    if given is not None and given.voucher is not None:
        await queue.enqueue(work, ADD, {"card_id": given.voucher.id, "amount": reward["amount"]})


async def _given(work: Work, parameters: Mapping[str, Any], customer: CustomerRow) -> Given | None:
    """None where the reward's campaign has nothing to give: the referral stands all the same."""
    try:
        async with work.db.savepoint():
            return await give(work, parameters, customer)
    except ApiError as refusal:
        log.warning("cannot_reward_referral", customer=customer.id, reason=refusal.key)
        return None


async def _reward_referrer(work: Work, pair: _Pair, cause: Cause, tier: ReferralTierRow, reward: RewardRow) -> None:
    given = await _given(work, reward.parameters, pair.referrer)
    if given is None:
        await rewards.put_back(work.db, work.project.id, reward.id)
        return
    goods = await read.goods(work, reward)
    shown = SimpleRewardResult(
        assignment_id=tier.assignment_id,
        voucher=voucher_views.simple(given.voucher) if given.voucher else UNSET,
        product=reward_views.simple_product(goods.product) if goods.product else UNSET,
        sku=reward_views.simple_sku(goods.sku) if goods.sku else UNSET,
        id=reward.id,
        name=reward.name,
        type=reward.type,
    )
    offer = AssignmentRow(
        id=tier.assignment_id,
        reward_id=reward.id,
        campaign_id=tier.campaign_id,
        points=None,
        created_at=tier.created_at,
    )
    occasion = Occasion(
        holder=pair.referrer,
        voucher=pair.code,
        campaign=pair.campaign,
        reward=reward,
        assignment=offer,
        shown=shown,
        source=cause.source,
        redemption=cause.redemption,
        custom_event=cause.custom_event,
        referral_tier=views.simple(tier),
    )
    await owe(work, occasion, given)


async def forget(work: Work, payload: dict[str, Any]) -> None:
    """Removes the tiers of a campaign that was deleted."""
    await store.forget_campaign(work.db, work.project.id, payload["entity_id"])
