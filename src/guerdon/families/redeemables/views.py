"""A redeemed reward as the answer and the events show it."""

from typing import Any

import msgspec
from msgspec import UNSET

from guerdon.clock import iso, iso_or_none
from guerdon.families.customers import views as customer_views
from guerdon.families.loyalties.movements import Member
from guerdon.families.orders import views as order_views
from guerdon.families.orders.store import OrderRow
from guerdon.families.products import views as product_views
from guerdon.families.products.store import ProductRow, SkuRow
from guerdon.families.redeemables import schemas
from guerdon.families.redeemables.store import RedemptionRow, RewardRedemptionRow
from guerdon.families.rewards import views as reward_views
from guerdon.families.rewards.store import AssignmentRow, RewardRow
from guerdon.families.vouchers import views as voucher_views
from guerdon.families.vouchers.assets import Links


class Redeemed(msgspec.Struct, frozen=True):
    """A redemption with everything that it was made of, as it is after it."""

    redemption: RedemptionRow
    member: Member
    reward: RewardRow
    assignment: AssignmentRow
    product: ProductRow | None
    sku: SkuRow | None
    order: OrderRow | None = None


def answer(done: Redeemed, links: Links) -> schemas.Redemption:
    row, customer = done.redemption, customer_views.simple(done.member.holder)
    card = voucher_views.voucher(done.member.card, links)
    fields = {name: getattr(card, name) for name in card.__struct_fields__}
    return schemas.Redemption(
        id=row.id,
        date=iso(row.created_at),
        customer_id=row.customer_id,
        tracking_id=row.tracking_id,
        metadata=row.metadata,
        amount=row.amount,
        result=row.result,
        status=row.status,
        order=order_views.order(done.order) if done.order else None,
        channel=_channel(row),
        customer=customer,
        related_object_id=row.voucher_id,
        voucher=schemas.HeldVoucher(**fields, holder=customer),
        reward=_reward_result(done),
        loyalty_card=schemas.PaidPoints(row.amount),
    )


def simple(done: Redeemed) -> schemas.SimpleRedemption:
    return schemas.SimpleRedemption(
        **_in_event(done), reward=_full_simple_reward(done), channel=_channel(done.redemption)
    )


def internal(done: Redeemed) -> schemas.InternalRedemption:
    row = done.redemption
    reward = _reward_result(done)
    reward.updated_at = iso_or_none(done.reward.updated_at)
    return schemas.InternalRedemption(
        **_in_event(done),
        reward=reward,
        created_at=iso(row.created_at),
        channel_id=row.channel_id,
        related_object_id=row.voucher_id,
        related_object_parent_id=row.campaign_id,
        campaign_name=done.member.campaign.name,
    )


def simple_reward(done: Redeemed) -> schemas.SimpleRewardResult:
    return schemas.SimpleRewardResult(**_simple_reward(done))


def reward_redemption(row: RewardRedemptionRow) -> schemas.RewardRedemption:
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


def _channel(row: RedemptionRow) -> schemas.Channel:
    return schemas.Channel(row.channel_id, row.channel_type)


def _in_event(done: Redeemed) -> dict[str, Any]:
    row = done.redemption
    return {
        "id": row.id,
        "customer_id": row.customer_id,
        "tracking_id": row.tracking_id,
        "date": iso(row.created_at),
        "amount": row.amount,
        "order": order_views.simple(done.order) if done.order else UNSET,
        "customer": customer_views.simple(done.member.holder),
        "result": row.result,
        "status": row.status,
        "voucher": voucher_views.simple(done.member.card),
        "metadata": row.metadata,
    }


def _reward_result(done: Redeemed) -> schemas.RewardResult:
    reward = done.reward
    return schemas.RewardResult(
        customer=customer_views.simple(done.member.holder),
        assignment_id=done.assignment.id,
        product=product_views.product(done.product) if done.product else None,
        sku=product_views.sku(done.sku) if done.sku else None,
        id=reward.id,
        name=reward.name,
        created_at=iso(reward.created_at),
        updated_at=iso(reward.updated_at) if reward.updated_at else UNSET,
        parameters=reward.parameters,
        metadata=reward.metadata,
        type=reward.type,
    )


def _full_simple_reward(done: Redeemed) -> schemas.FullSimpleRewardResult:
    reward = done.reward
    return schemas.FullSimpleRewardResult(
        **_simple_reward(done),
        customer=customer_views.simple(done.member.holder),
        created_at=iso(reward.created_at),
        updated_at=iso_or_none(reward.updated_at),
        parameters=reward.parameters,
        metadata=reward.metadata,
    )


def _simple_reward(done: Redeemed) -> dict[str, Any]:
    return {
        "assignment_id": done.assignment.id,
        "product": reward_views.simple_product(done.product) if done.product else UNSET,
        "sku": reward_views.simple_sku(done.sku) if done.sku else UNSET,
        "id": done.reward.id,
        "name": done.reward.name,
        "type": done.reward.type,
    }
