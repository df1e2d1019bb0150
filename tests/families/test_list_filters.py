"""Filters of lists, by every family that has them."""

from typing import Any

import pytest

import make
from installation import Project

LISTS = {
    "/v1/vouchers": "vouchers",
    "/v1/campaigns": "campaigns",
    "/v1/customers": "customers",
    "/v1/products": "products",
    "/v1/redemptions": "redemptions",
    "/v1/publications": "publications",
    "/v1/orders": "orders",
    "/v1/promotions/tiers": "tiers",
}


def on(field: str, operator: str, *operands: object, **more: Any) -> dict[str, Any]:
    """The query parameters of one condition."""
    return {f"filters[{field}][conditions][{operator}][{place}]": text for place, text in enumerate(operands)} | more


def listed(project: Project, path: str, key: str, query: dict[str, Any], shown: str = "id") -> list[Any]:
    answer = project.get(path, **query)
    assert answer.get("total", len(answer[key])) == len(answer[key])
    return sorted(one[shown] for one in answer[key])


def test_conditions_on_several_fields_must_all_hold(project: Project) -> None:
    for name, price, category in (("a", 1500, "Burgers"), ("b", 2100, "Burgers"), ("c", 10_000, "Steaks")):
        make.product(project, name, price=price, metadata={"category": category, "deep": {"size": price}})
    burgers, dear = on("metadata.category", "$is", "Burgers"), on("price", "$more_than", 2000)

    assert listed(project, "/v1/products", "products", burgers | dear, "source_id") == ["b"]
    either = {**burgers, **dear, "filters[junction]": "or"}
    assert listed(project, "/v1/products", "products", either, "source_id") == ["a", "b", "c"]
    nested = on("metadata.deep.size", "$less_than", 2200)
    assert listed(project, "/v1/products", "products", nested, "source_id") == ["a", "b"]


def test_a_condition_without_an_index_and_one_sent_twice(project: Project) -> None:
    for name in ("a", "b", "c"):
        make.product(project, name)

    one = {"filters[source_id][conditions][$is]": "a"}
    assert listed(project, "/v1/products", "products", one, "source_id") == ["a"]
    two = {"filters[source_id][conditions][$in][]": ["a", "c"]}
    assert listed(project, "/v1/products", "products", two, "source_id") == ["a", "c"]


def test_what_sql_cannot_tell_is_asked_in_memory_and_paged(project: Project) -> None:
    for number in range(5):
        make.product(project, f"p{number}", metadata={"on": "2026-02-03" if number else "2025-02-03"})

    query = on("metadata.on", "$is_year", 2026, limit=3, page=2, order="created_at")
    answer = project.get("/v1/products", **query)

    assert answer["total"] == 4
    assert [one["source_id"] for one in answer["products"]] == ["p4"]


def test_vouchers_by_what_was_redeemed_and_by_dates(project: Project) -> None:
    for code, date in (("OLD", "2020-01-01T00:00:00Z"), ("NEW", "2090-01-01T00:00:00Z"), ("EVER", None)):
        body = {"type": "GIFT_VOUCHER", "gift": {"amount": 500}, "expiration_date": date, "category": None}
        project.post(f"/v1/vouchers/{code}", body)
    project.post("/v1/vouchers/EVER/redemption", {"gift": {"credits": 100}, "order": {"amount": 1000}})

    def codes(query: dict[str, Any]) -> list[Any]:
        return listed(project, "/v1/vouchers", "vouchers", query, "code")

    assert codes(on("redemption.redeemed_quantity", "$more_than", 0)) == ["EVER"]
    assert codes(on("expiration_date", "$before", "2030-01-01")) == ["OLD"]
    assert codes(on("expiration_date", "$is_unknown", "true")) == ["EVER"]
    assert codes(on("is_referral_code", "$is", "false")) == ["EVER", "NEW", "OLD"]
    assert codes(on("gift.balance", "$less_than", 500)) == ["EVER"]
    moved = listed(project, "/v1/vouchers/EVER/transactions", "data", on("amount", "$less_than", 0), "type")
    assert moved == ["CREDITS_REDEMPTION"]
    assert listed(project, "/v1/redemptions", "redemptions", on("voucher_code", "$is", "EVER"), "result") == ["SUCCESS"]
    assert listed(project, "/v1/redemptions", "redemptions", on("result", "$is", "FAILURE")) == []


def test_other_families(project: Project) -> None:
    make.campaign(project, "DISCOUNT_COUPONS", "Coupons", metadata={"season": "autumn"})
    make.customer(project, "ann", email="ann@example.com")
    make.customer(project, "bob")
    make.published(project, "Coupons", "ann")
    make.order(project, 700, "bob", metadata={"channel": "web"})
    make.promotion(project, "Promo", [{"name": "First"}, {"name": "Second"}])
    product = make.product(project, "shirt", attributes=["color"])
    make.sku(project, product["id"], "blue", price=900)
    make.sku(project, product["id"], "red", price=1200)

    season = on("metadata.season", "$is", "autumn")
    assert listed(project, "/v1/campaigns", "campaigns", season, "name") == ["Coupons"]
    assert listed(project, "/v1/campaigns", "campaigns", on("vouchers_count", "$is", 0), "name") == ["Promo"]
    known = on("email", "$has_value", "true")
    assert listed(project, "/v1/customers", "customers", known, "source_id") == ["ann"]
    assert len(project.get("/v1/publications", **on("campaign", "$is", "Coupons"))["publications"]) == 1
    assert project.get("/v1/publications", **on("result", "$is", "FAILURE"))["publications"] == []
    assert listed(project, "/v1/orders", "orders", on("metadata.channel", "$is", "web"), "amount") == [700]
    assert listed(project, "/v1/orders", "orders", on("amount", "$more_than", 700)) == []
    assert listed(project, "/v1/promotions/tiers", "tiers", on("name", "$contains", "eco"), "name") == ["Second"]
    available = on("name", "$contains", "eco", is_available="true")
    assert listed(project, "/v1/promotions/tiers", "tiers", available, "name") == ["Second"]
    skus = f"/v1/products/{product['id']}/skus"
    assert listed(project, skus, "skus", on("price", "$more_than", 1000), "source_id") == ["red"]


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    "name",
    [
        "filters",
        "filters[id]",
        "filters[id][conditions]",
        "filters[id][conditions][$is][x]",
        "filters[id][conditions][$wrong]",
        "filters[nothing][conditions][$is]",
        "filters[metadata.][conditions][$is]",
        "filters[id][conditions][$more_than]",
        "filters[junction]",
        "filters]id[",
    ],
)
def test_a_wrong_form_is_refused(project: Project, path: str, name: str) -> None:
    answer = project.request("GET", path, params={name: "x", "filters[id][conditions][$is]": "y"})
    assert (answer.status_code, answer.json()["key"]) == (400, "invalid_payload"), answer.text


def test_an_unknown_operator_is_told_the_known_ones(project: Project) -> None:
    refusal = project.refuse(
        "GET", "/v1/vouchers?filters[code][conditions][$like]=A", status=400, key="invalid_payload"
    )
    assert "$starts_with" in refusal["details"]


@pytest.mark.parametrize("path", LISTS)
def test_odd_operands_are_no_error_of_ours(project: Project, path: str) -> None:
    make.product(project, "bottle", metadata={"a": 5})
    make.customer(project, "ann", metadata={"a": 5})
    for operator in ("$is", "$more_than", "$contains", "$in"):
        for operand in ("9" * 40, "-1", "%", "{}", "$1", "2026-02-30", "true", "\U0001f37a"):
            for field in ("id", "created_at", "metadata.a"):
                answer = project.request("GET", path, params=on(field, operator, operand))
                assert answer.status_code in {200, 400}, answer.text
    answer = project.request("GET", path, params=on("id", "$is", "\x00"))
    assert (answer.status_code, answer.json()["key"]) == (400, "invalid_query_params")
