"""Every event that may start a distribution: with which purposes, and what arrives of each."""

from collections.abc import Callable
from typing import Any

import pytest

import make
import shapes
import till
from guerdon.events.catalogue import ADDED_KEYS, EVENTS, Purpose
from installation import Project, eventually
from messages import body, channel, distribution, path_of

Causing = Callable[[Project], None]
VIP = {"metadata.vip": {"conditions": {"$is": [True]}}}
TRIGGERS = sorted(name for name, event in EVENTS.items() if event.purposes)


def order(status: str) -> Causing:
    def cause(project: Project) -> None:
        made = make.order(project, 10, status="PAID" if status == "PAID" else "CREATED")
        if status != "PAID":
            project.put(f"/v1/orders/{made['id']}", {"status": status, "metadata": {"n": 1}})

    return cause


def publish(project: Project) -> None:
    make.published(project)


def move(*, inside: bool) -> Causing:
    def cause(project: Project) -> None:
        make.customer(project, metadata={"vip": True})
        if not inside:  # one who enters and leaves within a moment may be told of neither
            project.recorded("customer.segment.entered")
            make.customer(project, metadata={"vip": False})

    return cause


def track(project: Project) -> None:
    project.post("/v1/events", {"event": "signed_up", "customer": {"source_id": "ann"}})


def redeem(project: Project) -> None:
    till.discount(project)
    till.undo(project, till.redeem(project, "TEN", customer="ann")["redemptions"][0]["id"])


def credit(project: Project) -> None:
    make.campaign(project, "GIFT_VOUCHERS", "Gifts")
    code = make.published(project, "Gifts")["voucher"]["code"]
    project.post(f"/v1/vouchers/{code}/balance", {"amount": 5})


def points(project: Project) -> None:
    make.member(project, points=10)


def expire(project: Project) -> None:
    rules = {"period_type": "MONTH", "period_value": 1}
    make.campaign(project, name="Short", voucher={"loyalty_card": {"points": 0, "expiration_rules": rules}})
    make.member(project, points=10, campaign="Short")
    project.advance("P3M")


def pending(verb: str, body: Any = None) -> Causing:
    def cause(project: Project) -> None:
        card = make.member(project)
        make.rule(project, pending_points={"period_type": "DAY", "period_value": 3})
        make.order(project, 10, status="PAID")
        path = f"/v1/loyalties/members/{card['code']}/pending-points"
        (entry,) = eventually(lambda: project.get(path)["data"])
        if verb:
            project.post(f"{path}/{entry['id']}/{verb}", body)

    return cause


def reward(project: Project) -> None:
    make.campaign(project, "GIFT_VOUCHERS", "Gifts")
    made = make.reward(project, 5, parameters={"campaign": {"id": "Gifts", "balance": 100}})
    card = make.member(project, points=10)
    project.post(f"/v1/loyalties/members/{card['code']}/redemption", {"reward": {"id": made["id"]}})


def earn(project: Project) -> None:
    make.member(project)
    make.rule(project)
    make.order(project, 10, status="PAID")


def climb(*steps: int) -> Causing:
    """Points that a card gets one after another, in a club with two tiers."""

    def cause(project: Project) -> None:
        tiers = [{"name": "Low", "points": {"from": 1, "to": 9}}, {"name": "High", "points": {"from": 10}}]
        project.post("/v1/loyalties/Club/tiers", tiers)
        card = make.member(project)
        for place, step in enumerate(steps):
            project.post(f"/v1/loyalties/members/{card['code']}/balance", {"points": step})
            project.recorded(*(name for name in EVENTS if ".tier." in name), count=place + 1)

    return cause


def keep(project: Project) -> None:
    ends = {"qualification_type": "BALANCE", "start_date": {"type": "IMMEDIATE"}}
    expiration = {**ends, "expiration_date": {"type": "CUSTOM", "extend": "P10D"}}
    make.campaign(project, name="Kept", loyalty_tiers_expiration=expiration)
    project.post("/v1/loyalties/Kept/tiers", [{"name": "Only", "points": {"from": 1}}])
    make.member(project, points=10, campaign="Kept")
    project.recorded("customer.loyalty.tier.joined")
    project.advance("P11D")


def refer(project: Project) -> None:
    till.redeem(project, make.referral_code(project)["code"], customer="bob")


def begin(project: Project) -> None:
    make.customer(project)
    project.advance("PT11M")


CAUSES: dict[str, Causing] = {
    "customer.custom_event": track,
    "customer.loyalty.tier.downgraded": climb(10, -5),
    "customer.loyalty.tier.joined": climb(10),
    "customer.loyalty.tier.left": climb(10, -10),
    "customer.loyalty.tier.prolonged": keep,
    "customer.loyalty.tier.upgraded": climb(5, 10),
    "customer.order.canceled": order("CANCELED"),
    "customer.order.created": order("CREATED"),
    "customer.order.paid": order("PAID"),
    "customer.order.updated": order("CREATED"),
    "customer.publication.succeeded": publish,
    "customer.redemption.rollback.succeeded": redeem,
    "customer.redemption.succeeded": redeem,
    "customer.referred": refer,
    "customer.reward_redemptions.completed": reward,
    "customer.rewarded": reward,
    "customer.rewarded.loyalty_points": earn,
    "customer.segment.entered": move(inside=True),
    "customer.segment.left": move(inside=False),
    "customer.voucher.gift.balance_added": credit,
    "customer.voucher.loyalty_card.pending_points.activated": pending("activate"),
    "customer.voucher.loyalty_card.pending_points.added": pending(""),
    "customer.voucher.loyalty_card.pending_points.canceled": pending("cancel"),
    "customer.voucher.loyalty_card.pending_points.updated": pending("balance", {"points": 5}),
    "customer.voucher.loyalty_card.points_added": points,
    "customer.voucher.loyalty_card.points_expired": expire,
    "manual_distribution_schedule": begin,
}


def trigger(project: Project, name: str) -> dict[str, Any]:
    """A trigger with what it must be narrowed by."""
    if name == "manual_distribution_schedule":
        return {"type": name, "customer_id": make.customer(project)["id"]}
    if name.startswith("customer.segment"):
        return {"type": name, "segment_id": make.segment(project, "auto-update", filter_=VIP)["id"]}
    if name == "customer.custom_event":
        return {"type": name, "custom_event_schema_id": make.event_schema(project)["id"]}
    return {"type": name}


def action(project: Project, purpose: Purpose) -> dict[str, Any]:
    """An action with a promotion or a campaign of its own."""
    if purpose is Purpose.PROMOTION:
        (tier,) = make.promotion(project, tiers=[{}])["promotion"]["tiers"]
        return {"type": purpose, "promotion_tier_id": tier["id"]}
    if purpose is Purpose.PUBLICATION:
        make.campaign(project, "DISCOUNT_COUPONS", "Coupons")
        return {"type": purpose, "campaign_id": "Coupons"}
    return {"type": purpose}


def test_every_trigger_has_a_cause_here() -> None:
    assert sorted(CAUSES) == TRIGGERS
    assert len(TRIGGERS) == 27


@pytest.mark.parametrize(
    ("name", "purpose"), [(name, purpose) for name in TRIGGERS for purpose in sorted(EVENTS[name].purposes)]
)
def test_what_it_starts_arrives(project: Project, name: str, purpose: Purpose) -> None:
    """The event's own data, and what the purpose adds."""
    make.campaign(project)
    distribution(project, trigger=trigger(project, name), action=action(project, purpose))
    CAUSES[name](project)
    sent = project.receiver.wait(path_of(project))[0]
    assert (sent.type, sent.json["event"]["type"]) == ("my.message", name)
    assert sent.signed_with(project.secret)
    added = {key.name for key in ADDED_KEYS[purpose]}
    assert {key.name for key in EVENTS[name].keys if not key.optional} | added <= sent.data.keys()
    if purpose is Purpose.PROMOTION:
        assert sent.data["promotion_tier"]["campaign"] == {"id": sent.data["campaign"]["id"]}
        assert sent.data["campaign"]["name"] == "Promo"
    if purpose is Purpose.PUBLICATION:
        assert sent.data["voucher"]["campaign"] == sent.data["campaign"]["name"] == "Coupons"
        assert sent.data["publication"]["metadata"]["source_id"] == sent.json["source"]["id"]


@pytest.mark.parametrize(
    ("name", "purpose"),
    [(name, purpose) for name in TRIGGERS for purpose in sorted(frozenset(Purpose) - EVENTS[name].purposes)],
)
def test_what_the_matrix_forbids_is_refused(project: Project, name: str, purpose: Purpose) -> None:
    wanted = body(project, trigger={"type": name}, action={"type": purpose})
    path = f"{project.path}/distributions"
    refusal = project.management.refuse("POST", path, wanted, status=400, key="invalid_payload")
    assert refusal["details"].startswith("Property .action.type must be one of")
    assert project.management.get(path)["data"] == []


@pytest.mark.parametrize("name", [name for name in EVENTS if name not in TRIGGERS])
def test_no_other_event_starts_one(project: Project, name: str) -> None:
    wanted = body(project, trigger={"type": name})
    path = f"{project.path}/distributions"
    refusal = project.management.refuse("POST", path, wanted, status=400, key="invalid_payload")
    assert f"no trigger '{name}'" in refusal["details"]


@pytest.mark.parametrize("purpose", sorted(Purpose))
def test_a_paid_order_is_told_for_every_purpose_as_the_reference_does(project: Project, purpose: Purpose) -> None:
    distribution(project, trigger={"type": "customer.order.paid"}, action=action(project, purpose))
    make.customer(project, name="Alex Doe")
    bottle = make.product(project, "bottle", name="Star Thermal Bottle", price=2_500)
    items = [{"product_id": bottle["id"], "quantity": 4}, {"product_id": "prod_5h1pp1ng", "quantity": 1, "price": 0}]
    make.order(project, None, items=items, status="PAID", metadata={"region": "US"})
    (sent,) = project.receiver.wait(path_of(project))
    added = {key.name for key in ADDED_KEYS[purpose]}
    assert added <= sent.data.keys()
    told = {key: value for key, value in sent.data.items() if key not in added}
    names = ("id", "product.id", "product.source_id")
    assert shapes.differences(shapes.seed("customer.order.paid"), told) == {
        f".order.items[{place}].{name}": "extra" for place in (0, 1) for name in names
    }


def test_a_promotion_that_is_gone_is_not_told_of(project: Project) -> None:
    wanted = action(project, Purpose.PROMOTION)
    distribution(project, action=wanted)
    distribution(project, channels=[channel(project, "plain")])
    project.delete(f"/v1/promotions/tiers/{wanted['promotion_tier_id']}")
    make.order(project, 10, status="PAID")
    project.receiver.wait(path_of(project, "plain"))
    jobs = "SELECT FROM jobs WHERE project_id = $1"
    eventually(lambda: not project.installation.sql(jobs, project.id))
    assert project.receiver.at(path_of(project)) == []
