"""What judges the events of all tests finds what is wrong with one."""

from typing import Any

import pytest

import event_judge
from event_judge import TOOLS, Told
from guerdon.webhooks import sample

NAME = "voucher.gift.balance_added"
CARD = "v_" + "a" * 18


def told(**fields: Any) -> Told:
    """A sample with some of its data changed; what is changed to ... is left out."""
    data = {**sample.data(NAME), "campaign": None, **fields}
    return Told(NAME, CARD, {key: value for key, value in data.items() if value is not ...})


def test_a_sample_is_right() -> None:
    assert list(event_judge.by_catalogue(told())) == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (told(transaction=...), ".transaction: is left out"),
        (told(transaction=None), ".transaction: is null, no VoucherTransaction"),
        (told(voucher={"object": "customer"}), '.voucher: is {"object": "customer"}, no SimpleVoucher'),
        (told(holder=None), ".holder: is not in the catalogue"),
        (told()._replace(entity_id="cust_1"), "entity: cust_1 does not begin with v_"),
    ],
)
def test_what_differs_from_the_catalogue_is_named(wrong: Told, said: str) -> None:
    assert list(event_judge.by_catalogue(wrong)) == [said]


@pytest.mark.skipif(not TOOLS.is_dir(), reason="the specification is not beside this checkout")
def test_what_differs_from_the_reference_is_named() -> None:
    by_reference = event_judge.reference()
    assert list(by_reference(NAME, told().data)) == []
    wrong = told(voucher={**sample.data(NAME)["voucher"], "type": "COUPON"})
    (said,) = by_reference(NAME, wrong.data)
    assert said.startswith(".voucher.type: ")
