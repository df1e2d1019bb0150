"""Whatever is redeemed and rolled back at once: limits hold exactly, nobody meets a fault, and the books balance."""

from collections import Counter
from typing import Any

import httpx
import pytest

import audit
import make
import together
from installation import Project

Request = tuple[str, str, Any]
OFF = {"type": "AMOUNT", "amount_off": 100}


def voucher(project: Project, code: str = "TEN", **fields: Any) -> dict[str, Any]:
    return project.post(f"/v1/vouchers/{code}", {"type": "DISCOUNT_VOUCHER", "discount": OFF, **fields})


def gift(project: Project, code: str = "CARD", amount: int = 1_000) -> dict[str, Any]:
    return project.post(f"/v1/vouchers/{code}", {"type": "GIFT_VOUCHER", "gift": {"amount": amount}})


def redeeming(*codes: str, customer: str | None = None, amount: int | None = 1_000, **fields: Any) -> Request:
    """The request that redeems these codes."""
    body: dict[str, Any] = {"redeemables": [{"object": "voucher", "id": code} for code in codes], **fields}
    if amount is not None:
        body.setdefault("order", {"amount": amount})
    if customer:
        body["customer"] = {"source_id": customer}
    return "POST", "/v1/redemptions", body


def limited(project: Project, limit: str, most: int, kind: str, related: str) -> None:
    """Binds a rule that allows so much of what is counted."""
    rules = {"1": {"name": limit, "conditions": {"$less_than_or_equal": [most]}}, "logic": "1"}
    make.bound(project, make.validation_rule(project, rules=rules), kind, related)


def outcomes(found: list[httpx.Response]) -> Counter[str]:
    """How often there was success and each refusal."""
    return Counter("done" if one.is_success else str(one.json().get("key")) for one in found)


def redeemed(project: Project, code: str = "TEN") -> int:
    return project.get(f"/v1/vouchers/{code}")["redemption"]["redeemed_quantity"]


def balanced(project: Project) -> None:
    assert audit.imbalance(project.installation.sql, project.id) == []


@pytest.mark.parametrize("customers", [1, 16])
def test_a_code_is_redeemed_as_often_as_it_may_be(project: Project, customers: int) -> None:
    voucher(project, redemption={"quantity": 5})
    found = together.answers(project, [redeeming("TEN", customer=f"c{n % customers}") for n in range(16)])
    assert outcomes(found) == {"done": 5, "quantity_exceeded": 11}
    assert redeemed(project) == 5
    balanced(project)


@pytest.mark.parametrize("limit", ["redemption.count", "redemption.count.daily"])
def test_a_limit_of_a_rule_is_exact(project: Project, limit: str) -> None:
    limited(project, limit, 5, "voucher", voucher(project)["id"])
    found = together.answers(project, [redeeming("TEN", customer=f"c{n}") for n in range(14)])
    assert outcomes(found) == {"done": 5, "redemption_rules_violated": 9}
    balanced(project)


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("limit", ["redemption.count.per_customer", "redemption.count.per_customer.monthly"])
def test_a_limit_per_customer_is_exact_also_for_one_who_is_new(project: Project, limit: str, *, known: bool) -> None:
    limited(project, limit, 2, "voucher", voucher(project)["id"])
    if known:
        make.customer(project, "ann")
        make.customer(project, "bob")
    found = together.answers(project, [redeeming("TEN", customer=name) for name in ("ann", "bob") * 6])
    assert outcomes(found) == {"done": 4, "redemption_rules_violated": 8}
    assert project.get("/v1/customers")["total"] == 2
    balanced(project)


@pytest.mark.parametrize(
    ("limit", "most", "done"),
    [
        ("campaign.redemptions.count", 4, 4),
        ("campaign.redemptions.customers_count", 1, 2),
        ("campaign.orders.amount_discounted", 350, 3),
        ("campaign.orders.amount", 2_700, 3),
    ],
)
def test_a_budget_of_a_campaign_is_never_exceeded(project: Project, limit: str, most: int, done: int) -> None:
    made = make.campaign(project, "DISCOUNT_COUPONS", "Sale", vouchers_count=4, voucher={"discount": OFF})
    codes = [one["code"] for one in project.get("/v1/vouchers", campaign="Sale", limit=10)["vouchers"]]
    limited(project, limit, most, "campaign", made["id"])
    wishes = [redeeming(codes[n % 4], customer=("ann", "bob")[n % 2]) for n in range(12)]
    found = together.answers(project, wishes)
    assert outcomes(found) == {"done": done, "redemption_rules_violated": 12 - done}
    balanced(project)


def test_a_gift_card_pays_what_it_has_and_no_more(project: Project) -> None:
    gift(project, amount=1_000)
    wanted = [{"object": "voucher", "id": "CARD", "gift": {"credits": 300}}]
    body = {"redeemables": wanted, "order": {"amount": 300}, "customer": {"source_id": "ann"}}
    found = together.answers(project, [("POST", "/v1/redemptions", body)] * 8)
    assert outcomes(found) == {"done": 3, "gift_amount_exceeded": 5}
    assert project.get("/v1/vouchers/CARD")["gift"]["balance"] == 100
    balanced(project)


def test_units_are_discounted_as_often_as_they_may_be(project: Project) -> None:
    bottle = make.product(project, price=1_000)
    off = {"type": "PERCENT", "percent_off": 10, "effect": "APPLY_TO_ITEMS"}
    made = make.campaign(project, "DISCOUNT_COUPONS", "Sale", vouchers_count=2, voucher={"discount": off})
    entry = {"object": "product", "id": bottle["id"], "product_campaign_quantity_limit": 5}
    applicable = {"included": [entry], "excluded": [], "included_all": False}
    rules = {"1": {"name": "order.amount", "conditions": {"$more_than": [1]}}, "logic": "1"}
    rule = make.validation_rule(project, rules=rules, applicable_to=applicable)
    make.bound(project, rule, "campaign", made["id"])
    codes = [one["code"] for one in project.get("/v1/vouchers", campaign="Sale", limit=10)["vouchers"]]
    order = {"items": [{"product_id": bottle["id"], "quantity": 2}]}
    found = together.answers(project, [redeeming(codes[n % 2], amount=None, order=order) for n in range(8)])
    assert outcomes(found) == {"done": 8}
    offs = [one.json()["order"].get("total_discount_amount", 0) for one in found]
    assert sum(offs) == 5 * 100
    balanced(project)


def test_sessions_and_redemptions_share_what_there_is(project: Project) -> None:
    voucher(project, redemption={"quantity": 4})
    lock = {"redeemables": [{"object": "voucher", "id": "TEN"}], "order": {"amount": 1_000}}
    locks: list[Request] = [
        ("POST", "/v1/validations", {**lock, "session": {"type": "LOCK", "key": f"s{n}"}}) for n in range(6)
    ]
    found = together.answers(project, [*locks, *[redeeming("TEN", customer="ann")] * 6])
    held = [one.json()["session"]["key"] for one in found[:6] if one.json()["valid"]]
    done = sum(one.is_success for one in found[6:])
    assert len(held) + done == 4
    using = [redeeming("TEN", session={"type": "LOCK", "key": key}) for key in held]
    assert outcomes(together.answers(project, [*using, *[redeeming("TEN")] * 3]))["done"] == len(held)
    assert redeemed(project) == 4
    balanced(project)


def test_a_session_holds_credits(project: Project) -> None:
    gift(project, amount=1_000)
    wanted = [{"object": "voucher", "id": "CARD", "gift": {"credits": 400}}]
    body = {"redeemables": wanted, "order": {"amount": 400}}
    locks: list[Request] = [
        ("POST", "/v1/validations", {**body, "session": {"type": "LOCK", "key": f"s{n}"}}) for n in range(4)
    ]
    found = together.answers(project, [*locks, *[("POST", "/v1/redemptions", body)] * 4])
    held = sum(one.json()["valid"] for one in found[:4])
    done = sum(one.is_success for one in found[4:])
    assert held + done == 2
    assert project.get("/v1/vouchers/CARD")["gift"]["balance"] == 1_000 - 400 * done
    balanced(project)


@pytest.mark.parametrize("made_before", [True, False])
def test_one_order_is_redeemed_for_by_many_at_once(project: Project, *, made_before: bool) -> None:
    codes = [f"C{n}" for n in range(8)]
    for code in codes:
        voucher(project, code)
    order: dict[str, Any] = {"source_id": "cart", "amount": 1_000}
    if made_before:
        make.order(project, 1_000, source_id="cart")
    found = together.answers(project, [redeeming(code, customer="ann", order=order) for code in codes])
    assert outcomes(found) == {"done": 8}
    assert len(project.get("/v1/orders/cart")["redemptions"]) == 8
    balanced(project)


def test_a_redemption_and_the_rollback_of_another_at_once(project: Project) -> None:
    voucher(project, redemption={"quantity": 3})
    body = redeeming("TEN", customer="ann")[2]
    first = [project.post("/v1/redemptions", body)["redemptions"][0]["id"] for _ in range(3)]
    undo: list[Request] = [("POST", f"/v1/redemptions/{one}/rollback", {}) for one in first]
    found = together.answers(project, [*undo, *[redeeming("TEN", customer="ann")] * 6])
    assert outcomes(found[:3]) == {"done": 3}
    assert outcomes(found[3:]).keys() <= {"done", "quantity_exceeded"}
    assert redeemed(project) == outcomes(found[3:])["done"] <= 3
    balanced(project)


@pytest.mark.parametrize("several", [False, True])
def test_a_redemption_is_undone_once(project: Project, *, several: bool) -> None:
    voucher(project, "A", redemption={"quantity": 1})
    gift(project, "B", 5_000)
    codes = ("A", "B") if several else ("B",)
    done = project.post("/v1/redemptions", redeeming(*codes, customer="ann")[2])
    undone = done["parent_redemption"] if several else done["redemptions"][0]
    found = together.answers(project, [("POST", f"/v1/redemptions/{undone['id']}/rollbacks", {})] * 6)
    assert outcomes(found) == {"done": 1, "already_rolled_back": 5}
    assert project.get("/v1/vouchers/B")["gift"]["balance"] == 5_000
    balanced(project)


def test_crossing_stacks_do_not_stop_each_other(project: Project) -> None:
    for code in "ABCD":
        made = voucher(project, code)
        limited(project, "redemption.count", 50, "voucher", made["id"])
    found = together.answers(
        project, [redeeming(*("ABCD" if n % 2 else "DCBA"), customer=f"c{n % 3}") for n in range(12)]
    )
    assert outcomes(found) == {"done": 12}
    assert [redeemed(project, code) for code in "ABCD"] == [12] * 4
    balanced(project)


def test_crossing_tiers_do_not_stop_each_other(project: Project) -> None:
    tiers = make.promotion(project, tiers=[{}, {}, {}])["promotion"]["tiers"]
    ids = [one["id"] for one in tiers]

    def wish(names: list[str]) -> Request:
        wanted = [{"object": "promotion_tier", "id": name} for name in names]
        return "POST", "/v1/redemptions", {"redeemables": wanted, "order": {"amount": 1_000}}

    found = together.answers(project, [wish(ids if n % 2 else ids[::-1]) for n in range(12)])
    assert outcomes(found) == {"done": 12}
    balanced(project)


@pytest.mark.parametrize("how", ["disable", "delete", "change"])
def test_a_voucher_that_goes_while_it_is_redeemed(project: Project, how: str) -> None:
    voucher(project)
    end: dict[str, Request] = {
        "disable": ("POST", "/v1/vouchers/TEN/disable", None),
        "delete": ("DELETE", "/v1/vouchers/TEN?force=true", None),
        "change": ("PUT", "/v1/vouchers/TEN", {"active": False}),
    }
    found = together.answers(project, [*[redeeming("TEN", customer="ann")] * 5, end[how], *[redeeming("TEN")] * 5])
    assert found[5].is_success
    gone = "not_found" if how == "delete" else "voucher_disabled"
    assert outcomes([*found[:5], *found[6:]]).keys() <= {"done", gone}
    assert outcomes(together.answers(project, [redeeming("TEN")])) == {gone: 1}
    balanced(project)


@pytest.mark.parametrize("how", ["disable", "delete"])
def test_a_campaign_that_goes_while_it_is_redeemed(project: Project, how: str) -> None:
    made = make.campaign(project, "DISCOUNT_COUPONS", "Sale", vouchers_count=3)
    codes = [one["code"] for one in project.get("/v1/vouchers", campaign="Sale", limit=10)["vouchers"]]
    path = f"/v1/campaigns/{made['id']}"
    end: Request = ("POST", f"{path}/disable", None) if how == "disable" else ("DELETE", f"{path}?force=true", None)
    wishes = [redeeming(code, customer="ann") for code in codes * 3]
    found = together.answers(project, [*wishes, end, *wishes])
    assert found[9].is_success
    allowed = {"done", "quantity_exceeded", "not_found" if how == "delete" else "voucher_disabled"}
    assert outcomes([*found[:9], *found[10:]]).keys() <= allowed
    balanced(project)


def test_everything_at_once(project: Project) -> None:
    voucher(project, "A", redemption={"quantity": 6})
    gift(project, "B", 2_000)
    tiers = make.promotion(project, tiers=[{}])["promotion"]["tiers"]
    limited(project, "redemption.count.per_customer", 3, "promotion_tier", tiers[0]["id"])
    done = [project.post("/v1/redemptions", redeeming("A", "B", customer="ann", amount=200)[2]) for _ in range(3)]
    wishes: list[Request] = []
    for n in range(8):
        wishes.append(redeeming("A", "B" if n % 2 else "A2", customer=f"c{n % 2}", amount=200))
        tier = {"object": "promotion_tier", "id": tiers[0]["id"]}
        both = [tier, {"object": "voucher", "id": "B"}][:: 1 if n % 2 else -1]
        body = {"redeemables": both, "order": {"amount": 150, "source_id": "x"}, "customer": {"source_id": f"c{n % 2}"}}
        wishes.append(("POST", "/v1/redemptions", body))
    for one in done:
        wishes += [("POST", f"/v1/redemptions/{one['parent_redemption']['id']}/rollbacks", {})] * 2
    found = together.answers(project, wishes)
    assert not [one.text for one in found if one.status_code >= 500]
    balanced(project)
