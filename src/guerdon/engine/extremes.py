"""The cheapest and the dearest line of an order. Pure."""

from collections.abc import Iterable

from guerdon.engine.order import Item


def cheapest(items: Iterable[Item]) -> Item | None:
    return _extreme(items, 1)


def dearest(items: Iterable[Item]) -> Item | None:
    return _extreme(items, -1)


def _extreme(items: Iterable[Item], sign: int) -> Item | None:
    """By unit price; of several the one with the lowest subtotal, in both directions, and of those the first."""
    priced = [item for item in items if item.price is not None]
    return min(priced, key=lambda item: (sign * (item.price or 0), item.subtotal_amount or 0), default=None)
