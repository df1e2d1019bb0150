"""Goods that give way to others, as answers tell of them."""

from typing import Any

import pytest

import make
from installation import Project


def upgrade(project: Project, source: tuple[str, int], target: tuple[str, int], units: int = 1) -> dict[str, Any]:
    """Makes the code UP, which replaces one unit of the goods; returns an order of three of them."""
    made = [make.product(project, name, price=price)["id"] for name, price in (source, target)]
    entry = {"object": "product", "id": made[0], "quantity_limit": 1}
    rule = make.validation_rule(project, rules={}, applicable_to={"included": [entry]})
    discount = {"type": "UNIT", "effect": "REPLACE_ITEMS", "unit_type": made[1], "unit_off": units}
    body = {"type": "DISCOUNT_VOUCHER", "discount": discount, "validation_rules": [rule["id"]]}
    project.post("/v1/vouchers/UP", body)
    return {"items": [{"product_id": made[0], "quantity": 3}]}


def codes(order: dict[str, Any], *names: str) -> dict[str, Any]:
    return {"redeemables": [{"object": "voucher", "id": name} for name in names or ("UP",)], "order": order}


TEE, LIMITED, BOTTLE, MUG = ("tee", 2_000), ("tee-limited", 2_500), ("bottle", 2_500), ("mug", 1_000)


@pytest.mark.parametrize(
    ("source", "target", "units", "lines", "sums", "told"),
    [
        (TEE, LIMITED, 1, [(2, 4_000, 0), (1, 2_500, 500)], (500, 6_000), (-2_000, 1, 2_500, 500)),
        (BOTTLE, MUG, 1, [(2, 5_000, 0), (1, 1_000, 0)], (0, 6_000), (-2_500, 1, 1_000, 0)),
        (BOTTLE, MUG, 3, [(2, 5_000, 0), (3, 3_000, 500)], (500, 7_500), (-2_500, 3, 3_000, 500)),
    ],
)
def test_one_of_three_gives_way(
    project: Project,
    source: tuple[str, int],
    target: tuple[str, int],
    units: int,
    lines: list[tuple[int, ...]],
    sums: tuple[int, int],
    told: tuple[int, ...],
) -> None:
    body = codes(upgrade(project, source, target, units))
    entry = {
        "source_index": 0,
        "source_applied_quantity": -1,
        "source_applied_quantity_amount": told[0],
        "target_index": 1,
        "target_applied_quantity": told[1],
        "target_applied_quantity_amount": told[2],
        "target_applied_discount_amount": told[3],
    }
    validated = project.post("/v1/validations", body)
    qualified = project.post("/v1/qualifications", {"order": body["order"], "scenario": "ALL"})
    redeemed = project.post("/v1/redemptions", body)
    for order in (validated["order"], qualified["redeemables"]["data"][0]["order"], redeemed["order"]):
        found = [(one["quantity"], one["amount"], one.get("discount_amount", 0)) for one in order["items"]]
        assert found == lines
        assert (order.get("total_discount_amount", 0), order["total_amount"]) == sums
        assert [one["application_details"] for one in order["items"]] == [[entry], [entry]]
    for one in (validated["redeemables"][0]["order"], redeemed["redemptions"][0]["order"]):
        assert all("application_details" not in line for line in one["items"])
    stored = project.get(f"/v1/orders/{redeemed['order']['id']}")
    assert all("application_details" not in line for line in stored["items"])


def test_each_code_that_replaces_tells_of_its_own(project: Project) -> None:
    order = upgrade(project, TEE, LIMITED)
    project.post("/v1/vouchers/OFF", {"discount": {"type": "PERCENT", "percent_off": 10, "effect": "APPLY_TO_ORDER"}})
    both = project.post("/v1/validations", codes(order, "OFF", "UP"))["order"]
    assert [len(one["application_details"]) for one in both["items"]] == [1, 1]
    order["items"].insert(0, {"source_id": "else", "price": 100, "quantity": 1})
    found = project.post("/v1/validations", codes(order, "OFF", "UP"))["order"]["items"]
    assert "application_details" not in found[0]
    (told,) = found[2]["application_details"]
    assert (told["source_index"], told["target_index"]) == (1, 2)
    assert "application_details" not in str(project.post("/v1/validations", codes(order, "OFF")))
