"""Rows as the engine's redeemables. Pure but for the names it looks up in the sources."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from guerdon.engine import refusals, targets, turn
from guerdon.engine.basket import Basket
from guerdon.engine.discounts import discount as discounts
from guerdon.engine.redeemable import Attached, Card, Category, Formulas, Gift, Rate, Redeemable, Reward
from guerdon.engine.refusals import Refusal
from guerdon.families.redeemables.counters import Asked, Column
from guerdon.families.redeemables.request import Wanted
from guerdon.families.redeemables.sources import Offer, Sources
from guerdon.families.sessions.store import NOTHING, Held
from guerdon.families.vouchers.store import VoucherRow

_LABELS = {"DISCOUNT_VOUCHER": "Discount Coupon", "GIFT_VOUCHER": "Gift Card", "LOYALTY_CARD": "Loyalty Card"}


def scope(wanted: Wanted, sources: Sources) -> dict[Column, str]:
    """The ids of the redeemable and of its campaign, by what redemptions call them."""
    row = sources.vouchers.get(wanted.id)
    if row is None:
        return {}
    return {"voucher_id": row.id, **({"campaign_id": row.campaign_id} if row.campaign_id else {})}


def redeemable(wanted: Wanted, sources: Sources, rules: tuple[Attached, ...]) -> Redeemable:
    """A voucher of the request; one that does not exist is answered, not refused."""
    row = sources.vouchers.get(wanted.id)
    if row is None:
        return Redeemable(object="voucher", id=wanted.id, absent=refusals.not_found("voucher", wanted.id))
    campaign = sources.campaigns.get(row.campaign_id or "")
    held = sources.held.get(row.id, NOTHING)
    offer = sources.offers.get(row.id)
    return Redeemable(
        object="voucher",
        id=wanted.id,
        ref=row.id,
        label=_LABELS[row.type],
        discount=discounts.read(row.discount) if row.discount else None,
        gift=_gift(row, wanted, held),
        card=_card(row, wanted, held, offer),
        absent=_absent(wanted, offer) if row.type == "LOYALTY_CARD" else None,
        active=row.active and (campaign is None or campaign.active),
        periods=(campaign.period, row.period) if campaign else (row.period,),
        left=None if row.redemption_quantity is None else row.redemption_quantity - row.redeemed_quantity - held.uses,
        holder_id=row.holder_id,
        is_referral_code=row.is_referral_code,
        rules=rules,
        categories=_categories(sources, row.category_id or (campaign.category_id if campaign else None)),
        metadata=row.metadata,
        formulas=Formulas(
            redemption_quantity=row.redemption_quantity,
            redeemed_quantity=row.redeemed_quantity,
            publish_count=row.publish_count,
            start_date=row.start_date,
            expiration_date=row.expiration_date,
        ),
    )


def free_goods(discount: Mapping[str, Any] | None) -> list[str]:
    """The goods that a discount may add to an order."""
    if not discount or discount["type"] != "UNIT":
        return []
    kinds: list[Mapping[str, Any]] = discount.get("units") or [discount]
    return [kind["unit_type"] for kind in kinds if kind.get("unit_type")]


def unit_counters(basket: Basket, sources: Sources) -> list[Asked]:
    """The counters of units that limits on the lines of the order ask for."""
    customer_id = basket.customer.id if basket.customer else None
    found: list[Asked] = []
    for one in basket.redeemables:
        if not any(scope.names_goods for scope in one.scopes):
            continue
        lines = targets.choose(basket.order, one.scopes, basket.catalogue, basket.moment)
        row = next((row for row in sources.vouchers.values() if row.id == one.ref), None)
        if row is None or row.campaign_id is None:
            continue
        found += [
            Asked(
                key=key,
                of="units",
                column="campaign_id",
                scope_id=row.campaign_id,
                customer_id=customer_id if "_customer_" in unit else None,
                unit=unit,
            )
            for unit, key in turn.unit_counters(one, basket.order, lines, customer_id).items()
        ]
    return found


def _categories(sources: Sources, category_id: str | None) -> tuple[Category, ...]:
    row = sources.categories.get(category_id or "")
    return (Category(row.id, row.hierarchy),) if row else ()


def _gift(row: VoucherRow, wanted: Wanted, held: Held) -> Gift | None:
    if row.type != "GIFT_VOUCHER":
        return None
    asked = wanted.gift.credits if wanted.gift else None
    effect = "APPLY_TO_ITEMS" if row.gift_effect == "APPLY_TO_ITEMS" else "APPLY_TO_ORDER"
    return Gift(balance=row.balance - held.amount, asked=asked, effect=effect)


def _card(row: VoucherRow, wanted: Wanted, held: Held, offer: Offer | None) -> Card | None:
    if row.type != "LOYALTY_CARD":
        return None
    return Card(balance=row.balance - held.amount, reward=_reward(wanted, offer) if offer else None)


def _reward(wanted: Wanted, offer: Offer) -> Reward:
    """Coins cost as many points as are asked for, anything else its price."""
    reward = offer.reward
    left = None if reward.stock is None else reward.stock - reward.redeemed
    if reward.type != "COIN":
        return Reward(id=reward.id, left=left, points=offer.assignment.points)
    coin: Mapping[str, Any] = reward.parameters["coin"]
    rate = Rate(Decimal(str(coin["exchange_ratio"])) * 100, int(coin["points_ratio"]))
    return Reward(id=reward.id, left=left, points=wanted.reward.points if wanted.reward else None, rate=rate)


def _absent(wanted: Wanted, offer: Offer | None) -> Refusal | None:
    """A reward that the card's campaign does not offer."""
    if wanted.reward is None or offer is not None:
        return None
    return refusals.not_found("reward", wanted.reward.id)
