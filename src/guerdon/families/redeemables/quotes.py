"""Decisions as answers show them."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import UNSET

from guerdon.clock import iso, iso_or_none
from guerdon.engine import applicable
from guerdon.engine.basket import Basket
from guerdon.engine.goods import Catalogue
from guerdon.engine.order import Order
from guerdon.engine.quote import Outcome
from guerdon.engine.redeemable import Redeemable
from guerdon.engine.refusals import Refusal
from guerdon.engine.turn import Taken
from guerdon.families.orders import views as order_views
from guerdon.families.orders.store import OrderRow
from guerdon.families.redeemables import answers
from guerdon.families.redeemables.load import Loaded


def outcome(found: Outcome, loaded: Loaded, request_id: str) -> answers.Applicable:
    """One redeemable of an answer."""
    redeemable = found.redeemable
    shown = answers.Applicable(
        status=found.status,
        id=redeemable.id,
        object=redeemable.object,
        result=_result(found, loaded.basket, request_id),
        metadata=dict(redeemable.metadata),
        categories=[],
    )
    _name(shown, loaded, redeemable)
    if found.taken is not None:
        shown.order = order(found.taken.order, loaded)
        _list_goods(shown, loaded.basket, redeemable, found.taken)
    return shown


def order(value: Order, loaded: Loaded) -> answers.QuotedOrder:
    """The order as a step has left it."""
    row, stored = loaded.sources.after, loaded.sources.before
    shown = answers.QuotedOrder(
        **order_views.sums(value),
        initial_amount=UNSET if value.initial_amount is None else value.initial_amount,
        items=[order_views.item(item) for item in value.items] or UNSET,
        metadata=row.metadata if row else {},
        customer_id=_customer_id(stored, loaded),
        referrer_id=stored.referrer_id if stored else None,
    )
    if stored is not None:
        shown.id = stored.id
        shown.created_at = iso(stored.created_at)
        shown.updated_at = iso_or_none(stored.updated_at)
        shown.status = stored.status
    if row is not None and row.source_id is not None:
        shown.source_id = row.source_id
    return shown


def explanation(found: Outcome) -> dict[str, Any]:
    """Why a redeemable applies or does not, with what was expected and what was found."""
    told: dict[str, Any] = {"object": found.redeemable.object, "id": found.redeemable.id, "status": found.status}
    why = found.skip or found.refusal
    if why is not None:
        told |= {"key": why.key, "message": why.message, "reason": msgspec.to_builtins(why.reason)}
    return told


def error(refusal: Refusal, redeemable: Redeemable, request_id: str) -> answers.Error:
    return answers.Error(
        code=refusal.code,
        key=refusal.key,
        message=refusal.message,
        details=refusal.details or UNSET,
        request_id=request_id,
        resource_id=refusal.resource_id or UNSET,
        resource_type=refusal.resource_type or UNSET,
        redeemable_type=redeemable.object,
        redeemable_id=redeemable.id,
        error=answers.Text(refusal.text) if refusal.text else UNSET,
    )


def discount(redeemable: Redeemable, values: Mapping[str, Any], catalogue: Catalogue) -> dict[str, Any]:
    """The discount as defined, with what a formula made of it and the goods that it gives."""
    wire: Mapping[str, Any] = redeemable.discount.wire if redeemable.discount else {}
    told: dict[str, Any] = {**wire, "effect": redeemable.effect, **values, "is_dynamic": bool(values)}
    if told["type"] == "UNIT" and told.get("unit_type"):
        told |= _goods(told["unit_type"], catalogue)
    if told.get("units"):
        kinds: list[dict[str, Any]] = told["units"]
        told["units"] = [{**kind, **_goods(kind.get("unit_type"), catalogue)} for kind in kinds]
    return told


def _result(found: Outcome, basket: Basket, request_id: str) -> answers.Result:
    result = answers.Result()
    redeemable = found.redeemable
    if found.skip is not None:
        result.details = answers.Details(key=found.skip.key, message=found.skip.message)
    if found.refusal is not None:
        result.error = error(found.refusal, redeemable, request_id)
        result.details = answers.Details(key=found.refusal.key, message=found.refusal.message)
    if found.bundle is not None:
        result.bundle = msgspec.to_builtins(found.bundle)
    if found.taken is not None:
        _worth(result, redeemable, found.taken, basket.catalogue)
    return result


def _worth(result: answers.Result, redeemable: Redeemable, taken: Taken, catalogue: Catalogue) -> None:
    if redeemable.discount is not None:
        result.discount = discount(redeemable, taken.values, catalogue)
    elif redeemable.gift is not None:
        result.gift = {"balance": redeemable.gift.balance, "credits": taken.credits}
    elif redeemable.card is not None:
        result.loyalty_card = {"points": taken.points}


def _list_goods(shown: answers.Applicable, basket: Basket, redeemable: Redeemable, taken: Taken) -> None:
    lists = (basket.catalogue, basket.moment)
    goods = applicable.applicable_to(taken.order, redeemable.scopes, taken.lines, *lists)
    shown.applicable_to = answers.Goods(data=goods, total=len(goods))
    excluded = applicable.inapplicable_to(taken.order, redeemable.scopes, *lists)
    shown.inapplicable_to = answers.Goods(data=excluded, total=len(excluded))


def _name(shown: answers.Applicable, loaded: Loaded, redeemable: Redeemable) -> None:
    voucher = loaded.sources.vouchers.get(redeemable.id)
    if voucher is not None and voucher.campaign_id is not None:
        shown.campaign_id = voucher.campaign_id
        shown.campaign_name = voucher.campaign or UNSET


def _goods(name: str | None, catalogue: Catalogue) -> dict[str, Any]:
    """The product, and the variant, that a free unit is of."""
    sku = catalogue.skus.get(name or "")
    product = catalogue.products.get((sku or {}).get("product_id") or name or "")
    told: dict[str, Any] = {}
    if product:
        told["product"] = {key: product.get(key) for key in ("id", "source_id", "name")}
    if sku:
        told["sku"] = {key: sku.get(key) for key in ("id", "source_id", "sku")}
    return told


def _customer_id(stored: OrderRow | None, loaded: Loaded) -> str | None:
    if stored is not None and stored.customer_id is not None:
        return stored.customer_id
    return loaded.sources.customer.id if loaded.sources.customer else None
