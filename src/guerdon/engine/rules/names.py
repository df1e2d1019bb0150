"""The names of rules: which class of violation they belong to, and how each is checked. Pure."""

from collections.abc import Callable, Mapping

from guerdon.engine.extremes import cheapest, dearest
from guerdon.engine.facts import Facts
from guerdon.engine.order import Order
from guerdon.engine.rules import lines
from guerdon.engine.rules.checks import Check, Kind, Read
from guerdon.engine.rules.counters import COUNTERS, count
from guerdon.engine.rules.definition import Node, property_of, test_of
from guerdon.engine.rules.lines import Maker
from guerdon.engine.rules.within import WITHIN
from guerdon.engine.values import elements, find


def _value(read: Read, *, after: bool = False) -> Maker:
    def make(node: Node) -> Check:
        test = test_of(node)
        return Check(holds=lambda facts, order: test(read(facts, order), facts.moment), read=read, after=after)

    return make


def _metadata(of: Callable[[Facts], Mapping[str, object] | None], *, customer: bool = False) -> Maker:
    def make(node: Node) -> Check:
        key, test = property_of(node), test_of(node)

        def read(facts: Facts, _after: Order) -> object:
            return find(of(facts), key)

        return Check(holds=lambda facts, after: test(read(facts, after), facts.moment), read=read, customer=customer)

    return make


def _segment(node: Node) -> Check:
    """Whether the customer is in one of the segments, or in none of them."""
    test = test_of(node)
    named = frozenset(str(each) for operands in node.conditions.values() for each in elements(operands))

    def read(facts: Facts, _after: Order) -> object:
        return sorted(facts.customer.segments & named) if facts.customer else None

    return Check(
        holds=lambda facts, after: test(read(facts, after), facts.moment), read=read, customer=True, segments=named
    )


def _holder(node: Node) -> Check:
    """`$is: [true]`: only whom the code was published to."""
    test = test_of(node)

    def is_holder(facts: Facts, _after: Order) -> bool:
        return facts.customer is not None and facts.customer.id is not None and facts.customer.id == facts.holder_id

    return Check(
        holds=lambda facts, after: is_holder(facts, after) or not test(True, facts.moment),
        read=is_holder,
        customer=True,
        holder=True,
    )


def _units(facts: Facts, _after: Order) -> object:
    return sum(item.quantity or 0 for item in facts.order.items)


_CUSTOMER: Mapping[str, Maker] = {
    "customer.segment": _segment,
    "customer.metadata": _metadata(lambda facts: facts.customer and facts.customer.metadata, customer=True),
    "publication.redeemable_by_linked_customer": _holder,
}
_GOODS: Mapping[str, Maker] = {
    "order.items.any": lines.any_line(),
    "order.items.every": lines.every_line,
    "order.items.none": lines.no_line,
    "order.items.cheapest": lines.extreme_line(cheapest),
    "order.items.most_expensive": lines.extreme_line(dearest),
    "product.id": lines.any_line(("product",)),
    "sku.id": lines.any_line(("sku",)),
    **dict.fromkeys(WITHIN, lines.lone),
    "product.metadata": lines.metadata_of_goods,
}
_ORDER: Mapping[str, Maker] = {
    "order.amount": _value(lambda facts, _after: facts.order.total_amount),
    "order.total_amount": _value(lambda _facts, after: after.total_amount, after=True),
    "order.initial_amount": _value(lambda facts, _after: facts.initial_amount),
    "order.metadata": _metadata(lambda facts: facts.order_metadata),
    "order.items.count": _value(_units),
    "order.items.price_any": lines.price_of_line(some=True),
    "order.items.price_each": lines.price_of_line(some=False),
    "order.items.metadata_any": lines.metadata_of_line(some=True),
    "order.items.metadata_each": lines.metadata_of_line(some=False),
    **_GOODS,
}
_REDEMPTION: Mapping[str, Maker] = {
    **dict.fromkeys(COUNTERS, count),
    "redemption.api_key": _value(lambda facts, _after: facts.api_key),
    "redemption.user.login": _value(lambda facts, _after: facts.user),
    "redemption.metadata": _metadata(lambda facts: facts.redemption_metadata),
    "redemption.reward.pay_with_points.points_used": _value(lambda facts, _after: facts.points),
    "custom_event.metadata": _metadata(lambda facts: facts.event_metadata),
}
NAMES: Mapping[str, tuple[Kind, Maker]] = {
    **{name: ("customer", make) for name, make in _CUSTOMER.items()},
    **{name: ("order", make) for name, make in _ORDER.items()},
    **{name: ("redemption", make) for name, make in _REDEMPTION.items()},
}

# Rules within these are about lines. Others hold only if the rules within them hold as well.
ABOUT_LINES = frozenset(_GOODS)
# Those among them that demand goods by name.
DEMANDING_GOODS = frozenset(
    {
        "order.items.any",
        "order.items.every",
        "order.items.cheapest",
        "order.items.most_expensive",
        "product.id",
        "sku.id",
    }
)
# What qualifications leave out in every scenario, and what those do that ask for the customer or for goods alone.
NOT_OF_QUALIFICATIONS = frozenset(
    name
    for name in NAMES
    if name in {"order.amount", "campaign.orders.amount_discounted"}
    or name.startswith(
        ("campaign.redemptions.count", "campaign.redemptions.customers_count", "redemption.count.per_customer")
    )
)
NOT_OF_CUSTOMERS = frozenset(NAMES) - frozenset(_CUSTOMER)
NOT_OF_GOODS = frozenset(NAMES) - ABOUT_LINES
