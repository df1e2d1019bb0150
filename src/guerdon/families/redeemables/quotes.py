"""Decisions as answers show them."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from guerdon.clock import iso, iso_or_none
from guerdon.engine import applicable
from guerdon.engine.basket import Basket
from guerdon.engine.discounts.step import Swap
from guerdon.engine.goods import Catalogue
from guerdon.engine.order import Item, Order, SentItem, line
from guerdon.engine.quote import Outcome
from guerdon.engine.redeemable import Redeemable
from guerdon.engine.refusals import Refusal
from guerdon.engine.turn import Taken
from guerdon.families.campaigns.store import CampaignRow
from guerdon.families.categories import views as category_views
from guerdon.families.orders import views as order_views
from guerdon.families.orders.schemas import Item as ItemView, NewOrder
from guerdon.families.orders.store import OrderRow
from guerdon.families.promotion_tiers.store import StackRow, TierRow
from guerdon.families.redeemables import answers
from guerdon.families.redeemables.candidates import Candidate, kind_of
from guerdon.families.redeemables.sources import Loaded
from guerdon.families.vouchers.store import VoucherRow


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """A candidate that qualifies: what became of it, or of each tier of a stack, and the order after it."""

    row: Candidate
    outcomes: Sequence[Outcome]
    order: Order
    loaded: Loaded


_NO_GOODS = answers.Goods(data=[], total=0)


def outcome(found: Outcome, loaded: Loaded, request_id: str) -> answers.Applicable:
    """One redeemable of an answer."""
    redeemable = found.redeemable
    shown = answers.Applicable(
        status=found.status,
        id=redeemable.id,
        object=redeemable.object,
        result=_result(found, loaded.basket, request_id),
        metadata=dict(redeemable.metadata),
        categories=_categories(loaded, redeemable),
    )
    held = loaded.sources.held.get(redeemable.ref)
    if shown.result.gift and held and held.amount:
        shown.result.gift["locked_credits"] = held.amount
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
        items=[_item(item) for item in value.items] or UNSET,
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


def list_replacements(lines: list[ItemView] | UnsetType, swaps: Sequence[Swap]) -> None:
    """Notes with each line of the whole order which of its units gave way to others, or came for others."""
    if lines is UNSET:
        return
    for swap in swaps:
        for place in (swap.source_index, swap.target_index):
            shown = lines[place]
            shown.application_details = [*(shown.application_details or ()), swap]


def of_voucher(answer: answers.Validated, code: str) -> answers.ValidatedVoucher:
    """The answer of the older validation of one voucher."""
    (one,) = answer.redeemables
    return answers.ValidatedVoucher(
        valid=answer.valid,
        code=code,
        reason=one.result.error.message if one.result.error else UNSET,
        error=one.result.error,
        discount=one.result.discount,
        gift=one.result.gift,
        loyalty=one.result.loyalty_card,
        bundle=one.result.bundle,
        applicable_to=one.applicable_to,
        inapplicable_to=one.inapplicable_to,
        order=answer.order,
        campaign=one.campaign_name,
        campaign_id=one.campaign_id,
        metadata=one.metadata,
        tracking_id=answer.tracking_id,
        session=answer.session,
    )


def qualified(offer: Offer, *, expand: Sequence[str], locks: bool) -> answers.QualifiedRedeemable:
    """Something that qualifies."""
    first, row, loaded = offer.outcomes[0], offer.row, offer.loaded
    one = outcome(first, loaded, "")
    kind = kind_of(row)
    whole = order(offer.order, loaded)
    list_replacements(whole.items, [swap for each in offer.outcomes if each.taken for swap in each.taken.swaps])
    shown = answers.QualifiedRedeemable(
        id=row.code if isinstance(row, VoucherRow) else row.id,
        object=kind,
        created_at=iso(row.created_at),
        result=one.result,
        order=whole,
        applicable_to=one.applicable_to or _NO_GOODS,
        inapplicable_to=one.inapplicable_to or _NO_GOODS,
        metadata={} if isinstance(row, StackRow) else row.metadata,
        categories=one.categories,
    )
    campaign = row if isinstance(row, CampaignRow) else loaded.sources.campaigns.get(row.campaign_id or "")
    if campaign is not None:
        shown.campaign_id, shown.campaign_name = campaign.id, campaign.name
    if not isinstance(row, VoucherRow):
        shown.name = row.name
    if isinstance(row, TierRow) and row.banner is not None:
        shown.banner = row.banner
    if isinstance(row, StackRow):
        shown.redeemables = [outcome(each, loaded, "") for each in offer.outcomes]
    if isinstance(row, VoucherRow):
        _hold(shown.result, row, locks=locks)
    if "validation_rules" in expand:
        shown.validation_rules_assignments = _assignments(first.redeemable, loaded)
    return shown


def echo(new: NewOrder | None, loaded: Loaded) -> answers.QuotedOrder:
    """The order as it was sent."""
    items = [_echoed(item) for item in (new and new.items) or ()]
    amount = new.amount if new else None
    return answers.QuotedOrder(
        source_id=(new and new.source_id) or UNSET,
        amount=UNSET if amount is None else amount,
        items=items or UNSET,
        metadata=(new and new.metadata) or {},
        customer_id=_customer_id(loaded.sources.before, loaded),
        referrer_id=None,
    )


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
    sources = loaded.sources
    row = sources.vouchers.get(redeemable.id) or sources.tiers.get(redeemable.id)
    campaign = sources.campaigns.get(row.campaign_id or "") if row else None
    if campaign is not None:
        shown.campaign_id, shown.campaign_name = campaign.id, campaign.name
    if isinstance(row, TierRow):
        shown.name = row.name


def _categories(loaded: Loaded, redeemable: Redeemable) -> list[dict[str, Any]]:
    """In full, with what the project's stacking makes of them."""
    stacking = loaded.basket.stacking
    found: list[dict[str, Any]] = []
    for category in redeemable.categories:
        row = loaded.sources.categories[category.id]
        told: dict[str, Any] = msgspec.to_builtins(category_views.category(row))
        if category.id in stacking.exclusive_categories:
            told["stacking_rules_type"] = "EXCLUSIVE"
        elif category.id in stacking.joint_categories:
            told["stacking_rules_type"] = "JOINT"
        found.append(told)
    return found


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


def _item(item: Item) -> ItemView:
    """A line, also with what it was before its goods changed, which they may not have."""
    shown = order_views.item(item)
    if shown.initial_quantity is UNSET:
        shown.initial_quantity = shown.quantity
    if shown.initial_amount is UNSET:
        shown.initial_amount = shown.amount
    return shown


def _echoed(sent: SentItem) -> ItemView:
    """A line as it was sent, without amounts that were not."""
    shown = order_views.item(line(sent))
    if sent.amount is None:
        shown.amount = shown.subtotal_amount = UNSET
    return shown


def _hold(result: answers.Result, row: VoucherRow, *, locks: bool) -> None:
    """What is on a card, and that nobody has locked any of it, where that is so."""
    if result.gift and locks:
        result.gift.setdefault("locked_credits", 0)
    if row.type == "LOYALTY_CARD":
        result.loyalty_card = {"points": row.added, "balance": row.balance}


def _assignments(redeemable: Redeemable, loaded: Loaded) -> dict[str, Any]:
    """The rules that bind it, each with what was not asked of it."""
    ignored = loaded.basket.ignored
    bound = {one.assignment.id: one.assignment for ones in loaded.sources.rules.bindings.values() for one in ones}
    rows = [
        {
            "id": (assignment := bound[attached.prefix.partition(".")[0]]).id,
            "rule_id": attached.id,
            "related_object_id": assignment.related_object_id,
            "related_object_type": assignment.related_object_type,
            "object": "validation_rules_assignment",
            "validation_status": "PARTIALLY_VALID" if attached.rule.omitted(ignored.rules) else "VALID",
            "validation_omitted_rules": list(attached.rule.omitted(ignored.rules)),
        }
        for attached in redeemable.rules
    ]
    return {"object": "list", "data_ref": "data", "data": rows, "total": len(rows)}


def _customer_id(stored: OrderRow | None, loaded: Loaded) -> str | None:
    if stored is not None and stored.customer_id is not None:
        return stored.customer_id
    return loaded.sources.customer.id if loaded.sources.customer else None
