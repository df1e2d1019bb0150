"""The engine asked anything: rules, discounts and carts by chance, through every operation that decides.

No answer is a fault of ours or takes long, sums hold in every order that comes back, and all books balance at the end.
"""

from collections import Counter
from random import Random
from typing import Any

import bodies
import httpx
import offers
import pytest
from judging import judge

import make
from installation import Project

STEPS = 500
LONGEST_S = 5.0
CUSTOMERS = ("ann", "bob", "eve")
SCENARIOS = ("ALL", "CUSTOMER_WALLET", "AUDIENCE_ONLY", "PRODUCTS", "PRODUCTS_DISCOUNT", "PROMOTION_STACKS")


class Till:
    """A project that gets more and more offers, and asks what they come to."""

    def __init__(self, project: Project, seed: int) -> None:
        self.project, self.random = project, Random(seed)
        self.answers: Counter[tuple[str, bool]] = Counter()
        bottle, self.done = make.product(project, "bottle", price=2_500), []
        red = make.sku(project, bottle["id"], "red", price=3_000)
        listed = make.collection(project, "bottle")
        self.goods = [
            {"object": "product", "id": bottle["id"]},
            {"object": "sku", "id": red["id"]},
            {"object": "products_collection", "id": listed["id"]},
            {"object": "product", "id": make.product(project, "tote")["id"]},
        ]
        for name in CUSTOMERS:
            make.customer(project, name, metadata={"a": 1, "size": "gold"})
        make.campaign(project, "GIFT_VOUCHERS", "Gifts", vouchers_count=2)
        self.promotion = make.promotion(project)["id"]
        self.categories = [make.category(project, name, place)["id"] for place, name in enumerate(("First", "Last"))]
        rules = project.management.post(f"{project.path}/stacking-rules", {})
        self.stacking = f"{project.path}/stacking-rules/{rules['id']}"
        self.offers: list[dict[str, Any]] = []
        for _ in range(6):
            self.make_code()
            self.make_tier()

    def send(self, method: str, path: str, body: Any) -> httpx.Response:
        """Sends the body, now and then with something in it that does not belong there."""
        if self.random.random() < 0.15:
            body = bodies.spoiled(body, self.random)
        content = bodies.content(body, self.random)
        answer = self.project.request(method, path, content=content, headers={"content-type": "application/json"})
        judge(answer)
        assert answer.elapsed.total_seconds() < LONGEST_S, (path, content[:2_000])
        self.answers[path.split("/")[2], answer.is_success] += 1
        return answer

    def make_rule(self) -> list[str]:
        """A rule, if it is one; the ids of none or one."""
        sent: dict[str, Any] = {"name": "r", "rules": offers.rule(self.random, self.goods)}
        if self.random.random() < 0.6:
            sent["rules"] = {}
        if self.random.random() < 0.6:
            sent["applicable_to"] = offers.applicable_to(self.random, self.goods)
        if self.random.random() < 0.2:
            sent["bundle_rules"] = offers.bundle(self.random, self.goods)
        answer = self.send("POST", "/v1/validation-rules", sent)
        return [answer.json()["id"]] if answer.is_success else []

    def make_code(self) -> None:
        rules = self.make_rule() if self.random.random() < 0.7 else []
        worth: dict[str, Any] = {"discount": offers.discount(self.random, self.goods)}
        if self.random.random() < 0.2:
            worth = {"type": "GIFT_VOUCHER", "gift": {"amount": self.random.choice((0, 500, 2**53 - 1))}}
        limit = {"quantity": self.random.choice((None, 1, 3))}
        body = {**worth, "redemption": limit, "validation_rules": rules, **self.category()}
        answer = self.send("POST", "/v1/vouchers", body)
        if answer.is_success:
            self.offers.append({"object": "voucher", "id": answer.json()["code"]})

    def make_tier(self) -> None:
        action = {"discount": offers.discount(self.random, self.goods)}
        body = {"name": "t", "action": action, "validation_rules": self.make_rule(), **self.category()}
        answer = self.send("POST", f"/v1/promotions/{self.promotion}/tiers", body)
        if answer.is_success:
            self.offers.append({"object": "promotion_tier", "id": answer.json()["id"]})

    def category(self) -> dict[str, str]:
        return {"category_id": self.random.choice(self.categories)} if self.random.random() < 0.4 else {}

    def stack(self) -> None:
        """Changes what may be redeemed together; these are the management's, so no junk is tried on them here."""
        self.project.management.put(self.stacking, offers.stacking(self.random, self.categories))

    def publish(self) -> None:
        body = {"campaign": "Gifts", "customer": {"source_id": self.random.choice(CUSTOMERS)}}
        answer = self.send("POST", "/v1/publications", body)
        if answer.is_success:
            self.offers.append({"object": "voucher", "id": answer.json()["voucher"]["code"]})

    def asked(self) -> dict[str, Any]:
        names = self.random.sample(self.offers, min(len(self.offers), self.random.choice((1, 1, 2, 4))))
        body = {"redeemables": names, "order": offers.cart(self.random, self.goods)}
        if self.random.random() < 0.5:
            body["customer"] = {"source_id": self.random.choice(CUSTOMERS)}
        if self.random.random() < 0.1:
            body["session"] = {"type": "LOCK", "key": self.random.choice("ab"), "ttl": 1, "ttl_unit": "MINUTES"}
        return body | ({"options": {"explain": True}} if self.random.random() < 0.2 else {})

    def validate(self) -> None:
        answer = self.send("POST", "/v1/validations", self.asked())
        if answer.is_success:
            found = answer.json()
            for order in (found.get("order"), *(one.get("order") for one in found["redeemables"])):
                require_sums(order)

    def redeem(self) -> None:
        answer = self.send("POST", "/v1/redemptions", self.asked())
        if answer.is_success:
            found = answer.json()
            require_sums(found.get("order"))
            self.done.append((found.get("parent_redemption") or found["redemptions"][0])["id"])

    def qualify(self) -> None:
        asked = self.asked()
        body = {name: asked[name] for name in ("order", "customer") if name in asked}
        sorting = self.random.choice(("DEFAULT", "BEST_DEAL", "LEAST_DEAL"))
        options = {"limit": self.random.choice((1, 5, 50)), "sorting_rule": sorting}
        answer = self.send(
            "POST",
            "/v1/qualifications",
            body | {"scenario": self.random.choice(SCENARIOS), "options": options},
        )
        if answer.is_success:
            for one in answer.json()["redeemables"]["data"]:
                require_sums(one.get("order"))

    def roll_back(self) -> None:
        if self.done:
            self.send("POST", f"/v1/redemptions/{self.random.choice(self.done)}/rollbacks", {"reason": "x"})


def require_sums(order: dict[str, Any] | None) -> None:
    """The identities of an order's amounts; what is missing is nothing."""
    if not order or "amount" not in order:
        return
    lines = order.get("items") or []
    items = sum(line.get("discount_amount", 0) for line in lines)
    off = order.get("discount_amount", 0) + items
    assert order.get("items_discount_amount", 0) == items, order
    assert order.get("total_discount_amount", 0) == off, order
    assert order["total_amount"] == max(0, order["amount"] - off), order
    for line in lines:
        if "amount" in line:
            assert line["subtotal_amount"] == line["amount"] - line.get("discount_amount", 0) >= 0, line


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_decided(project: Project, seed: int) -> None:
    till = Till(project, seed)
    steps = (
        *(till.validate, till.validate, till.redeem, till.redeem, till.redeem, till.qualify),
        *(till.roll_back, till.make_code, till.make_tier, till.publish, till.stack),
    )
    for _ in range(STEPS):
        till.random.choice(steps)()
    for name in ("validations", "redemptions", "qualifications", "vouchers", "promotions", "validation-rules"):
        assert till.answers[name, True] >= 10, till.answers
    wrong = [one for one in project.installation.audit(project.id) if one.wrong]
    assert not wrong, wrong
