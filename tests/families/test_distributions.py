"""Distributions over HTTP: how they are managed, what starts them, and what arrives in which form."""

import asyncio
import re
from datetime import datetime
from typing import Any

import pytest

import make
import shapes
from guerdon.families.distributions.prepare import PREPARE
from guerdon.jobs.queue import enqueue
from guerdon.webhooks.fanout import Preparation
from installation import Delivery, Project, eventually
from messages import CANCELED, PAID, body, channel, distribution, end_of_events, one, path_of
from together import at_once, in_background


def test_a_draft_is_made_read_and_listed(project: Project) -> None:
    made = distribution(project, status="DRAFT")
    assert re.fullmatch(r"distr_\w{26}", made["id"])
    assert (made["object"], made["name"], made["status"], made["updated_at"]) == (
        "distribution",
        "Thanks",
        "DRAFT",
        None,
    )
    assert (made["trigger"], made["action"]) == (PAID, {})
    assert made["channels"] == [channel(project)]
    assert datetime.fromisoformat(made["created_at"]).tzinfo
    assert project.management.get(one(project, made)) == made
    assert distribution(project)["status"] == "LIVE"


def test_the_list_goes_on_from_the_last_id(project: Project) -> None:
    made = [distribution(project, name=f"n{number}", status="DRAFT") for number in range(5)]
    newest = sorted((row["id"] for row in made), reverse=True)
    first = project.management.get(f"{project.path}/distributions", limit=2)
    assert (first["object"], first["data_ref"], first["has_more"]) == ("list", "data", True)
    assert first["more_starting_after"] == newest[1]
    ids = [row["id"] for row in first["data"]]
    while first["has_more"]:
        after = first["more_starting_after"]
        first = project.management.get(f"{project.path}/distributions", limit=2, starting_after_id=after)
        ids += [row["id"] for row in first["data"]]
    assert (ids, first["more_starting_after"]) == (newest, None)
    listing = f"{project.path}/distributions?limit=101"
    project.management.refuse("GET", listing, status=400, key="invalid_query_params")


def test_a_plain_message_is_the_event_as_the_reference_tells_it(project: Project) -> None:
    made = distribution(project, channels=[channel(project, headers={"x-mine": "yes"})])
    customer = make.customer(project, "4l3x-d03", name="Alex Doe")
    bottle = make.product(project, "bottle", name="Star Thermal Bottle", price=2_500)
    items = [
        {"product_id": bottle["id"], "quantity": 4},
        {"product_id": "prod_5h1pp1ng", "quantity": 1, "price": 0},
    ]
    metadata = {"card": ["Other"], "region": "US", "currency": "USD"}
    make.order(project, None, "4l3x-d03", items=items, status="PAID", metadata=metadata)
    (sent,) = project.receiver.wait(path_of(project))
    assert sent.signed_with(project.secret)
    assert sent.headers["x-mine"] == "yes"
    envelope = sent.json
    assert list(envelope) == ["id", "project_id", "created_at", "type", "data", "source", "event"]
    assert (envelope["type"], envelope["event"]["type"]) == ("my.message", "customer.order.paid")
    assert envelope["source"] == {
        "object": "distribution",
        "id": made["id"],
        "target_url": project.receiver.url(path_of(project)),
    }
    assert envelope["event"]["entity_id"] == customer["id"]
    names = ("id", "product.id", "product.source_id")
    assert shapes.differences(shapes.seed("customer.order.paid"), sent.data) == {
        f".order.items[{place}].{name}": "extra" for place in (0, 1) for name in names
    }
    (delivery,) = eventually(lambda: project.deliveries(status="SENT"))
    assert delivery["source"]["id"] == made["id"]


def test_a_code_is_published_for_the_message(project: Project) -> None:
    campaign = make.campaign(project, "GIFT_VOUCHERS", "Gifts")
    made = distribution(project, action={"type": "PUBLICATION", "campaign_id": "Gifts"})
    assert made["action"] == {"type": "PUBLICATION", "campaign_id": campaign["id"]}
    make.order(project, 10, status="PAID")
    (sent,) = project.receiver.wait(path_of(project))
    base = {"customer", "referrer", "order", "redemption"}
    assert set(sent.data) == base | {"campaign", "voucher", "publication"}
    (publication,) = project.get("/v1/publications")["publications"]
    voucher = project.get(f"/v1/vouchers/{sent.data['voucher']['code']}")
    origin = {"source_type": "distribution", "source_id": made["id"], "distribution_id": made["id"]}
    assert publication["metadata"] == sent.data["publication"]["metadata"] == origin
    assert publication["id"] == sent.data["publication"]["id"]
    assert publication["vouchers_id"] == [voucher["id"]]
    assert voucher["holder_id"] == sent.data["customer"]["id"] == publication["customer_id"]
    assert sent.data["campaign"]["id"] == campaign["id"]
    told = project.recorded("publication.succeeded", "customer.publication.succeeded", count=2)
    assert [event["type"] for event in told] == ["publication.succeeded", "customer.publication.succeeded"]


def test_channels_share_one_code(project: Project) -> None:
    make.campaign(project, "GIFT_VOUCHERS", "Gifts")
    payload = '{"code": "{{voucher.code}}", "for": "{{customer.source_id}}"}'
    channels = [channel(project, "a"), channel(project, "b", payload=payload), channel(project, "c")]
    distribution(project, action={"type": "PUBLICATION", "campaign_id": "Gifts"}, channels=channels)
    make.order(project, 10, status="PAID")
    (first,), (second,), (third,) = (project.receiver.wait(path_of(project, name)) for name in "abc")
    code = first.data["voucher"]["code"]
    assert second.data == {"code": code, "for": "ann"}
    assert third.data["voucher"]["code"] == code
    assert len({sent.json["id"] for sent in (first, second, third)}) == 3
    assert project.get("/v1/publications")["total"] == 1


def test_a_job_that_is_run_again_publishes_no_second_code(project: Project) -> None:
    """The first try fails after the code was published and before the deliveries are committed."""
    make.campaign(project, "GIFT_VOUCHERS", "Gifts")
    distribution(project, action={"type": "PUBLICATION", "campaign_id": "Gifts"})
    sql = project.installation.sql
    sql(
        f"""CREATE FUNCTION fail_{project.id}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF NEW.project_id = '{project.id}' AND (SELECT attempts < 3 FROM tries_{project.id}) THEN
            RAISE 'not yet';
        END IF; RETURN NEW; END $$"""
    )
    sql(f"CREATE TABLE tries_{project.id} AS SELECT 0 AS attempts")
    begin = f'CREATE TRIGGER "fail_{project.id}" BEFORE INSERT ON deliveries FOR EACH ROW'
    sql(f"{begin} EXECUTE FUNCTION fail_{project.id}()")
    try:
        make.order(project, 10, status="PAID")
        query = "SELECT attempts, last_error FROM jobs WHERE project_id = $1 AND last_error LIKE '%not yet%'"
        eventually(lambda: sql(query, project.id))
        assert project.get("/v1/publications")["total"] == 0
        sql(f"UPDATE tries_{project.id} SET attempts = 3")
        (sent,) = project.receiver.wait(path_of(project))
        assert project.get("/v1/publications")["total"] == 1
        assert sent.data["voucher"]["code"]
    finally:
        sql(f'DROP TRIGGER "fail_{project.id}" ON deliveries')


def test_orders_at_once_get_a_code_each(project: Project) -> None:
    make.campaign(project, "GIFT_VOUCHERS", "Gifts")
    distribution(project, action={"type": "PUBLICATION", "campaign_id": "Gifts"})
    calls = [lambda who=f"c{number}": make.order(project, 1, who, status="PAID") for number in range(40)]
    at_once(*calls)
    sent = project.receiver.wait(path_of(project), 40)
    assert len({delivery.data["voucher"]["code"] for delivery in sent}) == 40
    assert len({delivery.data["customer"]["id"] for delivery in sent}) == 40
    assert project.get("/v1/publications")["total"] == 40


def test_who_may_have_only_one_code_and_has_it_gets_no_message(project: Project) -> None:
    make.campaign(project, "GIFT_VOUCHERS", "Gifts", join_once=True)
    distribution(project, action={"type": "PUBLICATION", "campaign_id": "Gifts"})
    make.order(project, 10, status="PAID")
    make.order(project, 20, status="PAID")
    make.order(project, 30, "bob", status="PAID")
    sent = project.receiver.wait(path_of(project), 2)
    end_of_events(project)
    assert {delivery.data["customer"]["source_id"] for delivery in sent} == {"ann", "bob"}
    assert len(project.receiver.at(path_of(project))) == 2
    assert project.installation.sql("SELECT FROM jobs WHERE project_id = $1", project.id) == []


def test_a_campaign_without_codes_is_tried_again_later_and_not_soon(project: Project) -> None:
    make.campaign(project, "GIFT_VOUCHERS", "Few", type="STATIC", vouchers_count=1)
    distribution(project, action={"type": "PUBLICATION", "campaign_id": "Few"})
    make.order(project, 10, status="PAID")
    project.receiver.wait(path_of(project))
    make.order(project, 20, "bob", status="PAID")
    query = "SELECT attempts, due_at > now() AS later, last_error FROM jobs WHERE project_id = $1 AND last_error > ''"
    waiting = eventually(lambda: project.installation.sql(query, project.id))
    assert len(waiting) == 1
    assert "no_voucher_suitable_for_publication" in waiting[0]["last_error"]
    project.post("/v1/campaigns/Few/vouchers", {}, vouchers_count=1)
    sent = project.receiver.wait(path_of(project), 2)[1]
    assert sent.data["customer"]["source_id"] == "bob"


@pytest.mark.parametrize("gone", ["/v1/campaigns/Gifts", "/v1/customers/ann"])
def test_what_is_gone_is_not_published(project: Project, gone: str) -> None:
    make.campaign(project, "GIFT_VOUCHERS", "Gifts")
    distribution(project, action={"type": "PUBLICATION", "campaign_id": "Gifts"})
    with project.installation.holding("SELECT FROM distributions WHERE project_id = $1 FOR UPDATE", project.id):
        make.order(project, 10, status="PAID")  # its job waits
        project.delete(gone)
    end_of_events(project)
    assert project.receiver.at(path_of(project)) == []
    assert project.get("/v1/publications")["total"] == 0


def test_a_designed_payload_is_the_data_of_the_envelope(project: Project) -> None:
    payload = '{"who": "Dear {{customer.name}}", "paid": {{order.total_amount}}, "ref": {{referrer.name}}}'
    distribution(project, channels=[channel(project, payload=payload)])
    make.customer(project, "ann", name='Ann "A"')
    make.order(project, 1_200, status="PAID")
    (sent,) = project.receiver.wait(path_of(project))
    assert sent.data == {"who": 'Dear Ann "A"', "paid": 1200, "ref": None}
    assert (sent.type, sent.json["event"]["type"]) == ("my.message", "customer.order.paid")
    assert sent.signed_with(project.secret)


def test_a_raw_payload_is_the_whole_body(project: Project) -> None:
    payload = '{"text": "{{order.amount}} paid"}'
    channels = [
        channel(project, payload=payload, raw=True),
        channel(project, "text", payload="Dear {{customer.source_id}}", raw=True),
    ]
    distribution(project, channels=channels)
    make.order(project, 1_200, status="PAID")
    (sent,) = project.receiver.wait(path_of(project))
    assert sent.body == b'{"text":"1200 paid"}'
    assert sent.signed_with(project.secret)
    (sent,) = project.receiver.wait(path_of(project, "text"))
    assert sent.body == b'Dear "ann"'
    shown = eventually(lambda: found if len(found := project.deliveries(status="SENT")) == 2 else None)
    assert [delivery["body"] for delivery in shown if isinstance(delivery["body"], dict)] == [{"text": "1200 paid"}]


def test_plain_messages_of_several_channels(project: Project) -> None:
    made = distribution(project, channels=[channel(project, "a"), channel(project, "b", event_name="other")])
    make.order(project, 5, status="PAID")
    (first,), (second,) = project.receiver.wait(path_of(project, "a")), project.receiver.wait(path_of(project, "b"))
    assert (first.type, second.type) == ("my.message", "other")
    assert first.json["source"]["id"] == second.json["source"]["id"] == made["id"]
    assert first.json["id"] != second.json["id"]
    assert first.data == second.data


def test_a_campaign_narrows_by_name_or_id(project: Project) -> None:
    club = make.campaign(project, name="Club")
    make.campaign(project, name="Other")
    for named in ("Club", club["id"]):
        trigger = {"type": "customer.publication.succeeded", "campaign_id": named}
        made = distribution(project, trigger=trigger, channels=[channel(project, named)])
        assert made["trigger"]["campaign_id"] == club["id"]
    make.published(project, "Other")
    make.published(project, "Club")
    for named in ("Club", club["id"]):
        (sent,) = project.receiver.wait(path_of(project, named))
        assert sent.data["campaign"]["name"] == "Club"


def told(project: Project, count: int, name: str = "channel") -> list[int]:
    """The amounts of the orders that were told of, once there are so many, and no more of them."""
    deliveries: list[Delivery] = project.receiver.wait(path_of(project, name), count) if count else []
    end_of_events(project)
    assert len(project.receiver.at(path_of(project, name))) == count
    return sorted(delivery.data["order"]["amount"] for delivery in deliveries)


def test_what_happens_while_it_is_no_more_or_not_yet_live_is_not_sent_later(project: Project) -> None:
    made = distribution(project, status="DRAFT")
    make.order(project, 1, status="PAID")
    assert project.management.post(f"{one(project, made)}/set-live")["status"] == "LIVE"
    make.order(project, 2, status="PAID")
    project.receiver.wait(path_of(project))
    paused = project.management.post(f"{one(project, made)}/pause")
    assert paused["status"] == project.management.get(one(project, made))["status"] == "PAUSED"
    make.order(project, 3, status="PAID")
    live = project.management.post(f"{one(project, made)}/set-live")
    assert live["status"] == "LIVE"
    assert live["updated_at"]
    make.order(project, 4, status="PAID")
    assert told(project, 2) == [2, 4]


def test_a_designed_message_of_before_a_pause_is_not_sent_after_it(project: Project) -> None:
    """Its job comes so late that the distribution is live again."""
    made = distribution(project, channels=[channel(project, payload='{"order": {"amount": {{order.amount}}}}')])
    make.order(project, 1, status="PAID")
    project.receiver.wait(path_of(project))
    project.management.post(f"{one(project, made)}/pause")
    project.management.post(f"{one(project, made)}/set-live")
    asyncio.run(_prepare_again(project, made["id"]))
    make.order(project, 2, status="PAID")
    assert told(project, 2) == [1, 2]


async def _prepare_again(project: Project, distribution_id: str) -> None:
    query = "SELECT number FROM events WHERE project_id = $1 AND type = 'customer.order.paid'"
    async with make.work_on(project) as work:
        number = await work.db.value(query, project.id)
        await enqueue(work, PREPARE, Preparation(distribution_id, number))


def test_setting_live_what_is_live_changes_nothing(project: Project) -> None:
    made = distribution(project)
    assert project.management.post(f"{one(project, made)}/set-live") == made
    draft = distribution(project, status="DRAFT")
    assert project.management.post(f"{one(project, draft)}/pause") == draft


def test_a_live_one_goes_on_with_what_it_is_now(project: Project) -> None:
    made = distribution(project)
    path = one(project, made)
    renamed = project.management.put(path, {"name": "Other"})
    assert (renamed["name"], renamed["status"], renamed["channels"]) == ("Other", "LIVE", made["channels"])
    make.order(project, 1, status="PAID")
    assert told(project, 1) == [1]
    two = [channel(project, "a", payload='{"order": {"amount": {{order.amount}}}}'), channel(project, "b")]
    project.management.put(path, {"channels": two})
    make.order(project, 2, status="PAID")
    assert told(project, 1) == [1]
    assert (told(project, 1, "a"), told(project, 1, "b")) == ([2], [2])
    project.management.put(path, {"channels": two[1:], "trigger": CANCELED})
    make.order(project, 3, status="PAID")
    make.order(project, 4, status="CANCELED")
    assert (told(project, 1, "a"), told(project, 2, "b")) == ([2], [2, 4])


def test_an_update_loses_no_event_that_is_on_its_way(project: Project) -> None:
    made = distribution(project)
    with project.installation.holding("SELECT FROM event_feeds WHERE project_id = $1 FOR UPDATE", project.id):
        make.order(project, 1, status="PAID")  # committed, and not yet taken by the relay
        project.management.put(one(project, made), {"name": "Other"})
    project.receiver.wait(path_of(project))


def test_a_deleted_one_sends_nothing_and_is_gone(project: Project) -> None:
    made = distribution(project)
    assert project.management.delete(one(project, made)) is None
    make.order(project, 1, status="PAID")
    assert told(project, 0) == []
    for method, path in (("GET", ""), ("PUT", ""), ("DELETE", ""), ("POST", "/set-live"), ("POST", "/pause")):
        sent = {} if method == "PUT" else None
        refusal = project.management.refuse(method, one(project, made) + path, sent, status=404, key="not_found")
        assert (refusal["resource_id"], refusal["resource_type"]) == (made["id"], "distribution")
    webhook = f"{project.path}/webhooks/{made['id']}"
    project.management.refuse("GET", webhook, status=404, key="not_found")


def test_retries_that_are_used_up_pause_it_until_it_is_set_live(project: Project) -> None:
    made = distribution(project, channels=[channel(project), channel(project, "other")])
    path = one(project, made)
    project.receiver.answer(path_of(project), 500)
    make.order(project, 1, status="PAID")
    project.receiver.wait(path_of(project))
    project.advance("P2D")
    eventually(lambda: project.management.get(path)["status"] == "PAUSED")
    assert len(project.receiver.at(path_of(project))) == 13
    project.receiver.answer(path_of(project), 200)
    changed = project.management.put(
        path, {"name": "Mended", "channels": [channel(project), channel(project, "third")]}
    )
    assert (changed["name"], changed["status"]) == ("Mended", "PAUSED")
    changed = project.management.put(path, {"trigger": CANCELED})
    assert (changed["status"], project.management.get(path)["status"]) == ("PAUSED", "PAUSED")
    make.order(project, 2, status="PAID")
    assert told(project, 0, "third") == []
    project.management.put(path, {"trigger": PAID})
    assert project.management.post(f"{path}/set-live")["status"] == "LIVE"
    make.order(project, 3, status="PAID")
    assert told(project, 1, "third") == [3]
    assert len(project.receiver.wait(path_of(project), 14)) == 14


def test_pausing_gives_up_what_waits_for_a_retry(project: Project) -> None:
    made = distribution(project)
    project.receiver.answer(path_of(project), 500)
    make.order(project, 1, status="PAID")
    eventually(lambda: project.deliveries(status="RETRYING"))
    project.management.post(f"{one(project, made)}/pause")
    (delivery,) = project.deliveries()
    assert (delivery["status"], delivery["next_attempt_at"]) == ("FAILED", None)


def test_pausing_waits_for_the_relay_that_may_just_be_adding_to_it(project: Project) -> None:
    made = distribution(project)
    with project.installation.holding("SELECT FROM event_feeds WHERE project_id = $1 FOR UPDATE", project.id):
        pausing = in_background(lambda: project.management.post(f"{one(project, made)}/pause"))
        waits = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%event_feeds%FOR UPDATE%'"
        eventually(lambda: project.installation.sql(waits))
        assert not pausing.done()
    assert pausing.result(15)["status"] == "PAUSED"


BAD: list[tuple[dict[str, Any], str]] = [
    ({"name": ""}, ".name"),
    ({"name": 7}, ".name"),
    ({"status": "PAUSED"}, ".status"),
    ({"trigger": {}}, ".trigger"),
    ({"trigger": "customer.order.paid"}, ".trigger"),
    ({"trigger": {"type": "manual"}}, "manual"),
    ({"trigger": {"type": "customer.order.eaten"}}, "customer.order.eaten"),
    ({"trigger": {"type": "voucher.published"}}, "voucher.published"),
    ({"trigger": {"type": "redemption.failed"}}, "redemption.failed"),
    ({"trigger": {"type": "customer.segment.entered"}}, "segment_id"),
    ({"trigger": {"type": "customer.custom_event"}}, "custom_event_schema_id"),
    ({"trigger": {**PAID, "campaign_id": "camp_1"}}, ".trigger.campaign_id"),
    ({"trigger": {**PAID, "segment_id": "seg_1"}}, ".trigger.segment_id"),
    ({"trigger": {**PAID, "customer_id": "cust_1"}}, ".trigger.customer_id"),
    ({"trigger": {**PAID, "loyalty_tier_id": "ltr_1"}}, ".trigger.loyalty_tier_id"),
    ({"trigger": {**PAID, "send_at": "2027-01-01"}}, ".trigger.send_at"),
    ({"action": {"type": "GIFT"}}, ".action.type"),
    ({"action": {"type": "PUBLICATION"}}, "campaign_id"),
    ({"action": {"type": "PROMOTION"}}, "promotion_tier_id"),
    ({"action": {"type": "PROMOTION"}, "trigger": {"type": "customer.rewarded"}}, ".action.type"),
    ({"action": {"type": "PUBLICATION"}, "trigger": {"type": "customer.publication.succeeded"}}, ".action.type"),
    ({"channels": []}, ".channels"),
    ({"channels": {}}, ".channels"),
]
BAD_CHANNELS: list[tuple[dict[str, Any], str]] = [
    ({"type": "email"}, "type"),
    ({"event_name": ""}, "event_name"),
    ({"target_url": "ftp://example.com"}, ".channels[1].target_url"),
    ({"target_url": "http://me:secret@example.com"}, ".channels[1].target_url"),
    ({"target_url": "http://xn--/"}, ".channels[1].target_url"),
    ({"headers": {"Host": "x"}}, ".channels[1].headers"),
    ({"headers": {"host": "x"}}, ".channels[1].headers"),
    ({"headers": {"x": 1}}, "headers"),
    ({"raw": True}, ".channels[1].raw"),
    ({"payload": '{"a": {{voucher.code}}}'}, "voucher.code"),
    ({"payload": '{"a": "{{customers.name}}"}'}, "customers.name"),
    ({"payload": "Hello {{customer.name}}"}, ".channels[1].payload"),
    ({"payload": '{"a": {{customer.name}'}, ".channels[1].payload"),
    ({"payload": ""}, ".channels[1].payload"),
    ({"payload": "x" * 100_001}, "payload"),
]
MISSING: list[tuple[dict[str, Any], str]] = [
    ({"trigger": {"type": "customer.publication.succeeded", "campaign_id": "camp_none"}}, "campaign"),
    ({"trigger": {**PAID, "validation_rule_id": "val_none"}}, "validation_rules"),
    ({"trigger": {"type": "customer.segment.left", "segment_id": "seg_none"}}, "segment"),
    ({"action": {"type": "PUBLICATION", "campaign_id": "camp_none"}}, "campaign"),
    ({"action": {"type": "PROMOTION", "promotion_tier_id": "promo_none"}}, "promotion_tier"),
]


def _refused(project: Project, fields: dict[str, Any], *, status: int, key: str) -> Any:
    """The refusal, which is the same for creating and for changing, and after which all is as before."""
    made = distribution(project)
    whole = body(project, **fields)
    refusal = project.management.refuse("POST", f"{project.path}/distributions", whole, status=status, key=key)
    patch = {name: value for name, value in fields.items() if name != "status"}
    if patch:
        again = project.management.refuse("PUT", one(project, made), patch, status=status, key=key)
        assert again["details"] == refusal["details"]
    assert project.management.get(f"{project.path}/distributions")["data"] == [made]
    return refusal


@pytest.mark.parametrize(("fields", "named"), BAD)
def test_bad_ones_are_refused_by_name_and_nothing_changes(project: Project, fields: Any, named: str) -> None:
    assert named in _refused(project, fields, status=400, key="invalid_payload")["details"]


@pytest.mark.parametrize(("fields", "named"), BAD_CHANNELS)
def test_bad_channels_are_refused_by_name(project: Project, fields: Any, named: str) -> None:
    channels = [channel(project), channel(project, **fields)]
    assert named in _refused(project, {"channels": channels}, status=400, key="invalid_payload")["details"]


@pytest.mark.parametrize(("fields", "named"), MISSING)
def test_what_is_named_must_exist(project: Project, fields: Any, named: str) -> None:
    assert _refused(project, fields, status=404, key="not_found")["resource_type"] == named


def test_eleven_channels_and_those_of_other_projects(project: Project) -> None:
    channels = [channel(project)] * 11
    _refused(project, {"channels": channels}, status=400, key="invalid_payload")
    other = make.project(project.installation)
    made = project.management.get(f"{project.path}/distributions")["data"][0]
    project.management.refuse("GET", f"{other.path}/distributions/{made['id']}", status=404, key="not_found")
    other.refuse("GET", f"{project.path}/distributions", status=401, key="unauthorized")
