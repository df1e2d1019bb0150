"""What the process tells of itself without a key: health, metrics, and the description of its API."""

import re
from typing import Any

import make
from guerdon.asgi import ROUTES
from guerdon.db.migrate import migrations
from guerdon.http.routing import Scope
from installation import Installation, Project

METHODS = {"get", "post", "put", "delete", "patch"}


def test_it_lives_and_is_ready(installation: Installation) -> None:
    for path, status in (("/healthz", "ok"), ("/readyz", "ready")):
        answer = installation.http.get(path)
        assert (answer.status_code, answer.json()) == (200, {"status": status})


def test_it_is_not_ready_without_its_migrations(installation: Installation) -> None:
    last = migrations()[-1]
    installation.sql("UPDATE schema_migrations SET number = -number WHERE number = $1", last.number)
    try:
        answer = installation.http.get("/readyz")
    finally:
        installation.sql("UPDATE schema_migrations SET number = -number WHERE number < 0")
    assert (answer.status_code, answer.json()["key"]) == (503, "not_ready")
    assert last.name in answer.json()["details"]
    assert installation.http.get("/readyz").status_code == 200


def test_metrics_count_what_was_done_by_operation(project: Project) -> None:
    make.customer(project)
    project.get("/v1/customers/ann")
    project.refuse("GET", "/v1/no/such/path", status=404, key="not_found")
    answer = project.installation.http.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    for line in (
        r'guerdon_request_seconds_count\{method="GET",route="/v1/customers/\{customerId\}",status="200"\} [\d.]+',
        r'guerdon_request_seconds_count\{method="none",route="none",status="404"\} [\d.]+',
        r"guerdon_outbox_waiting [\d.]+",
        r"guerdon_deliveries_unfinished [\d.]+",
        r'guerdon_jobs_unfinished\{state="parked"\} [\d.]+',
        r'guerdon_delivery_attempts_total\{outcome="delivered"\} [\d.]+',
    ):
        assert re.search(f"^{line}$", answer.text, re.MULTILINE), line
    assert project.id not in answer.text


def test_every_operation_is_described(installation: Installation) -> None:
    document = described(installation)
    assert document["openapi"] == "3.1.0"
    assert document["info"].keys() >= {"title", "version"}
    found = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    assert found == {(route.method, route.path) for route in ROUTES}
    for route in ROUTES:
        operation = document["paths"][route.path][route.method.lower()]
        assert ("security" in operation) is (route.scope is not Scope.PUBLIC), route.path


def test_the_description_holds_together(installation: Installation) -> None:
    document = described(installation)
    names: set[str] = set()
    for path, item in document["paths"].items():
        assert item.keys() <= METHODS
        for method, operation in item.items():
            where = f"{method} {path}"
            assert operation["operationId"] not in names, where
            names.add(operation["operationId"])
            declared = {entry["name"] for entry in operation["parameters"] if entry["in"] == "path"}
            assert declared == set(re.findall(r"\{(\w+)\}", path)), where
            for entry in operation["parameters"]:
                assert entry.keys() >= {"name", "in", "schema"}, where
            assert len(operation["responses"]) >= 2, where
            for schemes in operation.get("security", ()):
                assert schemes.keys() <= document["components"]["securitySchemes"].keys(), where
    for reference in references(document):
        assert resolved(document, reference), reference


def test_descriptions_are_those_of_the_types_that_are_used(installation: Installation) -> None:
    document = described(installation)
    one = document["paths"]["/management/v1/projects/{projectId}/deliveries/{deliveryId}"]["get"]
    schema = resolved(document, one["responses"]["200"]["content"]["application/json"]["schema"]["$ref"])
    assert {"next_attempt_at", "attempts", "body"} <= schema["properties"].keys()
    attempt = next(reference for reference in references(schema["properties"]["attempts"]))
    assert {"number", "response_excerpt"} <= resolved(document, attempt)["properties"].keys()


def test_operations_that_are_done_once_say_how_to_name_a_request(installation: Installation) -> None:
    """The list is the one of `tests/http/test_idempotency.py`: every POST but the one that waits for a receiver."""
    document = described(installation)
    named = {
        (method.upper(), path)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if [entry["name"] for entry in operation["parameters"] if entry["in"] == "header"] == ["Idempotency-Key"]
    }
    repeatable = {(route.method, route.path) for route in ROUTES if route.is_repeatable and route.method == "POST"}
    assert named == repeatable
    assert ("POST", "/v1/redemptions") in named


def described(installation: Installation) -> dict[str, Any]:
    answer = installation.http.get("/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    return answer.json()


def references(part: Any) -> list[str]:
    if isinstance(part, list):
        return [found for entry in part for found in references(entry)]
    if isinstance(part, dict):
        own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        return own + [found for entry in part.values() for found in references(entry)]
    return []


def resolved(document: dict[str, Any], reference: str) -> Any:
    part: Any = document
    assert reference.startswith("#/"), reference
    for key in reference[2:].split("/"):
        part = part.get(key, {})
    return part
