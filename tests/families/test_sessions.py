"""Sessions: a validation that locks holds what it would take, for whoever has the key."""

from typing import Any

import pytest

import till
from installation import Project


def lock(project: Project, *names: str, key: str | None = None, amount: int = 1_000, **more: Any) -> dict[str, Any]:
    """A validation with a lock; further fields are the session's."""
    session = {"type": "LOCK", **({"key": key} if key else {}), **more}
    return till.validate(project, *names, amount=amount, session=session)


def refusal(project: Project, *names: str, **fields: Any) -> str | None:
    answer = project.request("POST", "/v1/redemptions", json=till.wanted(*names, **fields))
    return None if answer.is_success else answer.json()["key"]


def test_a_time_is_told_as_it_was_sent(project: Project) -> None:
    till.discount(project)
    for ttl in (5, 2.5):
        body = {**till.wanted("TEN"), "session": {"type": "LOCK", "ttl": ttl}}
        assert f'"ttl":{ttl},' in project.request("POST", "/v1/validations", json=body).text


def test_a_lock_says_its_key(project: Project) -> None:
    till.discount(project)
    session = lock(project, "TEN")["session"]
    assert session["key"].startswith("ssn_")
    assert {name: session[name] for name in ("type", "ttl", "ttl_unit")} == {
        "type": "LOCK",
        "ttl": 7,
        "ttl_unit": "DAYS",
    }
    assert lock(project, "TEN", key="mine", ttl=2, ttl_unit="HOURS")["session"] == {
        "key": "mine",
        "type": "LOCK",
        "ttl": 2,
        "ttl_unit": "HOURS",
    }
    assert "session" not in till.validate(project, "TEN")


def test_a_lock_holds_one_use(project: Project) -> None:
    till.discount(project, redemption={"quantity": 1})
    assert lock(project, "TEN", key="mine")["valid"] is True
    assert lock(project, "TEN", key="other")["valid"] is False
    assert refusal(project, "TEN") == "quantity_exceeded"
    assert refusal(project, "TEN", session={"key": "other"}) == "quantity_exceeded"
    assert refusal(project, "TEN", session={"type": "LOCK", "key": "mine"}) is None
    assert till.redeemed(project) == 1
    till.balanced(project)


def test_a_redemption_uses_the_lock_up(project: Project) -> None:
    till.discount(project, redemption={"quantity": 2})
    lock(project, "TEN", key="mine")
    till.redeem(project, "TEN", session={"type": "LOCK", "key": "mine"})
    assert refusal(project, "TEN") is None
    assert refusal(project, "TEN") == "quantity_exceeded"


def test_the_same_key_again_replaces_the_lock(project: Project) -> None:
    till.gift(project, amount=1_000)
    for amount in (900, 300):
        assert lock(project, "CARD", key="mine", amount=amount)["valid"] is True
    assert refusal(project, "CARD", amount=700) is None
    assert project.get("/v1/vouchers/CARD")["gift"]["balance"] == 300
    done = till.redeem(project, "CARD", amount=300, session={"type": "LOCK", "key": "mine"})
    assert done["redemptions"][0]["amount"] == 300
    till.balanced(project)


def test_a_lock_ends_by_itself(project: Project) -> None:
    till.discount(project, redemption={"quantity": 1})
    lock(project, "TEN", key="mine", ttl=5, ttl_unit="MINUTES")
    project.advance("PT4M")
    assert lock(project, "TEN", key="other")["valid"] is False
    project.advance("PT2M")
    assert refusal(project, "TEN") is None


def test_a_lock_that_is_released(project: Project) -> None:
    till.discount(project, redemption={"quantity": 1})
    lock(project, "TEN", key="mine")
    project.delete("/v1/vouchers/TEN/sessions/mine")
    refused = project.refuse("DELETE", "/v1/vouchers/TEN/sessions/mine", status=404, key="not_found")
    assert refused["resource_type"] == "session"
    refused = project.refuse("DELETE", "/v1/vouchers/NONE/sessions/mine", status=404, key="not_found")
    assert refused["resource_type"] == "voucher"
    assert refusal(project, "TEN") is None


def test_what_does_not_apply_is_not_locked(project: Project) -> None:
    till.discount(project, active=False)
    found = lock(project, "TEN", key="mine")
    assert (found["valid"], "session" in found) == (False, False)
    project.refuse("DELETE", "/v1/vouchers/TEN/sessions/mine", status=404, key="not_found")


@pytest.mark.parametrize(
    "session",
    [
        {"type": "LOCK", "ttl": 0},
        {"type": "LOCK", "ttl": -1},
        {"type": "LOCK", "ttl": 367},
        {"type": "LOCK", "ttl": 1e300},
        {"type": "LOCK", "ttl": "7"},
        {"type": "LOCK", "ttl": 1, "ttl_unit": "YEARS"},
        {"type": "LOCK", "key": ""},
        {"type": "LOCK", "key": "x" * 201},
        {"type": "LOCK", "key": 7},
        {"type": "KEEP"},
        [],
    ],
)
def test_locks_that_make_no_sense(project: Project, session: Any) -> None:
    till.discount(project)
    body = till.wanted("TEN", session=session)
    project.refuse("POST", "/v1/validations", body, status=400, key="invalid_payload")


def test_a_qualification_tells_what_is_locked(project: Project) -> None:
    till.gift(project, amount=1_000)
    lock(project, "CARD", key="mine", amount=300)
    body = {"order": {"amount": 100}, "session": {"type": "LOCK"}}
    (one,) = project.post("/v1/qualifications", body)["redeemables"]["data"]
    assert one["result"]["gift"]["locked_credits"] == 300
