"""Whether a card can pay for a reward. Pure; points are whole."""

from datetime import datetime

import msgspec

from guerdon.engine.validity import Invalid, Validity, problem_at

# Key and message of each refusal.
Refusal = tuple[str, str]
_DISABLED = ("voucher_disabled", "voucher is disabled")
_TIMES: dict[Invalid, Refusal] = {
    "NOT_YET": ("voucher_not_active", "voucher not active yet"),
    "EXPIRED": ("voucher_expired", "voucher expired"),
    "NOT_NOW": ("voucher_not_active_now", "voucher not active now"),
}
_QUANTITY = ("quantity_exceeded", "quantity exceeded")
_HOLDER = ("invalid_customer", "Customer must be a holder of a loyalty card.")
_POINTS = ("loyalty_card_points_exceeded", "loyalty card points exceeded")
REFUSALS = (_DISABLED, *_TIMES.values(), _QUANTITY, _HOLDER, _POINTS)


class Card(msgspec.Struct, frozen=True):
    """What decides: the card's state, its period and that of its campaign. `quantity` None is no limit."""

    active: bool
    held: bool
    balance: int
    redeemed_quantity: int
    quantity: int | None
    periods: tuple[Validity, ...]


def refusal(card: Card, price: int, moment: datetime, timezone: str) -> Refusal | None:
    """Why the card cannot pay the price now; None if it can."""
    if not card.active:
        return _DISABLED
    for period in card.periods:
        problem = problem_at(period, moment, timezone)
        if problem is not None:
            return _TIMES[problem]
    if not card.held:
        return _HOLDER
    if card.quantity is not None and card.redeemed_quantity >= card.quantity:
        return _QUANTITY
    return _POINTS if card.balance < price else None
