"""Categories and stacking rules over HTTP."""

from typing import Any

import pytest

import make
from installation import Project
from together import at_once

CATEGORIES = "/v1/categories"


def rules_path(project: Project) -> str:
    return f"{project.path}/stacking-rules"


def test_a_category_is_made_read_changed_and_deleted(project: Project) -> None:
    made = make.category(project, "First", 3)
    assert made["id"].startswith("cat_")
    assert made == {
        "id": made["id"],
        "name": "First",
        "hierarchy": 3,
        "created_at": made["created_at"],
        "object": "category",
    }
    path = f"{CATEGORIES}/{made['id']}"
    assert project.get(path) == made
    changed = project.put(path, {"name": "Second", "hierarchy": 0})
    assert changed == {**made, "name": "Second", "hierarchy": 0, "updated_at": changed["updated_at"]}
    assert project.get(path) == changed
    assert project.delete(path) is None
    refusal = project.refuse("GET", path, status=404, key="not_found")
    assert refusal["details"] == f"Cannot find category with id {made['id']}"
    project.refuse("DELETE", path, status=404, key="not_found")
    project.refuse("PUT", path, {"name": "x", "hierarchy": 1}, status=404, key="not_found")


def test_categories_are_listed_newest_first(project: Project) -> None:
    ids = [make.category(project, name, 1)["id"] for name in ("a", "b", "c")]
    listed = project.get(CATEGORIES)
    assert (listed["object"], listed["data_ref"], listed["total"]) == ("list", "data", 3)
    assert [row["id"] for row in listed["data"]] == ids[::-1]


@pytest.mark.parametrize(
    ("body", "details"),
    [
        ({"hierarchy": 1}, "should have required property 'name'"),
        ({"name": "x"}, "should have required property 'hierarchy'"),
        ({"name": "x", "hierarchy": -1}, "Property .hierarchy must be >= 0"),
        ({"name": "x", "hierarchy": "1"}, "Property .hierarchy must be integer"),
        ({"name": "", "hierarchy": 1}, "Property .name must NOT have fewer than 1 characters"),
        ({"name": ["x"], "hierarchy": 1}, "Property .name must be string"),
        ({"name": "x", "hierarchy": 10**30}, "hierarchy"),
    ],
)
def test_bad_categories(project: Project, body: dict[str, Any], details: str) -> None:
    made = make.category(project)
    for method, path in (("POST", CATEGORIES), ("PUT", f"{CATEGORIES}/{made['id']}")):
        refusal = project.refuse(method, path, body, status=400, key="invalid_payload")
        assert details in refusal["details"]
    assert project.get(CATEGORIES)["data"] == [made]


def test_a_project_begins_with_the_defaults_of_stacking(project: Project) -> None:
    listed = project.management.get(rules_path(project))
    assert (listed["object"], listed["data_ref"], listed["total"]) == ("list", "data", 1)
    assert listed["data"] == [
        {
            "redeemables_limit": 30,
            "applicable_redeemables_limit": 5,
            "applicable_redeemables_per_category_limit": None,
            "applicable_redeemables_category_limits": {},
            "applicable_exclusive_redeemables_limit": 1,
            "applicable_exclusive_redeemables_per_category_limit": None,
            "exclusive_categories": [],
            "joint_categories": [],
            "redeemables_application_mode": "ALL",
            "redeemables_sorting_rule": "REQUESTED_ORDER",
            "grouped_redeemables_sorting_rule": "JOINT_ALWAYS_LAST",
            "redeemables_products_application_mode": "STACK",
            "redeemables_no_effect_rule": "REDEEM_ANYWAY",
            "no_effect_skip_categories": [],
            "no_effect_redeem_anyway_categories": [],
            "redeemables_rollback_order_mode": "WITH_ORDER",
            "discount_calculation_mode": "DISCOUNTED_AMOUNT",
            "initial_amount_mode_categories": [],
            "discounted_amount_mode_categories": [],
        }
    ]


def test_stacking_rules_are_set_changed_and_taken_back(project: Project) -> None:
    first, second = (make.category(project, name)["id"] for name in ("a", "b"))
    manage, path = project.management, rules_path(project)
    made = manage.post(path, {"exclusive_categories": [first], "applicable_redeemables_per_category_limit": 2})
    assert made["id"].startswith("stk_")
    assert (made["exclusive_categories"], made["applicable_redeemables_per_category_limit"]) == ([first], 2)
    assert (made["redeemables_limit"], "updated_at" in made) == (30, False)
    one = f"{path}/{made['id']}"
    assert manage.get(one) == made
    assert manage.get(path)["data"] == [made]
    body = {
        "exclusive_categories": [second],
        "redeemables_limit": None,
        "applicable_redeemables_per_category_limit": None,
    }
    changed = manage.put(one, body)
    assert changed == {
        **made,
        "exclusive_categories": [second],
        "applicable_redeemables_per_category_limit": None,
        "updated_at": changed["updated_at"],
    }
    assert manage.delete(one) is None
    assert "id" not in manage.get(path)["data"][0]
    manage.refuse("GET", one, status=404, key="not_found")
    manage.refuse("DELETE", one, status=404, key="not_found")
    assert manage.post(path, {})["id"] != made["id"]


@pytest.mark.parametrize(
    ("body", "status", "details"),
    [
        ({"redeemables_limit": 31}, 400, "Property .redeemables_limit must be <= 30"),
        ({"redeemables_limit": 0}, 400, "Property .redeemables_limit must be >= 1"),
        ({"redeemables_limit": 3}, 400, "Property .applicable_redeemables_limit must be <= 3"),
        ({"applicable_exclusive_redeemables_limit": 6}, 400, "must be <= 5"),
        ({"redeemables_application_mode": "SOME"}, 400, "must be equal to one of the allowed values"),
        ({"applicable_redeemables_category_limits": {"cat_1": 31}}, 400, "must be <= 30"),
        ({"exclusive_categories": ["KNOWN"], "joint_categories": ["KNOWN"]}, 400, "must not both have"),
        ({"exclusive_categories": "KNOWN"}, 400, "Property .exclusive_categories must be array"),
        ({"exclusive_categories": ["cat_1"]}, 404, "Cannot find category with id cat_1"),
        ({"applicable_redeemables_category_limits": {"cat_1": 1}}, 404, "Cannot find category with id cat_1"),
    ],
)
def test_bad_stacking_rules(project: Project, body: dict[str, Any], status: int, details: str) -> None:
    known = make.category(project)["id"]
    body = {name: [known] if value == ["KNOWN"] else value for name, value in body.items()}
    manage, path = project.management, rules_path(project)
    key = "not_found" if status == 404 else "invalid_payload"
    assert details in manage.refuse("POST", path, body, status=status, key=key)["details"]
    made = manage.post(path, {})
    assert details in manage.refuse("PUT", f"{path}/{made['id']}", body, status=status, key=key)["details"]
    assert manage.get(f"{path}/{made['id']}") == made


def test_there_is_one_set_of_stacking_rules(project: Project) -> None:
    found = [
        project.management.request("POST", rules_path(project), json={"redeemables_limit": 10 + n}) for n in range(2)
    ]
    assert [answer.status_code for answer in found] == [200, 409]
    assert found[1].json()["key"] == "stacking_rules_exist"


def test_a_category_in_stacking_rules_is_not_deleted_unless_it_is_detached(project: Project) -> None:
    category, other = (make.category(project, name)["id"] for name in ("a", "b"))
    rules = project.management.post(
        rules_path(project),
        {"joint_categories": [other, category], "applicable_redeemables_category_limits": {category: 1, other: 2}},
    )
    path = f"{CATEGORIES}/{category}"
    refusal = project.refuse("DELETE", path, status=400, key="resource_in_use")
    assert refusal["details"] == (
        f"Resource category with id {category} is in use by stacking_rules with ids [{rules['id']}]"
    )
    assert project.get(path)["id"] == category
    assert project.delete(path, remove_from_stacking_rules="true") is None
    left = project.management.get(rules_path(project))["data"][0]
    assert (left["joint_categories"], left["applicable_redeemables_category_limits"]) == ([other], {other: 2})


def test_a_category_is_deleted_while_stacking_rules_are_to_name_it(project: Project) -> None:
    manage, path = project.management, rules_path(project)
    rules = manage.post(path, {})["id"]
    for number in range(8):
        category = make.category(project, str(number))["id"]
        body = {"joint_categories": [category]}
        deleted, named = _both(project, f"{CATEGORIES}/{category}", f"{path}/{rules}", body)
        assert (deleted, named) in {(204, 404), (400, 200)}
        exists = project.request("GET", f"{CATEGORIES}/{category}").status_code == 200
        assert (category in manage.get(f"{path}/{rules}")["joint_categories"]) == exists == (deleted == 400)


def _both(project: Project, delete: str, change: str, body: dict[str, Any]) -> tuple[int, int]:
    found = at_once(
        lambda: project.request("DELETE", delete), lambda: project.management.request("PUT", change, json=body)
    )
    return found[0].status_code, found[1].status_code


def test_callers_at_once_set_one_set_of_stacking_rules(project: Project) -> None:
    found = at_once(*[lambda: project.management.request("POST", rules_path(project), json={}) for _ in range(6)])
    assert sorted(answer.status_code for answer in found) == [200, 409, 409, 409, 409, 409]


def test_vouchers_and_campaigns_have_a_category_by_id_or_name(project: Project) -> None:
    first, second = make.category(project, "First"), make.category(project, "Second", 2)
    campaign = make.campaign(project, "DISCOUNT_COUPONS", "Sale", category="First", vouchers_count=2)
    assert (campaign["category_id"], campaign["category"], campaign["categories"]) == (first["id"], "First", [first])
    assert project.get("/v1/campaigns")["campaigns"][0]["categories"] == [first]
    code = project.get("/v1/vouchers", limit=1)["vouchers"][0]
    assert (code["category_id"], code["category"], code["categories"]) == (first["id"], "First", [first])
    coupon = {"type": "DISCOUNT_VOUCHER", "discount": {"type": "PERCENT", "percent_off": 10}}
    alone = project.post("/v1/vouchers/TEN", {**coupon, "category_id": second["id"]})
    assert (alone["category"], alone["categories"]) == ("Second", [second])
    own = project.post("/v1/campaigns/Sale/vouchers/OWN", {"category": "Second"})
    assert own["categories"] == [second]
    assert project.get("/v1/vouchers", category="Second")["total"] == 2
    assert project.get("/v1/vouchers", category=first["id"])["total"] == 2
    assert project.get("/v1/vouchers", category="none")["total"] == 0


def test_the_category_of_a_voucher_is_changed_and_cleared(project: Project) -> None:
    first, second = make.category(project, "First"), make.category(project, "Second", 2)
    path = project.webhook("voucher.updated", "voucher.published")
    coupon = {"type": "DISCOUNT_VOUCHER", "discount": {"type": "PERCENT", "percent_off": 10}}
    project.post("/v1/vouchers/TEN", {**coupon, "category_id": first["id"]})
    assert project.put("/v1/vouchers/TEN", {"category": "Second"})["categories"] == [second]
    assert project.put("/v1/vouchers/TEN", {"metadata": {}})["categories"] == [second]
    assert project.put("/v1/vouchers/TEN", {"category_id": None})["categories"] == []
    told = project.receiver.wait(path, 2)
    assert (told[0].data["voucher"]["category"], told[0].data["voucher"]["categories"]) == ("Second", [second])
    assert (told[1].data["voucher"]["category"], told[1].data["voucher"]["categories"]) == (None, [])
    project.refuse("PUT", "/v1/vouchers/TEN", {"category_id": "cat_x"}, status=404, key="not_found")
    project.put("/v1/vouchers/TEN", {"category_id": first["id"]})
    published = project.post("/v1/publications", {"voucher": "TEN", "customer": {"source_id": "ann"}})
    assert published["voucher"]["categories"] == [first]
    project.delete(f"{CATEGORIES}/{first['id']}")
    assert project.get("/v1/vouchers/TEN")["categories"] == []
