"""Points that move from card to card, and what an order would bring, over HTTP."""

from typing import Any

import pytest

import make
import together
from installation import Project
from make import rule


def path_of(card: dict[str, Any]) -> str:
    return f"/v1/loyalties/{card['campaign_id']}/members/{card['code']}/transfers"


def card_of(project: Project, card: dict[str, Any]) -> dict[str, Any]:
    return project.get(f"/v1/loyalties/members/{card['code']}")["loyalty_card"]


def ledger(project: Project, card: dict[str, Any]) -> list[dict[str, Any]]:
    return project.get(f"/v1/loyalties/members/{card['code']}/transactions")["data"]


def state(project: Project) -> list[Any]:
    """Every account, bucket and entry of the project."""
    queries = (
        "SELECT id, added, subtracted, balance FROM vouchers WHERE project_id = $1 ORDER BY id",
        "SELECT voucher_id, expires_on, points FROM points_buckets WHERE project_id = $1 ORDER BY 1, 2",
        "SELECT id FROM voucher_transactions WHERE project_id = $1 ORDER BY id",
        "SELECT id, programs FROM customers WHERE project_id = $1 ORDER BY id",
    )
    return [[tuple(row.values()) for row in project.installation.sql(query, project.id)] for query in queries]


def test_points_move_from_several_cards(project: Project) -> None:
    make.campaign(project)
    rules = {"period_type": "MONTH", "period_value": 1}
    make.campaign(project, name="Other", voucher={"loyalty_card": {"points": 0, "expiration_rules": rules}})
    first, second = make.member(project, "ann", 50), make.member(project, "bob", 30)
    target = make.member(project, "ann", campaign="Other")
    project.advance(to="2027-01-25T12:00:00Z")
    body = [
        {"code": first["code"], "points": 20, "reason": "Moving", "source_id": "t-1"},
        {"code": second["code"], "points": 30, "source_id": "t-2"},
        {"code": first["code"], "points": 1, "source_id": "t-3"},
    ]
    answer = project.post(path_of(target), body)
    assert answer["id"] == target["id"]
    assert answer["loyalty_card"] == card_of(project, target)
    assert answer["loyalty_card"]["balance"] == 51
    assert answer["loyalty_card"]["next_expiration_date"] == "2027-02-25"
    source = card_of(project, first)
    assert (source["points"], source["subtracted_points"], source["balance"]) == (50, 21, 29)
    out, into = ledger(project, first)[1], ledger(project, target)[2]
    assert (out["type"], into["type"]) == ("POINTS_TRANSFER_OUT", "POINTS_TRANSFER_IN")
    assert (out["related_transaction_id"], into["related_transaction_id"]) == (into["id"], out["id"])
    assert (out["source_id"], into["source_id"], out["reason"], into["reason"]) == ("t-1", None, "Moving", "Moving")
    balance = out["details"]["balance"]
    assert (balance["points"], balance["total"], balance["balance"]) == (-20, 30, 30)
    assert out["details"]["destination_voucher"]["loyalty_card"]["balance"] == 20
    assert into["details"]["source_voucher"]["code"] == first["code"]
    campaigns = project.get("/v1/customers/ann")["loyalty"]["campaigns"]
    assert (campaigns["Club"]["points"], campaigns["Other"]["points"]) == (29, 51)
    events = project.recorded("voucher.loyalty_card.transaction.created", count=8)[2:]
    assert events[0]["data"]["destination_voucher"]["id"] == target["id"]
    assert events[1]["data"]["source_voucher"]["id"] == first["id"]
    told = project.recorded("customer.voucher.loyalty_card.points_transferred", count=6)
    assert [one["data"]["balance"]["points"] for one in told] == [-20, 20, -30, 30, -1, 1]


def test_either_all_points_move_or_none(project: Project) -> None:
    make.campaign(project)
    first, second = make.member(project, "ann", 50), make.member(project, "bob", 30)
    target = make.member(project, "cid")
    project.post("/v1/campaigns/Club/vouchers/FREE", {})
    make.campaign(project, "GIFT_VOUCHERS", name="Gifts")
    gift = project.post("/v1/campaigns/Gifts/vouchers/GIFT", {})
    before = state(project)
    good = {"code": first["code"], "points": 10, "source_id": "t-1"}
    for bad, status, key in (
        ({"code": second["code"], "points": 31}, 400, "loyalty_card_points_exceeded"),
        ({"code": first["code"], "points": 41}, 400, "loyalty_card_points_exceeded"),
        ({"code": "nothing", "points": 1}, 404, "not_found"),
        ({"code": gift["code"], "points": 1}, 404, "not_found"),
        ({"code": "FREE", "points": 1}, 400, "not_published"),
        ({"code": target["code"], "points": 1}, 400, "invalid_payload"),
        ({"code": target["id"], "points": 1}, 400, "invalid_payload"),
        ({"code": second["code"], "points": 0}, 400, "invalid_payload"),
        ({"code": second["code"], "points": -1}, 400, "invalid_payload"),
        ({"code": second["code"], "points": 2**70}, 400, "invalid_payload"),
        ({"code": "", "points": 1}, 400, "invalid_payload"),
        ({"points": 1}, 400, "invalid_payload"),
    ):
        project.refuse("POST", path_of(target), [good, bad], status=status, key=key)
        assert state(project) == before
    for body in ([], {}, [good] * 101, "all"):
        project.refuse("POST", path_of(target), body, status=400, key="invalid_payload")
    to_nobody = f"/v1/loyalties/{target['campaign_id']}/members/FREE/transfers"
    project.refuse("POST", to_nobody, [good], status=400, key="not_published")
    assert state(project) == before


def test_what_would_be_more_than_a_card_holds_stays(project: Project) -> None:
    make.campaign(project)
    rich = make.member(project, "ann", 9_007_199_254_740_991)
    target = make.member(project, "bob", 1)
    before = state(project)
    body = [{"code": rich["code"], "points": 9_007_199_254_740_991}]
    project.refuse("POST", path_of(target), body, status=400, key="invalid_payload")
    assert state(project) == before


def test_points_that_wait_or_have_ended_do_not_move(project: Project) -> None:
    make.campaign(project)
    card, target = make.member(project, "ann", 10), make.member(project, "bob")
    rule(project, 50, pending_points={"period_type": "DAY", "period_value": 3})
    make.order(project, 100, status="PAID")
    project.advance("PT1S")
    assert card_of(project, card)["pending_points"] == 50
    body = [{"code": card["code"], "points": 20}]
    project.refuse("POST", path_of(target), body, status=400, key="loyalty_card_points_exceeded")


def test_transfers_that_cross_all_arrive(project: Project) -> None:
    make.campaign(project)
    cards = [make.member(project, name, 100) for name in ("ann", "bob", "cid")]
    calls: list[tuple[str, str, Any]] = []
    for turn in range(4):
        for place, card in enumerate(cards):
            sources = [cards[place - 1], cards[place - 2]][:: 1 if turn % 2 else -1]
            calls.append(("POST", path_of(card), [{"code": one["code"], "points": 5} for one in sources]))
    assert together.statuses(together.answers(project, calls)) == [200] * 12
    assert [card_of(project, card)["balance"] for card in cards] == [100, 100, 100]
    assert [project.get(f"/v1/customers/{name}")["loyalty"]["points"] for name in ("ann", "bob", "cid")] == [100] * 3


def test_the_last_points_move_once(project: Project) -> None:
    make.campaign(project)
    card = make.member(project, "ann", 10)
    targets = [make.member(project, name) for name in ("bob", "cid")]
    calls = [("POST", path_of(target), [{"code": card["code"], "points": 10}]) for target in targets * 3]
    assert together.statuses(together.answers(project, calls)) == [200] + [400] * 5
    assert sorted(card_of(project, one)["balance"] for one in (card, *targets)) == [0, 0, 10]


def test_what_an_order_would_bring_is_estimated(project: Project) -> None:
    campaign = make.campaign(project)
    make.customer(project, metadata={"level": 2})
    make.member(project)
    large = make.validation_rule(project)
    rule(project, 10)
    rule(project, 100, validation_rule_id=large["id"])
    rule(project, 1_000, pending_points={"period_type": "DAY", "period_value": 3})
    level = {"every": 1, "points": 10_000, "property": "level"}
    loyalty = {"type": "PROPORTIONAL", "calculation_type": "CUSTOMER_METADATA", "customer": {"metadata": level}}
    rule(project, loyalty=loyalty)
    path = "/v1/loyalties/Club/qualifications"

    def points(order: dict[str, Any], **customer: Any) -> int:
        answer = project.post(path, {"customer": {"source_id": "ann", **customer}, "order": order})
        assert answer["campaign"] == {"id": campaign["id"], "name": "Club", "object": "campaign"}
        return answer["points_estimation"]

    before = state(project)
    assert points({"amount": 500}) == 21_010
    assert points({"amount": 1_500}) == 21_110
    assert points({"amount": 500}, metadata={"level": 1}) == 11_010
    stored = make.order(project, 2_000, source_id="o-1")
    assert points({"id": stored["id"]}) == points({"source_id": "o-1"}) == 21_110
    assert points({"source_id": "o-1", "amount": 1}) == 21_010
    assert state(project) == before


@pytest.mark.parametrize(
    ("body", "status", "details"),
    [
        ({"order": {"amount": 1}}, 400, "Property .customer must be object"),
        ({"customer": {"source_id": "ann"}}, 400, "Property .order must be object"),
        ({"customer": "ann", "order": {"amount": 1}}, 400, "Property .customer must be object"),
        ({"customer": {"source_id": "ann"}, "order": {"id": "ord_1"}}, 404, "Cannot find order with id ord_1"),
    ],
)
def test_an_estimate_needs_a_customer_and_an_order(project: Project, body: Any, status: int, details: str) -> None:
    make.campaign(project)
    make.member(project)
    key = "invalid_payload" if status == 400 else "not_found"
    refusal = project.refuse("POST", "/v1/loyalties/Club/qualifications", body, status=status, key=key)
    assert refusal["details"].startswith(details)


def test_an_estimate_is_refused_where_nothing_can_be_earned(project: Project) -> None:
    campaign = make.campaign(project)
    make.campaign(project, name="Open", auto_join=True)
    rule(project, 10, campaign="Open")
    card = make.member(project)
    asked: Any = {"customer": {"source_id": "bob"}, "order": {"amount": 1}}
    path = "/v1/loyalties/Club/qualifications"
    refusal = project.refuse("POST", path, asked, status=400, key="campaign_not_allow_auto_join")
    assert refusal["message"].startswith(f"Loyalty campaign '{campaign['id']}' does not allow auto-join")
    assert project.post("/v1/loyalties/Open/qualifications", asked)["points_estimation"] == 10
    asked["customer"]["source_id"] = "ann"
    project.post(f"/v1/vouchers/{card['code']}/disable")
    project.refuse("POST", path, asked, status=400, key="loyalty_card_not_active")
    project.post(f"/v1/campaigns/{campaign['id']}/disable")
    project.refuse("POST", path, asked, status=400, key="campaign_not_active")


def test_the_ledger_of_a_campaign_is_listed(project: Project) -> None:
    make.campaign(project)
    make.member(project, points=5)
    make.campaign(project, "DISCOUNT_COUPONS", name="Coupons")
    assert [one["type"] for one in project.get("/v1/campaigns/Club/transactions")["data"]] == ["POINTS_ADDITION"]
    assert project.get("/v1/campaigns/Coupons/transactions")["data"] == []
