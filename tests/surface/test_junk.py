"""Every operation that takes a body gets junk in every place of it: the answer is never that it was our fault."""

from collections.abc import Iterator
from typing import Any

import pytest
from msgspec import inspect

import make
from guerdon.asgi import ROUTES
from guerdon.http.routing import Route, Scope, Upload
from installation import Project

JUNK: tuple[Any, ...] = (
    None,
    "",
    "x" * 3_000,
    "' OR 1=1 --",
    "9999-12-31T23:59:59Z",
    0,
    -1,
    1.5,
    10**30,
    -(2**63),
    True,
    [],
    {},
    [None],
    [{}],
    {"": None},
    [[["x"]]],
    {"type": "x", "id": "x", "amount": 2**53},
)
# What an operation needs besides the junk, so that the junk is looked at.
BASE: dict[str, dict[str, Any]] = {
    "/management/v1/projects": {"name": "x", "timezone": "UTC", "currency": "EUR", "case_sensitive_codes": True},
    "/management/v1/projects/{projectId}/webhooks": {"target_url": "http://x.example/", "events": ["customer.deleted"]},
    "/management/v1/projects/{projectId}/distributions": {
        "name": "x",
        "trigger": {"type": "customer.order.paid"},
        "channels": [{"type": "webhook", "event_name": "x", "target_url": "http://x.example/"}],
    },
    "/v1/campaigns": {
        "name": "new",
        "campaign_type": "GIFT_VOUCHERS",
        "type": "AUTO_UPDATE",
        "voucher": {"type": "GIFT_VOUCHER", "gift": {"amount": 1}},
    },
    "/v1/customers/metadata/async": {"source_ids": ["ann"], "metadata": {}},
    "/v1/orders": {"items": [{"amount": 1, "quantity": 1}], "customer": {"source_id": "ann"}},
    "/v1/publications": {"campaign": {"name": "Club"}, "customer": {"source_id": "ann"}},
}
WITH_BODY = [route for route in ROUTES if route.body not in {None, Upload}]


def places(kind: inspect.Type, depth: int = 3) -> Iterator[tuple[str | int, ...]]:
    """The ways to every property of a type, through structs and the first elements of lists."""
    if isinstance(kind, inspect.Metadata):
        yield from places(kind.type, depth)
    elif isinstance(kind, inspect.UnionType):
        for one in kind.types:
            yield from places(one, depth)
    elif isinstance(kind, inspect.ListType) and depth:
        for rest in places(kind.item_type, depth - 1):
            yield (0, *rest)
    elif isinstance(kind, inspect.StructType) and depth:
        for field in kind.fields:
            yield (field.encode_name,)
            for rest in places(field.type, depth - 1):
                yield (field.encode_name, *rest)


def put(body: Any, place: tuple[str | int, ...], junk: Any) -> Any:
    """A copy of the body with the junk in its place."""
    if not place:
        return junk
    first, *rest = place
    if first == 0:
        elements = body if isinstance(body, list) and body else [{}]
        return [put(elements[0], tuple(rest), junk), *elements[1:]]
    entries = body if isinstance(body, dict) else {}
    return {**entries, first: put(entries.get(first), tuple(rest), junk)}


@pytest.fixture
def ids(project: Project) -> dict[str, str]:
    """What the parameters of paths stand for; what is not among them, is not there."""
    make.product(project, "phone", price=5)
    make.sku(project, "phone", "red")
    made = make.order(project, 10)
    make.campaign(project)
    webhooks = f"{project.path}/webhooks"
    webhook = project.management.post(webhooks, BASE["/management/v1/projects/{projectId}/webhooks"])
    body = BASE["/management/v1/projects/{projectId}/distributions"]
    distribution = project.management.post(f"{project.path}/distributions", body)
    return _Ids(
        {
            "projectId": project.id,
            "webhookId": webhook["id"],
            "distributionId": distribution["id"],
            "customerId": "ann",
            "productId": "phone",
            "skuId": "red",
            "orderId": made["id"],
            "campaignId": "Club",
            "code": "CODE-1",
        }
    )


class _Ids(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "none"


@pytest.mark.parametrize("route", WITH_BODY, ids=lambda route: f"{route.method} {route.path}")
def test_junk_in_every_place(project: Project, ids: dict[str, str], route: Route) -> None:
    caller = project.management if route.scope is Scope.MANAGEMENT else project
    path = route.path.format_map(ids)
    kind = inspect.type_info(route.body)
    base = [{"source_id": "ann"}] if isinstance(kind, inspect.ListType) else BASE.get(route.path, {})
    everywhere = [(), *sorted(set(places(kind)), key=str)]
    for body in (put(base, place, junk) for place in everywhere for junk in JUNK):
        answer = caller.request(route.method, path, json=body)
        assert answer.status_code < 500, (body, answer.text)
        assert answer.is_success or answer.json()["code"] == answer.status_code
