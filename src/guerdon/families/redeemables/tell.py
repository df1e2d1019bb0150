"""The events of a redeemed reward."""

from guerdon.clock import iso
from guerdon.events.work import Work
from guerdon.families.campaigns import views as campaign_views
from guerdon.families.customers import views as customer_views
from guerdon.families.loyalties.movements import MANUAL, Expanded, Movement, book
from guerdon.families.orders import views as order_views
from guerdon.families.redeemables import views
from guerdon.families.redeemables.schemas import RedeemedFrom, RedemptionSucceeded, Rewarded, RewardRedemptionEvent
from guerdon.families.redeemables.store import RewardRedemptionRow
from guerdon.families.redeemables.views import Redeemed
from guerdon.families.rewards import views as reward_views
from guerdon.families.vouchers import views as voucher_views
from guerdon.tenant import INTERNAL

_STATES = {"CREATED": "customer.reward_redemptions.created", "PENDING": "customer.reward_redemptions.pending"}


def redeemed(work: Work, done: Redeemed) -> None:
    """redemption.succeeded, for the project and for the customer."""
    member, row = done.member, done.redemption
    holder = customer_views.simple(member.holder)
    for name, campaign, created_at in (
        ("redemption.succeeded", campaign_views.simple(member.campaign), iso(row.created_at)),
        ("customer.redemption.succeeded", campaign_views.simple_of_customer(member.campaign), None),
    ):
        told = RedemptionSucceeded(
            customer=holder,
            order=order_views.simple(done.order) if done.order else None,
            campaign=campaign,
            voucher=voucher_views.simple(member.card),
            holder=holder,
            redemption=views.simple(done),
        )
        if created_at is not None:
            told.created_at = created_at
        entity_id = row.customer_id if created_at is None else row.id
        work.record(name, entity_id, told, campaign_id=row.campaign_id)


async def paid(work: Work, done: Redeemed) -> None:
    """The movement of the points, in the ledger and as an event."""
    movement = Movement(
        type="POINTS_REDEMPTION",
        points=-done.redemption.amount,
        details={
            "redemption": {"id": done.redemption.id},
            "reward": {"id": done.reward.id, "name": done.reward.name},
            **({"order": {"id": done.order.id, "source_id": done.order.source_id}} if done.order else {}),
        },
        operation_type=MANUAL,
    )
    expanded = Expanded(
        order=order_views.simple(done.order) if done.order else None,
        redemption=views.simple(done),
        reward=reward_views.reward(done.reward),
    )
    await book(work, done.member, movement, expanded)


def rewarded(work: Work, done: Redeemed, owed: RewardRedemptionRow) -> None:
    """What the engine does with the redemption: the reward is owed, and the customer is rewarded."""
    member, row = done.member, done.redemption
    holder = customer_views.simple(member.holder)
    for state, name in _STATES.items():
        shown = views.reward_redemption(owed)
        shown.state = state
        told = RewardRedemptionEvent(
            customer=holder,
            holder=holder,
            voucher=voucher_views.simple(member.card),
            campaign=campaign_views.simple(member.campaign),
            reward_redemption=shown,
            reward=views.simple_reward(done),
            reward_assignment=reward_views.assignment(done.assignment),
            source=RedeemedFrom(row.id),
        )
        work.record(name, row.customer_id, told, campaign_id=row.campaign_id, actor=INTERNAL)
    told = Rewarded(
        customer=holder,
        holder=holder,
        voucher=voucher_views.simple(member.card),
        campaign=campaign_views.simple_of_customer(member.campaign),
        redemption=views.internal(done),
        reward=views.simple_reward(done),
    )
    work.record("customer.rewarded", row.customer_id, told, campaign_id=row.campaign_id, actor=INTERNAL)
