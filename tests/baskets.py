"""Orders, redeemables and decisions for the tests of the engine. Money is in minor units."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from guerdon.engine import quote, targets
from guerdon.engine.basket import Basket
from guerdon.engine.bundles import compile_bundles
from guerdon.engine.discounts import discount as discounts
from guerdon.engine.goods import Catalogue, Collection
from guerdon.engine.moment import Moment
from guerdon.engine.order import Item, Order, amount_of
from guerdon.engine.quote import Outcome, Quote
from guerdon.engine.redeemable import Attached, Category, Redeemable
from guerdon.engine.rules.rule import compile_rule
from guerdon.engine.stacking import Stacking
from guerdon.engine.turn import Taken

MOMENT = Moment(datetime(2026, 3, 11, 12, tzinfo=UTC))
Wire = Mapping[str, Any]


def item(name: str, quantity: int | None = 1, price: int | None = None, **more: Any) -> Item:
    """A line of `product` or of `product/sku`; the amount follows unless it is given."""
    product, _, sku = name.partition("/")
    if price is not None and quantity is not None:
        more.setdefault("amount", price * quantity)
    return Item(product_id=product, sku_id=sku or None, quantity=quantity, price=price, **more)


def cart(*items: Item, **more: Any) -> Order:
    more.setdefault("amount", amount_of(items))
    return Order(items=items, **more)


def sample() -> Order:
    """175.00 in four lines, the last of which belongs to no brand."""
    return cart(item("mug", 2, 1000), item("poster", 3, 1500), item("tee", 3, 2000), item("bottle", 2, 2500))


BRAND = ("mug", "poster", "tee")


def goods(*entries: str | Wire, excluded: Sequence[str | Wire] = (), everything: bool = False) -> Wire:
    """An `applicable_to`; a text is the id of a product."""

    def entry(one: str | Wire) -> Wire:
        return {"object": "product", "id": one} if isinstance(one, str) else {"object": "product", **one}

    return {"included": list(map(entry, entries)), "excluded": list(map(entry, excluded)), "included_all": everything}


EVERYTHING = goods(everything=True)


def collection(id: str, **limits: Any) -> Wire:
    return {"object": "products_collection", "id": id, **limits}


def rule(
    name: str, conditions: Wire, *, applies: Wire | None = None, counters: Mapping[str, str] | None = None
) -> Attached:
    """A rule of one node."""
    node = {"name": name, "conditions": conditions}
    return attached({"1": node, "logic": "1"}, applies=applies, counters=counters)


def attached(
    nodes: Wire | None = None,
    *,
    applies: Wire | None = None,
    bundle: Wire | None = None,
    counters: Mapping[str, str] | None = None,
    id: str = "val_1",
) -> Attached:
    return Attached(
        id=id,
        prefix="asgm_1",
        counters=counters or {},
        rule=compile_rule({"rules": nodes or {}}),
        scope=targets.read(applies),
        bundle_rules=compile_bundles(bundle),
    )


def bundle(*parts: tuple[str, int], limit: int = 100, **more: Any) -> Wire:
    """So many units of each product."""

    def part(id: str, quantity: int) -> Wire:
        inner = {"name": "order.items.aggregated_quantity", "conditions": {"$is": [quantity]}}
        named = [{"id": id, "object": "product", "type": "product_or_sku"}]
        return {"name": "order.items.any", "conditions": {"$is": named}, "rules": {"1": inner, "logic": "1"}}

    return {**{str(n): part(*one) for n, one in enumerate(parts, 1)}, "logic": "", "limit": limit, **more}


def voucher(
    discount: Wire | None = None, applies: Wire | None = None, *rules: Attached, id: str = "A", **more: Any
) -> Redeemable:
    """A discount voucher, for goods if `applies` names some."""
    scoped = (attached(applies=applies),) if applies else ()
    read = discounts.read(discount) if discount else None
    category = more.pop("category", None)
    categories = (category if isinstance(category, Category) else Category(category),) if category else ()
    return Redeemable(
        object="voucher", id=id, ref=f"v_{id}", discount=read, rules=(*scoped, *rules), categories=categories, **more
    )


def basket(order: Order, *redeemables: Redeemable, **more: Any) -> Basket:
    """Fields of the basket and, by their names, settings of stacking. Everything applies as far as it can."""
    settings: dict[str, Any] = {"redeemables_application_mode": "PARTIAL", "applicable_redeemables_limit": 30}
    settings |= {name: more.pop(name) for name in Stacking.__struct_fields__ if name in more}
    more.setdefault("catalogue", catalogue())
    return Basket(moment=MOMENT, order=order, redeemables=redeemables, stacking=Stacking(**settings), **more)


def decide(order: Order, *redeemables: Redeemable, **more: Any) -> Quote:
    return quote.decide(basket(order, *redeemables, **more))


def taken(order: Order, redeemable: Redeemable, **more: Any) -> Taken:
    """What a redeemable took that applies."""
    found = decide(order, redeemable, **more).outcomes[0].taken
    assert found is not None
    return found


def after(order: Order, discount: Wire, applies: Wire | None = None, *rules: Attached, **more: Any) -> Order:
    """The order after one discount."""
    return taken(order, voucher(discount, applies, *rules), **more).order


def offs(order: Order) -> list[int]:
    """What is off each line."""
    return [one.discount_amount or 0 for one in order.items]


def keys(outcomes: Sequence[Outcome]) -> list[str | None]:
    """Why each was left out."""
    return [(one.skip or one.refusal) and (one.skip or one.refusal).key for one in outcomes]


def sums(order: Order) -> dict[str, int | None]:
    """The amounts that are told."""
    return {name: getattr(order, name) for name in _SUMS if getattr(order, name) is not None}


_SUMS = (
    "amount",
    "initial_amount",
    "discount_amount",
    "applied_discount_amount",
    "items_discount_amount",
    "items_applied_discount_amount",
    "total_discount_amount",
    "total_applied_discount_amount",
    "total_amount",
)


def catalogue(*products: tuple[str, int | None], skus: Wire | None = None, **collections: Sequence[str]) -> Catalogue:
    """Products with prices, `skus` as {"product/sku": price}, and collections of products."""
    variants = {name.partition("/")[2]: (name.partition("/")[0], price) for name, price in (skus or {}).items()}
    return Catalogue(
        products={id: {"id": id, "price": price} for id, price in products},
        skus={id: {"id": id, "product_id": of, "price": price} for id, (of, price) in variants.items()},
        collections={id: Collection(id, products=frozenset(members)) for id, members in collections.items()},
    )


def encoded(value: object) -> Any:
    """What JSON makes of it."""
    return msgspec.json.decode(msgspec.json.encode(value))
