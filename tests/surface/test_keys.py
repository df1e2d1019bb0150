"""Which key opens what."""

from typing import Any

import pytest

from guerdon.asgi import ROUTES
from guerdon.http.auth import HEADERS
from guerdon.http.routing import Scope
from installation import Project

SERVER, CLIENT, MANAGEMENT = ((a.decode(), b.decode()) for a, b in (HEADERS[scope] for scope in list(Scope)[:3]))
PATHS = {SERVER: "/v1/customers", MANAGEMENT: "/management/v1/projects"}


def pairs(project: Project) -> dict[str, tuple[str, str]]:
    first, client = project.installation.first, project.created["client_side_key"]
    return {
        "server": (project.key["app_id"], project.key["app_token"]),
        "client": (client["app_id"], client["app_token"]),
        "management": (first.management_id, first.management_token),
    }


def status(project: Project, path: str, headers: Any) -> int:
    answer = project.installation.http.get(path, headers=headers)
    if answer.status_code == 401:
        body = answer.json()
        assert (body["key"], body["message"], "details" in body) == ("unauthorized", "Unauthorized", False)
    return answer.status_code


@pytest.mark.parametrize(("names", "path"), PATHS.items())
def test_each_kind_of_key_opens_its_own_surface_only(project: Project, names: tuple[str, str], path: str) -> None:
    opened = {kind: status(project, path, dict(zip(names, pair, strict=True))) for kind, pair in pairs(project).items()}
    right = "server" if names == SERVER else "management"
    assert opened == {kind: 200 if kind == right else 401 for kind in opened}


@pytest.mark.parametrize("names", [SERVER, CLIENT, MANAGEMENT])
def test_keys_in_headers_of_another_kind_open_nothing(project: Project, names: tuple[str, str]) -> None:
    for wanted, path in PATHS.items():
        for pair in pairs(project).values():
            if wanted != names:
                assert status(project, path, dict(zip(names, pair, strict=True))) == 401


def test_missing_half_wrong_and_swapped_are_all_the_same(project: Project) -> None:
    app_id, token = pairs(project)["server"]
    other = pairs(project)["management"]
    for given in (
        {},
        {"x-app-id": app_id},
        {"x-app-token": token},
        {"x-app-id": "", "x-app-token": ""},
        {"x-app-id": app_id, "x-app-token": ""},
        {"x-app-id": app_id, "x-app-token": token[:-1]},
        {"x-app-id": app_id, "x-app-token": token + " x"},
        {"x-app-id": token, "x-app-token": app_id},
        {"x-app-id": app_id, "x-app-token": other[1]},
        {"x-app-id": app_id.upper(), "x-app-token": token},
        {"x-app-id": "' OR 1=1 --", "x-app-token": token},
        {b"x-app-id": b"\xff\xfe", b"x-app-token": b"\xff"},
        {"x-app-id": "a" * 10_000, "x-app-token": token},
        {"authorization": f"Bearer {token}"},
    ):
        assert status(project, "/v1/customers", given) == 401, given
    assert status(project, "/v1/customers", {"X-App-Id": app_id, "X-APP-TOKEN": token}) == 200


def test_every_operation_asks_for_its_key(project: Project) -> None:
    for route in ROUTES:
        path = route.path.replace("{projectId}", project.id).replace("{", "").replace("}", "")
        if route.scope is not Scope.PUBLIC:
            answer = project.installation.http.request(route.method, path, json={})
            assert answer.status_code == 401, (route.method, route.path)


def test_a_refused_caller_learns_nothing_of_what_was_sent(project: Project) -> None:
    """Neither whether the body is any good nor whether the project exists."""
    http = project.installation.http
    assert http.post("/v1/customers", content=b"{").status_code == 401
    assert http.get("/management/v1/projects/proj_none").status_code == 401


def test_keys_of_one_project_see_nothing_of_another(project: Project, other: Project) -> None:
    made = project.post("/v1/customers", {"source_id": "ann"})
    other.refuse("GET", f"/v1/customers/{made['id']}", status=404, key="not_found")
    other.refuse("PUT", f"/v1/customers/{made['id']}", {"name": "x"}, status=404, key="not_found")
    other.refuse("DELETE", f"/v1/customers/{made['id']}", status=404, key="not_found")
    assert other.get("/v1/customers")["total"] == 0
    assert other.post("/v1/customers", {"source_id": "ann"})["id"] != made["id"]
    webhook = f"{project.path}/webhooks"
    path = project.webhook("customer.created")
    other.post("/v1/customers", {"source_id": "eve"})
    project.post("/v1/customers", {"source_id": "bob"})
    assert [delivery.data["customer"]["source_id"] for delivery in project.receiver.wait(path)] == ["bob"]
    hook = project.management.get(webhook)["data"][0]["id"]
    project.management.refuse("GET", f"{other.path}/webhooks/{hook}", status=404, key="not_found")
    delivery = project.deliveries()[0]["id"]
    project.management.refuse("GET", f"{other.path}/deliveries/{delivery}", status=404, key="not_found")
