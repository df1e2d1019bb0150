"""Redemptions over HTTP: what they answer, write and tell, and what they refuse."""

from typing import Any
from urllib.parse import quote

import pytest

import make
import till
from installation import Project


def test_one_code(project: Project) -> None:
    ten = till.discount(project)
    found = till.redeem(project, "TEN", customer="ann", metadata={"till": 4})
    (one,) = found["redemptions"]
    assert one["id"].startswith("r_")
    assert {name: one[name] for name in ("object", "result", "status", "related_object_type", "metadata")} == {
        "object": "redemption",
        "result": "SUCCESS",
        "status": "SUCCEEDED",
        "related_object_type": "voucher",
        "metadata": {"till": 4},
    }
    assert (one["related_object_id"], one["voucher"]["code"], one["redemption"]) == (ten["id"], "TEN", None)
    assert one["voucher"]["redemption"]["redeemed_quantity"] == 1
    assert one["customer"]["source_id"] == "ann"
    assert one["tracking_id"].startswith("track_")
    assert one["channel"] == {"channel_id": project.key["app_id"], "channel_type": "API"}
    assert "parent_redemption" not in found
    assert (found["inapplicable_redeemables"], found["skipped_redeemables"]) == ([], [])
    order = found["order"]
    assert (order["status"], order["amount"], order["total_discount_amount"], order["total_amount"]) == (
        "PAID",
        1_000,
        100,
        900,
    )
    assert list(order["redemptions"]) == [one["id"]]
    assert project.get(f"/v1/redemptions/{one['id']}")["id"] == one["id"]
    till.balanced(project)


def test_several_codes_have_a_parent(project: Project) -> None:
    till.discount(project)
    till.gift(project, amount=500)
    found = till.redeem(project, "TEN", "CARD", customer="ann")
    parent, children = found["parent_redemption"], found["redemptions"]
    assert [one["redemption"] for one in children] == [parent["id"]] * 2
    assert (parent["related_object_type"], "voucher" in parent) == ("redemption", False)
    assert [one["order"]["total_amount"] for one in children] == [900, 400]
    assert found["order"]["total_amount"] == parent["order"]["total_amount"] == 400
    assert (children[1]["amount"], children[1]["gift"]) == (500, {"amount": 500})
    entry = found["order"]["redemptions"][parent["id"]]
    assert entry["stacked"] == [one["id"] for one in children]
    assert entry["related_object_type"] == "redemption"
    shown = project.get(f"/v1/redemptions/{parent['id']}")
    assert [one["id"] for one in shown["related_redemptions"]["redemptions"]] == entry["stacked"]
    till.balanced(project)


def test_a_stack_of_tiers(project: Project) -> None:
    tiers = [one["id"] for one in make.promotion(project, tiers=[{}, {}])["promotion"]["tiers"]]
    stack = till.stack(project, tiers)
    found = till.redeem(project, stack["id"], customer="ann")
    assert [one["related_object_id"] for one in found["redemptions"]] == tiers
    (entry,) = found["order"]["redemptions"].values()
    assert (entry["related_object_type"], entry["related_object_id"]) == ("promotion_stack", stack["id"])
    summary = project.get(f"/v1/promotions/tiers/{tiers[1]}")["summary"]
    assert summary["redemptions"]["total_redeemed"] == 1
    assert summary["orders"]["total_discount_amount"] == 90
    till.balanced(project)
    told = project.recorded("redemption.succeeded", "customer.redemption.succeeded", count=5)
    assert {event["data"]["promotion_stack"]["id"] for event in told} == {stack["id"]}
    assert {tuple(event["data"]["promotion_stack"]["tiers"]["ids"]) for event in told} == {tuple(tiers)}
    project.post(f"/v1/redemptions/{found['parent_redemption']['id']}/rollbacks", {})
    undone = project.recorded("redemption.rollback.succeeded", count=2)
    assert {event["data"]["promotion_stack"]["id"] for event in undone} == {stack["id"]}


def test_events_and_their_twins(project: Project) -> None:
    till.discount(project)
    till.gift(project)
    found = till.redeem(project, "TEN", "CARD", customer="ann")
    *told, together = project.recorded("redemption.succeeded", count=3)
    ids = [one["id"] for one in found["redemptions"]]
    assert (together["entity_id"], together["data"]["redemption"]["id"]) == (found["parent_redemption"]["id"],) * 2
    assert {together["data"][name] for name in ("voucher", "campaign", "holder", "promotion_tier")} == {None}
    assert together["data"]["order"]["total_amount"] == 0
    assert together["data"]["customer"]["source_id"] == "ann"
    assert [event["entity_id"] for event in told] == ids
    assert [event["data"]["redemption"]["id"] for event in told] == ids
    assert [event["data"]["voucher"]["code"] for event in told] == ["TEN", "CARD"]
    assert {event["data"]["customer"]["source_id"] for event in told} == {"ann"}
    assert {event["data"]["order"]["id"] for event in told} == {found["order"]["id"]}
    twins = project.recorded("customer.redemption.succeeded", count=2)
    assert [event["data"]["redemption"]["id"] for event in twins] == ids
    assert {event["entity_id"] for event in twins} == {found["redemptions"][0]["customer_id"]}
    (moved,) = project.recorded("voucher.gift.transaction.created")
    assert (moved["data"]["balance"]["amount"], moved["data"]["balance"]["balance"]) == (-900, 100)
    assert moved["data"]["redemption"]["id"] == ids[1]


def test_without_a_customer_there_are_no_twins(project: Project) -> None:
    till.discount(project)
    found = till.redeem(project, "TEN")
    assert (found["redemptions"][0]["customer_id"], found["redemptions"][0]["customer"]) == (None, None)
    (told,) = project.recorded("redemption.succeeded")
    assert told["data"].get("customer") is None
    assert "tracking_id" not in told["data"]["redemption"]
    assert not [row for row in _types(project) if row.startswith("customer.redemption")]


def _types(project: Project) -> list[str]:
    return [
        row["type"] for row in project.installation.sql("SELECT type FROM events WHERE project_id = $1", project.id)
    ]


def test_sums_of_the_customer(project: Project) -> None:
    till.discount(project, redemption={"quantity": 1})
    till.gift(project)
    till.redeem(project, "TEN", "CARD", customer="ann", amount=500)
    project.refuse("POST", "/v1/redemptions", till.wanted("TEN", customer="ann"), status=400, key="quantity_exceeded")
    summary = project.get("/v1/customers/ann")["summary"]
    redemptions = summary["redemptions"]
    assert (redemptions["total_succeeded"], redemptions["total_failed"]) == (2, 1)
    assert redemptions["gift"]["redeemed_amount"] == 400
    assert (summary["orders"]["total_count"], summary["orders"]["total_amount"]) == (1, 0)
    till.balanced(project)


def test_a_gift_card_is_drawn_down_and_its_ledger_says_so(project: Project) -> None:
    till.gift(project)
    body = till.wanted("CARD", amount=400)
    body["redeemables"][0]["gift"] = {"credits": 300}
    assert project.post("/v1/redemptions", body)["order"]["total_amount"] == 100
    card = project.get("/v1/vouchers/CARD")
    assert card["gift"]["balance"] == 700
    assert card["redemption"]["redeemed_amount"] == 300
    (row,) = project.get("/v1/vouchers/CARD/transactions")["data"]
    assert (row["type"], row["details"]["balance"]["balance"]) == ("CREDITS_REDEMPTION", 700)
    body["redeemables"][0]["gift"] = {"credits": 701}
    project.refuse("POST", "/v1/redemptions", body, status=400, key="gift_amount_exceeded")
    till.balanced(project)


@pytest.mark.parametrize(("status", "kept"), [(None, "PAID"), ("CREATED", "CREATED"), ("FULFILLED", "FULFILLED")])
def test_the_order_is_paid_unless_it_says_otherwise(project: Project, status: str | None, kept: str) -> None:
    till.discount(project)
    order = {"source_id": "cart", "amount": 1_000, **({"status": status} if status else {})}
    assert till.redeem(project, "TEN", order=order)["order"]["status"] == kept
    assert project.get("/v1/orders/cart")["status"] == kept


def test_an_order_that_exists_is_merged(project: Project) -> None:
    till.discount(project)
    items = [{"product_id": "p", "quantity": 2, "price": 700}]
    made = make.order(project, source_id="cart", items=items, metadata={"a": 1})
    found = till.redeem(project, "TEN", order={"source_id": "cart", "metadata": {"b": 2}})
    assert (found["order"]["id"], found["order"]["total_amount"]) == (made["id"], 1_300)
    assert found["order"]["metadata"] == {"a": 1, "b": 2}
    assert found["redemptions"][0]["customer"]["source_id"] == "ann"
    till.balanced(project)


def test_a_refusal_is_recorded_and_told(project: Project) -> None:
    till.discount(project, active=False)
    make.customer(project)
    body = till.wanted("TEN", customer="ann")
    refused = project.refuse("POST", "/v1/redemptions", body, status=400, key="voucher_disabled")
    assert (refused["resource_type"], refused["details"]) == ("redemption", "TEN")
    shown = project.get(f"/v1/redemptions/{refused['resource_id']}")
    assert (shown["result"], shown["status"]) == ("FAILURE", "FAILED")
    assert (shown["failure_code"], shown["failure_message"]) == ("voucher_disabled", "voucher is disabled")
    (told,) = project.recorded("redemption.failed")
    assert told["data"]["redemption"]["id"] == refused["resource_id"]
    assert project.get("/v1/orders")["total"] == 0
    assert till.redeemed(project) == 0
    till.balanced(project)


def test_what_does_not_exist_leaves_nothing(project: Project) -> None:
    body = till.wanted("NONE", customer="ann")
    project.refuse("POST", "/v1/redemptions", body, status=404, key="not_found")
    assert project.get("/v1/redemptions")["total"] == 0
    assert project.get("/v1/customers")["total"] == 0


def test_all_or_nothing(project: Project) -> None:
    till.discount(project)
    till.discount(project, "GONE", active=False)
    body = till.wanted("TEN", "GONE", "NONE")
    refused = project.refuse("POST", "/v1/redemptions", body, status=400, key="voucher_disabled")
    assert (refused["redeemable_id"], refused["details"]) == ("GONE", "GONE")
    assert till.redeemed(project) == 0
    till.balanced(project)


def test_as_much_as_can_be(project: Project) -> None:
    till.partial(project)
    till.discount(project)
    till.discount(project, "GONE", active=False)
    found = till.redeem(project, "GONE", "TEN", "NONE", customer="ann")
    assert [one["voucher"]["code"] for one in found["redemptions"]] == ["TEN"]
    assert "parent_redemption" not in found
    refused = {one["id"]: one["result"]["error"]["key"] for one in found["inapplicable_redeemables"]}
    assert refused == {"GONE": "voucher_disabled", "NONE": "not_found"}
    till.balanced(project)


def test_nothing_of_what_was_wanted(project: Project) -> None:
    till.partial(project)
    till.discount(project, "GONE", active=False)
    body = till.wanted("GONE", "NONE")
    refused = project.refuse("POST", "/v1/redemptions", body, status=400, key="no_applicable_redeemables")
    assert project.get(f"/v1/redemptions/{refused['resource_id']}")["failure_code"] == "no_applicable_redeemables"


def test_skipped_beyond_the_limit(project: Project) -> None:
    till.partial(project, applicable_redeemables_limit=1)
    for code in ("A", "B"):
        till.discount(project, code)
    found = till.redeem(project, "A", "B")
    (skipped,) = found["skipped_redeemables"]
    assert skipped["id"] == "B"
    assert skipped["result"]["details"]["key"] == "applicable_redeemables_limit_exceeded"
    assert [till.redeemed(project, code) for code in "AB"] == [1, 0]


@pytest.mark.parametrize("names", [("TEN", "TEN"), ("TEN", "{id}")])
def test_the_same_twice(project: Project, names: tuple[str, ...]) -> None:
    ten = till.discount(project)
    body = till.wanted(*(name.format(id=ten["id"]) for name in names))
    for path in ("/v1/redemptions", "/v1/validations"):
        project.refuse("POST", path, body, status=400, key="duplicated_redeemables")
    assert till.redeemed(project) == 0


def test_the_same_twice_where_case_does_not_matter(project: Project) -> None:
    other = make.project(project.installation, case_sensitive_codes=False)
    till.discount(other, "Ten")
    other.refuse("POST", "/v1/redemptions", till.wanted("TEN", "ten"), status=400, key="duplicated_redeemables")
    assert till.redeem(other, "tEN")["redemptions"][0]["voucher"]["code"] == "Ten"


def test_more_than_thirty(project: Project) -> None:
    for count in (31, 10_000):
        body = till.wanted(*(f"C{number}" for number in range(count)))
        for path in ("/v1/redemptions", "/v1/validations"):
            project.refuse("POST", path, body, status=400, key="invalid_payload")


def test_more_than_the_project_allows(project: Project) -> None:
    till.partial(project, redeemables_limit=2, applicable_redeemables_limit=2)
    for code in "ABC":
        till.discount(project, code)
    for path in ("/v1/redemptions", "/v1/validations"):
        refused = project.refuse("POST", path, till.wanted(*"ABC"), status=400, key="invalid_payload")
        assert "2" in refused["details"]
    assert len(till.redeem(project, *"AB")["redemptions"]) == 2


def test_an_order_of_many_lines(project: Project) -> None:
    till.discount(project)
    lines = [{"product_id": f"p{number}", "quantity": 1, "price": 10} for number in range(501)]
    body = till.wanted("TEN", order={"items": lines})
    project.refuse("POST", "/v1/redemptions", body, status=400, key="invalid_payload")
    found = till.redeem(project, "TEN", order={"items": lines[:500]})
    assert found["order"]["total_amount"] == 4_900


@pytest.mark.parametrize("code", ["é 😀", "%2F", "a b", "x" * 1_000, "'; --", "\\", "?#"])
def test_odd_codes_are_unknown_like_others(project: Project, code: str) -> None:
    project.refuse("POST", "/v1/redemptions", till.wanted(code), status=404, key="not_found")
    assert till.validate(project, code)["redeemables"][0]["result"]["error"]["key"] == "not_found"
    project.refuse("POST", f"/v1/vouchers/{quote(code, safe='')}/redemption", {}, status=404, key="not_found")


def test_a_code_beyond_ascii(project: Project) -> None:
    till.discount(project, quote("é😀"))
    assert till.redeem(project, "é😀")["redemptions"][0]["voucher"]["code"] == "é😀"
    assert project.get(f"/v1/vouchers/{quote('é😀')}/redemption")["total"] == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"redeemables": []},
        {"redeemables": [{"object": "voucher"}]},
        {"redeemables": [{"object": "thing", "id": "TEN"}]},
        till.wanted(""),
        till.wanted("x" * 1_001),
        till.wanted("\x00"),
        till.wanted("TEN", order={"amount": 10**30}),
        till.wanted("TEN", order={"amount": -1}),
        till.wanted("TEN", order={"amount": 1.5}),
        till.wanted("TEN", order={"items": [{"product_id": "p", "quantity": 2**53 - 1, "price": 2**53 - 1}]}),
        till.wanted("TEN", order=[]),
        till.wanted("TEN", customer="x" * 5_000),
        till.wanted("TEN", metadata=[]),
        till.wanted("TEN", session={"type": "KEEP"}),
        {"redeemables": [{"object": "voucher", "id": "TEN", "gift": {"credits": -1}}]},
        {"redeemables": [{"object": "voucher", "id": "TEN", "reward": {"id": "r", "points": 0}}]},
    ],
)
def test_what_makes_no_sense_changes_nothing(project: Project, body: Any) -> None:
    till.discount(project)
    answer = project.request("POST", "/v1/redemptions", json=body)
    assert (answer.status_code, answer.json()["key"]) == (400, "invalid_payload"), answer.text
    assert project.get("/v1/redemptions")["total"] == 0
    assert till.redeemed(project) == 0


def test_an_order_that_does_not_exist(project: Project) -> None:
    till.discount(project)
    project.refuse("POST", "/v1/redemptions", till.wanted("TEN", order={"id": "ord_0"}), status=404, key="not_found")
    assert till.redeemed(project) == 0


def test_metadata_must_be_as_the_schema_says(project: Project) -> None:
    till.discount(project)
    make.metadata_schema(project, "redemption", till={"type": "number", "optional": False})
    for metadata in ({"till": "four"}, {}):
        body = till.wanted("TEN", metadata=metadata)
        project.refuse("POST", "/v1/redemptions", body, status=400, key="metadata_validation_failed")
    assert till.redeemed(project) == 0
    assert till.redeem(project, "TEN", metadata={"till": 4})["redemptions"][0]["metadata"] == {"till": 4}


def test_the_older_form_of_one_code(project: Project) -> None:
    till.discount(project)
    found = project.post("/v1/vouchers/TEN/redemption", {"order": {"amount": 1_000}, "customer": {"source_id": "ann"}})
    assert (found["result"], found["order"]["total_amount"], found["voucher"]["code"]) == ("SUCCESS", 900, "TEN")
    listed = project.get("/v1/vouchers/TEN/redemption")
    assert (listed["redeemed_quantity"], listed["total"]) == (1, 1)
    assert listed["redemption_entries"][0]["id"] == found["id"]
    project.refuse("POST", "/v1/vouchers/NONE/redemption", {}, status=404, key="not_found")


def test_the_older_form_of_one_tier(project: Project) -> None:
    made = till.tier(project)
    path = f"/v1/promotions/tiers/{made['id']}/redemption"
    found = project.post(path, {"order": {"amount": 1_000}})
    assert (found["related_object_type"], found["related_object_id"]) == ("promotion_tier", made["id"])
    assert found["promotion_tier"]["id"] == made["id"]
    till.balanced(project)


def test_lists_are_narrowed(project: Project) -> None:
    till.discount(project)
    till.discount(project, "GONE", active=False)
    ann = till.redeem(project, "TEN", customer="ann")["redemptions"][0]
    till.redeem(project, "TEN", customer="bob")
    project.refuse("POST", "/v1/redemptions", till.wanted("GONE"), status=400, key="voucher_disabled")
    assert project.get("/v1/redemptions")["total"] == 3
    assert [one["id"] for one in project.get("/v1/redemptions", customer=ann["customer_id"])["redemptions"]] == [
        ann["id"]
    ]
    assert project.get("/v1/redemptions", result="FAILURE")["total"] == 1
    assert project.get("/v1/redemptions", campaign="None")["total"] == 0
