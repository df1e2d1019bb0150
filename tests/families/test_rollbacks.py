"""Rollbacks over HTTP: everything that a redemption took is given back, once, and told."""

import json
import random
from typing import Any

import pytest

import make
import till
from installation import Project

# What a redemption moves and its rollback must restore: the values by table.
_STATE = {
    "vouchers": "SELECT id, redeemed_quantity, redeemed, balance FROM vouchers WHERE project_id = $1 ORDER BY id",
    "counters": "SELECT key, value FROM redemption_counters WHERE project_id = $1 AND value > 0 ORDER BY key",
    "customers": """
        SELECT source_id, gift_redeemed, gift_to_go, points_redeemed, orders_count, orders_amount FROM customers
        WHERE project_id = $1 ORDER BY source_id
    """,
    "tiers": """
        SELECT tier_id, sum(redeemed) AS redeemed, sum(amount) AS amount, sum(discount_amount) AS off
        FROM promotion_tier_sums WHERE project_id = $1 GROUP BY tier_id HAVING sum(redeemed) > 0 ORDER BY tier_id
    """,
    "buckets": "SELECT voucher_id, points FROM points_buckets WHERE project_id = $1 AND points > 0 ORDER BY 1, 2",
    "rewards": "SELECT id, redeemed FROM rewards WHERE project_id = $1 ORDER BY id",
}


def state(project: Project) -> dict[str, list[tuple[Any, ...]]]:
    return {name: [tuple(row) for row in project.installation.sql(sql, project.id)] for name, sql in _STATE.items()}


def test_one_redemption(project: Project) -> None:
    till.gift(project)
    done = till.redeem(project, "CARD", customer="ann", amount=400)["redemptions"][0]
    undone = till.undo(project, done["id"], {"reason": "broken", "metadata": {"a": 1}})
    assert undone["id"].startswith("rr_")
    assert (undone["object"], undone["redemption"], undone["amount"]) == ("redemption_rollback", done["id"], -400)
    assert (undone["reason"], undone["metadata"], undone["result"]) == ("broken", {"a": 1}, "SUCCESS")
    assert (undone["order"]["status"], undone["order"]["total_amount"]) == ("CANCELED", 400)
    shown = project.get(f"/v1/redemptions/{done['id']}")
    assert shown["status"] == "ROLLED_BACK"
    assert [one["id"] for one in shown["related_redemptions"]["rollbacks"]] == [undone["id"]]
    assert project.get("/v1/vouchers/CARD")["gift"]["balance"] == 1_000
    entry = project.get(f"/v1/orders/{done['order']['id']}")["redemptions"][done["id"]]
    assert entry["rollback_id"] == undone["id"]
    till.balanced(project)


def test_a_reason_in_the_query(project: Project) -> None:
    till.discount(project)
    done = till.redeem(project, "TEN")["redemptions"][0]
    undone = project.post(f"/v1/redemptions/{done['id']}/rollback", None, reason="why")
    assert undone["reason"] == "why"


def test_a_parent_with_its_children(project: Project) -> None:
    till.discount(project)
    till.gift(project, amount=500)
    done = till.redeem(project, "TEN", "CARD", customer="ann")
    parent = done["parent_redemption"]["id"]
    found = project.post(f"/v1/redemptions/{parent}/rollbacks", {})
    assert [one["redemption"] for one in found["rollbacks"]] == [one["id"] for one in done["redemptions"]]
    assert found["parent_rollback"]["redemption"] == parent
    assert [one["order"]["total_amount"] for one in found["rollbacks"]] == [1_000, 900]
    assert (found["order"]["status"], found["order"]["total_amount"]) == ("CANCELED", 1_000)
    entry = found["order"]["redemptions"][parent]
    assert entry["rollback_stacked"] == [one["id"] for one in found["rollbacks"]]
    assert {project.get(f"/v1/redemptions/{one['id']}")["status"] for one in done["redemptions"]} == {"ROLLED_BACK"}
    till.balanced(project)


def test_events_and_their_twins(project: Project) -> None:
    till.gift(project)
    done = till.redeem(project, "CARD", customer="ann", amount=400)["redemptions"][0]
    undone = till.undo(project, done["id"])
    (told,) = project.recorded("redemption.rollback.succeeded")
    assert told["entity_id"] == undone["id"]
    assert told["data"]["redemption"]["id"] == done["id"]
    assert told["data"]["redemption_rollback"]["id"] == undone["id"]
    (twin,) = project.recorded("customer.redemption.rollback.succeeded")
    assert twin["entity_id"] == done["customer_id"]
    back = project.recorded("voucher.gift.transaction.created", count=2)[1]
    assert (back["data"]["balance"]["amount"], back["data"]["balance"]["balance"]) == (400, 1_000)
    assert [row["type"] for row in project.get("/v1/vouchers/CARD/transactions")["data"]] == [
        "CREDITS_REFUND",
        "CREDITS_REDEMPTION",
    ]


def test_a_second_time(project: Project) -> None:
    till.discount(project)
    done = till.redeem(project, "TEN", customer="ann")["redemptions"][0]
    till.undo(project, done["id"])
    path = f"/v1/redemptions/{done['id']}/rollback"
    refused = project.refuse("POST", path, {}, status=400, key="already_rolled_back")
    assert refused["resource_type"] == "redemption_rollback"
    assert refused["resource_id"].startswith("rrf_")
    (told,) = project.recorded("redemption.rollback.failed")
    assert told["data"]["redemption_rollback"]["failure_code"] == "already_rolled_back"
    summary = project.get("/v1/customers/ann")["summary"]["redemptions"]
    assert (summary["total_rollback_succeeded"], summary["total_rollback_failed"]) == (1, 1)
    assert till.redeemed(project) == 0
    till.balanced(project)


def test_what_cannot_be_undone(project: Project) -> None:
    till.discount(project)
    till.gift(project)
    done = till.redeem(project, "TEN", "CARD")
    parent, child = done["parent_redemption"]["id"], done["redemptions"][0]["id"]
    project.refuse("POST", f"/v1/redemptions/{parent}/rollback", {}, status=400, key="invalid_redemption")
    for path in (f"/v1/redemptions/{child}/rollback", f"/v1/redemptions/{child}/rollbacks"):
        project.refuse("POST", path, {}, status=400, key="invalid_redemption_parent")
    project.refuse("POST", "/v1/redemptions/r_0/rollback", {}, status=404, key="not_found")
    one = till.undo(project, till.redeem(project, "TEN")["redemptions"][0]["id"])
    project.refuse("POST", f"/v1/redemptions/{one['id']}/rollback", {}, status=400, key="invalid_redemption")
    till.discount(project, "GONE", active=False)
    failed = project.refuse("POST", "/v1/redemptions", till.wanted("GONE"), status=400, key="voucher_disabled")
    path = f"/v1/redemptions/{failed['resource_id']}/rollback"
    project.refuse("POST", path, {}, status=400, key="invalid_redemption")
    till.balanced(project)


def test_of_another_order_or_customer(project: Project) -> None:
    till.discount(project)
    done = till.redeem(project, "TEN", customer="ann", order={"source_id": "cart", "amount": 1_000})["redemptions"][0]
    make.customer(project, "bob")
    make.order(project, 5, "bob", source_id="other")
    path = f"/v1/redemptions/{done['id']}/rollback"
    project.refuse("POST", path, {"order": {"source_id": "other"}}, status=400, key="invalid_order")
    project.refuse("POST", path, {"customer": {"source_id": "bob"}}, status=400, key="invalid_customer")
    project.refuse("POST", path, {"customer": {"source_id": "nobody"}}, status=404, key="not_found")
    assert till.redeemed(project) == 1
    till.undo(project, done["id"], {"order": {"source_id": "cart"}, "customer": {"source_id": "ann"}})
    assert till.redeemed(project) == 0
    till.balanced(project)


def test_after_three_months(project: Project) -> None:
    till.discount(project)
    done = till.redeem(project, "TEN")["redemptions"][0]
    project.advance("P93D")
    project.refuse("POST", f"/v1/redemptions/{done['id']}/rollback", {}, status=400, key="invalid_redemption")
    assert till.redeemed(project) == 1


def test_the_order_may_be_left_alone(project: Project) -> None:
    till.partial(project, redeemables_rollback_order_mode="WITHOUT_ORDER")
    till.discount(project)
    done = till.redeem(project, "TEN", customer="ann")["redemptions"][0]
    order = till.undo(project, done["id"])["order"]
    assert (order["status"], order["total_amount"]) == ("PAID", 900)
    till.balanced(project)


@pytest.mark.parametrize("gone", ["voucher", "customer", "campaign"])
def test_what_is_gone_does_not_stand_in_the_way(project: Project, gone: str) -> None:
    made = make.campaign(project, "GIFT_VOUCHERS", "Gifts")
    (card,) = project.get("/v1/vouchers", campaign="Gifts")["vouchers"]
    done = till.redeem(project, card["code"], customer="ann", amount=100)["redemptions"][0]
    path = {
        "voucher": f"/v1/vouchers/{card['code']}",
        "customer": "/v1/customers/ann",
        "campaign": f"/v1/campaigns/{made['id']}",
    }[gone]
    project.delete(path, force="true")
    assert till.undo(project, done["id"])["result"] == "SUCCESS"
    assert project.get(f"/v1/redemptions/{done['id']}")["status"] == "ROLLED_BACK"
    if gone == "customer":
        assert project.get(f"/v1/vouchers/{card['code']}")["gift"]["balance"] == 10_000


@pytest.mark.parametrize("seed", range(3))
def test_whatever_is_redeemed_and_undone_leaves_everything_as_it_was(project: Project, seed: int) -> None:
    chance = random.Random(seed)
    sale = make.campaign(project, "DISCOUNT_COUPONS", "Sale", vouchers_count=2, voucher={"discount": till.OFF})
    codes = [one["code"] for one in project.get("/v1/vouchers", campaign="Sale", limit=10)["vouchers"]]
    till.gift(project, "CARD", 100_000)
    tiers = [one["id"] for one in make.promotion(project, tiers=[{}, {}])["promotion"]["tiers"]]
    make.campaign(project, name="Club")
    member = make.member(project, points=500)
    reward = make.reward(project, 20)
    till.limited(project, "campaign.redemptions.customers_count", 50, sale["id"], "campaign")
    till.limited(project, "campaign.orders.amount_discounted", 100_000, sale["id"], "campaign")
    till.limited(project, "redemption.count.per_customer.daily", 50, tiers[0], "promotion_tier")
    for name in ("ann", "bob"):
        make.customer(project, name)
    kept = [till.redeem(project, *codes, "CARD", customer="bob")]
    before = state(project)
    redeemed = 0
    for number in range(8):
        names = chance.sample([*codes, "CARD", *tiers], chance.randint(1, 4))
        body = till.wanted(*names, customer=chance.choice(["ann", "bob"]), amount=chance.choice([0, 50, 999, 10_000]))
        if chance.random() < 0.4:
            body["customer"] = {"source_id": "ann"}
            body["redeemables"].append({"object": "voucher", "id": member["code"], "reward": {"id": reward["id"]}})
        if chance.random() < 0.3:
            body["order"]["source_id"] = f"cart {number}"
        answer = project.request("POST", "/v1/redemptions", json=body)
        assert answer.status_code in {200, 400}, answer.text
        if answer.is_success:
            done = answer.json()
            redeemed += 1
            assert state(project)["vouchers"] != before["vouchers"] or set(names) <= set(tiers)
            whole = done.get("parent_redemption") or done["redemptions"][0]
            project.post(f"/v1/redemptions/{whole['id']}/rollbacks", {})
        assert state(project) == before
    assert redeemed > 2
    till.balanced(project)
    assert kept


UNITS: dict[str, dict[str, Any]] = {
    "new": {"effect": "ADD_NEW_ITEMS", "unit_off": 1, "unit_type": "glass"},
    "several": {
        "effect": "ADD_MANY_ITEMS",
        "units": [
            {"effect": "ADD_NEW_ITEMS", "unit_off": 1, "unit_type": "glass"},
            {"effect": "ADD_MISSING_ITEMS", "unit_off": 1, "unit_type": "bottle"},
        ],
    },
    "missing": {"effect": "ADD_MISSING_ITEMS", "unit_off": 2, "unit_type": "glass"},
}


@pytest.mark.parametrize("beside", [False, True], ids=["alone", "with another"])
@pytest.mark.parametrize("units", UNITS)
def test_goods_that_came_in_are_paid_once_the_discount_is_gone(project: Project, units: str, *, beside: bool) -> None:
    ids = {name: make.product(project, name, price=1_000)["id"] for name in ("bottle", "glass")}
    wire = json.loads(
        json.dumps(UNITS[units]).replace('"glass"', f'"{ids["glass"]}"').replace('"bottle"', f'"{ids["bottle"]}"')
    )
    till.discount(project, "FREE", discount={"type": "UNIT", **wire})
    till.discount(project, "TEN")
    codes = ["FREE", "TEN"] if beside else ["FREE"]
    done = till.redeem(project, *codes, order={"items": [{"product_id": ids["bottle"], "quantity": 1}]})
    order = done["order"]
    assert order["total_discount_amount"] >= 1_000
    for one in done["redemptions"]:
        shown = project.get(f"/v1/redemptions/{one['id']}")
        assert [line["id"] for line in shown["order"]["items"]] == [line["id"] for line in order["items"]]
        assert None not in [line["id"] for line in shown["order"]["items"]]
    whole = done["parent_redemption"] if beside else done["redemptions"][0]
    project.post(f"/v1/redemptions/{whole['id']}/rollbacks", {})
    after = project.get(f"/v1/orders/{order['id']}")
    assert after["status"] == "CANCELED"
    assert after["total_amount"] == after["amount"] == order["amount"]
    assert not any(line.get("discount_quantity") or line.get("discount_amount") for line in after["items"])
