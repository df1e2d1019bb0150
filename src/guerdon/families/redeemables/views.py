"""Redemptions and rollbacks as answers and events show them."""

from typing import Any

from msgspec import UNSET, UnsetType

from guerdon.clock import iso, iso_or_none
from guerdon.families.campaigns import views as campaign_views
from guerdon.families.customers import views as customer_views
from guerdon.families.customers.schemas import SimpleCustomer
from guerdon.families.customers.store import CustomerRow
from guerdon.families.orders import schemas as order_schemas, views as order_views
from guerdon.families.products import views as product_views
from guerdon.families.promotion_tiers import views as tier_views
from guerdon.families.promotion_tiers.schemas import Tier
from guerdon.families.redeemables import schemas
from guerdon.families.redeemables.done import Done
from guerdon.families.redeemables.sources import Offer
from guerdon.families.redeemables.store import API, AUTO_REDEEM, RedemptionRow
from guerdon.families.rewards import views as reward_views
from guerdon.families.rewards.schemas import SimpleRewardResult
from guerdon.families.vouchers import views as voucher_views
from guerdon.families.vouchers.assets import Links


def answer(done: Done, links: Links) -> schemas.Redemption:
    """A redemption or a rollback in full."""
    row = done.row
    return schemas.Redemption(
        id=row.id,
        object=kind(row),
        date=iso(row.created_at),
        customer_id=row.customer_id,
        tracking_id=row.tracking_id,
        metadata=row.metadata,
        amount=UNSET if row.amount is None else row.amount,
        redemption=row.redemption_id or row.parent_id,
        reason=row.reason or UNSET,
        result=row.result,
        status=row.status,
        session=schemas.SessionKey(row.session_key) if row.session_key else UNSET,
        failure_code=row.failure_code or UNSET,
        failure_message=row.failure_message or UNSET,
        order=order(done),
        channel=_channel(row),
        customer=customer_views.simple(done.customer) if done.customer else None,
        related_object_type=row.related_object_type,
        related_object_id=related_object_id(row),
        voucher=_held(done, links),
        promotion_tier=_tier(done),
        reward=_reward_result(done, links),
        gift=_gift(done),
        loyalty_card=schemas.PaidPoints(row.amount) if row.amount is not None and _is(done, "LOYALTY_CARD") else UNSET,
    )


def order(done: Done) -> order_schemas.Order | None:
    """The order as it was after the redemption."""
    return order_views.order(done.order, done.value) if done.order else None


def simple(done: Done) -> schemas.SimpleRedemption:
    return schemas.SimpleRedemption(
        **_in_event(done),
        reward=_full_simple_reward(done.offer, done) if done.offer else UNSET,
        channel=_channel(done.row),
    )


def internal(done: Done, links: Links) -> schemas.InternalRedemption:
    row = done.row
    reward = _reward_result(done, links)
    if reward and done.offer:
        reward.updated_at = iso_or_none(done.offer.reward.updated_at)
    return schemas.InternalRedemption(
        **_in_event(done),
        reward=reward,
        created_at=iso(row.created_at),
        channel_type=API if row.channel_type == AUTO_REDEEM else row.channel_type,  # this form knows no other
        channel_id=row.channel_id,
        parent_redemption_id=row.parent_id or UNSET,
        # The parent of several has none: this form knows only codes and tiers.
        related_object_type=UNSET if row.related_object_type == "redemption" else row.related_object_type,
        related_object_id=UNSET if row.related_object_type == "redemption" else related_object_id(row),
        related_object_parent_id=row.campaign_id or UNSET,
        campaign_name=done.campaign.name if done.campaign else UNSET,
    )


def simple_reward(done: Done, offer: Offer) -> SimpleRewardResult:
    return SimpleRewardResult(**_simple_reward(done, offer))


def kind(row: RedemptionRow) -> str:
    return "redemption_rollback" if row.redemption_id else "redemption"


def related_object_id(row: RedemptionRow) -> str:
    """What was redeemed; for the parent of several redemptions, itself."""
    return row.promotion_tier_id or row.voucher_id or row.id


def _channel(row: RedemptionRow) -> schemas.Channel:
    return schemas.Channel(row.channel_id, row.channel_type)


def _tier(done: Done) -> Tier | UnsetType:
    if done.tier is None:
        return UNSET
    return tier_views.tier(done.tier, campaign_views.of_tier(done.campaign) if done.campaign else None, done.beside)


def _held(done: Done, links: Links) -> schemas.HeldVoucher | UnsetType:
    if done.voucher is None:
        return UNSET
    whole = voucher_views.voucher(done.voucher, links, done.beside)
    fields = {name: getattr(whole, name) for name in whole.__struct_fields__}
    return schemas.HeldVoucher(**fields, holder=customer_views.simple(done.holder) if done.holder else UNSET)


def _is(done: Done, voucher_type: str) -> bool:
    return done.voucher is not None and done.voucher.type == voucher_type


def _gift(done: Done) -> schemas.PaidCredits | UnsetType:
    amount = done.row.amount
    return schemas.PaidCredits(amount) if amount is not None and _is(done, "GIFT_VOUCHER") else UNSET


def _in_event(done: Done) -> dict[str, Any]:
    row = done.row
    return {
        "id": row.id,
        "customer_id": row.customer_id,
        "tracking_id": row.tracking_id or UNSET,
        "date": iso(row.created_at),
        "amount": UNSET if row.amount is None else row.amount,
        "order": order_views.simple(done.order, done.value) if done.order else UNSET,
        "customer": customer_views.simple(done.customer) if done.customer else UNSET,
        "result": row.result,
        "status": row.status,
        "voucher": voucher_views.simple(done.voucher) if done.voucher else UNSET,
        "promotion_tier": tier_views.simple(done.tier) if done.tier else UNSET,
        "redemption": row.redemption_id or row.parent_id or UNSET,
        "reason": row.reason or UNSET,
        "failure_code": row.failure_code or UNSET,
        "failure_message": row.failure_message or UNSET,
        "metadata": row.metadata,
        "object": kind(row),
    }


def _reward_result(done: Done, links: Links) -> schemas.RewardResult | UnsetType:
    if done.offer is None:
        return UNSET
    reward = done.offer.reward
    return schemas.RewardResult(
        customer=_owner(done),
        assignment_id=done.offer.assignment.id,
        voucher=voucher_views.voucher(done.given.voucher, links) if done.given.voucher else None,
        loyalty_tier_id=done.row.loyalty_tier_id,
        product=product_views.product(done.goods.product) if done.goods.product else None,
        sku=product_views.sku(done.goods.sku) if done.goods.sku else None,
        id=reward.id,
        name=reward.name,
        created_at=iso(reward.created_at),
        updated_at=iso(reward.updated_at) if reward.updated_at else UNSET,
        parameters=reward.parameters,
        metadata=reward.metadata,
        type=reward.type,
    )


def _full_simple_reward(offer: Offer, done: Done) -> schemas.FullSimpleRewardResult:
    reward = offer.reward
    return schemas.FullSimpleRewardResult(
        **_simple_reward(done, offer),
        customer=_owner(done),
        created_at=iso(reward.created_at),
        updated_at=iso_or_none(reward.updated_at),
        parameters=reward.parameters,
        metadata=reward.metadata,
    )


def _simple_reward(done: Done, offer: Offer) -> dict[str, Any]:
    return {
        "assignment_id": offer.assignment.id,
        "voucher": voucher_views.simple(done.given.voucher) if done.given.voucher else UNSET,
        "product": reward_views.simple_product(done.goods.product) if done.goods.product else UNSET,
        "sku": reward_views.simple_sku(done.goods.sku) if done.goods.sku else UNSET,
        "id": offer.reward.id,
        "name": offer.reward.name,
        "type": offer.reward.type,
    }


def _owner(done: Done) -> SimpleCustomer | None:
    return _simple(done.customer or done.holder)


def _simple(row: CustomerRow | None) -> SimpleCustomer | None:
    return None if row is None else customer_views.simple(row)
