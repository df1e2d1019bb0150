"""Earning points over HTTP: by every kind of event and metric, under every condition, once."""

from typing import Any

import pytest

import make
import together
from installation import Project, eventually
from make import rule


def balance(project: Project, customer: str = "ann", campaign: str = "Club") -> int:
    found = project.get(f"/v1/loyalties/{campaign}/members", customer=customer)["vouchers"]
    return found[0]["loyalty_card"]["balance"] if found else 0


def earned(project: Project, points: int, customer: str = "ann", campaign: str = "Club") -> None:
    eventually(lambda: balance(project, customer, campaign) == points)


def settled(project: Project) -> None:
    """Waits until everything that was recorded has had its consequences."""
    query = (
        "SELECT (SELECT count(*) FROM outbox WHERE project_id = $1) + (SELECT count(*) FROM jobs WHERE project_id = $1)"
    )
    eventually(lambda: project.installation.sql(query, project.id)[0][0] == 0)


def proportional(basis: str, block: str, name: str, every: int, points: int, **more: Any) -> dict[str, Any]:
    step = {"every": every, "points": points, **more}
    return {"type": "PROPORTIONAL", "calculation_type": basis, block: {name: step}}


def event_rule(project: Project, schema: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return rule(project, event=schema["name"], custom_event={"schema_id": schema["id"]}, **fields)


def track(project: Project, customer: str = "ann", event: str = "signed_up", **fields: Any) -> dict[str, Any]:
    return project.post("/v1/events", {"event": event, "customer": {"source_id": customer}, **fields})


def test_every_metric_of_an_order_earns(project: Project) -> None:
    make.campaign(project)
    make.customer(project, metadata={"level": 3})
    card = make.member(project)
    make.product(project, "bottle", price=1_000)
    make.product(project, "cup", price=300)
    drinks = make.collection(project, "bottle")
    goods = {"object": "product", "id": "bottle"}
    wanted = [
        (proportional("ORDER_AMOUNT", "order", "amount", 1_000, 1), 2),
        (proportional("ORDER_METADATA", "order", "metadata", 2, 10, property="visits"), 40),
        (proportional("ORDER_ITEMS_QUANTITY", "order_items", "quantity", 1, 100), 400),
        (proportional("ORDER_ITEMS_QUANTITY", "order_items", "quantity", 1, 1_000, **goods), 2_000),
        (proportional("ORDER_ITEMS_AMOUNT", "order_items", "amount", 1, 10, applicable_to=[goods, goods]), 20_000),
        (
            proportional(
                "ORDER_ITEMS_SUBTOTAL_AMOUNT",
                "order_items",
                "subtotal_amount",
                100,
                10_000,
                object="products_collection",
                id=drinks["id"],
            ),
            200_000,
        ),
        (proportional("CUSTOMER_METADATA", "customer", "metadata", 1, 1_000_000, property="level"), 3_000_000),
    ]
    for loyalty, _ in wanted:
        rule(project, loyalty=loyalty)
    lines = [{"source_id": "bottle", "quantity": 2}, {"source_id": "cup", "quantity": 2}]
    make.order(project, items=lines, status="PAID", metadata={"visits": 8})
    earned(project, sum(points for _, points in wanted))
    ledger = project.get(f"/v1/loyalties/members/{card['code']}/transactions")["data"]
    assert sorted(entry["details"]["balance"]["points"] for entry in ledger) == [points for _, points in wanted]


def test_goods_are_shown_as_the_reference_shows_them(project: Project) -> None:
    make.campaign(project)
    named = [{"object": "product", "id": "prod_1"}, {"object": "sku", "id": "sku_1"}]
    loyalty = proportional("ORDER_ITEMS_AMOUNT", "order_items", "amount", 100, 1, applicable_to=named)
    made = rule(project, loyalty=loyalty)
    shown = {"every": 100, "points": 1, **named[0], "applicable_to": named}
    assert made["loyalty"]["order_items"]["amount"] == shown


def test_formulas_give_points_and_the_number_stands_in(project: Project) -> None:
    make.campaign(project)
    make.member(project)
    rule(project, loyalty={"type": "FIXED", "points": 5, "points_formula": "ORDER_AMOUNT * 0.15"})
    rule(project, loyalty={"type": "FIXED", "points": 100, "points_formula": 'ORDER_METADATA("nothing")'})
    steps = proportional("ORDER_AMOUNT", "order", "amount", 1_000, 1, points_formula='ORDER_METADATA("each") * 1000')
    rule(project, loyalty=steps)
    make.order(project, 5_100, status="PAID", metadata={"each": 1.5})
    earned(project, 8 + 100 + 7_500)


def test_custom_events_earn(project: Project) -> None:
    make.campaign(project)
    make.customer(project, metadata={"level": 2})
    card = make.member(project)
    schema = make.event_schema(project, count={"type": "number"})
    made = event_rule(project, schema, points=10)
    assert (made["event"], made["custom_event"]) == ("signed_up", {"schema_id": schema["id"]})
    count = proportional("CUSTOM_EVENT_METADATA", "custom_event", "metadata", 5, 100, property="count")
    event_rule(project, schema, loyalty=count)
    event_rule(
        project,
        schema,
        loyalty=proportional("CUSTOMER_METADATA", "customer", "metadata", 1, 1_000, property="level"),
    )
    other = make.event_schema(project, "left")
    event_rule(project, other, points=7)
    track(project, metadata={"count": 12})
    earned(project, 10 + 200 + 2_000)
    entry = project.get(f"/v1/loyalties/members/{card['code']}/transactions", order="id")["data"][0]
    assert entry["details"]["event_schema"] == {"id": schema["id"], "name": "signed_up"}
    assert entry["details"]["custom_event"]["type"] == "signed_up"
    assert entry["details"]["event"]["type"] == "customer.custom_event"
    told = project.recorded("voucher.loyalty_card.transaction.created", count=3)[0]["data"]
    assert told["custom_event"]["metadata"] == {"count": 12}
    assert (told["order"], told["segment"]) == (None, None)
    track(project, metadata={"count": 1})
    earned(project, 10 + 200 + 2_000 + 10 + 2_000)


def test_a_custom_event_can_name_the_card(project: Project) -> None:
    make.campaign(project)
    card = make.member(project)
    other = make.member(project, "bob")
    schema = make.event_schema(project)
    event_rule(project, schema, points=10)
    track(project, loyalty={"code": other["code"]})
    track(project, loyalty={"code": card["code"]})
    earned(project, 10)
    assert balance(project, "bob") == 0


def test_who_enters_a_segment_earns_and_who_is_in_it_does_not(project: Project) -> None:
    make.campaign(project)
    filter_ = {"metadata.vip": {"conditions": {"$is": [True]}}}
    for name, vip in (("ann", True), ("bob", False)):
        make.customer(project, name, metadata={"vip": vip})
        make.member(project, name)
    segment = make.segment(project, "passive", filter_=filter_)
    made = rule(project, 10, event="customer.segment.entered", segment={"id": segment["id"]})
    assert made["segment"] == {"id": segment["id"]}
    assert project.get(f"/v1/segments/{segment['id']}")["type"] == "auto-update"
    settled(project)
    make.customer(project, "bob", metadata={"vip": True})
    earned(project, 10, "bob")
    assert balance(project, "ann") == 0
    told = project.recorded("voucher.loyalty_card.transaction.created")[0]["data"]
    assert told["segment"]["id"] == segment["id"]
    assert told["transaction"]["details"]["segment"] == {"id": segment["id"], "name": "Some"}
    for vip in (False, True):  # whoever comes back has entered again
        make.customer(project, "bob", metadata={"vip": vip})
        settled(project)
    earned(project, 20, "bob")


def test_only_orders_that_pass_the_validation_rule_earn(project: Project) -> None:
    make.campaign(project)
    make.customer(project, metadata={"level": 2})
    make.member(project)
    large = make.validation_rule(project)
    known = {"name": "customer.metadata", "property": "level", "conditions": {"$is": [2]}}
    loyal = make.validation_rule(project, rules={"1": known, "logic": "1"})
    rule(project, 10, validation_rule_id=large["id"])
    made = rule(project, 100, validation_rule_id=loyal["id"])
    make.bound(project, large, "earning_rule", made["id"])
    rule(project, 1_000, validation_rule_id=loyal["id"])
    make.order(project, 1_000, status="PAID")
    earned(project, 1_000)
    make.order(project, 1_001, status="PAID")
    earned(project, 2_110)


def test_validation_rules_ask_for_goods_segments_and_events(project: Project) -> None:
    make.campaign(project)
    make.customer(project, metadata={"vip": True})
    make.member(project)
    make.product(project, "bottle", price=1_000)
    drinks = make.collection(project, "bottle")
    schema = make.event_schema(project, count={"type": "number"})
    segment = make.segment(project, filter_={"metadata.vip": {"conditions": {"$is": [True]}}})
    bought = {
        "name": "order.items.any",
        "conditions": {"$is": [{"id": drinks["id"], "object": "products_collection"}]},
        "rules": {},
    }
    definitions = [
        (bought, 1, {}),
        ({"name": "customer.segment", "conditions": {"$is": [segment["id"]]}}, 10, {}),
        ({"name": "customer.segment", "conditions": {"$is_not": [segment["id"]]}}, 100, {}),
    ]
    for node, points, fields in definitions:
        asked = make.validation_rule(project, rules={"1": node, "logic": "1"})
        rule(project, points, validation_rule_id=asked["id"], **fields)
    counted = {"name": "custom_event.metadata", "property": "count", "conditions": {"$more_than": [2]}}
    asked = make.validation_rule(project, rules={"1": counted, "logic": "1"})
    event_rule(project, schema, points=1_000, validation_rule_id=asked["id"])
    make.order(project, items=[{"source_id": "bottle"}], status="PAID")
    earned(project, 11)
    track(project, metadata={"count": 2})
    track(project, metadata={"count": 3})
    earned(project, 1_011)


def test_a_rule_holds_in_its_windows_only(project: Project) -> None:
    make.campaign(project)
    make.member(project)
    project.advance(to="2027-03-01T12:00:00Z")  # a Monday
    for points, days in ((1, [1]), (10, [0, 2])):
        rule(project, points, validity_day_of_week=days)
    for points, start in ((100, "11:00"), (1_000, "13:00")):
        hours = {"daily": [{"start_time": start, "expiration_time": "14:00", "days_of_week": [1]}]}
        rule(project, points, validity_hours=hours)
    for points, duration in ((10_000, "PT13H"), (100_000, "PT11H")):
        frame = {"interval": "P1D", "duration": duration}
        made = rule(project, points, validity_timeframe=frame, start_date="2027-01-01T00:00:00Z")
        assert made["validity_timeframe"] == frame
    make.order(project, 1_000, status="PAID")
    earned(project, 10_101)


def test_points_of_a_rule_expire_as_the_rule_says(project: Project) -> None:
    rules = {"period_type": "MONTH", "period_value": 1}
    make.campaign(project, voucher={"loyalty_card": {"points": 0, "expiration_rules": rules}})
    card = make.member(project)
    project.advance(to="2027-01-31T12:00:00Z")
    rule(project, 10)
    rule(project, 20, expiration_rules={**rules, "period_value": 3})
    make.order(project, 1_000, status="PAID")
    earned(project, 30)
    listed = project.get(f"/v1/loyalties/Club/members/{card['code']}/points-expiration")["data"]
    found = [(bucket["expires_at"], bucket["bucket"]["total_points"]) for bucket in listed]
    assert found == [("2027-02-28", 10), ("2027-04-30", 20)]


def test_what_is_delivered_again_earns_once(project: Project) -> None:
    make.campaign(project)
    make.member(project)
    schema = make.event_schema(project)
    event_rule(project, schema, points=10)
    track(project)
    earned(project, 10)
    copies = """
    INSERT INTO jobs (project_id, id, name, payload, group_id, due_at)
    SELECT $1, 'job_' || n, 'loyalties.happened', jsonb_build_object('event_number', e.number), 'w-', now()
    FROM events e, generate_series(1, 5) n WHERE e.project_id = $1 AND e.type = 'customer.custom_event' RETURNING 1
    """
    assert len(project.installation.sql(copies, project.id)) == 5
    settled(project)
    assert balance(project) == 10


def test_events_at_once_earn_on_one_card_that_is_made_for_them(project: Project) -> None:
    make.campaign(project, auto_join=True)
    make.customer(project)
    schema = make.event_schema(project)
    event_rule(project, schema, points=10)
    body = {"event": "signed_up", "customer": {"source_id": "ann"}}
    assert together.statuses(together.answers(project, [("POST", "/v1/events", body)] * 10)) == [200] * 10
    earned(project, 100)
    assert project.get("/v1/loyalties/Club/members", customer="ann")["total"] == 1


def test_without_a_free_card_nothing_is_earned(project: Project) -> None:
    make.campaign(project, type="STATIC", vouchers_count=1, auto_join=True)
    make.member(project, "bob")
    rule(project, 10)
    make.order(project, 1_000, status="PAID")
    make.order(project, 1_000, "bob", status="PAID")
    earned(project, 10, "bob")
    settled(project)
    assert project.get("/v1/loyalties/Club/members", customer="ann")["total"] == 0


FIXED = {"type": "FIXED", "points": 1}
STEP = {"every": 1, "points": 1}


@pytest.mark.parametrize(
    ("body", "status", "key"),
    [
        ({"event": "order.sent", "loyalty": FIXED}, 400, "missing_param"),
        ({"event": "order.sent", "loyalty": FIXED, "custom_event": {"schema_id": "ms_1"}}, 404, "not_found"),
        ({"event": "customer.segment.entered", "loyalty": FIXED}, 400, "missing_param"),
        ({"event": "customer.segment.entered", "loyalty": FIXED, "segment": {"id": "seg_1"}}, 404, "not_found"),
        ({"event": "customer.loyalty.tier.joined", "loyalty": FIXED}, 400, "missing_param"),
        (
            {"event": "customer.loyalty.tier.joined", "loyalty": FIXED, "loyalty_tier": {"id": "ltr_1"}},
            404,
            "not_found",
        ),
        (
            {"event": "order.paid", "loyalty": proportional("ORDER_METADATA", "order", "metadata", 1, 1)},
            400,
            "invalid_payload",
        ),
        (
            {"event": "order.paid", "loyalty": proportional("ORDER_METADATA", "order", "amount", 1, 1)},
            400,
            "invalid_payload",
        ),
        (
            {
                "event": "order.paid",
                "loyalty": proportional("CUSTOM_EVENT_METADATA", "custom_event", "metadata", 1, 1, property="a"),
            },
            400,
            "invalid_payload",
        ),
        (
            {
                "event": "order.paid",
                "loyalty": proportional(
                    "ORDER_ITEMS_AMOUNT", "order_items", "amount", 1, 1, object="products_collection", id="pc_1"
                ),
            },
            404,
            "not_found",
        ),
        (
            {
                "event": "order.paid",
                "loyalty": proportional("ORDER_ITEMS_AMOUNT", "order_items", "amount", 1, 1, object="product"),
            },
            400,
            "invalid_payload",
        ),
        (
            {"event": "order.paid", "loyalty": {**FIXED, "points_formula": "VOUCHER_PUBLISH_COUNT"}},
            400,
            "invalid_payload",
        ),
        ({"event": "order.paid", "loyalty": {**FIXED, "points_formula": 5}}, 400, "invalid_payload"),
        ({"event": "order.paid", "loyalty": FIXED, "pending_points": {"period_value": 91}}, 400, "invalid_payload"),
        ({"event": "order.paid", "loyalty": FIXED, "validity_day_of_week": [7]}, 400, "invalid_payload"),
        (
            {"event": "order.paid", "loyalty": FIXED, "validity_timeframe": {"interval": "P1D", "duration": "PT1H"}},
            400,
            "invalid_payload",
        ),
        ({"event": "order.paid", "loyalty": FIXED, "validation_rule_id": "val_1"}, 404, "not_found"),
    ],
)
def test_a_rule_that_cannot_be_is_refused(project: Project, body: Any, status: int, key: str) -> None:
    make.campaign(project)
    project.refuse("POST", "/v1/loyalties/Club/earning-rules", [body], status=status, key=key)
    assert project.get("/v1/loyalties/Club/earning-rules")["total"] == 0


def test_points_of_custom_events_cannot_wait(project: Project) -> None:
    make.campaign(project)
    schema = make.event_schema(project)
    made = event_rule(project, schema)
    body = {"pending_points": {"period_type": "DAY", "period_value": 3}}
    path = f"/v1/loyalties/Club/earning-rules/{made['id']}"
    project.refuse("PUT", path, body, status=400, key="invalid_payload")
    path = f"/v1/loyalties/Club/earning-rules/{rule(project)['id']}"
    assert project.put(path, body)["pending_points"] == body["pending_points"]
    assert "pending_points" not in project.put(path, {"pending_points": None})
