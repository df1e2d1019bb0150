"""Single codes over HTTP: made, changed, switched on and off, deleted, and what is told of it."""

from typing import Any

import pytest

import make
import together
from installation import Project

PATH = "/v1/vouchers"
TEN_OFF = {"type": "PERCENT", "percent_off": 10}


def coupon(project: Project, code: str = "TEN", **fields: Any) -> dict[str, Any]:
    return project.post(f"{PATH}/{code}", {"type": "DISCOUNT_VOUCHER", "discount": TEN_OFF, **fields})


def told(project: Project, *names: str) -> list[tuple[str, str]]:
    return [(event["type"], event["entity_id"]) for event in project.recorded(*names, count=len(names))]


def test_a_coupon_is_made_with_a_code(project: Project) -> None:
    made = coupon(project, metadata={"a": 1}, redemption={"quantity": 3}, additional_info="x")
    assert (made["object"], made["code"], made["type"], made["active"]) == ("voucher", "TEN", "DISCOUNT_VOUCHER", True)
    assert (made["discount"], made["metadata"], made["redemption"]["quantity"]) == (TEN_OFF, {"a": 1}, 3)
    assert "campaign" not in made
    assert project.get(f"{PATH}/TEN") == made
    (event,) = project.recorded("voucher.created")
    assert event["data"]["campaign"] is None
    assert event["data"]["voucher"]["code"] == "TEN"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"discount": {"type": "AMOUNT", "amount_off": 1_000}}, "DISCOUNT_VOUCHER"),
        ({"gift": {"amount": 5_000}}, "GIFT_VOUCHER"),
        ({"type": "GIFT_VOUCHER", "gift": {"amount": 5_000, "effect": "APPLY_TO_ITEMS"}}, "GIFT_VOUCHER"),
    ],
)
def test_the_type_follows_from_what_is_given(project: Project, body: dict[str, Any], kind: str) -> None:
    made = project.post(PATH, {**body, "code_config": {"pattern": "AB-####"}})
    assert made["type"] == kind
    assert made["code"].startswith("AB-")
    if kind == "GIFT_VOUCHER":
        assert (made["gift"]["amount"], made["gift"]["balance"]) == (5_000, 5_000)


def test_a_code_is_made_in_a_campaign(project: Project) -> None:
    campaign = make.campaign(project, voucher={"loyalty_card": {"points": 7}})
    made = project.post(f"{PATH}/GOLD", {"campaign": "Club", "type": "LOYALTY_CARD", "loyalty_card": {"points": 1}})
    assert (made["campaign_id"], made["loyalty_card"]["points"]) == (campaign["id"], 7)
    generated = project.post(PATH, {"campaign_id": campaign["id"]})
    assert generated["campaign"] == "Club"
    assert project.get("/v1/campaigns/Club")["vouchers_count"] == 3


@pytest.mark.parametrize(
    ("body", "status", "key"),
    [
        ({}, 400, "invalid_voucher"),
        ({"type": "DISCOUNT_VOUCHER"}, 400, "invalid_voucher"),
        ({"type": "GIFT_VOUCHER", "discount": TEN_OFF}, 400, "invalid_voucher"),
        ({"discount": TEN_OFF, "gift": {"amount": 5}}, 400, "invalid_voucher"),
        ({"type": "LOYALTY_CARD", "loyalty_card": {"points": 5}}, 400, "invalid_voucher"),
        ({"discount": {"type": "UNIT", "unit_off": 1}}, 400, "invalid_payload"),
        ({"discount": {"type": "NONE"}}, 400, "invalid_payload"),
        ({"gift": {"amount": -5}}, 400, "invalid_payload"),
        ({"discount": TEN_OFF, "campaign": "Nothing"}, 404, "not_found"),
        ({"discount": TEN_OFF, "campaign": "Club"}, 400, "invalid_voucher"),
        ({"discount": TEN_OFF, "validation_rules": ["val_1"]}, 404, "not_found"),
        ({"discount": TEN_OFF, "validity_timeframe": {"interval": "P1D", "duration": "PT1H"}}, 400, "invalid_payload"),
    ],
)
def test_what_cannot_be_a_voucher_is_refused(project: Project, body: dict[str, Any], status: int, key: str) -> None:
    make.campaign(project, vouchers_count=0)
    body = {"type": "DISCOUNT_VOUCHER", **body} if body.get("campaign") == "Club" else body
    project.refuse("POST", f"{PATH}/TEN", body, status=status, key=key)
    assert project.get(PATH)["total"] == 0


def test_a_code_is_made_once(project: Project) -> None:
    body = {"discount": TEN_OFF}
    found = together.answers(project, [("POST", f"{PATH}/TEN", body)] * 10)
    assert together.statuses(found) == [200] + [409] * 9
    assert project.get(PATH)["total"] == 1


def test_a_code_is_changed(project: Project) -> None:
    made = coupon(project, metadata={"a": 1}, expiration_date="2099-01-01T00:00:00Z")
    discount = {"type": "PERCENT", "percent_off": 20}
    patch = {"discount": discount, "metadata": {"b": 2}, "expiration_date": None, "start_date": "2020-01-01"}
    changed = project.put(f"{PATH}/TEN", {**patch, "validity_day_of_week": [1, 2]})
    assert (changed["discount"], changed["metadata"]) == (discount, {"a": 1, "b": 2})
    assert (changed["start_date"], changed["validity_day_of_week"]) == ("2020-01-01T00:00:00.000Z", [1, 2])
    assert "expiration_date" not in changed
    assert project.put(f"{PATH}/TEN", {"metadata": {"a": 1}}) == changed == project.get(f"{PATH}/TEN")
    assert told(project, "voucher.created", "voucher.updated") == [
        ("voucher.created", made["id"]),
        ("voucher.updated", made["id"]),
    ]


@pytest.mark.parametrize(
    ("patch", "key"),
    [
        ({"discount": {"type": "AMOUNT", "amount_off": 5}}, "invalid_voucher"),
        ({"type": "GIFT_VOUCHER"}, "invalid_voucher"),
        ({"active": "no"}, "invalid_payload"),
        ({"start_date": None, "validity_timeframe": {"interval": "P1D", "duration": "PT1H"}}, "invalid_payload"),
    ],
)
def test_a_refused_change_changes_nothing(project: Project, patch: dict[str, Any], key: str) -> None:
    made = coupon(project)
    project.refuse("PUT", f"{PATH}/TEN", patch, status=400, key=key)
    assert project.get(f"{PATH}/TEN") == made


def test_a_code_is_switched_off_and_on(project: Project) -> None:
    coupon(project)
    assert project.post(f"{PATH}/TEN/disable")["active"] is False
    assert project.post(f"{PATH}/TEN/disable")["active"] is False
    assert project.post(f"{PATH}/TEN/enable")["active"] is True
    assert project.put(f"{PATH}/TEN", {"active": False})["active"] is False
    names = ("voucher.disabled", "voucher.enabled", "voucher.updated", "voucher.disabled")
    found = project.recorded(*set(names), count=4)
    assert tuple(event["type"] for event in found) == names


def test_a_deleted_code_is_gone(project: Project) -> None:
    make.campaign(project)
    card = make.member(project, points=30)
    path = f"{PATH}/{card['code']}"
    assert project.delete(path) is None
    project.refuse("GET", path, status=404, key="not_found")
    project.refuse("DELETE", path, status=404, key="not_found")
    assert project.get("/v1/customers/ann")["loyalty"]["points"] == 0
    assert project.get("/v1/campaigns/Club")["vouchers_count"] == 0
    (event,) = project.recorded("voucher.deleted")
    assert (event["entity_id"], event["campaign_id"]) == (card["id"], card["campaign_id"])
    assert event["data"]["voucher"]["loyalty_card"]["balance"] == 30
    assert make.member(project)["code"] != card["code"]


def test_a_code_is_deleted_once(project: Project) -> None:
    coupon(project)
    found = together.answers(project, [("DELETE", f"{PATH}/TEN", None)] * 6)
    assert together.statuses(found) == [204] + [404] * 5
    assert len(project.recorded("voucher.deleted")) == 1
