"""Whether a card can pay."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from guerdon.engine.redeeming import Card, refusal
from guerdon.engine.validity import Validity

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
CARD = Card(active=True, held=True, balance=100, redeemed_quantity=2, quantity=3, periods=())


@pytest.mark.parametrize(
    ("change", "price", "key"),
    [
        ({}, 100, None),
        ({"quantity": None, "redeemed_quantity": 99}, 100, None),
        ({}, 101, "loyalty_card_points_exceeded"),
        ({"redeemed_quantity": 3}, 1, "quantity_exceeded"),
        ({"held": False}, 1, "invalid_customer"),
        ({"active": False}, 1, "voucher_disabled"),
        ({"periods": (Validity(), Validity(end=NOW.replace(hour=11)))}, 1, "voucher_expired"),
        ({"periods": (Validity(start=NOW.replace(hour=13)), Validity())}, 1, "voucher_not_active"),
        ({"periods": (Validity(windows={"day_of_week": [0]}),)}, 1, "voucher_not_active_now"),
    ],
)
def test_what_a_card_is_refused_for(change: dict[str, Any], price: int, key: str | None) -> None:
    found = refusal(msgspec.structs.replace(CARD, **change), price, NOW, "UTC")
    assert (found and found[0]) == key
