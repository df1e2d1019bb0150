"""Distributions that somebody starts: to whom they go and when, and what stops them."""

from typing import Any

import pytest

import make
from installation import Project, eventually
from messages import body, channel, distribution, end_of_events, one, path_of

VIP = {"metadata.vip": {"conditions": {"$is": [True]}}}


def coupons(project: Project) -> dict[str, Any]:
    make.campaign(project, "DISCOUNT_COUPONS", "Coupons")
    return {"type": "PUBLICATION", "campaign_id": "Coupons"}


def promotion(project: Project) -> dict[str, Any]:
    (tier,) = make.promotion(project, tiers=[{}])["promotion"]["tiers"]
    return {"type": "PROMOTION", "promotion_tier_id": tier["id"]}


def status(project: Project, made: dict[str, Any]) -> str:
    return project.management.get(one(project, made))["status"]


def test_it_goes_to_one_customer_after_ten_minutes(project: Project) -> None:
    ann = make.customer(project, "ann")
    made = distribution(project, trigger={"type": "manual", "customer_id": "ann"}, action=coupons(project))
    assert made["trigger"] == {"type": "manual", "customer_id": ann["id"]}
    project.advance("PT9M")
    end_of_events(project)
    assert (project.receiver.at(path_of(project)), status(project, made)) == ([], "LIVE")
    project.advance("PT2M")
    (sent,) = project.receiver.wait(path_of(project))
    assert set(sent.data) == {"distribution", "customer", "campaign", "voucher", "publication"}
    assert sent.data["customer"]["id"] == ann["id"] == sent.data["publication"]["customer_id"]
    told = sent.data["distribution"]
    assert (told["id"], told["status"], told["distribution_channels"]) == (made["id"], "TO SEND", ["webhook"])
    assert (told["consents"], told["updated_at"]) == ({"disabled": True}, None)
    assert told["set_live_at"] == made["created_at"] == told["created_at"]
    event = sent.json["event"]
    assert event["id"].startswith("evdis_")
    assert (event["type"], event["entity_id"]) == ("manual_distribution_schedule", made["id"])
    assert event["event_source"] == {"channel": "INTERNAL"}
    eventually(lambda: status(project, made) == "DONE")
    assert project.get("/v1/publications")["total"] == 1


@pytest.mark.parametrize("kind", ["static", "passive", "auto-update"])
def test_it_goes_to_everybody_in_a_segment(project: Project, kind: str) -> None:
    vips = [make.customer(project, name, metadata={"vip": True}) for name in ("ann", "bob")]
    make.customer(project, "cid")
    how = {"customers": [one["id"] for one in vips]} if kind == "static" else {"filter_": VIP}
    made_segment = make.segment(project, kind, **how)
    made = distribution(
        project, trigger={"type": "manual", "segment_id": made_segment["id"]}, action=promotion(project)
    )
    make.customer(project, "dan", metadata={"vip": True})  # before its time has come
    project.advance("PT11M")
    wanted = {"ann", "bob"} if kind == "static" else {"ann", "bob", "dan"}
    sent = project.receiver.wait(path_of(project), len(wanted))
    end_of_events(project)
    assert {one.data["customer"]["source_id"] for one in sent} == wanted
    assert len(project.receiver.at(path_of(project))) == len(wanted)
    assert all(one.data["promotion_tier"]["name"] == "Tier 1" for one in sent)
    assert project.get(f"/v1/segments/{made_segment['id']}")["type"] == kind
    assert status(project, made) == "DONE"


def test_many_customers_are_told_once_each(project: Project) -> None:
    """More than one slice of them; the segment lets every second one in."""
    people = [{"source_id": f"c{number}", "metadata": {"vip": number % 2 == 0}} for number in range(700)]
    for first in range(0, 700, 100):
        action = project.post("/v1/customers/bulk/async", people[first : first + 100])
        project.finished(action["async_action_id"])
    segment = make.segment(project, filter_=VIP)
    payload = '{"who": "{{customer.source_id}}"}'
    made = distribution(
        project,
        trigger={"type": "manual", "segment_id": segment["id"]},
        action=promotion(project),
        channels=[channel(project, payload=payload)],
    )
    project.advance("PT11M")
    sent = project.receiver.wait(path_of(project), 350)
    eventually(lambda: status(project, made) == "DONE")
    end_of_events(project)
    assert sorted(one.data["who"] for one in sent) == sorted(f"c{number}" for number in range(0, 700, 2))
    assert len(project.receiver.at(path_of(project))) == 350


def test_two_of_them_do_not_get_each_others_customers(project: Project) -> None:
    make.customer(project, "ann")
    make.customer(project, "bob")
    wanted = promotion(project)
    for name in ("ann", "bob"):
        distribution(
            project, trigger={"type": "manual", "customer_id": name}, action=wanted, channels=[channel(project, name)]
        )
    project.advance("PT11M")
    for name in ("ann", "bob"):
        project.receiver.wait(path_of(project, name))
    end_of_events(project)
    for name in ("ann", "bob"):
        (sent,) = project.receiver.at(path_of(project, name))
        assert sent.data["customer"]["source_id"] == name


def test_what_is_changed_within_its_time_counts(project: Project) -> None:
    make.customer(project, "ann")
    made = distribution(project, trigger={"type": "manual", "customer_id": "ann"}, action=promotion(project))
    project.advance("PT5M")
    payload = '{"hello": "{{customer.source_id}}"}'
    project.management.put(one(project, made), {"channels": [channel(project, payload=payload)]})
    project.advance("PT6M")
    (sent,) = project.receiver.wait(path_of(project))
    assert sent.data == {"hello": "ann"}


def test_a_paused_one_does_not_go_and_starts_afresh(project: Project) -> None:
    make.customer(project, "ann")
    made = distribution(project, trigger={"type": "manual", "customer_id": "ann"}, action=promotion(project))
    path = one(project, made)
    assert project.management.post(f"{path}/pause")["status"] == "PAUSED"
    project.advance("PT11M")
    end_of_events(project)
    assert (project.receiver.at(path_of(project)), status(project, made)) == ([], "PAUSED")
    project.management.post(f"{path}/set-live")
    project.advance("PT9M")
    assert status(project, made) == "LIVE"
    project.advance("PT2M")
    project.receiver.wait(path_of(project))


@pytest.mark.parametrize("stopped_by", ["hand", "retries"])
def test_one_that_was_stopped_on_its_way_goes_on_from_there(project: Project, stopped_by: str) -> None:
    people = sorted(make.customer(project, name)["id"] for name in ("ann", "bob", "cid", "dan"))
    segment = make.segment(project, "static", customers=people)
    trigger = {"type": "manual", "segment_id": segment["id"]}
    made = distribution(project, trigger=trigger, action=promotion(project))
    sql = project.installation.sql
    sql("UPDATE distributions SET reached = $2 WHERE project_id = $1", project.id, people[1])  # as after a slice
    if stopped_by == "hand":
        project.management.post(f"{one(project, made)}/pause")
    else:
        sql("UPDATE endpoints SET active = false WHERE project_id = $1 AND source_id = $2", project.id, made["id"])
    project.advance("PT11M")
    end_of_events(project)
    assert (project.receiver.at(path_of(project)), status(project, made)) == ([], "PAUSED")
    project.management.post(f"{one(project, made)}/set-live")
    sent = project.receiver.wait(path_of(project), 2)
    eventually(lambda: status(project, made) == "DONE")
    end_of_events(project)
    assert sorted(one.data["customer"]["id"] for one in sent) == people[2:]
    assert len(project.receiver.at(path_of(project))) == 2


def test_another_trigger_begins_with_the_first_customer(project: Project) -> None:
    people = [make.customer(project, name)["id"] for name in ("ann", "bob")]
    first, second = (make.segment(project, "static", customers=people, name=name) for name in ("first", "second"))
    trigger = {"type": "manual", "segment_id": first["id"]}
    made = distribution(project, trigger=trigger, action=promotion(project))
    path = one(project, made)
    project.installation.sql("UPDATE distributions SET reached = $2 WHERE project_id = $1", project.id, max(people))
    project.management.post(f"{path}/pause")
    project.management.put(path, {"trigger": trigger | {"segment_id": second["id"]}})
    project.management.post(f"{path}/set-live")
    project.advance("PT11M")
    assert {sent.data["customer"]["id"] for sent in project.receiver.wait(path_of(project), 2)} == set(people)


def test_one_that_is_done_can_be_sent_again(project: Project) -> None:
    make.customer(project, "ann")
    made = distribution(project, trigger={"type": "manual", "customer_id": "ann"}, action=promotion(project))
    project.advance("PT11M")
    project.receiver.wait(path_of(project))
    eventually(lambda: status(project, made) == "DONE")
    assert project.management.post(f"{one(project, made)}/pause")["status"] == "DONE"
    assert project.management.post(f"{one(project, made)}/set-live")["status"] == "LIVE"
    project.advance("PT11M")
    project.receiver.wait(path_of(project), 2)


def test_it_goes_when_it_says(project: Project) -> None:
    make.customer(project, "ann")
    trigger = {"type": "manual", "customer_id": "ann", "send_at": "2030-01-01T12:00:00+02:00"}
    made = distribution(project, trigger=trigger, action=promotion(project))
    assert made["trigger"]["send_at"] == "2030-01-01T10:00:00.000Z"
    project.advance(to="2030-01-01T09:59:00Z")
    end_of_events(project)
    assert project.receiver.at(path_of(project)) == []
    project.advance(to="2030-01-01T10:00:01Z")
    project.receiver.wait(path_of(project))


def test_a_time_that_is_over_is_now(project: Project) -> None:
    make.customer(project, "ann")
    trigger = {"type": "manual", "customer_id": "ann", "send_at": "2020-01-01"}
    distribution(project, trigger=trigger, action=promotion(project))
    project.receiver.wait(path_of(project))


@pytest.mark.parametrize("gone", ["/v1/customers/ann", "/v1/segments/"])
def test_what_is_gone_is_told_nothing(project: Project, gone: str) -> None:
    ann = make.customer(project, "ann")
    segment = make.segment(project, "static", customers=[ann["id"]])
    trigger = {"segment_id": segment["id"]} if gone.endswith("/") else {"customer_id": "ann"}
    made = distribution(project, trigger={"type": "manual", **trigger}, action=promotion(project))
    project.delete(gone + segment["id"] if gone.endswith("/") else gone)
    project.advance("PT11M")
    eventually(lambda: status(project, made) == "DONE")
    end_of_events(project)
    assert project.receiver.at(path_of(project)) == []


def test_what_it_told_is_forgotten_with_the_customer(project: Project) -> None:
    ann = make.customer(project, "ann")
    distribution(project, trigger={"type": "manual", "customer_id": "ann"}, action=promotion(project))
    project.advance("PT11M")
    project.receiver.wait(path_of(project))
    eventually(lambda: not project.deliveries(status="PENDING"))
    project.post(f"/v1/customers/{ann['id']}/permanent-deletion")
    project.advance("PT1S")  # lets the sweep look at once
    left = "SELECT type FROM events WHERE project_id = $1 AND strpos(data, $2) > 0"
    eventually(lambda: not project.installation.sql(left, project.id, ann["id"]))


@pytest.mark.parametrize(
    ("trigger", "named"),
    [
        ({}, "'segment_id' or 'customer_id'"),
        ({"segment_id": "seg_1", "customer_id": "cust_1"}, "'segment_id' or 'customer_id'"),
        ({"customer_id": "ann", "campaign_id": "camp_1"}, ".trigger.campaign_id"),
        ({"customer_id": "ann", "send_at": "soon"}, ".trigger.send_at"),
        ({"customer_id": "ann", "include_present_members": True}, ".trigger.include_present_members"),
    ],
)
def test_bad_ones_are_refused(project: Project, trigger: dict[str, Any], named: str) -> None:
    make.customer(project, "ann")
    wanted = body(project, trigger={"type": "manual", **trigger}, action=promotion(project))
    path = f"{project.path}/distributions"
    assert named in project.management.refuse("POST", path, wanted, status=400, key="invalid_payload")["details"]
    assert project.management.get(path)["data"] == []


def test_who_is_not_there_is_not_found(project: Project) -> None:
    action = promotion(project)
    for field, name, kind in (("customer_id", "ann", "customer"), ("segment_id", "seg_1", "segment")):
        wanted = body(project, trigger={"type": "manual", field: name}, action=action)
        path = f"{project.path}/distributions"
        refusal = project.management.refuse("POST", path, wanted, status=404, key="not_found")
        assert (refusal["resource_type"], refusal["resource_id"]) == (kind, name)
