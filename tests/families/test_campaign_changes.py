"""Changing campaigns: what changes, what is kept, and which codes follow."""

from typing import Any

import pytest

import make
from installation import Project, eventually
from together import at_once

SALE = "/v1/campaigns/Sale"
PERCENT = {"type": "PERCENT", "percent_off": 10}
LATER = "2099-01-01T00:00:00.000Z"


def sale(project: Project, **fields: Any) -> dict[str, Any]:
    return make.campaign(project, "DISCOUNT_COUPONS", "Sale", **fields)


def codes(project: Project, campaign: str = "Sale") -> dict[str, dict[str, Any]]:
    return {row["code"]: row for row in project.get("/v1/vouchers", campaign=campaign, limit=100)["vouchers"]}


def settled(project: Project, path: str = SALE) -> dict[str, Any]:
    """The campaign once its codes have followed."""

    def look() -> dict[str, Any] | None:
        found = project.get(path)
        return found if found["creation_status"] == found["vouchers_generation_status"] == "DONE" else None

    return eventually(look)


def test_a_campaign_is_changed_and_its_codes_follow(project: Project) -> None:
    category = make.category(project)
    made = sale(project, vouchers_count=3, description="old", metadata={"a": 1, "b": 1})
    body = {
        "description": "new",
        "type": "STATIC",
        "auto_join": True,
        "join_once": True,
        "start_date": "2020-01-01T00:00:00Z",
        "expiration_date": LATER,
        "validity_day_of_week": [1, 2],
        "activity_duration_after_publishing": "P3D",
        "category": "First",
        "metadata": {"b": 2, "c": 3},
        "unset_metadata_fields": ["a"],
        "discount": {"type": "PERCENT", "percent_off": 20, "amount_limit": 500},
    }
    changed = project.put(SALE, body)
    assert (changed["creation_status"], changed["vouchers_generation_status"]) == ("MODIFYING", "MODIFYING")
    done = settled(project)
    assert (done["description"], done["type"], done["auto_join"], done["join_once"]) == ("new", "STATIC", True, True)
    assert (done["start_date"], done["expiration_date"]) == ("2020-01-01T00:00:00.000Z", LATER)
    assert (done["validity_day_of_week"], done["activity_duration_after_publishing"]) == ([1, 2], "P3D")
    assert (done["categories"], done["metadata"]) == ([category], {"b": 2, "c": 3})
    assert (done["voucher"]["discount"], done["name"]) == (body["discount"], made["name"])
    for code in codes(project).values():
        assert (code["start_date"], code["expiration_date"]) == (done["start_date"], LATER)
        assert (code["validity_day_of_week"], code["discount"]) == ([1, 2], body["discount"])
        assert (code["categories"], code["metadata"]) == ([category], {"b": 2, "c": 3})
    (action,) = [row for row in project.get("/v1/async-actions")["async_actions"] if "UPDATE" in row["type"]]
    assert action["type"] == "CAMPAIGN.VOUCHERS_UPDATE"
    assert project.get(f"/v1/async-actions/{action['id']}")["result"]["done_count"] == 3
    (told,) = project.recorded("campaign.updated")
    assert told["data"]["campaign"] == changed


def test_null_clears(project: Project) -> None:
    sale(project, expiration_date=LATER, description="x", category_id=make.category(project)["id"])
    project.put(SALE, {"expiration_date": None, "description": None, "category_id": None})
    done = settled(project)
    assert not {"expiration_date", "description", "category"} & done.keys()
    assert (done["category_id"], done["categories"]) == (None, [])
    (code,) = codes(project).values()
    assert not {"expiration_date", "category_id"} & code.keys()


def test_published_codes_and_those_changed_by_hand_keep_what_they_have(project: Project) -> None:
    sale(project, vouchers_count=3, expiration_date="2098-01-01T00:00:00.000Z")
    published = make.published(project, "Sale")["voucher"]["code"]
    own, plain = sorted(codes(project).keys() - {published})
    project.put(f"/v1/vouchers/{own}", {"expiration_date": "2097-01-01T00:00:00.000Z"})
    project.put(SALE, {"expiration_date": LATER, "discount": {**PERCENT, "percent_off": 50}, "metadata": {"all": 1}})
    settled(project)
    found = codes(project)
    dates = [found[code]["expiration_date"][:4] for code in (published, own, plain)]
    assert dates == ["2098", "2097", "2099"]
    assert [found[code]["discount"]["percent_off"] for code in (published, own, plain)] == [10, 50, 50]
    assert [found[code]["metadata"] for code in (published, own, plain)] == [{"all": 1}] * 3


def test_metadata_stay_with_the_campaign_if_codes_have_their_own(project: Project) -> None:
    sale(project, use_voucher_metadata_schema=False, metadata={"a": 1})
    changed = project.put(SALE, {"metadata": {"b": 2}})
    assert (changed["metadata"], changed["creation_status"]) == ({"a": 1, "b": 2}, "DONE")
    (code,) = codes(project).values()
    assert code["metadata"] == {}


def test_a_change_of_nothing_is_not_told(project: Project) -> None:
    made = sale(project, description="x", start_date="2020-01-01T00:00:00Z", validity_day_of_week=[1])
    same = {"description": "x", "start_date": made["start_date"], "validity_day_of_week": [1], "discount": PERCENT}
    for body in ({}, same, {"name": "Other", "voucher": {"code_config": {"length": 3}}, "gift": {"amount": 5}}):
        assert project.put(SALE, body) == project.get(SALE) == made
    project.put(SALE, {"description": "y"})
    assert len(project.recorded("campaign.updated")) == 1


def test_what_only_concerns_the_campaign_needs_no_work(project: Project) -> None:
    sale(project)
    changed = project.put(SALE, {"description": "x", "auto_join": True, "activity_duration_after_publishing": "P1D"})
    assert changed["creation_status"] == "DONE"
    assert project.get("/v1/async-actions")["async_actions"] == []


def test_gift_cards_and_programmes_and_promotions_are_changed(project: Project) -> None:
    make.campaign(project, "GIFT_VOUCHERS", "Gifts")
    project.put("/v1/campaigns/Gifts", {"gift": {"amount": 5, "effect": "APPLY_TO_ITEMS"}})
    gifts = settled(project, "/v1/campaigns/Gifts")["voucher"]["gift"]
    assert (gifts["amount"], gifts["effect"]) == (10_000, "APPLY_TO_ITEMS")
    (card,) = codes(project, "Gifts").values()
    assert (card["gift"]["amount"], card["gift"]["effect"]) == (10_000, "APPLY_TO_ITEMS")
    make.campaign(project)
    expiration = {
        "qualification_type": "BALANCE",
        "start_date": {"type": "IMMEDIATE"},
        "expiration_date": {"type": "BALANCE_DROP", "extend": "P0D"},
    }
    club = project.put("/v1/campaigns/Club", {"loyalty_tiers_expiration": expiration, "join_once": False})
    assert (club["loyalty_tiers_expiration"], club["join_once"]) == (expiration, True)
    ends = {"period_type": "MONTH", "period_value": 4, "rounding_type": "END_OF_YEAR"}
    for path in ("/v1/loyalties/Club", "/v1/campaigns/Club"):
        sent = {"points": 7 if "loyalties" in path else 9, "expiration_rules": ends}
        project.put(path, {"loyalty_card": sent})
        assert settled(project, "/v1/campaigns/Club")["voucher"]["loyalty_card"] == sent
    wrong = {"points": 1, "expiration_rules": {**ends, "rounding_type": "MONTH"}}
    project.refuse("PUT", "/v1/loyalties/Club", {"loyalty_card": wrong}, status=400, key="invalid_payload")
    assert project.post("/v1/campaigns/Club/vouchers", {})["loyalty_card"]["points"] == 9
    make.promotion(project, tiers=[{}])
    promo = project.put("/v1/campaigns/Promo", {"expiration_date": LATER, "metadata": {"a": 1}})
    assert (promo["expiration_date"], promo["creation_status"]) == (LATER, "DONE")
    assert promo["promotion"]["tiers"][0]["campaign"]["expiration_date"] == LATER


def test_a_standalone_campaign_and_its_code_are_changed(project: Project) -> None:
    sale(project, type="STANDALONE", voucher={"code": "GENERIC"})
    project.put(SALE, {"discount": {**PERCENT, "percent_off": 5}})
    assert settled(project)["type"] == "STANDALONE"
    assert project.get("/v1/vouchers/GENERIC")["discount"]["percent_off"] == 5
    project.refuse("PUT", SALE, {"type": "STATIC"}, status=400, key="invalid_campaign")


@pytest.mark.parametrize(
    ("body", "status", "key"),
    [
        ({"start_date": "soon"}, 400, "invalid_payload"),
        ({"start_date": 7}, 400, "invalid_payload"),
        ({"type": "STANDALONE"}, 400, "invalid_payload"),
        ({"discount": {"type": "AMOUNT", "amount_off": 5}}, 400, "invalid_campaign"),
        ({"discount": {"type": "PERCENT"}}, 400, "invalid_payload"),
        ({"activity_duration_after_publishing": "x"}, 400, "invalid_payload"),
        ({"validity_timeframe": {"interval": "P1D", "duration": "PT1H"}}, 400, "invalid_payload"),
        ({"category_id": "cat_x"}, 404, "not_found"),
        ({"metadata": [1]}, 400, "invalid_payload"),
        ({"unset_metadata_fields": "a"}, 400, "invalid_payload"),
    ],
)
def test_refused_changes_change_nothing(project: Project, body: dict[str, Any], status: int, key: str) -> None:
    made = sale(project)
    project.refuse("PUT", SALE, {"description": "new", **body}, status=status, key=key)
    assert project.get(SALE) == made
    project.refuse("PUT", "/v1/campaigns/none", {}, status=404, key="not_found")


@pytest.mark.parametrize(
    ("discount", "fits"),
    [
        ({"type": "AMOUNT", "amount_off": 5, "effect": "APPLY_TO_ITEMS_BY_QUANTITY", "amount_off_formula": "1"}, True),
        ({"type": "AMOUNT", "amount_off": 5, "effect": "ADD_NEW_ITEMS"}, False),
        ({"type": "PERCENT", "percent_off": 5, "effect": "APPLY_TO_ITEMS", "aggregated_amount_limit": 3}, True),
        ({"type": "PERCENT", "percent_off": 101}, False),
        ({"type": "PERCENT", "percent_off": 5, "effect": "APPLY_TO_ITEMS_BY_QUANTITY"}, False),
        (
            {
                "type": "FIXED",
                "fixed_amount": 5,
                "effect": "APPLY_TO_ITEMS",
                "fixed_amount_formula": "ORDER_AMOUNT / 2",
            },
            True,
        ),
        ({"type": "FIXED", "fixed_amount": 5, "effect": "APPLY_TO_ORDER", "fixed_amount_formula": "A+"}, False),
        ({"type": "FIXED", "effect": "APPLY_TO_ORDER"}, False),
        ({"type": "FIXED", "fixed_amount": -5}, False),
        ({"type": "UNIT", "unit_off": 1, "unit_type": "prod_5h1pp1ng", "effect": "ADD_MISSING_ITEMS"}, True),
        ({"type": "UNIT", "unit_off": 1, "effect": "ADD_NEW_ITEMS"}, False),
        ({"type": "UNIT", "effect": "ADD_MANY_ITEMS"}, False),
        ({"type": "UNIT", "effect": "ADD_MANY_ITEMS", "units": []}, False),
        ({"type": "UNIT", "effect": "ADD_MANY_ITEMS", "units": [{"unit_type": "x", "effect": "ADD_NEW_ITEMS"}]}, True),
        ({"type": "UNIT", "effect": "ADD_NEW_ITEMS", "units": [{"unit_type": "x", "effect": "ADD_NEW_ITEMS"}]}, False),
        ({"type": "UNIT", "effect": "ADD_SAME_ITEMS", "unit_off": 1}, True),
    ],
)
def test_kinds_of_discounts(project: Project, discount: dict[str, Any], *, fits: bool) -> None:
    body = {"name": "Sale", "campaign_type": "DISCOUNT_COUPONS", "voucher": {"discount": discount}}
    tier = {"name": "x", "action": {"discount": discount}}
    make.promotion(project)
    if fits:
        assert project.post("/v1/campaigns", body)["voucher"]["discount"] == discount
        assert project.post("/v1/promotions/Promo/tiers", tier)["action"]["discount"] == discount
    else:
        project.refuse("POST", "/v1/campaigns", body, status=400, key="invalid_payload")
        project.refuse("POST", "/v1/promotions/Promo/tiers", tier, status=400, key="invalid_payload")


def test_codes_made_while_a_campaign_changes_are_as_it_is_then(project: Project) -> None:
    sale(project, vouchers_count=2)
    changes = [lambda n=n: project.put(SALE, {"discount": {**PERCENT, "percent_off": 20 + n}}) for n in range(3)]
    more = [lambda: project.post("/v1/campaigns/Sale/vouchers", None, vouchers_count=40) for _ in range(2)]
    single = [lambda: project.post("/v1/campaigns/Sale/vouchers", None) for _ in range(4)]
    at_once(*changes, *more, *single)
    done = settled(project)
    found = codes(project)
    assert len(found) == done["vouchers_count"] == 86
    assert {row["discount"]["percent_off"] for row in found.values()} == {done["voucher"]["discount"]["percent_off"]}


def test_several_changes_on_their_way_lead_to_the_last_one(project: Project) -> None:
    sale(project, vouchers_count=30)
    for number in range(12):
        project.put(SALE, {"discount": {**PERCENT, "percent_off": 20 + number}, "metadata": {str(number): number}})
    settled(project)
    found = codes(project).values()
    assert {row["discount"]["percent_off"] for row in found} == {31}
    assert all(row["metadata"] == {str(number): number for number in range(12)} for row in found)
