"""Projects and the clock of sandboxes."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest

import make
from installation import Installation, Project
from together import at_once

PROJECTS = "/management/v1/projects"
GOOD = {"name": "Shop", "timezone": "Europe/Warsaw", "currency": "PLN", "case_sensitive_codes": True}


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_a_project_is_made_with_keys_that_are_shown_once(installation: Installation) -> None:
    made = installation.manage().post(PROJECTS, {**GOOD, "is_sandbox": True})
    assert re.fullmatch(r"proj_\w{10}", made["id"])
    assert {name: made[name] for name in GOOD} == GOOD
    assert made["is_sandbox"] is True
    for kind in ("server_side_key", "client_side_key"):
        assert made[kind].keys() == {"app_id", "app_token"}
    assert len(made["webhook_token"]) == 40
    read = installation.manage().get(f"{PROJECTS}/{made['id']}")
    assert read == {name: value for name, value in made.items() if not name.endswith("_side_key")}
    listed = installation.manage().get(PROJECTS)
    assert (listed["object"], listed["data_ref"], listed["total"]) == ("list", "data", len(listed["data"]))
    assert listed["data"][0] == read
    kept = installation.sql("SELECT * FROM api_keys WHERE project_id = $1", made["id"])
    tokens = {made["server_side_key"]["app_token"], made["client_side_key"]["app_token"]}
    assert len(kept) == 2
    assert not tokens & {str(value) for row in kept for value in row.values()}


def test_a_project_is_no_sandbox_unless_it_is_asked_for(installation: Installation) -> None:
    assert installation.manage().post(PROJECTS, GOOD)["is_sandbox"] is False


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        *[({name: None}, name) for name in GOOD],
        ({"name": ""}, ".name"),
        ({"name": "n" * 201}, ".name"),
        ({"name": "a\0"}, "U+0000"),
        ({"timezone": "Mars/Olympus"}, ".timezone"),
        ({"timezone": "../../etc/passwd"}, ".timezone"),
        ({"currency": "zł"}, ".currency"),
        ({"currency": "EUR\n"}, ".currency"),
        ({"case_sensitive_codes": "yes"}, ".case_sensitive_codes"),
        ({"is_sandbox": 1}, ".is_sandbox"),
        ({"client_trusted_domains": "*"}, ".client_trusted_domains"),
    ],
)
def test_bad_projects_are_refused_and_none_is_made(
    installation: Installation, fields: dict[str, Any], named: str
) -> None:
    before = installation.manage().get(PROJECTS)["total"]
    refusal = installation.manage().refuse("POST", PROJECTS, {**GOOD, **fields}, status=400, key="invalid_payload")
    assert named in refusal["details"]
    assert installation.manage().get(PROJECTS)["total"] == before


@pytest.mark.parametrize("name", GOOD)
def test_what_a_project_must_have(installation: Installation, name: str) -> None:
    body = {key: value for key, value in GOOD.items() if key != name}
    refusal = installation.manage().refuse("POST", PROJECTS, body, status=400, key="invalid_payload")
    assert refusal["details"] == f"Payload should have required property '{name}'"


def test_the_clock_of_a_sandbox_is_moved_on(project: Project) -> None:
    management, path = project.management, f"{project.path}/clock"
    before = management.get(path)
    assert (before["offset_s"], before["sandbox"]) == (0, True)
    moved = management.post(f"{path}/advance", {"by": "P30D"})
    assert moved["offset_s"] == 30 * 86_400
    assert timedelta(days=30) <= moment(moved["now"]) - moment(before["now"]) < timedelta(days=30, seconds=10)
    goal = moment(moved["now"]) + timedelta(days=100)
    moved = management.post(f"{path}/advance", {"to": goal.isoformat()})
    assert goal - timedelta(milliseconds=1) <= moment(moved["now"]) < goal + timedelta(seconds=5)
    assert management.get(path)["offset_s"] == moved["offset_s"]
    made = make.customer(project)
    assert abs(moment(made["created_at"]) - goal) < timedelta(seconds=10)


def test_a_month_is_a_calendar_month(project: Project) -> None:
    path = f"{project.path}/clock/advance"
    project.management.post(path, {"to": "2030-01-31T10:00:00Z"})
    assert project.management.post(path, {"by": "P1M"})["now"].startswith("2030-02-28T10:00:0")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"by": None},
        {"by": "P1D", "to": "2030-01-01"},
        {"by": ""},
        {"by": "-P1D"},
        {"by": "1 day"},
        {"by": 5},
        {"by": "P1D\n"},
        {"by": f"P{'9' * 400}D"},
        {"by": "P99999999Y"},
        {"by": "P300Y"},
        {"to": "tomorrow"},
        {"to": "2001-01-01"},
        {"to": "2201-01-01"},
        {"to": 0},
        [],
    ],
)
def test_bad_moves_are_refused_and_the_clock_stays(project: Project, body: Any) -> None:
    project.management.refuse("POST", f"{project.path}/clock/advance", body, status=400, key="invalid_payload")
    assert project.management.get(f"{project.path}/clock")["offset_s"] == 0


def test_moving_by_nothing_changes_nothing(project: Project) -> None:
    assert project.management.post(f"{project.path}/clock/advance", {"by": "PT0S"})["offset_s"] == 0


def test_the_clock_of_a_live_project_cannot_be_moved(installation: Installation) -> None:
    live = make.project(installation, is_sandbox=False)
    live.management.refuse("POST", f"{live.path}/clock/advance", {"by": "P1D"}, status=403, key="forbidden")
    assert live.management.get(f"{live.path}/clock")["sandbox"] is False


def test_an_unknown_project_is_told_before_the_body_is_looked_at(installation: Installation) -> None:
    path = f"{PROJECTS}/proj_none"
    for method, rest in (("GET", ""), ("GET", "/clock"), ("POST", "/clock/advance"), ("GET", "/distributions")):
        refusal = installation.manage().refuse(method, path + rest, status=404, key="not_found")
        assert (refusal["resource_id"], refusal["resource_type"]) == ("proj_none", "project")


def test_a_project_is_changed_and_what_is_not_sent_stays(project: Project) -> None:
    before = project.management.get(project.path)
    notifications = {
        name: {"email": True, "in_app": False, "emails": ["a@b.c"]} for name in ("distributions", "webhooks")
    }
    changes = {
        "name": "Renamed",
        "description": "mine",
        "timezone": "Europe/Warsaw",
        "currency": "PLN",
        "dial_code": "48",
        "client_trusted_domains": ["shop.example"],
        "client_redeem_enabled": True,
        "webhooks_callout_notifications": notifications,
    }
    changed = project.management.put(project.path, changes)
    assert changed == {**before, **changes}
    assert project.management.get(project.path) == changed
    assert project.management.put(project.path, {"dial_code": None}) == {**changed, "dial_code": None}
    assert project.management.put(project.path, {}) == {**changed, "dial_code": None}


@pytest.mark.parametrize(
    "body",
    [
        {"name": ""},
        {"name": None},
        {"timezone": "Mars/Olympus"},
        {"currency": "zl"},
        {"client_redeem_enabled": "yes"},
        {"standard_webhooks": None},
        {"webhooks_callout_notifications": []},
        {"api_usage_notifications": {"messages": {"value": 9}}},
        [],
    ],
)
def test_bad_changes_of_a_project_are_refused_and_change_nothing(project: Project, body: Any) -> None:
    before = project.management.get(project.path)
    sent = {"description": "changed", **body} if isinstance(body, dict) else body
    project.management.refuse("PUT", project.path, sent, status=400, key="invalid_payload")
    assert project.management.get(project.path) == before


def test_changes_of_different_properties_at_once_are_both_kept(project: Project) -> None:
    at_once(
        lambda: project.management.put(project.path, {"client_redeem_enabled": True}),
        lambda: project.management.put(project.path, {"client_publish_enabled": True}),
        lambda: project.management.put(project.path, {"standard_webhooks": True}),
        lambda: project.advance("PT1S"),
    )
    after = project.management.get(project.path)
    assert after["client_redeem_enabled"] is after["client_publish_enabled"] is after["standard_webhooks"] is True
    assert project.management.get(f"{project.path}/clock")["offset_s"] == 1
