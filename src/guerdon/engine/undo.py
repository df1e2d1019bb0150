"""Taking a redemption's discounts off an order again. Pure."""

from msgspec.structs import replace

from guerdon.engine.order import Item, Order


def without(order: Order, share: Order) -> Order:
    """The order less the discounts that `share` says were applied, line by line; goods that came in stay.

    What is left of nothing is left out, as if no discount had touched it.
    """
    applied = {item.id: item for item in share.items if item.id}
    return replace(
        order,
        items=tuple(_less(item, applied[item.id]) if item.id in applied else item for item in order.items),
        discount_amount=_rest(order.discount_amount, share.applied_discount_amount),
        applied_discount_amount=None,
    )


def _less(item: Item, applied: Item) -> Item:
    return replace(
        item,
        discount_amount=_rest(item.discount_amount, applied.applied_discount_amount),
        discount_quantity=_rest(item.discount_quantity, applied.applied_discount_quantity),
        applied_discount_amount=None,
        applied_discount_quantity=None,
        applied_quantity=None,
        applied_quantity_amount=None,
    )


def _rest(amount: int | None, applied: int | None) -> int | None:
    return max(0, (amount or 0) - (applied or 0)) or None
