"""Loyalty programmes over HTTP: members, points by hand and by paid orders, and the ledger that all of them leave."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

import make
import together
from installation import Installation, Project, eventually
from shapes import differences, seed


def balance_path(card: dict[str, Any]) -> str:
    return f"/v1/loyalties/members/{card['code']}/balance"


def points_of(project: Project, card: dict[str, Any]) -> dict[str, Any]:
    return project.get(f"/v1/loyalties/members/{card['code']}")["loyalty_card"]


def ledger_of(project: Project, card: dict[str, Any]) -> list[dict[str, Any]]:
    return project.get(f"/v1/loyalties/members/{card['code']}/transactions", limit=100)["data"]


def buckets_of(project: Project, card: dict[str, Any]) -> list[tuple[int, str | None]]:
    rows = project.installation.sql(
        "SELECT points, expires_on::text FROM points_buckets WHERE project_id = $1 AND voucher_id = $2 "
        "ORDER BY expires_on NULLS LAST",
        project.id,
        card["id"],
    )
    return [tuple(row.values()) for row in rows]


def earned(project: Project, card: dict[str, Any], points: int) -> None:
    eventually(lambda: points_of(project, card)["points"] == points)


def test_a_member_is_a_customer_with_a_card(project: Project) -> None:
    campaign = make.campaign(project)
    card = make.member(project)
    assert (card["object"], card["type"], card["campaign_id"]) == ("voucher", "LOYALTY_CARD", campaign["id"])
    assert card["holder_id"] == project.get("/v1/customers/ann")["id"]
    assert card["publish"]["count"] == 1
    for path in (f"/v1/loyalties/members/{card['id']}", f"/v1/loyalties/Club/members/{card['code']}"):
        assert project.get(path) == card
    assert project.get("/v1/loyalties/Club/members", customer="ann")["vouchers"] == [card]
    assert project.get("/v1/loyalties/Club/members", code=card["code"])["total"] == 1
    assert project.get("/v1/loyalties/Club/members", customer="nobody")["vouchers"] == []
    assert project.get("/v1/loyalties/Club/members", ids=[card["id"], "v_nothing"])["vouchers"] == [card]
    assert project.get("/v1/loyalties/Club/members", ids="v_nothing")["vouchers"] == []


def test_a_programme_is_a_campaign(project: Project) -> None:
    voucher = {"type": "LOYALTY_CARD", "loyalty_card": {"points": 5}}
    made = project.post("/v1/loyalties", {"name": "Club", "voucher": voucher, "vouchers_count": 0})
    assert (made["campaign_type"], made["join_once"]) == ("LOYALTY_PROGRAM", True)
    assert project.get("/v1/loyalties/Club") == project.get(f"/v1/campaigns/{made['id']}") == made
    make.campaign(project, "GIFT_VOUCHERS", "Gifts")
    assert project.get("/v1/loyalties")["campaigns"] == [made]
    project.refuse("GET", "/v1/loyalties/Gifts", status=404, key="not_found")
    assert project.delete("/v1/loyalties/Club")["async_action_id"].startswith("aa_")
    project.refuse("GET", "/v1/loyalties/Club", status=404, key="not_found")


def test_a_programme_is_joined_once(project: Project) -> None:
    make.campaign(project)
    make.member(project)
    again = {"customer": {"source_id": "ann"}}
    project.refuse("POST", "/v1/loyalties/Club/members", again, status=400, key="voucher_cannot_be_published")


def test_a_certain_card_is_given(project: Project) -> None:
    make.campaign(project)
    make.campaign(project, name="Other")
    project.post("/v1/campaigns/Club/vouchers/GOLD-1", {})
    made = project.post("/v1/loyalties/Club/members", {"voucher": "GOLD-1", "customer": "ann"})
    assert made["code"] == "GOLD-1"
    body = {"voucher": "GOLD-1", "customer": "bob"}
    project.refuse("POST", "/v1/loyalties/Other/members", body, status=404, key="not_found")
    project.refuse("POST", "/v1/loyalties/Club/members", body, status=400, key="voucher_already_published")


def test_only_loyalty_programmes_have_members(project: Project) -> None:
    make.campaign(project, "GIFT_VOUCHERS", name="Gifts")
    project.refuse("GET", "/v1/loyalties/Gifts/members", status=404, key="not_found")
    gift = project.post("/v1/campaigns/Gifts/vouchers/GIFT-1", {})
    project.refuse("GET", f"/v1/loyalties/members/{gift['code']}", status=404, key="not_found")
    project.refuse("POST", "/v1/loyalties/members/nothing/balance", {"points": 1}, status=404, key="not_found")


def test_points_are_added_and_taken_by_hand(project: Project) -> None:
    campaign = make.campaign(project, voucher={"loyalty_card": {"points": 1_000}})
    card = make.member(project)
    added = project.post(balance_path(card), {"points": 10_000, "reason": "Gift", "source_id": "g-1"})
    assert added == {
        "points": 10_000,
        "total": 11_000,
        "balance": 11_000,
        "type": "loyalty_card",
        "object": "balance",
        "related_object": {"type": "voucher", "id": card["id"]},
        "operation_type": "MANUAL",
    }
    path = f"/v1/loyalties/{campaign['id']}/members/{card['code']}/balance"
    taken = project.post(path, {"points": -4_000})
    assert (taken["points"], taken["total"], taken["balance"]) == (-4_000, 7_000, 7_000)
    assert points_of(project, card) == {
        "points": 11_000,
        "balance": 7_000,
        "expired_points": 0,
        "subtracted_points": 4_000,
        "pending_points": 0,
    }
    removal, addition = ledger_of(project, card)
    assert (addition["type"], addition["source"], addition["reason"], addition["source_id"]) == (
        "POINTS_ADDITION",
        "API",
        "Gift",
        "g-1",
    )
    assert removal["type"] == "POINTS_REMOVAL"
    assert removal["details"]["balance"]["points"] == -4_000
    customer = project.get("/v1/customers/ann")
    assert customer["loyalty"]["campaigns"]["Club"]["points"] == customer["loyalty"]["points"] == 7_000


def test_points_expire_as_they_are_said_to(project: Project) -> None:
    rules = {"period_type": "FIXED_DAY_OF_YEAR", "fixed_month": 12, "fixed_day": 31}
    make.campaign(project, voucher={"loyalty_card": {"points": 5, "expiration_rules": rules}})
    card = make.member(project)
    ((_, end_of_year),) = buckets_of(project, card)
    assert end_of_year is not None
    assert end_of_year.endswith("-12-31")
    path = balance_path(card)
    project.post(path, {"points": 10, "expiration_type": "PROGRAM_RULES"})
    project.post(path, {"points": 20, "expiration_type": "NON_EXPIRING"})
    project.post(path, {"points": 30, "expiration_type": "CUSTOM_DATE", "expiration_date": "2099-05-01"})
    assert buckets_of(project, card) == [(15, end_of_year), (30, "2099-05-01"), (20, None)]
    shown = points_of(project, card)
    assert (shown["next_expiration_date"], shown["next_expiration_points"]) == (end_of_year, 15)
    project.post(path, {"points": -40})
    assert buckets_of(project, card) == [(0, end_of_year), (5, "2099-05-01"), (20, None)]
    shown = points_of(project, card)
    assert (shown["next_expiration_date"], shown["next_expiration_points"]) == ("2099-05-01", 5)
    listed = project.get(f"/v1/loyalties/Club/members/{card['code']}/points-expiration")
    assert listed["total"] == 3
    assert [(bucket["bucket"]["total_points"], bucket.get("expires_at")) for bucket in listed["data"]] == buckets_of(
        project, card
    )


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ({}, "invalid_payload"),
        ({"points": "many"}, "invalid_payload"),
        ({"points": 0}, "invalid_payload"),
        ({"points": 2**60}, "invalid_payload"),
        ({"points": 5, "expiration_type": "SOON"}, "invalid_payload"),
        ({"points": 5, "expiration_type": "CUSTOM_DATE"}, "missing_param"),
        ({"points": 5, "expiration_type": "CUSTOM_DATE", "expiration_date": "soon"}, "invalid_payload"),
        ({"points": 5, "expiration_type": "CUSTOM_DATE", "expiration_date": "2001-01-01"}, "invalid_expiration_date"),
        ({"points": -6}, "loyalty_card_points_exceeded"),
    ],
)
def test_a_refused_change_of_points_changes_nothing(project: Project, body: dict[str, Any], key: str) -> None:
    make.campaign(project, voucher={"loyalty_card": {"points": 5}})
    card = make.member(project)
    before = project.get(f"/v1/vouchers/{card['code']}")
    project.refuse("POST", balance_path(card), body, status=400, key=key)
    assert project.get(f"/v1/vouchers/{card['code']}") == before
    assert ledger_of(project, card) == []
    assert buckets_of(project, card) == [(5, None)]


def test_a_card_without_a_holder_earns_nothing(project: Project) -> None:
    make.campaign(project)
    project.post("/v1/campaigns/Club/vouchers/GOLD-1", {})
    body = {"points": 5}
    project.refuse("POST", "/v1/loyalties/members/GOLD-1/balance", body, status=400, key="not_published")


def test_the_last_points_are_taken_once(project: Project) -> None:
    make.campaign(project)
    card = make.member(project, points=100)
    found = together.answers(project, [("POST", balance_path(card), {"points": -10})] * 20)
    assert together.statuses(found) == [200] * 10 + [400] * 10
    assert {answer.json()["key"] for answer in found if answer.status_code == 400} == {"loyalty_card_points_exceeded"}
    assert points_of(project, card)["balance"] == 0
    assert len(ledger_of(project, card)) == 11
    assert sorted(answer.json()["balance"] for answer in found if answer.is_success) == list(range(0, 100, 10))


def test_points_added_at_once_all_count(project: Project) -> None:
    make.campaign(project)
    card = make.member(project)
    changes = [{"points": 1, "expiration_type": "CUSTOM_DATE", "expiration_date": "2099-01-0" + day} for day in "123"]
    together.answers(project, [("POST", balance_path(card), change) for change in changes * 5])
    assert points_of(project, card)["balance"] == 15
    assert [points for points, _ in buckets_of(project, card)] == [5, 5, 5]
    assert project.get("/v1/customers/ann")["loyalty"]["points"] == 15


def test_added_points_are_told_as_the_reference_tells_them(project: Project) -> None:
    make.campaign(project, auto_join=True)
    path = make.listen(project, "customer.voucher.loyalty_card.points_added")
    make.customer(project)
    card = make.member(project)
    project.post(balance_path(card), {"points": 40, "reason": "Spring time", "source_id": "s-1"})
    (delivery,) = project.receiver.wait(path)
    # Other samples of the reference show the customer's email, null where there is none.
    assert differences(seed(delivery.type), delivery.data) == {".customer.email": "extra"}
    assert delivery.data["transaction"]["details"]["balance"] == delivery.data["balance"]
    assert delivery.data["balance"]["balance"] == delivery.data["voucher"]["loyalty_card"]["balance"] == 40


def test_what_happens_to_points_is_told_to_the_project(project: Project) -> None:
    make.campaign(project)
    card = make.member(project, points=40)
    added, created = project.recorded(
        "voucher.loyalty_card.points_added", "voucher.loyalty_card.transaction.created", count=2
    )[::-1]
    assert added["data"]["balance"]["operation_type"] == "MANUAL"
    assert added["entity_id"] == created["entity_id"] == card["id"]
    assert list(created["data"]) == [
        "transaction",
        "voucher",
        "campaign",
        "holder",
        "holder_loyalty_tier",
        "balance",
        "order",
        "event",
        "earning_rule",
        "segment",
        "loyalty_tier",
        "redemption",
        "rollback",
        "reward",
        "custom_event",
        "source_voucher",
        "destination_voucher",
    ]
    assert created["data"]["transaction"] == added["data"]["transaction"]


def test_a_ledger_is_listed_in_slices(project: Project) -> None:
    make.campaign(project)
    card = make.member(project)
    for points in (1, 2, 3):
        project.post(balance_path(card), {"points": points})
    path = f"/v1/loyalties/Club/members/{card['code']}/transactions"
    first = project.get(path, limit=2)
    assert [entry["details"]["balance"]["points"] for entry in first["data"]] == [3, 2]
    assert (first["has_more"], first["more_starting_after"]) == (True, first["data"][-1]["id"])
    rest = project.get(path, limit=2, starting_after_id=first["more_starting_after"])
    assert [entry["details"]["balance"]["points"] for entry in rest["data"]] == [1]
    assert rest["has_more"] is False
    assert "more_starting_after" not in rest
    upwards = project.get("/v1/loyalties/Club/transactions", order="id")
    assert [entry["details"]["balance"]["points"] for entry in upwards["data"]] == [1, 2, 3]
    project.refuse("GET", f"{path}?order=points", status=400, key="invalid_query_params")


def test_rules_are_made_shown_and_deleted(project: Project) -> None:
    campaign = make.campaign(project)
    made = project.post(
        "/v1/loyalties/Club/earning-rules",
        [
            {"event": "order.paid", "loyalty": {"type": "FIXED", "points": "5"}, "source": {"banner": "Welcome"}},
            {"event": "order.paid", "loyalty": make.proportional("amount", 100, 2), "metadata": {"a": 1}},
        ],
    )
    assert [rule["loyalty"] for rule in made] == [
        {"type": "FIXED", "points": 5},
        make.proportional("amount", 100, 2),
    ]
    assert made[0]["source"] == {"banner": "Welcome", "object_id": campaign["id"], "object_type": "campaign"}
    assert (made[0]["active"], made[0]["validation_rule_id"], made[0]["updated_at"]) == (True, None, None)
    path = f"/v1/loyalties/Club/earning-rules/{made[0]['id']}"
    assert project.get(path) == made[0]
    assert project.get("/v1/loyalties/Club/earning-rules")["total"] == 2
    assert project.delete(path) is None
    project.refuse("DELETE", path, status=404, key="not_found")
    assert project.get("/v1/loyalties/Club/earning-rules")["data"] == made[1:]
    events = project.recorded("campaign.earning_rule.assigned", "campaign.earning_rule.deleted", count=3)
    assert [event["data"]["earning_rule"] for event in events] == [*made, made[0]]


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        [{"event": "order.paid"}],
        [{"event": "order.paid", "loyalty": {"type": "FIXED"}}],
        [{"event": "order.paid", "loyalty": {"type": "FIXED", "points": 0}}],
        [{"event": "order.paid", "loyalty": {"type": "FIXED", "points": "some"}}],
        [{"event": "order.paid", "loyalty": {"type": "PROPORTIONAL", "calculation_type": "ORDER_TOTAL_AMOUNT"}}],
        [{"event": "order.paid", "loyalty": {"type": "FIXED", "points": 1, "points_formula": "1 +"}}],
        [{"event": "order.paid", "loyalty": make.proportional("amount", 0, 1)}],
        [{"event": "order.paid", "loyalty": {"type": "FIXED", "points": 1}, "pending_points": {"period_type": "DAY"}}],
        [
            {
                "event": "order.paid",
                "loyalty": {"type": "FIXED", "points": 1},
                "expiration_rules": {"period_type": "MONTH"},
            }
        ],
    ],
)
def test_a_rule_that_cannot_be_kept_is_refused(project: Project, body: Any) -> None:
    make.campaign(project)
    good = {"event": "order.paid", "loyalty": {"type": "FIXED", "points": 1}}
    project.refuse("POST", "/v1/loyalties/Club/earning-rules", body, status=400, key="invalid_payload")
    if isinstance(body, list) and body:
        mixed = [good, *body]
        project.refuse("POST", "/v1/loyalties/Club/earning-rules", mixed, status=400, key="invalid_payload")
    assert project.get("/v1/loyalties/Club/earning-rules")["total"] == 0
    project.refuse("POST", "/v1/loyalties/Nothing/earning-rules", [good], status=404, key="not_found")


def test_a_paid_order_earns_by_every_rule(project: Project) -> None:
    make.campaign(project)
    card = make.member(project)
    make.rule(project, 100)
    make.rule(project, loyalty=make.proportional("amount", 1_000, 3))
    make.rule(project, loyalty=make.proportional("total_amount", 1_000, 1))
    make.rule(project, 7_000, active=False)
    make.order(project, 10_999, status="PAID")
    earned(project, card, 100 + 30 + 10)
    accruals = ledger_of(project, card)
    assert {entry["type"] for entry in accruals} == {"POINTS_ACCRUAL"}
    assert sorted(entry["details"]["balance"]["points"] for entry in accruals) == [10, 30, 100]
    assert project.get("/v1/customers/ann")["loyalty"]["campaigns"]["Club"]["points"] == 140


def test_an_order_earns_once_however_often_it_is_paid(project: Project) -> None:
    make.campaign(project)
    card = make.member(project)
    make.rule(project, 100)
    order = make.order(project, 1_000)
    for status in ("PAID", "CANCELED", "PAID"):
        project.put(f"/v1/orders/{order['id']}", {"status": status})
    earned(project, card, 100)
    make.order(project, 1_000, status="PAID")
    earned(project, card, 200)
    assert len(ledger_of(project, card)) == 2


def test_who_has_no_card_joins_by_earning_where_that_is_so(project: Project) -> None:
    make.campaign(project, auto_join=True)
    make.campaign(project, name="Closed")
    make.rule(project, 100)
    make.rule(project, 100, campaign="Closed")
    make.order(project, 1_000, status="PAID")
    rewarded = project.recorded("customer.rewarded.loyalty_points")[0]
    (card,) = project.get("/v1/loyalties/Club/members", customer="ann")["vouchers"]
    assert card["loyalty_card"]["balance"] == 100
    assert rewarded["data"]["publication"]["channel"] == "Automation"
    assert rewarded["data"]["voucher"]["loyalty_card"]["balance"] == 0
    assert rewarded["data"]["balance"]["operation_type"] == "AUTOMATIC"
    assert rewarded["data"]["event"]["type"] == "customer.order.paid"
    assert rewarded["campaign_id"] == card["campaign_id"]
    assert project.get("/v1/loyalties/Closed/members", customer="ann")["total"] == 0
    make.order(project, 1_000, status="PAID")
    earned(project, card, 200)


def test_orders_that_are_paid_at_once_earn_on_one_card(project: Project) -> None:
    make.campaign(project, auto_join=True)
    make.rule(project, 10)
    make.customer(project)
    body = {"amount": 100, "status": "PAID", "customer": {"source_id": "ann"}}
    assert together.statuses(together.answers(project, [("POST", "/v1/orders", body)] * 10)) == [200] * 10
    (card,) = eventually(lambda: project.get("/v1/loyalties/Club/members", customer="ann")["vouchers"])
    earned(project, card, 100)
    assert len(ledger_of(project, card)) == 10


def test_earned_points_are_told_too(project: Project) -> None:
    make.campaign(project)
    card = make.member(project)
    path = make.listen(project, "customer.voucher.loyalty_card.points_added")
    rule = make.rule(project, 40, source={"banner": "Order paid"})
    order = make.order(project, 1_000, status="PAID")
    (delivery,) = project.receiver.wait(path)
    transaction = delivery.data["transaction"]
    assert (transaction["type"], transaction["source"]) == ("POINTS_ACCRUAL", "Automation")
    assert transaction["details"]["order"] == {"id": order["id"], "source_id": None}
    assert transaction["details"]["earning_rule"] == {"id": rule["id"], "source": {"banner": "Order paid"}}
    assert delivery.data["voucher"]["id"] == card["id"]
    assert delivery.json["event"]["event_source"] == {"channel": "INTERNAL"}


def test_outside_its_time_a_rule_gives_nothing(project: Project) -> None:
    make.campaign(project)
    card = make.member(project)
    make.rule(project, 1, start_date="2099-01-01T00:00:00Z")
    make.rule(project, 10, expiration_date="2001-01-01T00:00:00Z")
    make.rule(project, 100)
    make.order(project, 1_000, status="PAID")
    earned(project, card, 100)


def test_a_deleted_campaign_takes_its_rules_along(project: Project) -> None:
    make.campaign(project)
    make.rule(project)
    make.reward(project)
    project.delete("/v1/campaigns/Club")
    tables = ("earning_rules", "reward_assignments")
    counts = [f"SELECT count(*) FROM {table} WHERE project_id = $1" for table in tables]
    eventually(lambda: all(project.installation.sql(count, project.id)[0][0] == 0 for count in counts))


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "America/New_York"])
def test_a_day_written_as_a_time_is_the_day_that_is_written(installation: Installation, zone: str) -> None:
    project = make.project(installation, timezone=zone)
    make.campaign(project)
    card = make.member(project)
    today = datetime.now(ZoneInfo(zone))
    for hour in (0, 23):
        date = today.replace(hour=hour, minute=30, microsecond=0).isoformat()
        project.post(balance_path(card), {"points": 1, "expiration_type": "CUSTOM_DATE", "expiration_date": date})
    assert buckets_of(project, card) == [(2, today.date().isoformat())]


def test_a_rule_is_changed_and_switched(project: Project) -> None:
    make.campaign(project)
    rule = make.rule(project, 10, metadata={"a": 1}, expiration_date="2099-01-01T00:00:00Z")
    path = f"/v1/loyalties/Club/earning-rules/{rule['id']}"
    patch = {"loyalty": make.proportional("amount", 100, 2), "metadata": {"b": 2}, "expiration_date": None}
    changed = project.put(path, {**patch, "source": {"banner": "New"}})
    assert (changed["loyalty"], changed["metadata"]) == (patch["loyalty"], {"a": 1, "b": 2})
    assert changed["source"]["banner"] == "New"
    assert "expiration_date" not in changed
    assert project.put(path, {"metadata": {"a": 1}}) == changed == project.get(path)
    assert project.post(f"{path}/disable")["active"] is project.post(f"{path}/disable")["active"] is False
    assert project.post(f"{path}/enable")["active"] is True
    assert project.put(path, {"active": False})["active"] is False
    names = ("updated", "disabled", "enabled", "updated", "disabled")
    prefix = "campaign.earning_rule"
    events = project.recorded(*{f"{prefix}.{name}" for name in names}, count=5)
    assert tuple(event["type"].rpartition(".")[2] for event in events) == names


@pytest.mark.parametrize(
    "patch",
    [
        {"loyalty": {"type": "FIXED", "points": 0}},
        {"pending_points": {"period_type": "DAY"}},
        {"start_date": "2099-01-01T00:00:00Z", "expiration_date": "2098-01-01T00:00:00Z"},
        {"expiration_rules": {"period_type": "MONTH"}},
    ],
)
def test_a_refused_change_of_a_rule_changes_nothing(project: Project, patch: dict[str, Any]) -> None:
    make.campaign(project)
    rule = make.rule(project)
    path = f"/v1/loyalties/Club/earning-rules/{rule['id']}"
    project.refuse("PUT", path, patch, status=400, key="invalid_payload")
    assert project.get(path) == rule
