"""Secrets that change while receivers listen, and signatures by the Standard Webhooks specification."""

import base64
import hashlib
import hmac
import json
import re
import time
from typing import Any

import pytest

import make
from guerdon.webhooks.prepare import standard_signature
from installation import Delivery, Project, eventually
from together import at_once

PREVIOUS = "x-voucherify-signature-previous"


def rotate(project: Project, **body: Any) -> dict[str, Any]:
    return project.management.post(f"{project.path}/webhooks/secret/rotate", body)


def told(project: Project, path: str, name: str) -> Delivery:
    """What is sent of a customer that is made now."""
    before = len(project.receiver.at(path))
    make.customer(project, name)
    return project.receiver.wait(path, before + 1)[-1]


def verified(secret: str, sent: Delivery) -> Any:
    """What the specification's own libraries do with a delivery; fails if it does not pass."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    assert len(key) >= 24
    timestamp = int(sent.headers["webhook-timestamp"])
    assert abs(time.time() - timestamp) < 300
    signed = f"{sent.headers['webhook-id']}.{timestamp}.{sent.body.decode()}".encode()
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    for one in sent.headers["webhook-signature"].split(" "):
        version, _, signature = one.partition(",")
        if version == "v1" and hmac.compare_digest(signature, expected):
            return json.loads(sent.body)
    raise AssertionError("no signature matches")


def test_both_secrets_sign_until_the_overlap_ends(project: Project) -> None:
    path = project.webhook("customer.created")
    assert PREVIOUS not in told(project, path, "a").headers
    rotated = rotate(project, overlap_hours=2)
    secret = rotated["secret"]
    assert re.fullmatch(r"\w{40}", secret)
    assert secret != project.secret
    assert rotated["overlap_until"]
    during = told(project, path, "b")
    assert during.signed_with(secret)
    old = hmac.new(project.secret.encode(), during.body, hashlib.sha256).hexdigest()
    assert during.headers[PREVIOUS] == old
    project.advance("PT2H1S")
    after = told(project, path, "c")
    assert after.signed_with(secret)
    assert PREVIOUS not in after.headers
    assert project.management.get(project.path)["webhook_token"] == secret


def test_without_overlap_the_old_secret_is_dropped_at_once(project: Project) -> None:
    path = project.webhook("customer.created")
    rotate(project)
    rotated = rotate(project, overlap_hours=0)
    assert rotated["overlap_until"] is None
    sent = told(project, path, "a")
    assert sent.signed_with(rotated["secret"])
    assert PREVIOUS not in sent.headers


def test_a_second_rotation_does_not_cut_off_who_was_promised_time(project: Project) -> None:
    path = project.webhook("customer.created")
    first = rotate(project, overlap_hours=24)
    refusal = project.management.refuse(
        "POST", f"{project.path}/webhooks/secret/rotate", {}, status=400, key="secret_rotation_in_progress"
    )
    assert first["secret"] not in str(refusal)
    sent = told(project, path, "a")
    assert sent.signed_with(first["secret"])
    assert sent.headers[PREVIOUS] == hmac.new(project.secret.encode(), sent.body, hashlib.sha256).hexdigest()
    project.advance("P1DT1S")
    second = rotate(project, overlap_hours=1)
    sent = told(project, path, "b")
    assert sent.headers[PREVIOUS] == hmac.new(first["secret"].encode(), sent.body, hashlib.sha256).hexdigest()
    assert sent.signed_with(second["secret"])


def test_of_two_rotations_at_once_one_counts(project: Project) -> None:
    path = project.webhook("customer.created")

    def call() -> Any:
        return project.management.request("POST", f"{project.path}/webhooks/secret/rotate", json={})

    answers = at_once(call, call, call)
    assert sorted(answer.status_code for answer in answers) == [200, 400, 400]
    (done,) = [answer.json() for answer in answers if answer.is_success]
    sent = told(project, path, "a")
    assert sent.signed_with(done["secret"])
    assert sent.headers[PREVIOUS] == hmac.new(project.secret.encode(), sent.body, hashlib.sha256).hexdigest()


def test_of_two_urgent_rotations_at_once_the_last_is_the_secret(project: Project) -> None:
    path = project.webhook("customer.created")
    answers = at_once(*[lambda: rotate(project, overlap_hours=0)["secret"]] * 3)
    kept = project.management.get(project.path)["webhook_token"]
    assert kept in answers
    assert len({*answers, project.secret}) == 4
    assert told(project, path, "a").signed_with(kept)


@pytest.mark.parametrize("hours", [-1, 721, 1.5, "24", None, 10**30])
def test_bad_overlaps_are_refused_and_nothing_is_rotated(project: Project, hours: Any) -> None:
    path = f"{project.path}/webhooks/secret/rotate"
    project.management.refuse("POST", path, {"overlap_hours": hours}, status=400, key="invalid_payload")
    assert project.management.get(project.path)["webhook_token"] == project.secret


def test_the_specification_is_kept_to_the_letter() -> None:
    """The example of the specification's reference libraries."""
    secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}'
    expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert standard_signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body) == expected


def test_standard_webhooks_when_the_project_wants_them(project: Project) -> None:
    path = project.webhook("customer.created")
    assert not any(name.startswith("webhook-") for name in told(project, path, "a").headers)
    assert project.created["standard_webhooks"] is False
    assert project.management.put(project.path, {"standard_webhooks": True})["standard_webhooks"] is True
    sent = told(project, path, "b")
    assert verified(project.secret, sent)["data"]["customer"]["source_id"] == "b"
    assert sent.headers["webhook-id"] == sent.json["id"]
    assert sent.signed_with(project.secret)
    rotated = rotate(project)
    sent = told(project, path, "c")
    assert verified(project.secret, sent) == verified(f"whsec_{rotated['secret']}", sent)
    assert len(sent.headers["webhook-signature"].split(" ")) == 2
    project.management.put(project.path, {"standard_webhooks": False})
    assert "webhook-id" not in told(project, path, "d").headers


def test_a_retry_has_the_same_standard_id_and_a_time_of_its_own(project: Project) -> None:
    """The time is the real one: a receiver checks it by its own clock, however far the sandbox's was moved."""
    project.management.put(project.path, {"standard_webhooks": True})
    path = project.webhook("customer.created")
    project.receiver.answer(path, 500)
    make.customer(project, "a")
    eventually(lambda: project.deliveries(status="RETRYING"))
    project.advance("P30D")
    first, second = project.receiver.wait(path, 2)[:2]
    assert verified(project.secret, first) == verified(project.secret, second)
    assert first.headers["webhook-id"] == second.headers["webhook-id"]


def test_a_project_can_be_made_with_standard_webhooks(project: Project) -> None:
    other = make.project(project.installation, standard_webhooks=True)
    assert other.created["standard_webhooks"] is True
    verified(other.secret, told(other, other.webhook("customer.created"), "a"))


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature", PREVIOUS])
def test_nobody_can_set_a_header_of_ours(project: Project, name: str) -> None:
    body = {"target_url": "http://x.example/", "events": ["customer.created"], "headers": {name: "x"}}
    project.management.refuse("POST", f"{project.path}/webhooks", body, status=400, key="invalid_payload")
