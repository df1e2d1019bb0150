"""What narrows a distribution, and that it does: segment, campaign, rule, custom event and tier."""

from typing import Any

import pytest

import make
import till
from installation import Project, eventually
from messages import PAID, body, channel, distribution, end_of_events, one, path_of

VIP = {"metadata.vip": {"conditions": {"$is": [True]}}}
TIERS = ({"name": "Low", "points": {"from": 1, "to": 9}}, {"name": "High", "points": {"from": 10}})


def sources(project: Project, count: int, name: str = "channel") -> list[str]:
    """Whose messages came, once there are so many, and no more of them."""
    sent = project.receiver.wait(path_of(project, name), count) if count else []
    end_of_events(project)
    assert len(project.receiver.at(path_of(project, name))) == count
    return [delivery.data["customer"]["source_id"] for delivery in sent]


def test_a_segment_narrows_to_who_enters_it(project: Project) -> None:
    vips = make.segment(project, "auto-update", "Vips", filter_=VIP)
    named = {"name": {"conditions": {"$is": ["Bob"]}}}
    make.segment(project, "auto-update", "Bobs", filter_=named)
    distribution(project, trigger={"type": "customer.segment.entered", "segment_id": vips["id"]})
    make.customer(project, "bob")
    make.customer(project, "ann", metadata={"vip": True})
    project.recorded("customer.segment.entered", count=2)
    assert sources(project, 1) == ["ann"]


def test_a_passive_segment_tells_as_soon_as_it_is_waited_for(project: Project) -> None:
    vips = make.segment(project, "passive", "Vips", filter_=VIP)
    draft = distribution(
        project, status="DRAFT", trigger={"type": "customer.segment.entered", "segment_id": vips["id"]}
    )
    assert project.get(f"/v1/segments/{vips['id']}")["type"] == "passive"
    project.management.post(f"{one(project, draft)}/set-live")
    assert project.get(f"/v1/segments/{vips['id']}")["type"] == "auto-update"
    swept = "SELECT FROM segments WHERE project_id = $1 AND swept_on IS NOT NULL"
    eventually(lambda: project.installation.sql(swept, project.id))
    make.customer(project, "ann", metadata={"vip": True})
    assert sources(project, 1) == ["ann"]


def test_who_is_in_the_segment_already_is_told_if_that_is_wanted(project: Project) -> None:
    make.customer(project, "ann", metadata={"vip": True})
    make.customer(project, "bob")
    vips = make.segment(project, "auto-update", "Vips", filter_=VIP)
    trigger = {"type": "customer.segment.entered", "segment_id": vips["id"]}
    distribution(project, trigger=trigger, channels=[channel(project, "new")])
    made = distribution(project, trigger={**trigger, "include_present_members": True})
    (first,) = project.receiver.wait(path_of(project))
    assert first.json["event"]["type"] == "manual_distribution_schedule"
    assert first.json["event"]["entity_id"] == made["id"]
    assert set(first.data) == {"customer", "segment", "distribution"}
    assert first.data["segment"] == {"id": vips["id"], "name": "Vips", "object": "segment"}
    assert first.data["customer"]["summary"]["orders"]["total_count"] == 0
    make.customer(project, "bob", metadata={"vip": True})
    assert sources(project, 2) == ["ann", "bob"]
    assert sources(project, 1, "new") == ["bob"]
    assert project.management.get(one(project, made))["status"] == "LIVE"


def test_a_custom_event_narrows_to_its_schema(project: Project) -> None:
    schemas = {name: make.event_schema(project, name) for name in ("signed_up", "left")}
    trigger = {"type": "customer.custom_event", "custom_event_schema_id": schemas["left"]["id"]}
    distribution(project, trigger=trigger)
    for name, who in (("signed_up", "ann"), ("left", "bob")):
        project.post("/v1/events", {"event": name, "customer": {"source_id": who}})
    assert sources(project, 1) == ["bob"]


def test_a_tier_narrows_to_the_one_that_is_reached(project: Project) -> None:
    make.campaign(project)
    low, high = project.post("/v1/loyalties/Club/tiers", list(TIERS))
    for name, tier, kind in (
        ("up", high, "upgraded"),
        ("never", low, "upgraded"),
        ("join", low, "joined"),
        ("never", high, "joined"),
        ("down", low, "downgraded"),
    ):
        trigger = {"type": f"customer.loyalty.tier.{kind}", "loyalty_tier_id": tier["id"]}
        distribution(project, trigger=trigger, channels=[channel(project, name)])
    card = make.member(project)
    for count, points in enumerate((5, 10, -10), start=1):
        project.post(f"/v1/loyalties/members/{card['code']}/balance", {"points": points})
        moves = tuple(f"customer.loyalty.tier.{kind}" for kind in ("joined", "upgraded", "downgraded"))
        project.recorded(*moves, count=count)
    assert [sources(project, 1, name) for name in ("join", "up", "down")] == [["ann"]] * 3
    assert sources(project, 0, "never") == []


def test_a_promotion_narrows_redemptions_too(project: Project) -> None:
    (tier,) = make.promotion(project, "Ours", tiers=[{}])["promotion"]["tiers"]
    trigger = {"type": "customer.redemption.succeeded", "campaign_id": "Ours"}
    distribution(project, trigger=trigger)
    till.discount(project)
    till.redeem(project, "TEN", customer="ann")
    till.redeem(project, tier["id"], customer="bob")
    assert sources(project, 1) == ["bob"]


def test_a_rule_is_asked_of_the_order_and_the_customer_as_they_were(project: Project) -> None:
    rules = {
        "1": {"name": "order.amount", "conditions": {"$more_than": [1_000]}},
        "2": {"name": "customer.metadata", "property": "vip", "conditions": {"$is": [True]}},
        "logic": "1 and 2",
    }
    rule = make.validation_rule(project, rules=rules, context_type="distribution.order.paid")
    distribution(project, trigger={**PAID, "validation_rule_id": rule["id"]})
    make.customer(project, "ann", metadata={"vip": True})
    with project.installation.holding("SELECT FROM distributions WHERE project_id = $1 FOR UPDATE", project.id):
        make.order(project, 2_000, status="PAID")  # its job waits
        make.customer(project, "ann", metadata={"vip": False})
    make.order(project, 3_000, status="PAID")
    make.customer(project, "ann", metadata={"vip": True})
    make.order(project, 500, status="PAID")
    make.order(project, 4_000, "bob", status="PAID")
    assert sources(project, 1) == ["ann"]
    assert project.receiver.at(path_of(project))[0].data["order"]["amount"] == 2_000


def test_a_rule_is_asked_of_a_custom_event(project: Project) -> None:
    schema = make.event_schema(project, stars={"type": "number"})
    node = {"name": "custom_event.metadata", "property": "stars", "conditions": {"$more_than": [3]}}
    rule = make.validation_rule(project, rules={"1": node, "logic": "1"})
    trigger = {"type": "customer.custom_event", "custom_event_schema_id": schema["id"]}
    distribution(project, trigger={**trigger, "validation_rule_id": rule["id"]})
    for who, stars in (("ann", 2), ("bob", 5)):
        project.post("/v1/events", {"event": "signed_up", "customer": {"source_id": who}, "metadata": {"stars": stars}})
    assert sources(project, 1) == ["bob"]


def test_a_rule_knows_what_it_binds_and_lets_nothing_through_once_it_is_gone(project: Project) -> None:
    first, second = make.validation_rule(project), make.validation_rule(project)
    made = distribution(project, trigger={**PAID, "validation_rule_id": first["id"]})
    assigned = f"/v1/validation-rules/{first['id']}/assignments"
    (row,) = project.get(assigned)["data"]
    assert (row["related_object_type"], row["related_object_id"]) == ("distribution", made["id"])
    project.management.put(one(project, made), {"trigger": {**PAID, "validation_rule_id": second["id"]}})
    assert project.get(assigned)["total"] == 0
    told = project.recorded(
        "business_validation_rule.assignment.created", "business_validation_rule.assignment.deleted", count=3
    )
    assert [event["data"]["distribution"] for event in told] == [{"distribution": made["id"]}] * 3
    make.order(project, 2_000, status="PAID")
    assert sources(project, 1) == ["ann"]
    project.delete(f"/v1/validation-rules/{second['id']}")
    make.order(project, 2_000, "bob", status="PAID")
    assert sources(project, 1) == ["ann"]
    third = distribution(project, trigger={**PAID, "validation_rule_id": first["id"]})
    project.management.delete(one(project, third))
    assert project.get(assigned)["total"] == 0


BAD: list[tuple[dict[str, Any], str]] = [
    ({"type": "customer.segment.entered", "segment_id": "LIST"}, "static"),
    ({**PAID, "validation_rule_id": "RULE"}, "distribution.order.paid"),
    ({**PAID, "include_present_members": True}, ".trigger.include_present_members"),
    ({"type": "customer.loyalty.tier.left", "segment_id": "LIST"}, ".trigger.segment_id"),
    ({"type": "customer.rewarded", "loyalty_tier_id": "ltr_1"}, ".trigger.loyalty_tier_id"),
    ({"type": "customer.rewarded", "custom_event_schema_id": "ms_1"}, ".trigger.custom_event_schema_id"),
]


@pytest.mark.parametrize(("trigger", "named"), BAD)
def test_what_does_not_narrow_is_refused(project: Project, trigger: dict[str, Any], named: str) -> None:
    static = make.segment(project, "static")
    other = make.validation_rule(project, context_type="earning_rule.order.paid")
    ids = {"LIST": static["id"], "RULE": other["id"]}
    wanted = body(project, trigger={key: ids.get(str(value), value) for key, value in trigger.items()})
    path = f"{project.path}/distributions"
    assert named in project.management.refuse("POST", path, wanted, status=400, key="invalid_payload")["details"]
    assert project.management.get(path)["data"] == []
    assert project.get(f"/v1/validation-rules/{other['id']}/assignments")["total"] == 0


@pytest.mark.parametrize(
    ("trigger", "named"),
    [
        ({"type": "customer.loyalty.tier.left", "loyalty_tier_id": "ltr_none"}, "loyalty_tier"),
        ({"type": "customer.custom_event", "custom_event_schema_id": "ms_none"}, "custom_event_schema"),
        ({"type": "customer.segment.entered", "segment_id": "seg_none"}, "segment"),
    ],
)
def test_what_is_not_there_does_not_narrow(project: Project, trigger: dict[str, Any], named: str) -> None:
    path = f"{project.path}/distributions"
    wanted = body(project, trigger=trigger)
    assert project.management.refuse("POST", path, wanted, status=404, key="not_found")["resource_type"] == named


@pytest.mark.parametrize(
    "named",
    ["customer.nmae", "order.items.amount", "order.customer.nick", "voucher.code", "order.metadata", "order.status.x"],
)
def test_a_path_is_followed_to_its_end(project: Project, named: str) -> None:
    path = f"{project.path}/distributions"
    wanted = body(project, channels=[channel(project, payload=f'{{"a": {{{{{named}}}}}}}')])
    if named == "order.metadata":
        assert project.management.post(path, wanted)["channels"] == wanted["channels"]
        return
    refusal = project.management.refuse("POST", path, wanted, status=400, key="invalid_payload")
    assert f"'{named}'" in refusal["details"]
