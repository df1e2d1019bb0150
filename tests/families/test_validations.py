"""Validations over HTTP: they say what a redemption would come to, and change nothing."""

from datetime import UTC, datetime
from typing import Any

import pytest

import make
import till
from installation import Project

_WRITTEN = """
SELECT (SELECT count(*) FROM redemptions WHERE project_id = $1) + (SELECT count(*) FROM orders WHERE project_id = $1)
    + (SELECT count(*) FROM customers WHERE project_id = $1) + (SELECT count(*) FROM products WHERE project_id = $1)
    + (SELECT count(*) FROM redemption_counters WHERE project_id = $1)
    + (SELECT count(*) FROM redemption_sessions WHERE project_id = $1) AS count
"""


def written(project: Project) -> int:
    return project.installation.sql(_WRITTEN, project.id)[0]["count"]


def errors(found: dict[str, Any]) -> dict[str, str]:
    return {one["id"]: one["result"]["error"]["key"] for one in found["inapplicable_redeemables"]}


def test_one_code(project: Project) -> None:
    till.discount(project, metadata={"season": "spring"})
    found = till.validate(project, "TEN", customer="ann")
    assert (found["valid"], found["id"][:6]) == (True, "valid_")
    (one,) = found["redeemables"]
    assert (one["status"], one["id"], one["object"], one["metadata"]) == (
        "APPLICABLE",
        "TEN",
        "voucher",
        {"season": "spring"},
    )
    assert one["result"]["discount"]["amount_off"] == 100
    assert one["order"]["total_amount"] == found["order"]["total_amount"] == 900
    assert "inapplicable_redeemables" not in found
    assert "skipped_redeemables" not in found
    assert found["stacking_rules"]["redeemables_limit"] == 30
    assert None not in found["stacking_rules"].values()
    assert not any("mode_categories" in name or "calculation" in name for name in found["stacking_rules"])
    assert written(project) == 0


def test_a_code_can_begin_with_all_time_there_is(project: Project) -> None:
    """The first moment is one that the database has no zone for."""
    whole = {"start_date": "0001-01-01T00:00:00Z", "expiration_date": "9999-12-31T23:59:59.999Z"}
    till.discount(project, **whole)
    assert till.validate(project, "TEN")["valid"]
    assert till.redeem(project, "TEN")["order"]["total_amount"] == 900
    assert project.get("/v1/vouchers/TEN")["start_date"] == "0001-01-01T00:00:00.001Z"


def test_it_is_what_the_redemption_then_comes_to(project: Project) -> None:
    till.discount(project)
    till.gift(project, amount=300)
    names = ("TEN", till.tier(project)["id"], "CARD")
    found, done = till.validate(project, *names), till.redeem(project, *names)
    for name in ("amount", "total_discount_amount", "total_amount"):
        assert found["order"][name] == done["order"][name]
        expected = [one["order"][name] for one in found["redeemables"]]
        assert [one["order"][name] for one in done["redemptions"]] == expected


def test_unknown_ones_are_answered(project: Project) -> None:
    found = till.validate(project, "NONE")
    assert found["valid"] is False
    error = found["redeemables"][0]["result"]["error"]
    assert (error["code"], error["key"], error["details"]) == (404, "not_found", "Cannot find voucher with id NONE")
    assert errors(found) == {"NONE": "not_found"}
    for name, kind in (("promo_0", "promotion_tier"), ("stack_0", "promotion_stack")):
        error = till.validate(project, name)["redeemables"][0]["result"]["error"]
        assert (error["key"], kind in error["details"]) == ("not_found", True)


def test_all_or_nothing(project: Project) -> None:
    for code in "AC":
        till.discount(project, code)
    till.discount(project, "B", active=False)
    found = till.validate(project, *"ABC")
    assert found["valid"] is False
    assert [one["status"] for one in found["redeemables"]] == ["APPLICABLE", "INAPPLICABLE", "SKIPPED"]
    assert found["redeemables"][2]["result"]["details"]["key"] == "preceding_validation_failed"
    assert errors(found) == {"B": "voucher_disabled"}
    assert "order" not in found


def test_as_much_as_can_be(project: Project) -> None:
    till.partial(project, applicable_redeemables_limit=2)
    for code in "ACDE":
        till.discount(project, code)
    till.discount(project, "B", active=False)
    found = till.validate(project, *"ABCDE", "NONE")
    assert found["valid"] is True
    assert [one["id"] for one in found["redeemables"]] == ["A", "C"]
    assert errors(found)["B"] == "voucher_disabled"
    assert {one["id"] for one in found["skipped_redeemables"]} >= {"D", "E"}
    assert found["order"]["total_amount"] == 800


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({"active": False}, "voucher_disabled"),
        ({"expiration_date": "2020-01-01T00:00:00Z"}, "voucher_expired"),
        ({"start_date": "2090-01-01T00:00:00Z"}, "voucher_not_active"),
        ({"redemption": {"quantity": 0}}, "quantity_exceeded"),
    ],
)
def test_why_a_code_does_not_apply(project: Project, fields: Any, key: str) -> None:
    till.discount(project, **fields)
    assert errors(till.validate(project, "TEN")) == {"TEN": key}


def test_the_merchants_own_words(project: Project) -> None:
    ten = till.discount(project)
    rule = make.validation_rule(project, error={"message": "Spend more"})
    make.bound(project, rule, "voucher", ten["id"])
    error = till.validate(project, "TEN", amount=10)["redeemables"][0]["result"]["error"]
    assert (error["key"], error["error"]) == ("order_rules_violated", {"message": "Spend more"})
    assert till.validate(project, "TEN", amount=1_001)["valid"] is True


def test_what_is_sent_of_a_customer_is_looked_at_and_not_kept(project: Project) -> None:
    ten = till.discount(project)
    conditions = {"$is": ["gold"]}
    node = {"name": "customer.metadata", "property": "tier", "conditions": conditions}
    make.bound(project, make.validation_rule(project, rules={"1": node, "logic": "1"}), "voucher", ten["id"])
    make.metadata_schema(project, "customer", tier={"type": "string"})
    for tier, valid in (("gold", True), ("tin", False)):
        customer = {"source_id": "ann", "metadata": {"tier": tier}}
        assert project.post("/v1/validations", till.wanted("TEN") | {"customer": customer})["valid"] is valid
    assert errors(till.validate(project, "TEN")) == {"TEN": "missing_customer"}
    assert written(project) == 0


def test_an_explanation(project: Project) -> None:
    ten = till.discount(project)
    rule = make.validation_rule(project)
    make.bound(project, rule, "voucher", ten["id"])
    assert "explanation" not in till.validate(project, "TEN", amount=10)
    (told,) = till.validate(project, "TEN", amount=10, options={"explain": True})["explanation"]
    assert "order.amount" in str(told)
    assert "1000" in str(told)


@pytest.mark.parametrize("expand", [["order"], ["redeemable"], ["category"], ["redemption"], []])
def test_expansions_are_taken(project: Project, expand: list[str]) -> None:
    category = make.category(project)
    till.discount(project, category_id=category["id"])
    found = till.validate(project, "TEN", options={"expand": expand})
    assert found["valid"] is True
    assert len(found["redeemables"][0]["categories"]) == 1


def test_an_expansion_that_is_none(project: Project) -> None:
    till.discount(project)
    body = till.wanted("TEN", options={"expand": ["everything"]})
    project.refuse("POST", "/v1/validations", body, status=400, key="invalid_payload")


def test_the_older_forms(project: Project) -> None:
    till.discount(project)
    found = project.post("/v1/vouchers/TEN/validate", {"order": {"amount": 1_000}})
    assert (found["valid"], found["code"], found["order"]["total_amount"]) == (True, "TEN", 900)
    till.discount(project, "GONE", active=False)
    refused = project.post("/v1/vouchers/GONE/validate", {})
    assert (refused["valid"], refused["reason"]) == (False, "voucher is disabled")
    assert refused["error"]["key"] == "voucher_disabled"
    project.refuse("POST", "/v1/vouchers/NONE/validate", {}, status=404, key="not_found")
    made = till.tier(project)
    path = f"/v1/promotions/tiers/{made['id']}/validation"
    assert project.post(path, {"order": {"amount": 1_000}})["order"]["total_amount"] == 900


def test_a_metadata_schema_binds_the_redemption_only(project: Project) -> None:
    till.discount(project)
    make.metadata_schema(project, "redemption", till={"type": "number", "optional": False})
    assert till.validate(project, "TEN")["valid"] is True


def test_a_stack_that_is_not_there_is_answered_as_one(project: Project) -> None:
    tier = till.tier(project)
    for name in ("stack_x", tier["id"]):
        found = project.post("/v1/validations", {"redeemables": [{"object": "promotion_stack", "id": name}]})
        (one,) = found["redeemables"]
        assert (found["valid"], one["object"], one["id"]) == (False, "promotion_stack", name)
        error = one["result"]["error"]
        assert (error["key"], error["redeemable_type"], error["redeemable_id"]) == (
            "not_found",
            "promotion_stack",
            name,
        )


def test_who_is_only_told_of_has_a_tracking_id_too(project: Project) -> None:
    till.discount(project)
    before = till.validate(project, "TEN", customer="ann")["tracking_id"]
    assert before.startswith("track_")
    assert project.post("/v1/qualifications", {"customer": {"source_id": "ann"}})["tracking_id"] == before
    make.customer(project, "ann")
    assert till.validate(project, "TEN", customer="ann")["tracking_id"] == before
    assert till.validate(project, "TEN", customer="bob")["tracking_id"] != before
    assert till.validate(project, "TEN", tracking_id="mine")["tracking_id"] == "mine"
    assert "tracking_id" not in till.validate(project, "TEN")
    long = till.wanted("TEN", tracking_id="x" * 1_001)
    project.refuse("POST", "/v1/redemptions", long, status=400, key="invalid_payload")
    redeemed = till.redeem(project, "TEN", tracking_id="mine")["redemptions"][0]
    assert (redeemed["customer_id"], redeemed["tracking_id"]) == (None, "mine")
    till.discount(project, "OFF", active=False)
    project.refuse(
        "POST", "/v1/redemptions", till.wanted("OFF", tracking_id="mine"), status=400, key="voucher_disabled"
    )
    assert project.get("/v1/redemptions", result="FAILURE")["redemptions"][0]["tracking_id"] == "mine"


def test_formulas_know_the_latest_publication(project: Project) -> None:
    formula = 'DEFAULT_TO(PUBLICATION_METADATA("k");1) * 2'
    off = {"type": "PERCENT", "percent_off": 5, "percent_off_formula": formula}
    till.discount(project, "TEN", discount=off)
    assert till.validate(project, "TEN")["order"]["total_discount_amount"] == 20
    sent = {"voucher": "TEN", "customer": {"source_id": "ann"}, "metadata": {"k": 10}}
    project.post("/v1/publications", sent)
    found = till.validate(project, "TEN", customer="ann")
    assert found["order"]["total_discount_amount"] == 200
    assert found["redeemables"][0]["result"]["discount"]["is_dynamic"] is True


def test_what_others_hold_of_a_gift_card_is_told(project: Project) -> None:
    till.gift(project)
    lock = {"type": "LOCK", "key": "mine"}
    wanted = {"redeemables": [{"object": "voucher", "id": "CARD", "gift": {"credits": 300}}], "order": {"amount": 500}}
    assert (
        "locked_credits"
        not in project.post("/v1/validations", {**wanted, "session": lock})["redeemables"][0]["result"]["gift"]
    )
    shown = project.post("/v1/validations", wanted)["redeemables"][0]["result"]["gift"]
    assert (shown["balance"], shown["locked_credits"]) == (700, 300)


def test_a_code_goes_by_its_own_windows_and_by_the_dates_of_its_campaign(project: Project) -> None:
    today = datetime.now(UTC).isoweekday() % 7
    other = [day for day in range(7) if abs(day - today) % 7 not in {0, 1, 6}]
    make.campaign(project, "DISCOUNT_COUPONS", "Sale", vouchers_count=1, validity_day_of_week=other)
    (voucher,) = project.get("/v1/vouchers", campaign="Sale")["vouchers"]
    code = voucher["code"]
    refused = till.validate(project, code)
    assert errors(refused) == {code: "voucher_not_active_now"}
    project.put(f"/v1/vouchers/{code}", {"validity_day_of_week": list(range(7))})
    assert till.validate(project, code)["valid"]
    project.put("/v1/campaigns/Sale", {"expiration_date": "2020-01-01T00:00:00Z"})
    assert errors(till.validate(project, code)) == {code: "voucher_expired"}
