"""Points that wait over HTTP: earned by orders, used from a day on, changed or dropped before that."""

from typing import Any

import pytest

import make
import together
from guerdon.engine.money import GREATEST
from installation import Project, eventually

LOPP = "voucher.loyalty_card.pending_points"


def card_of(project: Project, card: dict[str, Any]) -> dict[str, Any]:
    return project.get(f"/v1/loyalties/members/{card['code']}")["loyalty_card"]


def path_of(card: dict[str, Any], entry: dict[str, Any] | None = None, verb: str = "") -> str:
    found = f"/v1/loyalties/members/{card['code']}/pending-points"
    return f"{found}/{entry['id']}/{verb}" if entry else found


def waiting(project: Project, card: dict[str, Any], count: int = 1) -> list[dict[str, Any]]:
    """What waits on the card, the oldest first, once there is so much."""

    def look() -> list[dict[str, Any]] | None:
        found = project.get(path_of(card), order="id")["data"]
        return found if len(found) == count else None

    return eventually(look) if count else project.get(path_of(card))["data"]


def programme(project: Project, days: int = 3, points: int = 40, **fields: Any) -> dict[str, Any]:
    """A card on which every order's points wait."""
    make.campaign(project, **fields)
    card = make.member(project)
    make.rule(project, points, pending_points={"period_type": "DAY", "period_value": days})
    return card


def test_points_of_an_order_wait(project: Project) -> None:
    card = programme(project)
    project.advance(to="2027-01-28T23:00:00Z")
    order = make.order(project, 1_000, status="PAID", source_id="o-1")
    (entry,) = waiting(project, card)
    assert (entry["points"], entry["activates_at"]) == (40, "2027-01-31")
    assert (entry["voucher_id"], entry["order_id"]) == (card["id"], order["id"])
    assert entry["customer_id"] == card["holder_id"]
    assert entry["details"]["order"] == {"id": order["id"], "source_id": "o-1"}
    assert entry["details"]["event"]["type"] == "customer.order.paid"
    assert entry["details"]["event"]["event_source"]["channel"] == "API"
    shown = card_of(project, card)
    assert (shown["points"], shown["balance"], shown["pending_points"]) == (0, 0, 40)
    assert project.get("/v1/customers/ann")["loyalty"]["points"] == 0
    campaign = f"/v1/loyalties/{card['campaign_id']}"
    for path in (f"{campaign}/pending-points", f"{campaign}/members/{card['code']}/pending-points"):
        assert project.get(path)["data"] == [entry]
    assert project.get(f"/v1/loyalties/members/{card['code']}/transactions")["data"] == []
    told, twin = project.recorded(f"{LOPP}.added", f"customer.{LOPP}.added", count=2)
    for data in (told["data"], twin["data"]):
        assert data["pending_points"] == entry
        assert data["voucher"]["loyalty_card"]["pending_points"] == 40
        assert data["voucher_pending_points_balance"] == {
            "points": 40,
            "total": 40,
            "object": "balance",
            "balance": 0,
            "related_object": {"type": "voucher", "id": card["id"]},
            "operation_type": "AUTOMATIC",
        }
        assert data["order"]["id"] == order["id"]
    path = f"/v1/loyalties/members/{card['code']}/balance"
    project.refuse("POST", path, {"points": -1}, status=400, key="loyalty_card_points_exceeded")


def test_waiting_points_are_used_from_their_day_on(project: Project) -> None:
    rules = {"period_type": "MONTH", "period_value": 1}
    card = programme(project, voucher={"loyalty_card": {"points": 0, "expiration_rules": rules}})
    project.advance(to="2027-01-28T23:00:00Z")
    make.order(project, 1_000, status="PAID")
    (entry,) = waiting(project, card)
    project.advance(to="2027-01-30T23:59:00Z")
    assert waiting(project, card) == [entry]
    project.advance(to="2027-01-31T00:00:30Z")
    shown = eventually(lambda: (found := card_of(project, card))["balance"] and found)
    assert (shown["points"], shown["balance"], shown["pending_points"]) == (40, 40, 0)
    assert (shown["next_expiration_date"], shown["next_expiration_points"]) == ("2027-02-28", 40)
    assert waiting(project, card, 0) == []
    (booked,) = project.get(f"/v1/loyalties/members/{card['code']}/transactions")["data"]
    assert (booked["type"], booked["source"]) == ("PENDING_POINTS_ACTIVATION", None)
    assert booked["details"]["balance"]["operation_type"] == "AUTOMATIC"
    assert booked["details"]["pending_points"]["id"] == entry["id"]
    assert project.get("/v1/customers/ann")["loyalty"]["points"] == 40
    told, twin = project.recorded(f"{LOPP}.activated", f"customer.{LOPP}.activated", count=2)
    assert told["data"]["transaction"] == twin["data"]["transaction"] == booked
    assert told["data"]["balance"]["balance"] == told["data"]["voucher"]["loyalty_card"]["balance"] == 40
    assert told["data"]["order"]["amount"] == 1_000


def test_waiting_points_are_released_by_hand(project: Project) -> None:
    card = programme(project)
    for _ in range(2):
        make.order(project, 1_000, status="PAID")
    first, second = waiting(project, card, 2)
    assert project.post(path_of(card, first, "activate")) == {
        "points": 40,
        "total": 40,
        "balance": 40,
        "type": "loyalty_card",
        "object": "balance",
        "related_object": {"type": "voucher", "id": card["id"]},
        "operation_type": "MANUAL",
    }
    assert waiting(project, card) == [second]
    assert card_of(project, card)["pending_points"] == 40
    for verb, word in (("activate", "activated"), ("cancel", "canceled")):
        refusal = project.refuse("POST", path_of(card, first, verb), status=400, key="invalid_pending_points_state")
        wanted = f"Only pending points in 'PENDING' status can be {word}. Current status: 'ACTIVATED'."
        assert refusal["details"] == wanted


def test_waiting_points_are_changed_and_dropped(project: Project) -> None:
    card = programme(project, points=25)
    for _ in range(2):
        make.order(project, 1_000, status="PAID")
    first, second = waiting(project, card, 2)
    assert project.post(path_of(card, first, "balance"), {"points": 10}) == {
        "points": 10,
        "total": 60,
        "object": "balance",
        "related_object": {"type": "voucher", "id": card["id"]},
        "operation_type": "MANUAL",
    }
    assert waiting(project, card, 2)[0]["points"] == 35
    for points in (-35, -36, 0):
        body = {"points": points}
        project.refuse("POST", path_of(card, first, "balance"), body, status=400, key="invalid_amount")
    assert project.post(path_of(card, second, "cancel")) is None
    assert card_of(project, card)["pending_points"] == 35
    assert project.get(f"/v1/loyalties/members/{card['code']}/transactions")["data"] == []
    names = ("updated", "canceled")
    events = project.recorded(*(f"{LOPP}.{name}" for name in names), count=2)
    assert [event["data"]["voucher_pending_points_balance"]["points"] for event in events] == [10, -25]
    assert {event["data"]["voucher_pending_points_balance"]["operation_type"] for event in events} == {"MANUAL"}


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ({}, "invalid_payload"),
        ([], "invalid_payload"),
        ({"points": "5"}, "invalid_payload"),
        ({"points": 2**70}, "invalid_payload"),
        ({"points": 9_007_199_254_740_991}, "invalid_payload"),
    ],
)
def test_a_change_that_cannot_be_changes_nothing(project: Project, body: Any, key: str) -> None:
    card = programme(project)
    make.order(project, 1_000, status="PAID")
    (entry,) = waiting(project, card)
    project.refuse("POST", path_of(card, entry, "balance"), body, status=400, key=key)
    assert waiting(project, card) == [entry]


def test_waiting_points_belong_to_their_card(project: Project) -> None:
    card = programme(project)
    other = make.member(project, "bob")
    make.order(project, 1_000, status="PAID")
    (entry,) = waiting(project, card)
    for verb in ("activate", "cancel"):
        project.refuse("POST", path_of(other, entry, verb), status=404, key="not_found")
    project.refuse("POST", path_of({"code": "nothing"}, entry, "cancel"), status=404, key="not_found")
    project.refuse("GET", "/v1/loyalties/Nothing/pending-points", status=404, key="not_found")
    project.refuse("GET", f"{path_of(card)}?order=points", status=400, key="invalid_query_params")


def test_a_canceled_order_drops_what_waits_because_of_it(project: Project) -> None:
    card = programme(project)
    kept = make.order(project, 1_000, status="PAID")
    order = make.order(project, 1_000, status="PAID")
    waiting(project, card, 2)
    project.put(f"/v1/orders/{order['id']}", {"status": "CANCELED"})
    (entry,) = waiting(project, card)
    assert entry["order_id"] == kept["id"]
    assert card_of(project, card)["pending_points"] == 40
    (told,) = project.recorded(f"{LOPP}.canceled")
    assert told["data"]["voucher_pending_points_balance"]["operation_type"] == "AUTOMATIC"


def test_an_order_that_is_canceled_as_it_is_paid_leaves_nothing_waiting(project: Project) -> None:
    card = programme(project)
    orders = [make.order(project, 1_000) for _ in range(4)]
    for status in ("PAID", "CANCELED"):
        together.answers(project, [("PUT", f"/v1/orders/{order['id']}", {"status": status}) for order in orders])
    left = (
        "SELECT (SELECT count(*) FROM outbox WHERE project_id = $1) + (SELECT count(*) FROM jobs WHERE project_id = $1)"
    )
    eventually(lambda: project.installation.sql(left, project.id)[0][0] == 0)
    assert waiting(project, card, 0) == []
    assert card_of(project, card)["pending_points"] == 0


def test_waiting_points_are_released_once_whoever_does_it(project: Project) -> None:
    card = programme(project)
    make.order(project, 1_000, status="PAID")
    (entry,) = waiting(project, card)
    calls: list[tuple[str, str, Any]] = [
        ("POST", path_of(card, entry, verb), body)
        for verb, body in (("activate", None), ("cancel", None), ("balance", {"points": -39}))
        for _ in range(4)
    ]
    answers = together.answers(project, calls)
    shown = card_of(project, card)
    ended = [answer for answer in answers if answer.is_success and not answer.url.path.endswith("balance")]
    assert len(ended) == 1
    assert shown["pending_points"] == 0
    types = [entry["type"] for entry in project.get(f"/v1/loyalties/members/{card['code']}/transactions")["data"]]
    assert types == (["PENDING_POINTS_ACTIVATION"] if ended[0].status_code == 200 else [])
    assert shown["points"] == shown["balance"] == (ended[0].json()["points"] if ended[0].status_code == 200 else 0)


def test_waiting_points_go_with_their_card(project: Project) -> None:
    card = programme(project)
    make.order(project, 1_000, status="PAID")
    waiting(project, card)
    project.delete(f"/v1/vouchers/{card['code']}")
    assert project.installation.sql("SELECT FROM pending_points WHERE project_id = $1", project.id) == []


def test_points_by_hand_leave_room_for_those_that_wait(project: Project) -> None:
    """Otherwise the day on which these become usable could never end."""
    card = programme(project, points=40, days=2)
    make.order(project, 1_000, status="PAID")
    waiting(project, card)
    path = f"/v1/loyalties/members/{card['code']}/balance"
    project.refuse("POST", path, {"points": GREATEST - 39}, status=400, key="invalid_payload")
    project.post(path, {"points": GREATEST - 40})
    project.advance("P3D")
    shown = card_of(project, card)
    assert (shown["points"], shown["pending_points"]) == (GREATEST, 0)
