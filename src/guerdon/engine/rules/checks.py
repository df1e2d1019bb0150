"""What a node of a rule becomes: a check of facts. Pure."""

from collections.abc import Callable
from typing import Literal

import msgspec

from guerdon.engine.facts import Facts
from guerdon.engine.order import Order

Kind = Literal["customer", "order", "redemption"]
Period = Literal["day", "week", "month"]
# The facts, and the order as it is after the redeemable's effect (before it, as it stands).
Holds = Callable[[Facts, Order], bool]
Read = Callable[[Facts, Order], object]


class Counter(msgspec.Struct, frozen=True):
    """A count or a sum over earlier redemptions, which `Facts.counters` holds under the rule's name.

    It covers the `incentive` alone (the voucher or tier) or its whole campaign, and where `per` is set only redemptions
    by the same customer, key or user; in the current `period`, or ever.
    """

    name: str
    of: Literal["redemptions", "order_amount", "discount_amount", "gift_amount"]
    scope: Literal["campaign", "incentive"]
    per: Literal["customer", "api_key", "user"] | None = None
    period: Period | None = None


class Check(msgspec.Struct, frozen=True):
    """Whether a node holds. `read` is for the trace; the rest is what the facts must hold, or when it can be asked."""

    holds: Holds
    read: Read
    after: bool = False
    customer: bool = False
    holder: bool = False
    segments: frozenset[str] = frozenset()
    collections: frozenset[str] = frozenset()
    counter: Counter | None = None
