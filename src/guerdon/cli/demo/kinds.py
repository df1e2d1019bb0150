"""The deliveries that the day brings: the five reference events, each in the ways in which it comes about."""

from collections.abc import Callable
from typing import Any

import msgspec

from guerdon.cli.demo import reference
from guerdon.cli.demo.parts import CUSTOMER_ID, VOUCHER_ID, envelope
from guerdon.cli.demo.shapes import Keys

# What the receiver is called by: a project webhook, messages of distributions, and messages with a fresh code.
WEBHOOK, MESSAGES, CODES = "/webhook", "/messages", "/codes"


class Kind(msgspec.Struct, frozen=True):
    """One kind of delivery: of which event, how it comes about, to which path, and its shape.

    Of several kinds of one event at one path, `marked` tells them apart by the event's data. What is not `listed`
    comes along with the others: it is checked like them, but not a line of the table.
    """

    key: str
    event: str
    how: str
    path: str
    shape: Keys
    marked: Callable[[Any], bool]
    listed: bool


def _kind(
    named: tuple[str, str, str],
    path: str,
    data: Keys,
    marked: Callable[[Any], bool] = bool,
    *,
    listed: bool = True,
) -> Kind:
    key, event, how = named
    source = "webhook" if path == WEBHOOK else "distribution"
    entity = VOUCHER_ID if event.startswith("voucher.") else CUSTOMER_ID
    return Kind(key, event, how, path, envelope(event, source, entity, data), marked, listed)


def _is_card(data: Any) -> bool:  # noqa: ANN401 - JSON
    return data["voucher"]["type"] == "LOYALTY_CARD"


def _is_redeeming(data: Any) -> bool:  # noqa: ANN401 - JSON
    return data["redemption"] is not None


def _is_by_hand(data: Any) -> bool:  # noqa: ANN401 - JSON
    return data["transaction"]["type"] == "POINTS_ADDITION"


def _not(marked: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda data: not marked(data)


_PUBLISHED, _PAID = "voucher.published", "customer.order.paid"
_POINTS = "customer.voucher.loyalty_card.points_added"
KINDS = (
    _kind(("updated", "customer.updated", "profile completed"), WEBHOOK, reference.CUSTOMER_UPDATED),
    _kind(("card", _PUBLISHED, "club card"), WEBHOOK, reference.CARD_PUBLISHED, _is_card),
    _kind(
        ("coupon", _PUBLISHED, "code of a message"), WEBHOOK, reference.COUPON_PUBLISHED, _not(_is_card), listed=False
    ),
    _kind(("paid", _PAID, "plain message"), MESSAGES, reference.ORDER_PAID, _not(_is_redeeming)),
    _kind(("paid_code", _PAID, "fresh code"), CODES, reference.ORDER_PAID_WITH_CODE, _not(_is_redeeming)),
    _kind(
        ("paid_redeeming", _PAID, "while redeeming"),
        MESSAGES,
        reference.ORDER_PAID_REDEEMING,
        _is_redeeming,
        listed=False,
    ),
    _kind(
        ("paid_redeeming_code", _PAID, "while redeeming, fresh code"),
        CODES,
        reference.ORDER_PAID_REDEEMING_WITH_CODE,
        _is_redeeming,
        listed=False,
    ),
    _kind(("earned", _POINTS, "earned by order"), MESSAGES, reference.POINTS_EARNED, _not(_is_by_hand)),
    _kind(("by_hand", _POINTS, "added by hand"), MESSAGES, reference.POINTS_BY_HAND, _is_by_hand),
    _kind(("rewarded", "customer.rewarded", "bottle for points"), MESSAGES, reference.REWARDED),
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
