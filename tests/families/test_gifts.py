"""Gift cards over HTTP: credits by hand, and the ledger that they leave."""

from typing import Any

import pytest

import make
import together
from installation import Project


def card(project: Project, amount: int = 10_100, **fields: Any) -> str:
    """The path of a gift card's balance."""
    made = project.post("/v1/vouchers", {"type": "GIFT_VOUCHER", "gift": {"amount": amount}, **fields})
    return f"/v1/vouchers/{made['code']}"


def test_credits_are_added_and_taken(project: Project) -> None:
    path = card(project)
    voucher = project.get(path)
    added = project.post(f"{path}/balance", {"amount": 10_000, "reason": "x", "source_id": "s"})
    assert added == {
        "amount": 10_000,
        "total": 20_100,
        "balance": 20_100,
        "type": "gift_voucher",
        "operation_type": "MANUAL",
        "object": "balance",
        "related_object": {"type": "voucher", "id": voucher["id"]},
    }
    taken = project.post(f"{path}/balance", {"amount": -100})
    assert (taken["amount"], taken["total"], taken["balance"]) == (-100, 20_000, 20_000)
    gift = project.get(path)["gift"]
    assert (gift["amount"], gift["balance"], gift["subtracted_amount"]) == (20_100, 20_000, 100)
    removal, addition = project.get(f"{path}/transactions")["data"]
    assert (removal["type"], addition["type"]) == ("CREDITS_REMOVAL", "CREDITS_ADDITION")
    assert (addition["source_id"], addition["reason"], addition["campaign_id"]) == ("s", "x", None)
    assert addition["details"]["balance"] == added
    moved = project.recorded("voucher.gift.transaction.created", count=2)
    assert [event["data"]["transaction"] for event in moved] == [addition, removal]
    assert moved[0]["data"]["holder"] is None


def test_a_holder_has_what_is_on_the_card(project: Project) -> None:
    make.campaign(project, "GIFT_VOUCHERS")
    published = make.published(project)
    path = f"/v1/vouchers/{published['voucher']['code']}"
    assert project.post(f"{path}/balance", {"amount": 500})["balance"] == 10_500
    assert project.get("/v1/customers/ann")["summary"]["redemptions"]["gift"]["amount_to_go"] == 10_500
    names = ("voucher.gift.balance_added", "customer.voucher.gift.balance_added")
    told, twin = project.recorded(*names, count=2)
    assert (told["type"], twin["type"]) == names
    assert "customer" not in told["data"]
    assert twin["data"]["customer"]["source_id"] == "ann"
    assert twin["campaign_id"] == published["voucher"]["campaign_id"]
    assert twin["data"]["balance"] == told["data"]["balance"]


def test_points_are_moved_by_the_same_operation(project: Project) -> None:
    make.campaign(project)
    held = make.member(project, points=30)
    done = project.post(f"/v1/vouchers/{held['code']}/balance", {"amount": -10})
    assert (done["amount"], done["balance"], done["type"]) == (-10, 20, "loyalty_card")
    assert project.get(f"/v1/vouchers/{held['code']}/transactions")["data"][0]["type"] == "POINTS_REMOVAL"
    too_many = {"amount": -21}
    path = f"/v1/vouchers/{held['code']}/balance"
    project.refuse("POST", path, too_many, status=400, key="loyalty_card_points_exceeded")


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ({}, "invalid_payload"),
        ({"amount": 0}, "invalid_payload"),
        ({"amount": "5"}, "invalid_payload"),
        ({"amount": 2**60}, "invalid_payload"),
        ({"amount": -10_101}, "gift_amount_exceeded"),
    ],
)
def test_a_refused_change_changes_nothing(project: Project, body: dict[str, Any], key: str) -> None:
    path = card(project)
    before = project.get(path)
    project.refuse("POST", f"{path}/balance", body, status=400, key=key)
    assert project.get(path) == before
    assert project.get(f"{path}/transactions")["data"] == []


def test_a_coupon_has_no_balance(project: Project) -> None:
    body = {"discount": {"type": "AMOUNT", "amount_off": 5}}
    project.post("/v1/vouchers/TEN", body)
    project.refuse("POST", "/v1/vouchers/TEN/balance", {"amount": 5}, status=400, key="invalid_voucher")
    assert project.get("/v1/vouchers/TEN/transactions")["data"] == []
    make.campaign(project, "DISCOUNT_COUPONS", "Coupons")
    shown = project.get("/v1/campaigns/Coupons/transactions")
    assert shown == {"object": "list", "data_ref": "data", "data": [], "total": 0}


def test_the_last_credits_are_taken_once(project: Project) -> None:
    path = card(project, 100)
    found = together.answers(project, [("POST", f"{path}/balance", {"amount": -30})] * 10)
    assert together.statuses(found) == [200] * 3 + [400] * 7
    assert project.get(path)["gift"]["balance"] == 10
