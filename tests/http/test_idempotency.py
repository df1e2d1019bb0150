"""A request that names itself is done once: the same again gets the first answer, also when both come at once."""

import asyncio
from typing import Any

import httpx
import pytest

import make
import together
from guerdon.asgi import ROUTES
from guerdon.db.answers import forget_old
from guerdon.db.pool import connect
from installation import Project, eventually

OFF = {"type": "AMOUNT", "amount_off": 100}


def voucher(project: Project, code: str = "TEN", **fields: Any) -> dict[str, Any]:
    return project.post(f"/v1/vouchers/{code}", {"type": "DISCOUNT_VOUCHER", "discount": OFF, **fields})


def redemption(code: str = "TEN", amount: int = 1_000) -> dict[str, Any]:
    return {"redeemables": [{"object": "voucher", "id": code}], "order": {"amount": amount}}


def send(project: Project, key: str, body: Any, path: str = "/v1/redemptions") -> httpx.Response:
    return project.request("POST", path, json=body, headers={"idempotency-key": key})


def redeemed(project: Project, code: str = "TEN") -> int:
    return project.get(f"/v1/vouchers/{code}")["redemption"]["redeemed_quantity"]


def test_the_same_again_gets_the_first_answer_and_does_nothing(project: Project) -> None:
    voucher(project)
    first, second = send(project, "a", redemption()), send(project, "a", redemption())
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.content == second.content
    assert first.headers["content-type"] == second.headers["content-type"]
    assert "idempotent-replayed" not in first.headers
    assert second.headers["idempotent-replayed"] == "true"
    assert redeemed(project) == 1
    assert project.get("/v1/redemptions")["total"] == 1
    assert len(project.recorded("redemption.succeeded")) == 1


def test_without_a_key_the_same_again_is_done_again(project: Project) -> None:
    voucher(project)
    for _ in range(2):
        project.post("/v1/redemptions", redemption())
    assert redeemed(project) == 2
    assert not project.installation.sql("SELECT FROM idempotency_keys WHERE project_id = $1", project.id)


def test_dates_in_a_request_are_part_of_what_it_asks(project: Project) -> None:
    """Also those that are written in other ways: what counts is the moment."""
    body = {"discount": OFF, "start_date": "2026-11-21T10:00:00Z"}
    first = send(project, "a", body, "/v1/vouchers")
    assert first.status_code == 200, first.text
    again = send(project, "a", body | {"start_date": "2026-11-21T11:00:00+01:00"}, "/v1/vouchers")
    assert again.content == first.content
    other = send(project, "a", body | {"start_date": "2026-11-21T10:00:01Z"}, "/v1/vouchers")
    assert other.json()["key"] == "idempotency_key_reused"
    born = redemption() | {"customer": {"source_id": "ann", "birthdate": "1990-01-01"}}
    voucher(project)
    assert [send(project, "b", born).status_code for _ in range(2)] == [200, 200]
    assert redeemed(project) == 1


def test_the_same_however_it_is_written(project: Project) -> None:
    voucher(project)
    headers = {"idempotency-key": "a", "content-type": "application/json"}
    texts = (
        '{"redeemables": [{"object": "voucher", "id": "TEN"}], "order": {"amount": 1000}}',
        '{"order":{"amount":1000},"redeemables":[{"id":"TEN","object":"voucher"}]}',
    )
    found = [project.request("POST", "/v1/redemptions", content=text, headers=headers) for text in texts]
    assert found[0].content == found[1].content
    assert redeemed(project) == 1


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/redemptions", redemption(amount=1_001)),
        ("/v1/redemptions?tracking_id=x", redemption()),
        ("/v1/validations", redemption()),
    ],
)
def test_the_same_key_with_another_request_is_refused(project: Project, path: str, body: Any) -> None:
    voucher(project)
    send(project, "a", redemption())
    answer = send(project, "a", body, path)
    assert (answer.status_code, answer.json()["key"]) == (409, "idempotency_key_reused")
    assert redeemed(project) == 1
    assert send(project, "a", redemption()).status_code == 200


def test_a_refusal_is_an_answer_too(project: Project) -> None:
    voucher(project, redemption={"quantity": 1})
    send(project, "a", redemption())
    refused = send(project, "b", redemption())
    assert (refused.status_code, refused.json()["key"]) == (400, "quantity_exceeded")
    project.post(f"/v1/redemptions/{project.get('/v1/redemptions')['redemptions'][-1]['id']}/rollback")
    again = send(project, "b", redemption())
    assert (again.status_code, again.content) == (400, refused.content)
    assert project.get("/v1/redemptions", result="FAILURE")["total"] == 1


def test_a_refusal_that_is_raised_is_kept_and_changes_nothing(project: Project) -> None:
    body = {"name": "Ann", "source_id": "ann"}
    path = "/v1/vouchers/TEN/redemption"
    missing = send(project, "a", redemption(), path)
    voucher(project)
    again = send(project, "a", redemption(), path)
    assert (missing.status_code, again.status_code) == (404, 404)
    assert missing.content == again.content
    assert redeemed(project) == 0
    assert send(project, "c", body, "/v1/customers").status_code == 200


def test_a_write_that_was_begun_before_a_refusal_is_undone(project: Project) -> None:
    make.metadata_schema(project, "order", size={"type": "number", "optional": False})
    voucher(project)
    body = {**redemption(), "customer": {"source_id": "ann"}}
    body["order"]["metadata"] = {"size": "large"}
    refused = send(project, "a", body)
    assert (refused.status_code, refused.json()["key"]) == (400, "metadata_validation_failed")
    assert send(project, "a", body).content == refused.content
    assert redeemed(project) == 0
    assert project.get("/v1/customers")["total"] == 0


def test_keys_of_other_projects_and_other_callers_are_others(project: Project) -> None:
    other = make.project(project.installation)
    for one in (project, other):
        voucher(one)
        assert send(one, "a", redemption()).status_code == 200
        assert redeemed(one) == 1
    created = {"name": "Made", "timezone": "UTC", "currency": "EUR", "case_sensitive_codes": True}
    path = "/management/v1/projects"
    made = [
        project.management.request("POST", path, json=created, headers={"idempotency-key": other.id}) for _ in range(2)
    ]
    assert made[0].status_code == 200
    assert made[0].content == made[1].content


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb", b"\xff".decode("latin-1")])
def test_what_is_no_key_is_refused(project: Project, key: str) -> None:
    voucher(project)
    headers = {"idempotency-key": key.encode("latin-1")}
    answer = project.request("POST", "/v1/redemptions", json=redemption(), headers=headers)
    assert (answer.status_code, answer.json()["key"]) == (400, "invalid_payload")
    assert redeemed(project) == 0


def test_other_methods_do_not_look_at_it(project: Project) -> None:
    voucher(project)
    headers = {"idempotency-key": "a"}
    assert project.request("GET", "/v1/vouchers/TEN", headers=headers).status_code == 200
    changed = project.request("PUT", "/v1/vouchers/TEN", json={"active": False}, headers=headers)
    assert changed.json()["active"] is False
    assert not project.installation.sql("SELECT FROM idempotency_keys WHERE project_id = $1", project.id)


def test_after_a_day_it_is_a_new_request_and_is_forgotten(project: Project) -> None:
    voucher(project)
    first = send(project, "a", redemption())
    project.advance("P3D")
    assert send(project, "a", redemption()).content == first.content
    age = "UPDATE idempotency_keys SET created_at = created_at - interval '1 day' WHERE project_id = $1"
    project.installation.sql(age, project.id)
    assert send(project, "a", redemption(amount=2_000)).status_code == 200
    assert redeemed(project) == 2


def test_two_at_once_are_one(project: Project) -> None:
    voucher(project)

    def call() -> httpx.Response:
        return send(project, "a", redemption())

    found = together.at_once(*[call] * 8)
    assert {answer.status_code for answer in found} == {200}
    assert len({answer.content for answer in found}) == 1
    assert sum("idempotent-replayed" not in answer.headers for answer in found) == 1
    assert redeemed(project) == 1


def test_two_different_ones_at_once_are_one_and_a_conflict(project: Project) -> None:
    voucher(project)
    found = together.at_once(
        *(lambda amount=amount: send(project, "a", redemption(amount=amount)) for amount in (1_000, 2_000))
    )
    assert together.statuses(found) == [200, 409]
    assert redeemed(project) == 1


def test_who_comes_second_waits_and_takes_over_if_the_first_fails(project: Project) -> None:
    """The claim of somebody who is gone is nobody's."""
    voucher(project)
    claim = "INSERT INTO idempotency_keys VALUES ($1, $2, 'a', 'x', now())"
    with project.installation.holding(claim, project.id, project.key["app_id"]):
        waiting = together.in_background(lambda: send(project, "a", redemption()))
        query = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%idempotency_keys%'"
        eventually(lambda: project.installation.sql(query))
    assert waiting.result().status_code == 200
    assert redeemed(project) == 1


def test_every_post_that_waits_for_others_takes_no_key() -> None:
    waiting = {route.path for route in ROUTES if not route.is_repeatable}
    assert waiting == {"/management/v1/projects/{projectId}/webhooks/{webhookId}/test"}


def test_a_sample_is_sent_with_a_key_as_without(project: Project) -> None:
    project.webhook("customer.created")
    (endpoint,) = project.management.get(f"{project.path}/webhooks")["data"]
    path = f"{project.path}/webhooks/{endpoint['id']}/test"
    assert project.management.request("POST", path, headers={"idempotency-key": "a"}).status_code == 200


def test_what_is_old_is_deleted_and_nothing_else(project: Project) -> None:
    voucher(project)
    for key in ("old", "young"):
        send(project, key, redemption())
    installation = project.installation
    age = "UPDATE idempotency_keys SET created_at = created_at - interval '1 day' WHERE project_id = $1 AND key = 'old'"
    installation.sql(age, project.id)

    async def forget() -> int:
        connection = await connect(installation.database.url())
        try:
            return await forget_old(connection)
        finally:
            await connection.close()

    assert asyncio.run(forget()) >= 1
    left = installation.sql("SELECT key FROM idempotency_keys WHERE project_id = $1", project.id)
    assert [row["key"] for row in left] == ["young"]
