"""The bin: what is deleted keeps its name until the bin is emptied of it."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import make
from installation import Project

GIFT = {"type": "GIFT_VOUCHER", "gift": {"amount": 500}}


def entries(project: Project, **query: Any) -> list[dict[str, Any]]:
    return project.get("/v1/trash-bin", **query)["data"]


def test_a_code_in_the_bin_is_nobodys_until_it_leaves_it(project: Project) -> None:
    made = project.post("/v1/vouchers/CARD", GIFT)
    project.delete("/v1/vouchers/CARD")

    project.refuse("GET", "/v1/vouchers/CARD", status=404, key="not_found")
    (entry,) = entries(project)
    assert entry == {
        "id": entry["id"],
        "created_at": entry["created_at"],
        "deleted_by_user_id": None,
        "resource_id": made["id"],
        "resource_type": "voucher",
        "resource_name": "CARD",
        "resource_parent_id": None,
        "object": "voucher",
    }
    project.refuse("POST", "/v1/vouchers/CARD", GIFT, status=409, key="duplicate_found")
    project.refuse("POST", "/v1/vouchers/import", [{"code": "CARD", **GIFT}], status=400, key="duplicate_key")

    assert project.request("DELETE", f"/v1/trash-bin/{entry['id']}").status_code == 204
    assert entries(project) == []
    project.refuse("DELETE", f"/v1/trash-bin/{entry['id']}", status=404, key="not_found")
    assert project.post("/v1/vouchers/CARD", GIFT)["code"] == "CARD"


def test_what_is_forced_leaves_nothing(project: Project) -> None:
    project.post("/v1/vouchers/CARD", GIFT)
    make.product(project, "shirt")
    make.sku(project, "shirt", "blue")
    make.campaign(project, "GIFT_VOUCHERS", "Cards")
    for path in ("vouchers/CARD", "products/shirt/skus/blue", "products/shirt", "campaigns/Cards"):
        project.delete(f"/v1/{path}", force="true")

    assert entries(project) == []
    project.post("/v1/vouchers/CARD", GIFT)
    make.product(project, "shirt")
    make.sku(project, "shirt", "blue")
    make.campaign(project, "GIFT_VOUCHERS", "Cards")


def test_a_campaign_in_the_bin_keeps_its_name_and_codes(project: Project) -> None:
    made = make.campaign(project, "GIFT_VOUCHERS", "Cards", vouchers_count=3)
    project.post("/v1/campaigns/Cards/vouchers/OWN", {})
    action = project.delete(f"/v1/campaigns/{made['id']}")
    assert project.finished(action["async_action_id"])["result"]["done_count"] == 4

    body = {"name": "Cards", "campaign_type": "GIFT_VOUCHERS", "voucher": {"type": "GIFT_VOUCHER", **GIFT}}
    project.refuse("POST", "/v1/campaigns", body, status=409, key="duplicate_found")
    project.refuse("POST", "/v1/vouchers/OWN", GIFT, status=409, key="duplicate_found")
    (entry,) = entries(project)
    assert (entry["resource_type"], entry["resource_name"]) == ("campaign", "Cards")

    project.delete(f"/v1/trash-bin/{entry['id']}")
    assert project.post("/v1/campaigns", body)["name"] == "Cards"
    assert project.post("/v1/vouchers/OWN", GIFT)["code"] == "OWN"


def test_generated_codes_are_none_of_the_bin(project: Project) -> None:
    """Of a form with ten codes, the one in the bin is never drawn."""
    project.post("/v1/vouchers/X7", GIFT)
    project.delete("/v1/vouchers/X7")
    config = {"pattern": "X#", "charset": "0123456789"}
    make.campaign(project, "GIFT_VOUCHERS", "Nine", vouchers_count=9, voucher={"code_config": config})
    codes = {one["code"] for one in project.get("/v1/vouchers", campaign="Nine", limit=100)["vouchers"]}
    assert codes == {f"X{number}" for number in range(10)} - {"X7"}


def test_products_and_variants_keep_their_source_ids(project: Project) -> None:
    product = make.product(project, "shirt")
    make.sku(project, "shirt", "blue")
    make.sku(project, "shirt", "red")
    project.delete("/v1/products/shirt/skus/blue")
    project.refuse("POST", "/v1/products/shirt/skus", {"source_id": "blue"}, status=409, key="duplicate_found")
    project.delete("/v1/products/shirt")

    goods, variant = entries(project)
    assert (goods["resource_type"], variant["resource_type"]) == ("product", "sku")
    assert variant["resource_parent_id"] == product["id"]
    project.refuse("POST", "/v1/products", {"source_id": "shirt"}, status=409, key="duplicate_found")
    order = {"items": [{"source_id": "shirt", "product": {"override": True, "name": "x"}, "quantity": 1, "amount": 1}]}
    project.refuse("POST", "/v1/orders", order, status=409, key="duplicate_found")
    make.product(project, "other")
    project.refuse("POST", "/v1/products/other/skus", {"source_id": "red"}, status=409, key="duplicate_found")

    project.delete(f"/v1/trash-bin/{goods['id']}")
    make.product(project, "shirt")
    make.sku(project, "other", "red")
    project.refuse("POST", "/v1/products/other/skus", {"source_id": "blue"}, status=409, key="duplicate_found")


def test_a_code_can_be_binned_again(project: Project) -> None:
    for _ in range(2):
        project.post("/v1/vouchers/CARD", GIFT)
        project.delete("/v1/vouchers/CARD")
        (entry,) = entries(project)
        project.refuse("POST", "/v1/vouchers/CARD", GIFT, status=409, key="duplicate_found")
        project.delete(f"/v1/trash-bin/{entry['id']}")


def test_the_list_goes_on_from_an_entry_and_is_filtered(project: Project) -> None:
    for code in ("A", "B", "C"):
        project.post(f"/v1/vouchers/{code}", GIFT)
        project.delete(f"/v1/vouchers/{code}")
    first = project.get("/v1/trash-bin", limit=2)
    assert ([one["resource_name"] for one in first["data"]], first["total"], first["has_more"]) == (["C", "B"], 3, True)
    rest = project.get("/v1/trash-bin", limit=2, starting_after_id=first["more_starting_after"])
    assert ([one["resource_name"] for one in rest["data"]], rest["has_more"]) == (["A"], False)
    assert [one["resource_name"] for one in entries(project, order="id")] == ["A", "B", "C"]
    query = {"filters[resource_name][conditions][$in][]": ["A", "B"]}
    assert [one["resource_name"] for one in entries(project, **query)] == ["B", "A"]


@pytest.mark.parametrize("_round", range(5))
def test_whoever_takes_a_code_while_it_is_deleted_does_not_get_it(project: Project, _round: int) -> None:
    project.post("/v1/vouchers/CARD", GIFT)

    def call(method: str) -> int:
        body = GIFT if method == "POST" else None
        return project.request(method, "/v1/vouchers/CARD", json=body).status_code

    with ThreadPoolExecutor(6) as pool:
        statuses = list(pool.map(call, ["DELETE", "POST", "POST", "POST", "DELETE", "POST"]))
    assert 200 not in statuses
    assert sorted(statuses)[:2] == [204, 404]
    assert len(entries(project)) == 1
