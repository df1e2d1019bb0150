"""Logs of activity over HTTP: what is in them, how they are narrowed, and how a reader goes on."""

from typing import Any

import pytest

import make
import till
from installation import Project, eventually


def log(project: Project, customer: str = "ann", *, count: int = 1, **query: Any) -> list[dict[str, Any]]:
    """The entries, once there are at least so many."""

    def look() -> list[dict[str, Any]] | None:
        found = project.get(f"/v1/customers/{customer}/activity", limit=100, **query)["data"]
        return found if len(found) >= count else None

    return eventually(look)


def types(entries: list[dict[str, Any]]) -> list[str]:
    return [entry["type"] for entry in entries]


def test_a_log_has_what_happened_to_the_customer_newest_first(project: Project) -> None:
    make.customer(project, "ann")
    make.customer(project, "bob")
    make.order(project, 100, status="PAID")
    entries = log(project, count=3)
    assert types(entries) == ["customer.order.paid", "customer.order.created", "customer.created"]
    created = entries[-1]
    assert created.keys() == {"id", "type", "data", "created_at", "group_id"}
    assert created["id"].startswith("evcus_")
    assert created["group_id"].startswith("v-")
    assert created["data"]["event_source"]["channel"] == "API"
    assert created["data"]["data"]["customer"]["source_id"] == "ann"
    assert types(log(project, order="created_at")) == types(entries)[::-1]
    project.refuse("GET", "/v1/customers/nobody/activity", status=404, key="not_found")


def test_quiet_changes_are_in_the_log(project: Project) -> None:
    rows = [{"source_id": "ann", "name": "Ann"}]
    project.finished(project.post("/v1/customers/bulk/async", rows)["async_action_id"])
    assert types(log(project)) == ["customer.created"]


def test_a_reader_goes_on_and_meets_every_entry_once(project: Project) -> None:
    make.customer(project, "ann")
    for number in range(6):
        project.put("/v1/customers/ann", {"name": f"Ann {number}"})
    whole = log(project, count=7)
    for order in ("created_at", "-created_at"):
        met: list[dict[str, Any]] = []
        page: dict[str, Any] = {"has_more": True}
        while page["has_more"]:
            after = {"starting_after_id": page["more_starting_after"]} if met else {}
            page = project.get("/v1/customers/ann/activity", limit=3, order=order, **after)
            assert (page["object"], page["data_ref"]) == ("list", "data")
            met += page["data"]
        assert "more_starting_after" not in page
        assert met == (whole if order == "-created_at" else whole[::-1])


def test_a_log_is_narrowed(project: Project) -> None:
    club = make.campaign(project)
    make.campaign(project, "GIFT_VOUCHERS", "Gifts")
    make.published(project)
    make.published(project, "Gifts")
    make.order(project, 100)
    entries = log(project, count=4)
    published = "customer.publication.succeeded"
    assert types(log(project, type=published)) == [published] * 2
    assert types(log(project, campaign_id=club["id"])) == [published]
    (gift,) = log(project, campaign_type="GIFT_VOUCHERS")
    assert gift["data"]["data"]["campaign"]["name"] == "Gifts"
    actions = {*types(log(project, category="ACTION"))}
    effects = {*types(log(project, category="EFFECT"))}
    assert (actions | effects, actions & effects) == ({*types(entries)}, set())
    assert "customer.order.created" in effects
    at = entries[0]["created_at"]
    assert entries[0] in log(project, start_date=at)
    assert entries[0] in log(project, end_date=at)
    nothing = {
        "start_date": "2100-01-01",
        "end_date": "2000-01-01",
        "type": "customer.sms.sent",
        "campaign_id": "camp_none",
    }
    for name, value in nothing.items():
        assert project.get("/v1/customers/ann/activity", **{name: value})["data"] == []


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "order=id", "start_date=soon", "category=x", "campaign_type=x", "type=voucher.x"]
)
def test_what_a_log_cannot_be_asked_is_refused(project: Project, query: str) -> None:
    make.customer(project, "ann")
    for form in ("activity", "activities"):
        project.refuse("GET", f"/v1/customers/ann/{form}?{query}", status=400, key="invalid_query_params")


def test_an_entry_of_somebody_else_is_no_place_to_go_on_from(project: Project) -> None:
    make.customer(project, "ann")
    make.customer(project, "bob")
    (entry,) = log(project, "bob")
    for name in (entry["id"], "evcus_none"):
        refusal = project.refuse(
            "GET", f"/v1/customers/ann/activity?starting_after_id={name}", status=400, key="invalid_query_params"
        )
        assert refusal["details"] == "Property .starting_after_id is not an event of this log"


def test_the_old_form_counts_and_goes_on_from_a_time(project: Project) -> None:
    make.customer(project, "ann")
    project.put("/v1/customers/ann", {"name": "Anna"})
    newest, oldest = log(project, count=2)
    old = project.get("/v1/customers/ann/activities", limit=1)
    assert old == {"object": "list", "data_ref": "data", "data": [newest], "total": 2}
    rest = project.get("/v1/customers/ann/activities", starting_after=newest["created_at"])
    assert rest["data"] == [oldest]
    by_type = project.get("/v1/customers/ann/activities", order="type")["data"]
    assert types(by_type) == ["customer.created", "customer.updated"]
    after = project.get("/v1/customers/ann/activities", starting_after_id=newest["id"])
    assert (after["data"], after["total"]) == ([oldest], 2)


def test_a_card_has_what_happened_with_it(project: Project) -> None:
    club = make.campaign(project)
    make.campaign(project, name="Other")
    card = make.member(project, points=30)
    make.member(project, points=5, campaign="Other")
    path = f"/v1/loyalties/members/{card['code']}/activity"

    def look() -> dict[str, Any] | None:
        found = project.get(path)
        return found if len(found["data"]) == 2 else None

    found = eventually(look)
    assert types(found["data"]) == ["customer.voucher.loyalty_card.points_added", "customer.publication.succeeded"]
    assert (found["object"], found["data_ref"], found["has_more"]) == ("list", "data", False)
    assert project.get(f"/v1/loyalties/{club['id']}/members/{card['code']}/activity") == found
    first = project.get(path, limit=1)
    assert first["has_more"]
    assert project.get(path, starting_after_id=first["more_starting_after"])["data"] == found["data"][1:]
    other = f"/v1/loyalties/Other/members/{card['code']}/activity"
    refusal = project.refuse("GET", other, status=404, key="not_found")
    assert refusal["details"] == f"Cannot find voucher with id {card['code']}"
    make.reward(project, points=10)
    body = {"reward": {"id": project.get("/v1/rewards")["data"][0]["id"]}}
    project.post(f"/v1/loyalties/members/{card['code']}/redemption", body)

    def redeemed() -> list[dict[str, Any]] | None:
        found = project.get(path)["data"]
        return found if len(found) >= 6 else None

    told = {entry["type"]: entry["data"]["data"] for entry in eventually(redeemed)}
    assert "customer.redemption.succceeded" in told  # as the reference spells it in this log
    assert told["customer.reward_redemptions.pending"]["source"].startswith("r_")
    project.post("/v1/campaigns/Club/vouchers/FREE")
    assert project.get("/v1/loyalties/members/FREE/activity")["data"] == []


def test_a_campaign_has_what_happened_in_it(project: Project) -> None:
    club = make.campaign(project)
    make.campaign(project, name="Other")
    card = make.member(project, points=30)
    make.member(project, points=5, campaign="Other")
    path = f"{project.path}/campaigns/Club/activity"

    def look() -> dict[str, Any] | None:
        found = project.management.get(path, limit=100)
        return found if "customer.voucher.loyalty_card.points_added" in types(found["data"]) else None

    found = eventually(look)
    assert {"campaign.created", "voucher.published", "voucher.loyalty_card.points_added"} <= {*types(found["data"])}
    assert project.management.get(f"{project.path}/campaigns/{club['id']}/activity", limit=100) == found
    met: list[dict[str, Any]] = []
    page: dict[str, Any] = {"has_more": True}
    while page["has_more"]:
        after = {"starting_after_id": page["more_starting_after"]} if met else {}
        page = project.management.get(path, limit=3, order="created_at", **after)
        met += page["data"]
    assert met == found["data"][::-1]
    (created,) = project.management.get(path, type="campaign.created")["data"]
    assert created["data"]["data"]["campaign"]["name"] == "Club"
    of_card = project.management.get(path, entity_id=card["id"], limit=100)["data"]
    assert {*types(of_card)} == {
        "voucher.published",
        "voucher.loyalty_card.points_added",
        "voucher.loyalty_card.transaction.created",
    }
    assert project.management.get(path, start_date="2100-01-01")["data"] == []
    effects, actions = (
        types(project.management.get(path, category=one, limit=100)["data"]) for one in ("EFFECT", "ACTION")
    )
    assert len(effects) + len(actions) == len(met)
    other = project.management.get(f"{project.path}/campaigns/Other/activity")["data"][0]["id"]
    for query in (f"starting_after_id={other}", "limit=0", "order=id", "category=x", "start_date=soon"):
        project.management.refuse("GET", f"{path}?{query}", status=400, key="invalid_query_params")
    nobody = f"{project.path}/campaigns/none/activity"
    project.management.refuse("GET", nobody, status=404, key="not_found")
    project.refuse("GET", path, status=401, key="unauthorized")


def test_what_failed_and_what_was_lost_is_in_the_log(project: Project) -> None:
    make.campaign(project, "GIFT_VOUCHERS", "Gifts")
    code = make.published(project, "Gifts")["voucher"]["code"]
    till.discount(project, "ONCE", redemption={"quantity": 1})
    done = till.redeem(project, "ONCE", customer="ann")["redemptions"][0]["id"]
    body = till.wanted("ONCE", customer="ann")
    assert project.request("POST", "/v1/redemptions", json=body).status_code == 400
    till.undo(project, done)
    assert project.request("POST", f"/v1/redemptions/{done}/rollback").status_code == 400
    order = make.order(project, 5, status="PAID")
    project.put(f"/v1/orders/{order['id']}", {"status": "FULFILLED"})
    project.delete(f"/v1/vouchers/{code}")
    wanted = {"redemption.failed", "redemption.rollback.failed", "order.fulfilled", "voucher.deleted"}

    def look() -> dict[str, Any] | None:
        found = {entry["type"]: entry["data"]["data"] for entry in log(project)}
        return found if {f"customer.{name}" for name in wanted} <= found.keys() else None

    told = eventually(look)
    assert told["customer.redemption.failed"]["redemption"]["result"] == "FAILURE"
    assert told["customer.redemption.rollback.failed"]["redemption"]["id"] == done
    assert told["customer.order.fulfilled"]["order"]["status"] == "FULFILLED"
    assert told["customer.voucher.deleted"]["voucher"]["code"] == code
    assert told["customer.voucher.deleted"]["campaign"]["name"] == "Gifts"


def test_what_a_customer_validated_is_in_the_log(project: Project) -> None:
    ann = make.customer(project, "ann")
    codes = {code: till.discount(project, code)["id"] for code in ("TEN", "MORE")}
    codes["OFF"] = till.discount(project, "OFF", active=False)["id"]
    tier = till.tier(project)["id"]
    done = till.validate(project, "TEN", tier, customer="ann", session={"type": "LOCK", "key": "ssn_1"})
    till.validate(project, "OFF", "MORE", "NONE", customer="ann")
    till.validate(project, "TEN")  # of nobody
    till.validate(project, "TEN", customer="stranger")

    def look() -> dict[str, Any] | None:
        found = {entry["type"]: entry for entry in log(project)}
        return found if len(found) == 3 else None

    told = eventually(look)
    good, bad = (told[f"customer.validation.{one}"] for one in ("succeeded", "failed"))
    assert good["group_id"].startswith("v-")
    assert good["data"]["event_source"]["channel"] == "API"
    assert good["data"]["data"]["customer"]["id"] == ann["id"]
    validation = good["data"]["data"]["validation"]
    assert (validation["id"], validation["customer_id"]) == (done["id"], ann["id"])
    assert (validation["status"], validation["session_id"]) == ("VALID", "ssn_1")
    both = [{"id": codes["TEN"], "type": "voucher"}, {"id": tier, "type": "promotion_tier"}]
    assert validation["redeemables"] == both
    validation = bad["data"]["data"]["validation"]
    assert (validation["status"], validation["redeemables"]) == ("INVALID", [])
    assert validation["inapplicable_redeemables"] == [{"id": codes["OFF"], "type": "voucher"}]
    skipped = [{"id": codes["MORE"], "type": "voucher"}, {"id": "NONE", "type": "voucher"}]
    assert validation["skipped_redeemables"] == skipped
    assert types(log(project, type="customer.validation.failed")) == ["customer.validation.failed"]
    assert types(log(project, category="ACTION", count=3)).count("customer.validation.succeeded") == 1


def test_nothing_is_said_of_a_validation_of_somebody_forgotten(project: Project) -> None:
    ann = make.customer(project, "ann")
    till.discount(project, "TEN")
    till.validate(project, "TEN", customer="ann")
    project.post(f"/v1/customers/{ann['id']}/permanent-deletion")
    make.customer(project, "bob")
    till.validate(project, "TEN", customer="bob")
    log(project, "bob", count=2)
    assert not project.installation.sql(
        "SELECT type FROM events WHERE project_id = $1 AND entity_id = $2 AND type LIKE '%validation%'",
        project.id,
        ann["id"],
    )
