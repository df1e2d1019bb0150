"""Reads what a request says that a reward gives into what is stored, and shown."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from guerdon.errors import ApiError, invalid_payload, not_found, refused
from guerdon.events.work import Work
from guerdon.families.campaigns import store as campaigns
from guerdon.families.products import store as products
from guerdon.families.rewards.schemas import MaterialProduct, NewCoin, NewParameters, RewardCampaign

COUPONS = "DISCOUNT_COUPONS"
GIFTS = "GIFT_VOUCHERS"
PROGRAMME = "LOYALTY_PROGRAM"
_GREATEST_BALANCE = 2**53 - 1


async def read_parameters(work: Work, given: NewParameters) -> tuple[str, dict[str, Any]]:
    """The type of the reward, and its parameters. Errors: invalid_payload, invalid_balance, not_found."""
    sent = [name for name in ("campaign", "coin", "product") if getattr(given, name) is not None]
    if len(sent) != 1:
        raise invalid_payload("Property .parameters must have exactly one of 'campaign', 'coin' and 'product'")
    if given.coin is not None:
        return "COIN", {"coin": _coin(given.coin)}
    if given.campaign is not None:
        return "CAMPAIGN", {"campaign": await _campaign(work, given.campaign)}
    if given.product is not None:
        return "MATERIAL", {"product": await _product(work, given.product)}
    raise invalid_payload("Property .parameters must not be empty")


def campaign_of(parameters: Mapping[str, Any]) -> str | None:
    """The id of the campaign that the reward gives something of."""
    campaign: Mapping[str, Any] | None = parameters.get("campaign")
    return campaign["id"] if campaign else None


def _coin(given: NewCoin) -> dict[str, int | float]:
    ratio = Decimal(str(given.exchange_ratio))
    if ratio <= 0:
        raise invalid_payload("Property .parameters.coin.exchange_ratio must be > 0")
    whole = ratio == ratio.to_integral_value()
    return {"exchange_ratio": int(ratio) if whole else float(ratio), "points_ratio": int(given.points_ratio or 1)}


async def _campaign(work: Work, given: RewardCampaign) -> dict[str, Any]:
    found = await campaigns.find(work.db, work.project.id, given.id)
    if found is None:
        raise not_found("campaign", given.id)
    kind = found.campaign_type
    if kind == COUPONS:
        return {"id": found.id, "type": kind}
    if kind not in {GIFTS, PROGRAMME}:
        raise invalid_payload(f"Property .parameters.campaign must not be of type {kind}")
    if given.balance is None or given.balance <= 0:
        raise _invalid_balance(f"must be greater than zero for campaign type: {kind}")
    if given.balance > _GREATEST_BALANCE:
        raise _invalid_balance("is more than a card can hold")
    return {"id": found.id, "balance": given.balance, "type": kind}


def _invalid_balance(problem: str) -> ApiError:
    name = "Property 'parameters.campaign.balance'"
    return refused("invalid_balance", f"{name} is invalid", f"{name} {problem}")


async def _product(work: Work, wanted: MaterialProduct) -> dict[str, str | None]:
    product = await products.find_product(work.db, work.project.id, wanted.id, work.now)
    if product is None:
        raise not_found("product", wanted.id)
    if wanted.sku_id is None:
        return {"id": product.id, "sku_id": None}
    sku = await products.find_sku(work.db, work.project.id, wanted.sku_id)
    if sku is None or sku.product_id != product.id:
        raise not_found("sku", wanted.sku_id)
    return {"id": product.id, "sku_id": sku.id}
