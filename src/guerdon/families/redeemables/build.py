"""Rows as the engine's redeemables. Pure but for the names it looks up in the sources."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal

from msgspec.structs import replace

from guerdon.engine import refusals, turn
from guerdon.engine.basket import Basket
from guerdon.engine.discounts import discount as discounts
from guerdon.engine.mapping import mapped, scaled, taken_away
from guerdon.engine.redeemable import Attached, Card, Category, Formulas, Gift, Rate, Redeemable, Reward
from guerdon.engine.refusals import Refusal
from guerdon.families.campaigns.store import CampaignRow
from guerdon.families.promotion_tiers.store import TierRow
from guerdon.families.redeemables.counters import Asked, Column
from guerdon.families.redeemables.request import Wanted
from guerdon.families.redeemables.sources import Offer, Sources
from guerdon.families.sessions.store import NOTHING, Held
from guerdon.families.vouchers.store import VoucherRow

# Costs nothing and changes nothing: what a card is asked with where no reward has been chosen.
_NO_REWARD = Reward(id="", points=0)
# Holds the code of a campaign that nobody holds yet.
ANYBODY = "anybody"
_LABELS = {"DISCOUNT_VOUCHER": "Discount Coupon", "GIFT_VOUCHER": "Gift Card", "LOYALTY_CARD": "Loyalty Card"}


def scope(wanted: Wanted, sources: Sources) -> dict[Column, str]:
    """The ids of the redeemable and of its campaign, by what redemptions call them."""
    row = _row(wanted, sources)
    if row is None:
        return {}
    column: Column = "voucher_id" if isinstance(row, VoucherRow) else "promotion_tier_id"
    return {column: row.id, **({"campaign_id": row.campaign_id} if row.campaign_id else {})}


def redeemable(wanted: Wanted, sources: Sources, rules: tuple[Attached, ...]) -> Redeemable:
    """One redeemable of the request; one that does not exist is answered, not refused."""
    row = _row(wanted, sources)
    if row is None:
        absent = refusals.not_found(wanted.object, wanted.id)
        return Redeemable(object=wanted.object, id=wanted.id, absent=absent)
    if isinstance(row, TierRow):
        return _tier(wanted, sources, row, rules)
    return _voucher(wanted, sources, row, rules)


def _row(wanted: Wanted, sources: Sources) -> VoucherRow | TierRow | None:
    """None for a stack too: what was asked for are its tiers, unless it does not exist."""
    if wanted.object == "voucher":
        return sources.vouchers.get(wanted.id)
    return sources.tiers.get(wanted.id) if wanted.object == "promotion_tier" else None


def _tier(wanted: Wanted, sources: Sources, row: TierRow, rules: tuple[Attached, ...]) -> Redeemable:
    campaign = sources.campaigns.get(row.campaign_id)
    stack = _categories(sources, sources.stack.category_id) if sources.stack else ()
    return Redeemable(
        object="promotion_tier",
        id=wanted.id,
        ref=row.id,
        label="Promotion Tier",
        discount=discounts.read(row.discount),
        active=row.active and campaign is not None and campaign.active,
        periods=(campaign.period, row.period) if campaign else (row.period,),
        rules=rules,
        categories=(*_categories(sources, row.category_id or (campaign.category_id if campaign else None)), *stack),
        metadata=row.metadata,
        formulas=Formulas(start_date=row.start_date, expiration_date=row.expiration_date),
    )


def _voucher(wanted: Wanted, sources: Sources, row: VoucherRow, rules: tuple[Attached, ...]) -> Redeemable:
    campaign = sources.campaigns.get(row.campaign_id or "")
    held = sources.held.get(row.id, NOTHING)
    offer = sources.offers.get(row.id)
    return Redeemable(
        object="voucher",
        id=wanted.id,
        ref=row.id,
        code=row.code,
        label=_LABELS[row.type],
        discount=discounts.read(row.discount) if row.discount else None,
        gift=_gift(row, wanted, held),
        card=_card(row, wanted, held, offer),
        absent=_unpublished(row) or (_absent(wanted, offer) if row.type == "LOYALTY_CARD" else None),
        active=row.active and (campaign is None or campaign.active),
        periods=(campaign.dates, row.period) if campaign else (row.period,),
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
            publication_metadata=sources.publications.get(row.id, {}),
        ),
    )


def campaign(row: CampaignRow, sources: Sources, rules: tuple[Attached, ...]) -> Redeemable:
    """What any code of the campaign is worth."""
    codes = row.configured.codes
    gift = Gift(balance=codes.gift.amount, effect=_effect(codes.gift.effect)) if codes.gift else None
    card = Card(balance=codes.loyalty_card.points, reward=_NO_REWARD) if codes.loyalty_card else None
    return Redeemable(
        object="voucher",
        id=row.id,
        ref=row.id,
        discount=discounts.read(codes.discount) if codes.discount else None,
        gift=gift,
        card=card,
        active=row.active,
        periods=(row.period,),
        holder_id=ANYBODY,
        rules=rules,
        categories=_categories(sources, row.category_id),
        metadata=row.metadata,
    )


def without_reward(redeemable: Redeemable) -> Redeemable:
    """The card as it could be used for whatever reward; anything else as it is."""
    if redeemable.card is None:
        return redeemable
    return replace(redeemable, absent=None, card=replace(redeemable.card, reward=_NO_REWARD))


def free_goods(discount: Mapping[str, Any] | None) -> list[str]:
    """The goods that a discount may add to an order."""
    if not discount or discount["type"] != "UNIT":
        return []
    kinds: list[Mapping[str, Any]] = discount.get("units") or [discount]
    return [kind["unit_type"] for kind in kinds if kind.get("unit_type")]


def asks_for_publication(discount: Mapping[str, Any] | None) -> bool:
    """Whether one of its formulas uses metadata of the publication."""
    parts: list[Mapping[str, Any]] = [discount, *(discount.get("units") or ())] if discount else []
    formulas = (value for part in parts for name, value in part.items() if name.endswith("_formula"))
    return any("PUBLICATION_METADATA" in str(formula).upper() for formula in formulas)


def unit_counters(basket: Basket, sources: Sources) -> list[Asked]:
    """The counters of units that limits on goods ask for."""
    customer_id = basket.customer.id if basket.customer else None
    found: list[Asked] = []
    for one in basket.redeemables:
        if not any(scope.names_goods for scope in one.scopes):
            continue
        campaign_id = _campaign_id(one, sources)
        if campaign_id is None:
            continue
        found += [
            Asked(
                key=key,
                of="units",
                column="promotion_tier_id" if "_promotion_tier_" in unit else "campaign_id",
                scope_id=one.ref if "_promotion_tier_" in unit else campaign_id,
                customer_id=customer_id if "_customer_" in unit else None,
                unit=unit,
            )
            for unit, key in turn.unit_counters(basket, one).items()
        ]
    return found


def _campaign_id(one: Redeemable, sources: Sources) -> str | None:
    rows = (*sources.vouchers.values(), *sources.tiers.values())
    return next((row.campaign_id for row in rows if row.id == one.ref), None)


def _categories(sources: Sources, category_id: str | None) -> tuple[Category, ...]:
    row = sources.categories.get(category_id or "")
    return (Category(row.id, row.hierarchy),) if row else ()


def _gift(row: VoucherRow, wanted: Wanted, held: Held) -> Gift | None:
    if row.type != "GIFT_VOUCHER":
        return None
    asked = wanted.gift.credits if wanted.gift else None
    return Gift(balance=row.balance - held.amount, asked=asked, effect=_effect(row.gift_effect))


def _effect(name: str | None) -> Literal["APPLY_TO_ORDER", "APPLY_TO_ITEMS"]:
    return "APPLY_TO_ITEMS" if name == "APPLY_TO_ITEMS" else "APPLY_TO_ORDER"


def _card(row: VoucherRow, wanted: Wanted, held: Held, offer: Offer | None) -> Card | None:
    if row.type != "LOYALTY_CARD":
        return None
    return Card(balance=row.balance - held.amount, reward=_reward(wanted, offer) if offer else None)


def _reward(wanted: Wanted, offer: Offer) -> Reward:
    """Coins cost as many points as are asked for, anything else its price, as the holder's tier changes it."""
    reward = offer.reward
    left = None if reward.stock is None else reward.stock - reward.redeemed
    if reward.type != "COIN":
        return Reward(id=reward.id, left=left, points=mapped(offer.assignment.points or 0, offer.mapping))
    coin: Mapping[str, Any] = reward.parameters["coin"]
    rate = Rate(Decimal(str(coin["exchange_ratio"])) * 100, max(1, scaled(int(coin["points_ratio"]), offer.mapping)))
    return Reward(id=reward.id, left=left, points=wanted.reward.points if wanted.reward else None, rate=rate)


def _unpublished(row: VoucherRow) -> Refusal | None:
    """A referral code that nobody can have got from a referrer."""
    return refusals.not_published(row.code) if row.is_referral_code and not row.publish_count else None


def _absent(wanted: Wanted, offer: Offer | None) -> Refusal | None:
    """A reward that the card's campaign does not offer, at all or in the holder's tier."""
    if wanted.reward is None or (offer is not None and not taken_away(offer.mapping)):
        return None
    return refusals.not_found("reward", wanted.reward.id)
