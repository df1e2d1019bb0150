"""Validation rules over HTTP: how they are kept, what is refused, what is told."""

from datetime import UTC, datetime
from typing import Any

import pytest

import make
from guerdon.engine.facts import Facts
from guerdon.engine.moment import Moment
from guerdon.engine.order import Order
from guerdon.families.redeemables.rules import compiled
from guerdon.families.validation_rules.store import RuleRow
from installation import Project
from together import at_once

RULES = "/v1/validation-rules"
AMOUNT = {"name": "order.amount", "conditions": {"$more_than": [1_000]}}


def test_a_rule_is_made_and_read(project: Project) -> None:
    made = make.validation_rule(project, name="Large orders", error={"message": "Buy more"}, type="advanced")
    assert made["id"].startswith("val_")
    assert made == {
        "id": made["id"],
        "name": "Large orders",
        "rules": {"1": {**AMOUNT, "property": None, "rules": {}}, "logic": "1"},
        "error": {"message": "Buy more"},
        "applicable_to": {"included": [], "excluded": [], "included_all": False},
        "type": "advanced",
        "context_type": "global",
        "created_at": made["created_at"],
        "assignments_count": 0,
        "object": "validation_rules",
    }
    assert project.get(f"{RULES}/{made['id']}") == made


def test_a_rule_needs_only_a_name(project: Project) -> None:
    made = project.post(RULES, {"name": "x"})
    assert (made["rules"], made["type"], "error" in made) == ({"logic": ""}, "expression", False)


def test_nodes_without_logic_are_all_wanted(project: Project) -> None:
    made = make.validation_rule(project, rules={"1": AMOUNT, "2": AMOUNT})
    assert made["rules"]["logic"] == "1 and 2"


def test_goods_of_a_rule_are_shown_with_both_ids(project: Project) -> None:
    phone = make.product(project, "phone")
    red = make.sku(project, "phone", "red")
    collection = make.collection(project)["id"]
    made = make.validation_rule(
        project,
        applicable_to={
            "included": [
                {"object": "product", "id": "phone", "quantity_limit": 2, "price_formula": "1+1"},
                {"object": "sku", "source_id": "red", "effect": "APPLY_FROM_CHEAPEST"},
            ],
            "excluded": [{"object": "products_collection", "id": collection}],
            "included_all": True,
        },
    )
    assert made["applicable_to"] == {
        "included": [
            {
                "object": "product",
                "id": phone["id"],
                "source_id": "phone",
                "effect": "APPLY_TO_EVERY",
                "quantity_limit": 2,
                "price_formula": "1+1",
            },
            {
                "object": "sku",
                "id": red["id"],
                "source_id": "red",
                "product_id": phone["id"],
                "product_source_id": "phone",
                "effect": "APPLY_FROM_CHEAPEST",
            },
        ],
        "excluded": [{"object": "products_collection", "id": collection, "effect": "APPLY_TO_EVERY"}],
        "included_all": True,
    }
    everything = {"included": [{"object": "products_collection", "id": "pc_a11pr0dUc75"}]}
    assert (
        make.validation_rule(project, applicable_to=everything)["applicable_to"]["included"][0]["id"]
        == "pc_a11pr0dUc75"
    )


def test_a_rule_keeps_bundles_until_they_are_removed(project: Project) -> None:
    phone = {"id": make.product(project, "phone")["id"], "object": "product", "type": "product_or_sku"}
    two = {"1": {"name": "order.items.aggregated_quantity", "conditions": {"$is": [2]}, "rules": {}}, "logic": "1"}
    bundles = {"1": {"name": "order.items.any", "conditions": {"$is": [phone]}, "rules": two}, "logic": "1", "limit": 3}
    made = make.validation_rule(project, bundle_rules=bundles)
    assert (made["bundle_rules"]["limit"], made["bundle_rules"]["1"]["rules"]["logic"]) == (3, "1")
    path = f"{RULES}/{made['id']}"
    assert project.put(path, {"name": "y"})["bundle_rules"] == made["bundle_rules"]
    assert project.put(path, {"bundle_rules": None})["bundle_rules"] == {}
    for limit, key in ((0, "rules"), (101, "rules"), (True, "rules"), ("1", "payload"), (1.5, "payload")):
        body = {"bundle_rules": {**bundles, "limit": limit}}
        refused = "invalid_validation_rules" if key == "rules" else "invalid_payload"
        project.refuse("PUT", path, body, status=400, key=refused)


def test_put_changes_what_is_sent(project: Project) -> None:
    path = project.webhook("business_validation_rule.updated")
    made = make.validation_rule(project, error={"message": "a"})
    one = f"{RULES}/{made['id']}"
    assert project.put(one, {}) == made
    assert project.put(one, {"name": made["name"], "rules": made["rules"]}) == made
    changed = project.put(one, {"error": {"message": "b"}, "context_type": "campaign.promotion"})
    assert changed == {
        **made,
        "error": {"message": "b"},
        "context_type": "campaign.promotion",
        "updated_at": changed["updated_at"],
    }
    (told,) = project.receiver.wait(path)
    assert told.data == {"rule": changed, "updated_at": changed["updated_at"]}


def test_rules_are_listed(project: Project) -> None:
    made = [make.validation_rule(project, name=name) for name in ("b", "a", "c")]
    listed = project.get(RULES)
    assert (listed["object"], listed["data_ref"], listed["total"]) == ("list", "data", 3)
    assert listed["data"] == made[::-1]
    assert [row["name"] for row in project.get(RULES, order="name", limit=2)["data"]] == ["a", "b"]
    assert project.get(RULES, start_date=made[1]["created_at"], end_date=made[1]["created_at"])["data"] == [made[1]]


def test_making_and_deleting_a_rule_is_told(project: Project) -> None:
    path = project.webhook("business_validation_rule.created", "business_validation_rule.deleted")
    made = make.validation_rule(project)
    (created,) = project.receiver.wait(path)
    assert created.json["data"] == {"rule": made, "created_at": made["created_at"]}
    assert project.delete(f"{RULES}/{made['id']}") is None
    deleted = project.receiver.wait(path, 2)[1]
    assert (deleted.type, deleted.data["rule"]) == ("business_validation_rule.deleted", made)
    for method in ("GET", "PUT", "DELETE"):
        refusal = project.refuse(
            method, f"{RULES}/{made['id']}", {} if method == "PUT" else None, status=404, key="not_found"
        )
        assert refusal["details"] == f"Cannot find validation_rules with id {made['id']}"


@pytest.mark.parametrize(
    ("body", "status", "key", "details"),
    [
        ({"name": ""}, 400, "invalid_payload", "Property .name must NOT have fewer than 1 characters"),
        ({"type": "clever"}, 400, "invalid_payload", "allowed values"),
        ({"context_type": "campaign"}, 400, "invalid_payload", "allowed values"),
        ({"rules": []}, 400, "invalid_payload", "Property .rules must be object"),
        ({"rules": {"1": 7, "logic": "1"}}, 400, "invalid_payload", "Property .rules.1 must be object"),
        ({"rules": {"logic": "1"}}, 400, "invalid_validation_rules", "there are no rules"),
        (
            {"rules": {"1": {**AMOUNT, "rules": {"2": {"name": 5}}}}},
            400,
            "invalid_payload",
            "Property .rules.1.rules.2.name must be string",
        ),
        ({"bundle_rules": {"quantity": 2}}, 400, "invalid_payload", "Property .bundle_rules.quantity must be object"),
        ({"rules": {"1": {"conditions": {}}}}, 400, "invalid_payload", "should have required property 'name'"),
        ({"rules": {"1": AMOUNT, "logic": 1}}, 400, "invalid_validation_rules", "Logic must be a text"),
        ({"rules": {"first": AMOUNT}}, 400, "invalid_validation_rules", "must be numbered"),
        ({"rules": {"1": AMOUNT, "logic": "1 and 2"}}, 400, "invalid_validation_rules", "2"),
        ({"rules": {"1": AMOUNT, "logic": "1 and ("}}, 400, "invalid_validation_rules", "Logic"),
        (
            {"rules": {"1": {**AMOUNT, "name": "order.taste"}}},
            400,
            "invalid_validation_rules",
            "'order.taste' is not known",
        ),
        (
            {"rules": {"1": {**AMOUNT, "conditions": {"$eats": [1]}}}},
            400,
            "invalid_validation_rules",
            "$eats is not an operator",
        ),
        ({"rules": {"1": {"name": "order.amount"}}}, 400, "invalid_validation_rules", "must have 'conditions'"),
        ({"bundle_rules": {"1": AMOUNT, "logic": "1"}}, 400, "invalid_validation_rules", ""),
        (
            {"rules": {"1": {"name": "custom_event.metadata", "conditions": {"$is": [1]}}}},
            400,
            "invalid_validation_rules",
            "Rule 'custom_event.metadata' must have a 'property'",
        ),
        (
            {"rules": {"1": {**AMOUNT, "rules": {"1": {"name": "order.items.metadata", "conditions": {}}}}}},
            400,
            "invalid_validation_rules",
            "Rule 'order.items.metadata' must have a 'property'",
        ),
        ({"applicable_to": {"included": [{"object": "product"}]}}, 400, "invalid_payload", "'id' or 'source_id'"),
        (
            {"applicable_to": {"included": [{"object": "product", "id": "none"}]}},
            404,
            "not_found",
            "product with id none",
        ),
        ({"applicable_to": {"excluded": [{"object": "sku", "id": "none"}]}}, 404, "not_found", "sku with id none"),
        (
            {"applicable_to": {"included": [{"object": "products_collection", "id": "pc_x"}]}},
            404,
            "not_found",
            "products_collection with id pc_x",
        ),
        (
            {"rules": {"1": {"name": "order.items.any", "conditions": {"$is": [{"object": "product", "id": "none"}]}}}},
            404,
            "not_found",
            "product with id none",
        ),
    ],
)
def test_bad_rules(project: Project, body: dict[str, Any], status: int, key: str, details: str) -> None:
    made = make.validation_rule(project)
    for method, path in (("POST", RULES), ("PUT", f"{RULES}/{made['id']}")):
        refusal = project.refuse(method, path, {"name": "x", **body}, status=status, key=key)
        assert details in refusal["details"]
    assert project.get(RULES)["data"] == [made]


def test_callers_at_once_change_different_parts_of_a_rule(project: Project) -> None:
    made = make.validation_rule(project)
    bodies: list[dict[str, Any]] = [{"name": "new"}, {"error": {"message": "m"}}, {"type": "basic"}]
    at_once(*[lambda body=body: project.put(f"{RULES}/{made['id']}", body) for body in bodies])
    left = project.get(f"{RULES}/{made['id']}")
    assert (left["name"], left["error"], left["type"]) == ("new", {"message": "m"}, "basic")


def test_two_changes_of_a_rule_within_a_millisecond_are_two_rules() -> None:
    """As a process remembers them that sees one change and then the other."""

    def row(amount: int) -> RuleRow:
        node = {"name": "order.amount", "conditions": {"$more_than": [amount]}}
        return RuleRow(
            id="val_twice",
            name="x",
            type="expression",
            context_type="global",
            rules={"1": node, "logic": "1"},
            applicable_to={},
            created_at=datetime(2026, 11, 22, tzinfo=UTC),
        )

    facts = Facts(moment=Moment(datetime(2026, 11, 22, tzinfo=UTC), "UTC"), order=Order(amount=500))
    found = [compiled(row(amount)).rule.violation(facts) is None for amount in (100, 1_000, 100)]
    assert found == [True, False, True]
    same = row(100)
    assert compiled(same) is compiled(row(100)) is compiled(same)
