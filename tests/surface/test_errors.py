"""What a caller gets who asks for something that is not there, or sends something that is no good."""

import json
import re
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any

import httpx
import pytest

from guerdon.http.wire import MAX_BODY_BYTES, MAX_LEVELS
from installation import Project

JSON = {"content-type": "application/json"}
CUSTOMERS = "/v1/customers"


def sent(project: Project, content: bytes, kind: str = "application/json") -> httpx.Response:
    return project.request("POST", CUSTOMERS, content=content, headers={"content-type": kind})


def refusal(answer: httpx.Response, status: int, key: str | None, message: str) -> dict[str, Any]:
    """The body, which has the documented form and nothing else in it."""
    body = answer.json()
    assert (answer.status_code, body["code"], body.get("key"), body["message"]) == (status, status, key, message)
    assert answer.headers["content-type"] == "application/json"
    assert re.fullmatch(r"v-[0-9a-f]{18}", body["request_id"])
    assert answer.headers["x-request-id"] == body["request_id"]
    allowed = {"code", "key", "message", "details", "request_id", "resource_id", "resource_type"}
    assert body.keys() <= allowed | ({"statusCode", "error"} if status == 413 else set())
    return body


def nothing_was_made(project: Project) -> None:
    assert project.get(CUSTOMERS)["total"] == 0


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/v1",
        "/v1/nothing",
        "/v1/customers/",
        "/v1/customers/a/b/c",
        "/V1/customers",
        "/v1//customers",
        "/v1/customers/%00",
        "/v1/customers/%FF",
        "/../etc/passwd",
    ],
)
def test_an_unknown_path(project: Project, path: str) -> None:
    body = refusal(project.request("GET", path), 404, "not_found", "Resource not found")
    assert body["details"].startswith("Cannot find GET /")


def test_an_unknown_path_is_told_to_those_without_keys_too(project: Project) -> None:
    refusal(project.installation.http.get("/v1/nothing"), 404, "not_found", "Resource not found")


def test_an_unknown_id_names_what_was_looked_for(project: Project) -> None:
    answer = project.request("GET", f"{CUSTOMERS}/a%2Fb%20c")
    body = refusal(answer, 404, "not_found", "Resource not found")
    assert (body["resource_id"], body["resource_type"]) == ("a/b c", "customer")
    assert body["details"] == "Cannot find customer with id a/b c"


@pytest.mark.parametrize("method", ["PATCH", "DELETE", "OPTIONS"])
def test_a_method_that_the_path_does_not_have(project: Project, method: str) -> None:
    body = refusal(project.request(method, CUSTOMERS), 405, None, "HTTP Method Not Allowed")
    assert body["details"] == f"{method} is not supported by this endpoint. Did you mean GET, POST?"


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "application/x-www-form-urlencoded", "json", ""])
def test_a_body_of_another_kind(project: Project, kind: str) -> None:
    answer = sent(project, b'{"source_id":"a"}', kind)
    body = refusal(answer, 415, "unsupported_media_type", "Unsupported Media Type")
    assert body["details"] == "Content-Type must be application/json"
    nothing_was_made(project)


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "APPLICATION/JSON", "application/ld+json"])
def test_kinds_of_json(project: Project, kind: str) -> None:
    assert sent(project, b'{"source_id":"a"}', kind).json()["source_id"] == "a"


def test_an_upload_must_be_one(project: Project) -> None:
    path = f"{CUSTOMERS}/importCSV"
    body = refusal(project.request("POST", path, json={}), 415, "unsupported_media_type", "Unsupported Media Type")
    assert body["details"] == "Content-Type must be multipart/form-data"
    files = {"other": ("a.csv", b"Name", "text/csv")}
    body = refusal(project.request("POST", path, files=files), 400, "invalid_payload", "Invalid payload")
    assert body["details"] == "Payload should have required property 'file'"
    for kind in ("multipart/form-data", "multipart/form-data; boundary=x"):
        answer = project.request("POST", path, content=b"nonsense", headers={"content-type": kind})
        refusal(answer, 400, "invalid_payload", "Invalid payload")


TOO_LARGE = f"Payload content length greater than maximum allowed: {MAX_BODY_BYTES}"


def test_a_body_that_says_that_it_is_too_large(project: Project) -> None:
    body = refusal(sent(project, b" " * (MAX_BODY_BYTES + 1)), 413, "query_too_large", TOO_LARGE)
    assert (body["statusCode"], body["error"]) == (413, "Request Entity Too Large")


def test_a_length_with_thousands_of_digits(project: Project) -> None:
    connection = HTTPConnection(project.installation.base_url.removeprefix("http://"), timeout=10)
    key = {"x-app-id": project.key["app_id"], "x-app-token": project.key["app_token"]}
    headers = JSON | key | {"content-length": "0" * 5_000 + "17"}
    connection.request("POST", CUSTOMERS, b'{"source_id":"a"}', headers)
    assert connection.getresponse().status == 200
    connection.close()


def test_a_body_that_turns_out_to_be_too_large(project: Project) -> None:
    def chunks() -> Iterator[bytes]:
        yield from [b" " * 65_536] * (MAX_BODY_BYTES // 65_536 + 1)

    answer = project.request("POST", CUSTOMERS, content=chunks(), headers=JSON)
    assert "content-length" not in answer.request.headers
    refusal(answer, 413, "query_too_large", TOO_LARGE)


def test_an_upload_that_is_too_large(project: Project) -> None:
    files = {"file": ("a.csv", b"a" * MAX_BODY_BYTES, "text/csv")}
    refusal(project.request("POST", f"{CUSTOMERS}/importCSV", files=files), 413, "query_too_large", TOO_LARGE)


def test_a_body_of_just_the_most(project: Project) -> None:
    content = b'{"source_id":"a"' + b" " * MAX_BODY_BYTES
    assert sent(project, content[: MAX_BODY_BYTES - 1] + b"}").json()["source_id"] == "a"


@pytest.mark.parametrize(
    "content",
    [
        b'{"source_id":',
        b'{"source_id":"a"}}',
        b"{'source_id':'a'}",
        b'{"source_id":"\xff"}',
        b'{"source_id":"a\x00b"}',
        b'{"source_id":"\\ud800"}',
        b'{"metadata":{"a":NaN}}',
        b'\xef\xbb\xbf{"source_id":"a"}',
        b"source_id=a",
    ],
)
def test_a_body_that_is_no_json(project: Project, content: bytes) -> None:
    refusal(sent(project, content), 400, "invalid_payload", "Invalid request payload JSON format")
    nothing_was_made(project)


@pytest.mark.parametrize(
    ("content", "details"),
    [
        (b"", "Payload must be object"),
        (b"null", "Payload must be object"),
        (b"[]", "Payload must be object"),
        (b'"a"', "Payload must be object"),
        (b'{"source_id":7}', "Property .source_id must be string"),
        (b'{"source_id":["a"]}', "Property .source_id must be string"),
        (b'{"metadata":[]}', "Property .metadata must be object"),
        (b'{"source_id":"a\\u0000b"}', "Payload must not contain the character U+0000"),
        (b'{"metadata":{"a\\u0000":1}}', "Payload must not contain the character U+0000"),
        (b'{"metadata":{"a":' + b"9" * 400 + b"}}", "Payload has an integer value out of range"),
        (b'{"metadata":{"a":[{"b":-' + b"9" * 400 + b"}]}}", "Payload has an integer value out of range"),
        (b'{"metadata":{"a":1e999}}', "Property .metadata[...] number out of range"),
        (b'{"birthdate":"yesterday"}', "Property .birthdate cannot be recognized as a ISO-8601 compliant date"),
    ],
)
def test_json_that_does_not_fit(project: Project, content: bytes, details: str) -> None:
    assert refusal(sent(project, content), 400, "invalid_payload", "Invalid payload")["details"] == details
    nothing_was_made(project)


def test_an_escaped_backslash_is_no_escape(project: Project) -> None:
    assert sent(project, b'{"source_id":"a\\\\u0000"}').json()["source_id"] == "a\\u0000"


def test_numbers_as_large_as_they_may_be(project: Project) -> None:
    metadata = {"int": 10**300, "text": "9" * 400, "float": 1e308}
    assert sent(project, json.dumps({"source_id": "a", "metadata": metadata}).encode()).status_code == 200
    assert project.get(f"{CUSTOMERS}/a")["metadata"]["text"] == "9" * 400


def deep(levels: int) -> bytes:
    """A customer whose JSON has so many levels: itself, its metadata, and arrays."""
    return b'{"source_id":"a","metadata":{"a":' + b"[" * (levels - 2) + b"]" * (levels - 2) + b"}}"


@pytest.mark.parametrize("levels", [MAX_LEVELS + 1, 995, 5_000, 1_000_000])
def test_nesting_that_is_too_deep(project: Project, levels: int) -> None:
    body = refusal(sent(project, deep(levels)), 400, "invalid_payload", "Invalid payload")
    assert body["details"] == "Payload is nested too deeply"
    nothing_was_made(project)


def test_nesting_as_deep_as_it_may_be(project: Project) -> None:
    """What is stored can be shown inside of something else: a list, an event, a delivery."""
    path = project.webhook("customer.created")
    assert sent(project, deep(MAX_LEVELS)).status_code == 200
    project.receiver.wait(path)
    assert (
        project.get(CUSTOMERS)["customers"][0]["metadata"]
        == project.deliveries()[0]["body"]["data"]["customer"]["metadata"]
    )


def test_brackets_in_texts_are_no_levels(project: Project) -> None:
    name = '[{"' * 5_000
    assert project.post(CUSTOMERS, {"source_id": "a", "name": name})["name"] == name


def test_an_endless_text_after_many_levels_is_refused_in_no_time(project: Project) -> None:
    answer = sent(project, b"[" * 200 + b'"' + b'\\"' * 2_000_000)
    assert answer.status_code == 400
    assert answer.elapsed.total_seconds() < 5


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("limit=0", ".limit"),
        ("limit=101", ".limit"),
        ("limit=-1", ".limit"),
        ("limit=ten", ".limit"),
        ("limit=1.5", ".limit"),
        ("limit=", ".limit"),
        (f"limit={'9' * 30}", ".limit"),
        ("page=0", ".page"),
        ("order=name;drop", ".order"),
        ("[created_at][before]=yesterday", ".[created_at][before]"),
        ("created_at[after]=9999-12-31T23:59:59-23:00", ".created_at[after]"),
        ("email=%00", "U+0000"),
    ],
)
def test_queries_that_are_no_good(project: Project, query: str, named: str) -> None:
    answer = project.request("GET", f"{CUSTOMERS}?{query}")
    assert named in refusal(answer, 400, "invalid_query_params", "Invalid query params")["details"]


def test_a_page_too_far(project: Project) -> None:
    for page in ("101", "9" * 30):
        answer = project.request("GET", f"{CUSTOMERS}?page={page}")
        assert answer.json()["key"] == "page_over_limit"
    assert project.get(CUSTOMERS, page=100)["customers"] == []


def test_what_the_query_does_not_know_is_ignored(project: Project) -> None:
    many = "&".join(f"unknown{number}=%FF" for number in range(2_000))
    assert project.request("GET", f"{CUSTOMERS}?{many}").json()["total"] == 0


def test_every_answer_has_a_request_id_of_its_own(project: Project) -> None:
    answers = [project.request("GET", CUSTOMERS) for _ in range(3)] + [project.request("GET", "/no")]
    ids = [answer.headers["x-request-id"] for answer in answers]
    assert sorted(set(ids)) == ids
