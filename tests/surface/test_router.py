"""Which operation a path leads to."""

import pytest

from guerdon.http.routing import Param, Route, Router


async def _nothing(*_: object) -> None: ...


def _route(method: str, path: str) -> Route:
    return Route(method, path, _nothing, tuple(Param("x", _nothing) for _ in range(path.count("{"))))


PATHS = ("/v1/things", "/v1/things/{id}", "/v1/things/special", "/v1/things/{id}/parts/{part}", "/v1/things/special/x")
ROUTER = Router([_route("GET", path) for path in PATHS] + [_route("POST", "/v1/things/{id}")])


@pytest.mark.parametrize(
    ("path", "found", "texts"),
    [
        ("/v1/things", "/v1/things", []),
        ("/v1/things/7", "/v1/things/{id}", ["7"]),
        ("/v1/things/special", "/v1/things/special", []),
        ("/v1/things/special/parts/a", "/v1/things/{id}/parts/{part}", ["special", "a"]),
        ("/v1/things/a%2Fb", "/v1/things/{id}", ["a/b"]),
        ("/v1/things/%7Bid%7D", "/v1/things/{id}", ["{id}"]),
        ("/v1/things/a%20%C3%A9", "/v1/things/{id}", ["a é"]),
        ("/v1/things/a+b", "/v1/things/{id}", ["a+b"]),
        ("/v1/things/..", "/v1/things/{id}", [".."]),
    ],
)
def test_a_path_is_found_and_a_name_wins_over_a_parameter(path: str, found: str, texts: list[str]) -> None:
    routes, given = ROUTER.find(path, "GET")
    assert (routes["GET"].path, given) == (found, texts)


@pytest.mark.parametrize(
    "path", ["", "/", "/v1", "/v1/things/", "/v1/things//parts/a", "/v1/things/7/parts", "v1/things"]
)
def test_a_path_that_leads_nowhere(path: str) -> None:
    assert ROUTER.find(path, "GET") == ({}, [])


def test_bytes_that_are_no_text_are_left_to_the_caller() -> None:
    with pytest.raises(UnicodeDecodeError):
        ROUTER.find("/v1/things/%FF", "GET")


def test_the_methods_of_a_path() -> None:
    assert ROUTER.find("/v1/things/7", "PUT")[0].keys() == {"GET", "POST"}


def test_a_name_that_has_not_the_method_gives_way_to_a_parameter() -> None:
    assert ROUTER.find("/v1/things/special", "POST") == (ROUTER.find("/v1/things/7", "POST")[0], ["special"])
    assert ROUTER.find("/v1/things/special", "DELETE")[0].keys() == {"GET"}


def test_the_same_operation_twice_is_a_fault_of_the_tables() -> None:
    with pytest.raises(ValueError, match="GET /v1/a"):
        Router([_route("GET", "/v1/a"), _route("GET", "/v1/a")])
