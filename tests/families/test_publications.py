"""Publications over HTTP: which code goes to whom, told to whom, and who gets it when several want it at once."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import make
import together
from installation import Installation, Project, eventually

SEEDS = Path(__file__).parents[1] / "seeds"
PATH = "/v1/publications"


def to(customer: str, campaign: str = "Club", count: int = 1, **more: Any) -> tuple[str, str, Any]:
    target = {"name": campaign, "count": count}
    return ("POST", PATH, {"campaign": target, "customer": {"source_id": customer}, **more})


def test_a_code_of_a_campaign_goes_to_a_customer(project: Project) -> None:
    campaign = make.campaign(project, voucher={"loyalty_card": {"points": 30}})
    made = make.published(project, metadata={"a": 1}, channel="shop")
    voucher = made["voucher"]
    assert (made["object"], made["result"], made["channel"], made["metadata"]) == (
        "publication",
        "SUCCESS",
        "shop",
        {"a": 1},
    )
    assert (made["source_id"], made["tracking_id"], made["vouchers_id"]) == (None, "ann", [voucher["id"]])
    assert voucher["holder_id"] == made["customer_id"] == made["customer"]["id"]
    assert voucher["publish"]["count"] == 1
    assert project.get(f"/v1/vouchers/{voucher['code']}") == voucher
    standing = project.get("/v1/customers/ann")["loyalty"]["campaigns"][campaign["name"]]
    assert standing["points"] == made["customer"]["loyalty"]["points"] == 30
    assert make.published(project, customer="bob")["channel"] == "API"


@pytest.mark.parametrize("named", ["Club", {"name": "Club"}, {"name": "Club", "count": 1}])
def test_a_campaign_is_named_in_any_form(project: Project, named: Any) -> None:
    campaign = make.campaign(project)
    assert project.post(PATH, {"campaign": named, "customer": "ann"})["voucher"]["campaign_id"] == campaign["id"]
    by_id = project.post(PATH, {"campaign": {"name": campaign["id"]}, "customer": {"source_id": "bob"}})
    assert by_id["customer"]["source_id"] == "bob"
    assert project.get("/v1/customers")["total"] == 2


def test_a_certain_voucher_is_published_once(project: Project) -> None:
    make.campaign(project, "GIFT_VOUCHERS")
    voucher = project.post("/v1/campaigns/Club/vouchers/GIFT-1", {})
    body = {"voucher": "GIFT-1", "customer": {"source_id": "ann", "name": "Ann"}}
    made = project.post(PATH, {**body, "campaign": "Club"})
    assert made["voucher"]["id"] == voucher["id"]
    assert made["customer"]["name"] == "Ann"
    assert made["customer"]["summary"]["redemptions"]["gift"]["amount_to_go"] == 10_000
    refusal = project.refuse("POST", PATH, body, status=400, key="voucher_already_published")
    assert refusal["details"] == f"Voucher '{voucher['id']}' has already been published"
    make.campaign(project, name="Other")
    other = {
        **body,
        "campaign": "Other",
        "voucher": project.get("/v1/vouchers", campaign="Club")["vouchers"][1]["code"],
    }
    project.refuse("POST", PATH, other, status=404, key="not_found")


def test_a_certain_voucher_goes_to_exactly_one_of_many_at_once(project: Project) -> None:
    make.campaign(project, "DISCOUNT_COUPONS")
    project.post("/v1/campaigns/Club/vouchers/ONE", {})
    wishes = [("POST", PATH, {"voucher": "ONE", "customer": {"source_id": f"c{number}"}}) for number in range(10)]
    found = together.answers(project, wishes)
    assert together.statuses(found) == [200] + [400] * 9
    assert {answer.json()["key"] for answer in found if answer.is_error} == {"voucher_already_published"}
    assert project.get("/v1/customers")["total"] == 1


def test_twenty_who_want_five_codes_get_five(project: Project) -> None:
    make.campaign(project, "DISCOUNT_COUPONS", type="STATIC", vouchers_count=5)
    found = together.answers(project, [to(f"c{number}") for number in range(20)])
    assert together.statuses(found) == [200] * 5 + [400] * 15
    assert {answer.json()["key"] for answer in found if answer.is_error} == {"no_voucher_suitable_for_publication"}
    assert len({answer.json()["voucher"]["id"] for answer in found if answer.is_success}) == 5
    assert project.get(PATH)["total"] == 5
    assert project.get("/v1/customers")["total"] == 5


def test_several_codes_at_once_are_all_or_none(project: Project) -> None:
    make.campaign(project, "DISCOUNT_COUPONS", type="STATIC", vouchers_count=9)
    found = together.answers(project, [to(f"c{number}", count=2) for number in range(8)])
    assert together.statuses(found) == [200] * 4 + [400] * 4
    given = [voucher_id for answer in found if answer.is_success for voucher_id in answer.json()["vouchers_id"]]
    assert len(given) == len(set(given)) == 8
    made = next(answer.json() for answer in found if answer.is_success)
    assert "voucher" not in made
    assert len(made["vouchers"]) == 2
    assert all(isinstance(code, str) for code in made["vouchers"])


def test_a_campaign_that_is_joined_once_is_joined_once(project: Project) -> None:
    make.campaign(project, vouchers_count=5)
    make.customer(project, "ann")
    found = together.answers(project, [to("ann")] * 8)
    assert together.statuses(found) == [200] + [400] * 7
    refusal = next(answer.json() for answer in found if answer.is_error)
    assert refusal["key"] == "voucher_cannot_be_published"
    assert refusal["details"] == "Voucher cannot be published. Customer already joined program."
    assert project.get("/v1/vouchers", customer="ann")["total"] == 1


def test_a_caller_can_ask_to_join_once(project: Project) -> None:
    make.campaign(project, "DISCOUNT_COUPONS", vouchers_count=5)
    make.customer(project, "ann")
    found = together.answers(project, [("POST", f"{PATH}?join_once=true", to("ann")[2])] * 5)
    assert together.statuses(found) == [200] + [400] * 4
    make.published(project)
    assert project.get("/v1/vouchers", customer="ann")["total"] == 2


def test_an_auto_update_campaign_makes_codes_when_none_is_left(project: Project) -> None:
    made = make.campaign(project, vouchers_count=0, voucher={"loyalty_card": {"points": 4}})
    found = together.answers(project, [to(f"c{number}") for number in range(10)])
    assert together.statuses(found) == [200] * 10
    assert len({answer.json()["voucher"]["code"] for answer in found}) == 10
    assert all(answer.json()["voucher"]["loyalty_card"]["balance"] == 4 for answer in found)
    assert project.get(f"/v1/campaigns/{made['id']}")["vouchers_count"] == 10
    types = ("voucher.created", "campaign.vouchers.added", "voucher.published")
    assert {event["type"] for event in project.recorded(*types, count=10)} == {"voucher.published"}


def test_free_codes_are_given_before_new_ones_are_made(project: Project) -> None:
    make.campaign(project, "DISCOUNT_COUPONS", vouchers_count=3)
    make.published(project, campaign="Club")
    assert len(make.published(project, customer="bob", count=4)["vouchers"]) == 4
    assert project.get("/v1/campaigns/Club")["vouchers_count"] == 5


def test_a_disabled_code_is_not_published(project: Project) -> None:
    make.campaign(project, "DISCOUNT_COUPONS", type="STATIC", vouchers_count=0)
    project.post("/v1/campaigns/Club/vouchers/OFF", {"active": False})
    for target in ({"campaign": "Club"}, {"voucher": "OFF"}):
        body = {**target, "customer": {"source_id": "ann"}}
        project.refuse("POST", PATH, body, status=400, key="no_voucher_suitable_for_publication")
    assert project.get("/v1/customers")["total"] == 0


def test_who_finds_the_last_code_taken_waits_whether_it_stays_so(project: Project, installation: Installation) -> None:
    make.campaign(project, "DISCOUNT_COUPONS", type="STATIC")
    with installation.holding("SELECT FROM vouchers WHERE project_id = $1 FOR UPDATE", project.id):
        made = together.in_background(lambda: make.published(project))
        eventually(lambda: waits(installation, "transactionid", "tuple"))
    assert made.result(20)["voucher"]["holder_id"]


def waits(installation: Installation, *events: str) -> bool:
    return bool(installation.sql("SELECT FROM pg_stat_activity WHERE wait_event = ANY($1)", list(events)))


def test_the_same_source_id_gives_the_same_publication(project: Project) -> None:
    make.campaign(project, vouchers_count=3)
    make.campaign(project, "DISCOUNT_COUPONS", "Other", vouchers_count=3)
    make.customer(project, "ann")
    found = together.answers(project, [to("ann", source_id="crm-1")] * 6)
    assert together.statuses(found) == [200] * 6
    assert len({answer.json()["id"] for answer in found}) == 1
    assert len({answer.json()["voucher"]["code"] for answer in found}) == 1
    assert len(project.recorded("voucher.published")) == 1
    voucher = found[0].json()["voucher"]["code"]
    assert project.post(PATH, {"voucher": voucher, "customer": "ann", "source_id": "crm-1"}) == found[0].json()
    for wish in (to("ann", "Other", source_id="crm-1"), to("bob", source_id="crm-1")):
        refusal = project.refuse(*wish, status=400, key="duplicate_source_id")
        assert refusal["details"] == "Publication with source_id: 'crm-1' already exists"
    assert [row["id"] for row in project.get(PATH, source_id="crm-1")["publications"]] == [found[0].json()["id"]]
    assert project.get(PATH)["total"] == 1


def test_a_source_id_of_a_refused_publication_stays_free(project: Project) -> None:
    make.campaign(project, "DISCOUNT_COUPONS", type="STATIC", vouchers_count=0)
    project.refuse(*to("ann", source_id="s"), status=400, key="no_voucher_suitable_for_publication")
    project.post("/v1/campaigns/Club/vouchers", {})
    assert make.published(project, source_id="s")["source_id"] == "s"


def test_a_published_code_lives_as_long_as_the_campaign_says(project: Project) -> None:
    make.campaign(
        project, "DISCOUNT_COUPONS", expiration_date="2100-01-01", activity_duration_after_publishing="P24DT1H"
    )
    free = project.get("/v1/vouchers")["vouchers"][0]
    assert free["expiration_date"] == "2100-01-01T00:00:00.000Z"
    for number in range(2):  # the second one is made for the publication
        made = make.published(project, customer=f"c{number}")
        voucher = made["voucher"]
        assert voucher["start_date"] == made["created_at"]
        lasting = datetime.fromisoformat(voucher["expiration_date"]) - datetime.fromisoformat(voucher["start_date"])
        assert lasting == timedelta(days=24, hours=1)


@pytest.mark.parametrize(
    ("body", "status", "key"),
    [
        ({"customer": {"source_id": "ann"}}, 400, "missing_vouchers"),
        ({"campaign": "nope", "customer": {"source_id": "ann"}}, 404, "not_found"),
        ({"voucher": "nope", "customer": {"source_id": "ann"}}, 404, "not_found"),
        ({"campaign": "Club", "customer": {"id": "cust_nobody"}}, 404, "not_found"),
        ({"campaign": "Club"}, 400, "invalid_payload"),
        ({"campaign": "Club", "customer": None}, 400, "invalid_payload"),
        ({"campaign": "Club", "customer": []}, 400, "invalid_payload"),
        ({"campaign": [], "customer": "ann"}, 400, "invalid_payload"),
        ({"campaign": {"name": "Club", "count": 0}, "customer": "ann"}, 400, "invalid_payload"),
        ({"campaign": {"name": "Club", "count": 51}, "customer": "ann"}, 400, "invalid_payload"),
        ({"campaign": {"name": "Club", "count": 2}, "customer": "ann", "source_id": "s"}, 400,
         "too_many_vouchers_requested"),
        ({"campaign": "Club", "customer": "ann", "source_id": "𐀀" * 501}, 400, "invalid_payload"),
        ({"campaign": "Club", "customer": "ann", "metadata": []}, 400, "invalid_payload"),
        ([], 400, "invalid_payload"),
    ],
)  # fmt: skip
def test_bad_requests_change_nothing(project: Project, body: Any, status: int, key: str) -> None:
    make.campaign(project)
    project.refuse("POST", PATH, body, status=status, key=key)
    assert project.get("/v1/customers")["total"] == 0
    assert project.get(PATH)["total"] == 0
    assert "holder_id" not in project.get("/v1/vouchers")["vouchers"][0]


def test_publications_are_listed_and_narrowed(project: Project) -> None:
    make.campaign(project)
    make.campaign(project, "DISCOUNT_COUPONS", "Other")
    first = make.published(project, "Club", "ann")
    second = make.published(project, "Other", "bob", count=2)
    page = project.get(PATH)
    assert (page["object"], page["data_ref"], page["total"]) == ("list", "publications", 2)
    assert [row["id"] for row in page["publications"]] == [second["id"], first["id"]]
    several, one = page["publications"]
    assert several["vouchers"] == second["vouchers"]
    assert one["voucher"]["code"] == first["voucher"]["code"]
    assert one["voucher"]["loyalty_card"] == {"points": 0, "balance": 0}

    def ids(**query: Any) -> list[str]:
        return [row["id"] for row in project.get(PATH, **query)["publications"]]

    assert ids(campaign="Club") == ids(customer="ann") == ids(customer=first["customer_id"]) == [first["id"]]
    assert ids(voucher=second["vouchers"][1]) == ids(voucher_type="discount") == [second["id"]]
    assert ids(result="SUCCESS", order="created_at") == [first["id"], second["id"]]
    assert ids(result="FAILURE") == ids(campaign="x") == ids(voucher="x") == ids(customer="x") == []
    assert ids(source_id="x") == ids(is_referral_code="true") == []
    project.refuse("GET", f"{PATH}?page=1001", status=400, key="page_over_limit")
    project.refuse("GET", f"{PATH}?voucher_type=x", status=400, key="invalid_query_params")


def test_voucher_published_says_what_the_reference_says(project: Project) -> None:
    path = project.webhook("voucher.published")
    make.campaign(project, "LOYALTY_PROGRAM", "Loyalty programme", auto_join=True)
    customer = {"source_id": "ann", "name": "Ann", "metadata": {"region": "EU"}}
    project.post(PATH, {"campaign": "Loyalty programme", "customer": customer})
    (told,) = project.receiver.wait(path)
    seed = json.loads((SEEDS / "voucher.published.json").read_text())
    extra = differences(seed, told.data)
    assert extra == {
        "campaign.voucher.discount", "campaign.voucher.gift", "campaign.category", "campaign.metadata",
        "campaign.start_date", "campaign.expiration_date", "campaign.description", "campaign.updated_at",
        "voucher.start_date",
        "voucher.expiration_date", "voucher.metadata", "voucher.assets", "voucher.categories",
    }  # fmt: skip
    assert told.json["event"]["entity_id"] == told.data["voucher"]["id"]
    assert told.data["voucher"]["start_date"] is None
    assert told.data["campaign"]["voucher"]["gift"] is None
    assert told.data["voucher"]["assets"]["qr"]["url"].startswith("http")


def differences(seed: Any, sent: Any, path: str = "") -> set[str]:
    """Where `sent` says more than the seed. Fails where it says less, or something of another type."""
    assert type(sent) is type(seed), (path, seed, sent)
    if isinstance(seed, dict):
        assert seed.keys() <= sent.keys(), (path, seed.keys() - sent.keys())
        own = {"customer.metadata", "publication.customer.metadata"}
        nested = (differences(seed[key], sent[key], f"{path}.{key}" if path else key) for key in seed)
        return {f"{path}.{key}" for key in sent.keys() - seed.keys() if path not in own}.union(*nested)
    if isinstance(seed, list):
        assert len(seed) == len(sent)
    return set()


def test_what_one_publication_tells(project: Project) -> None:
    campaign = make.campaign(project, "GIFT_VOUCHERS", vouchers_count=3)
    made = make.published(project, count=2)
    types = ("publication.succeeded", "voucher.published", "customer.publication.succeeded")
    told = project.recorded(*types, count=4)
    assert [event["type"] for event in told] == [types[0], types[1], types[1], types[2]]
    assert {event["campaign_id"] for event in told} == {campaign["id"]}
    assert [event["entity_id"] for event in told] == [made["id"], *made["vouchers_id"], made["customer_id"]]
    succeeded, _, _, to_customer = (event["data"] for event in told)
    assert "voucher" not in succeeded
    assert [voucher["code"] for voucher in succeeded["vouchers"]] == made["vouchers"]
    assert succeeded["user"] is None
    assert succeeded["campaign"]["voucher"]["loyalty_card"] is None
    assert "loyalty_card" not in to_customer["campaign"]["voucher"]
    assert to_customer["voucher"]["code"] == to_customer["publication"]["voucher"]["code"] == made["vouchers"][0]
    assert to_customer["publication"]["voucher"]["loyalty_card"] is None
    assert to_customer["publication"]["voucher"]["assets"]["qr"]["id"]
    make.published(project, customer="bob")
    alone = project.recorded("publication.succeeded", count=2)[1]["data"]
    assert alone["voucher"] == alone["vouchers"][0]
    assert alone["voucher"]["gift"] == {"amount": 10_000, "balance": 10_000, "effect": "APPLY_TO_ORDER"}
