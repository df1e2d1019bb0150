"""The deliveries that the day brings: the five reference events, each in the ways in which it comes about."""

from collections.abc import Callable
from typing import Any

import msgspec

from guerdon.cli.demo import reference
from guerdon.cli.demo.shapes import Keys, Leaf, alphanumeric

# What the receiver is called by: a project webhook, messages of distributions, and messages with a fresh code.
WEBHOOK, MESSAGES, CODES = "/webhook", "/messages", "/codes"
_CUSTOMER, _VOUCHER = alphanumeric("cust_", 24), alphanumeric("v_", 32)


class Kind(msgspec.Struct, frozen=True):
    """One kind of delivery: of which event, how it comes about, to which path, and its shape.

    Of several kinds of one event at one path, `marked` tells them apart by the event's data.
    """

    key: str
    event: str
    how: str
    path: str
    shape: Keys
    marked: Callable[[Any], bool] = bool

    @property
    def source(self) -> str:
        return "webhook" if self.path == WEBHOOK else "distribution"


def _kind(
    key: str,
    event: str,
    how: str,
    path: str,
    data: Keys,
    marked: Callable[[Any], bool] = bool,
    entity: Leaf = _CUSTOMER,
) -> Kind:
    source = "webhook" if path == WEBHOOK else "distribution"
    return Kind(key, event, how, path, reference.envelope(event, source, entity, data), marked)


_POINTS = "customer.voucher.loyalty_card.points_added"
KINDS = (
    _kind("updated", "customer.updated", "profile completed", WEBHOOK, reference.CUSTOMER_UPDATED),
    _kind(
        "card",
        "voucher.published",
        "club card",
        WEBHOOK,
        reference.CARD_PUBLISHED,
        lambda data: data["voucher"]["type"] == "LOYALTY_CARD",
        _VOUCHER,
    ),
    _kind(
        "coupon",
        "voucher.published",
        "code of a message",
        WEBHOOK,
        reference.COUPON_PUBLISHED,
        lambda data: data["voucher"]["type"] != "LOYALTY_CARD",
        _VOUCHER,
    ),
    _kind("paid", "customer.order.paid", "plain message", MESSAGES, reference.ORDER_PAID),
    _kind("paid_code", "customer.order.paid", "fresh code", CODES, reference.ORDER_PAID_WITH_CODE),
    _kind(
        "earned",
        _POINTS,
        "earned by order",
        MESSAGES,
        reference.POINTS_EARNED,
        lambda data: data["transaction"]["type"] != "POINTS_ADDITION",
    ),
    _kind(
        "by_hand",
        _POINTS,
        "added by hand",
        MESSAGES,
        reference.POINTS_BY_HAND,
        lambda data: data["transaction"]["type"] == "POINTS_ADDITION",
    ),
    _kind("rewarded", "customer.rewarded", "bottle for points", MESSAGES, reference.REWARDED),
)
EVENTS = tuple(dict.fromkeys(kind.event for kind in KINDS))


def kind_of(path: str, event: str, data: object) -> Kind | None:
    """The kind that a delivery is of; None for one that nobody asked for."""
    return next((kind for kind in KINDS if (kind.path, kind.event) == (path, event) and _marked(kind, data)), None)


def _marked(kind: Kind, data: object) -> bool:
    try:
        return kind.marked(data)
    except (KeyError, TypeError):
        return False
