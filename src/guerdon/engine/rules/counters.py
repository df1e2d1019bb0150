"""Limits of what is counted over redemptions. Pure.

The redemption under test counts as well, except for `$less_than`: both `$less_than: [n]` and `$less_than_or_equal: [n]`
allow n redemptions. What it adds to a sum is known only after its effect.
"""

from collections.abc import Callable, Mapping

from guerdon.engine.conditions import Test, compile_conditions
from guerdon.engine.facts import Facts
from guerdon.engine.order import Order
from guerdon.engine.rules.checks import Check, Counter, Period, Read
from guerdon.engine.rules.definition import Node, test_of

_EARLIER = "$less_than"
_PERIODS: Mapping[str, Period | None] = {"": None, ".daily": "day", ".weekly": "week", ".monthly": "month"}


def _counters() -> list[Counter]:
    counted: list[Counter] = []
    for suffix, period in _PERIODS.items():
        counted += [
            Counter(f"campaign.redemptions.count{suffix}", "redemptions", "campaign", period=period),
            Counter(f"campaign.redemptions.customers_count{suffix}", "redemptions", "campaign", "customer", period),
            Counter(f"redemption.count{suffix}", "redemptions", "incentive", period=period),
            Counter(f"redemption.count.per_customer{suffix}", "redemptions", "incentive", "customer", period),
        ]
    return [
        *counted,
        Counter("redemption.count.per_api_key", "redemptions", "incentive", "api_key"),
        Counter("redemption.count.per_user", "redemptions", "incentive", "user"),
        Counter("campaign.orders.amount", "order_amount", "campaign"),
        Counter("campaign.orders.amount_discounted", "discount_amount", "campaign"),
        Counter("redemption.gift.amount", "gift_amount", "campaign"),
    ]


COUNTERS: Mapping[str, Counter] = {counter.name: counter for counter in _counters()}


def count(node: Node) -> Check:
    """The check of a node that is named after a counter."""
    counter = COUNTERS[node.name]
    test_of(node)
    earlier = _some(node, lambda name: name == _EARLIER)
    with_this = _some(node, lambda name: name != _EARLIER)
    share = _SHARES[counter.of]

    def holds(facts: Facts, after: Order) -> bool:
        before = facts.counters.get(node.name, 0)
        return earlier(before, facts.moment) and with_this(before + share(facts, after), facts.moment)

    return Check(
        holds=holds,
        read=_count_so_far(node.name),
        after=counter.of in _KNOWN_AFTER and set(node.conditions) != {_EARLIER},
        customer=counter.per == "customer",
        counter=counter,
    )


def _some(node: Node, chosen: Callable[[str], bool]) -> Test:
    return compile_conditions({name: operands for name, operands in node.conditions.items() if chosen(name)})


def _count_so_far(name: str) -> Read:
    return lambda facts, _after: facts.counters.get(name, 0)


def _one(_facts: Facts, _after: Order) -> int:
    return 1


def _amount(_facts: Facts, after: Order) -> int:
    return after.total_amount or 0


def _discount(facts: Facts, after: Order) -> int:
    return (after.total_discount_amount or 0) - (facts.order.total_discount_amount or 0)


def _credits(facts: Facts, _after: Order) -> int:
    return facts.credits or 0


_KNOWN_AFTER = {"order_amount", "discount_amount", "gift_amount"}
_SHARES: Mapping[str, Callable[[Facts, Order], int]] = {
    "redemptions": _one,
    "order_amount": _amount,
    "discount_amount": _discount,
    "gift_amount": _credits,
}
