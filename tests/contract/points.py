"""The part of a shop's day in which points are earned in every way, wait, and move."""

import warnings
from typing import Any

import httpx
import voucherify

import make
from installation import Project, eventually

Body = Any  # makes a request body of the client's class with this name
WAITING = {"period_type": "DAY", "period_value": 2}


def _steps(basis: str, block: str, name: str, **more: Any) -> dict[str, Any]:
    step = {"every": 100, "points": 1, **more}
    return {"type": "PROPORTIONAL", "calculation_type": basis, block: {name: step}}


class Points:
    """The client's classes for points. `body` makes request bodies as the shop makes them."""

    def __init__(self, client: Any, project: Project, base_url: str, body: Body) -> None:
        self.base_url = base_url
        self.loyalties = voucherify.LoyaltiesApi(client)
        self.campaigns = voucherify.CampaignsApi(client)
        self.project = project
        self.body = body

    def play(self) -> None:
        with warnings.catch_warnings():  # the client calls these operations deprecated
            warnings.simplefilter("ignore", DeprecationWarning)
            self._play()

    def _play(self) -> None:
        club = make.campaign(self.project, name="Points")["id"]
        cards = [make.member(self.project, name, 50, campaign="Points")["code"] for name in ("eve", "fay")]
        self.make_rules(club)
        make.order(self.project, 5_000, "eve", status="PAID")
        self.keep_waiting_points(club, cards[0])
        self.move_points(club, cards)

    def make_rules(self, club: str) -> None:
        """Rules of every kind of event and metric."""
        schema = make.event_schema(self.project, "visited", count={"type": "number"})["id"]
        segment = make.segment(self.project, filter_={"metadata.vip": {"conditions": {"$is": [True]}}}, name="Vips")
        goods = [{"object": "product", "id": "phone"}, {"object": "sku", "id": "phone-red"}]
        fixed = {"type": "FIXED", "points": 1, "points_formula": "ORDER_AMOUNT * 2"}
        bodies: list[dict[str, Any]] = [
            {"event": "order.paid", "loyalty": fixed, "pending_points": WAITING},
            {"event": "order.paid", "loyalty": fixed, "pending_points": WAITING},
            {"event": "order.paid", "loyalty": fixed, "pending_points": WAITING},
            {"event": "order.paid", "loyalty": _steps("ORDER_TOTAL_AMOUNT", "order", "total_amount")},
            {"event": "order.paid", "loyalty": _steps("ORDER_METADATA", "order", "metadata", property="visits")},
            *(
                {
                    "event": "order.paid",
                    "loyalty": _steps(f"ORDER_ITEMS_{name.upper()}", "order_items", name, **goods[0]),
                }
                for name in ("quantity", "amount")
            ),
            {
                "event": "order.paid",
                "loyalty": _steps("ORDER_ITEMS_SUBTOTAL_AMOUNT", "order_items", "subtotal_amount", applicable_to=goods),
                "expiration_rules": {"period_type": "MONTH", "period_value": 1, "rounding_type": "END_OF_MONTH"},
                "validity_hours": {"daily": [{"start_time": "00:00", "days_of_week": [0, 1, 2, 3, 4, 5, 6]}]},
            },
            {
                "event": "visited",
                "custom_event": {"schema_id": schema},
                "loyalty": _steps("CUSTOM_EVENT_METADATA", "custom_event", "metadata", property="count"),
            },
            {
                "event": "customer.segment.entered",
                "segment": {"id": segment["id"]},
                "loyalty": _steps("CUSTOMER_METADATA", "customer", "metadata", property="level"),
            },
            {
                "event": "customer.loyalty.tier.joined",
                "loyalty_tier": {"id": "__ANY__"},
                "loyalty": {"type": "FIXED", "points": 1},
            },
        ]
        # The client's own classes take a rule for whichever kind comes first; the rules are sent as they are.
        made = self._post(f"/v1/loyalties/{club}/earning-rules", bodies)
        found = self.loyalties.list_earning_rules(club, limit=100)
        assert found.total == len(bodies)
        for rule in made:
            assert self.loyalties.get_earning_rule(club, rule["id"]).event == rule["event"]
        make.customer(self.project, "eve", metadata={"vip": True, "level": 300})
        event = {"event": "visited", "customer": {"source_id": "eve"}, "metadata": {"count": 200}}
        self.project.post("/v1/events", event)

    def keep_waiting_points(self, club: str, card: str) -> None:
        api = self.loyalties
        found = eventually(
            lambda: (listed := api.list_member_pending_points(card).data) and len(listed) == 3 and listed
        )
        assert len(api.list_campaign_pending_points(club).data) == 3
        assert len(api.list_member_pending_points1(club, card).data) == 3
        change = self.body("LoyaltiesMembersPendingPointsBalanceRequestBody", points=10)
        assert api.adjust_member_pending_points(card, found[0].id, change).total == 310
        assert api.activate_member_pending_points(card, found[0].id).points == 110
        api.cancel_member_pending_points(card, found[1].id)
        self.project.advance("P3D")
        assert api.list_member_pending_points(card).data == []

    def move_points(self, club: str, cards: list[str]) -> None:
        wish = [{"code": cards[1], "points": 20, "source_id": "move-1", "reason": "Moving"}]
        answer = self._post(f"/v1/loyalties/{club}/members/{cards[0]}/transfers", wish)
        assert answer["loyalty_card"]["balance"] >= 70
        moved = self.campaigns.list_campaign_transactions(club, limit=100).data
        assert {"POINTS_TRANSFER_OUT", "POINTS_TRANSFER_IN", "PENDING_POINTS_ACTIVATION"} <= {one.type for one in moved}

    def _post(self, path: str, body: Any) -> Any:
        """What the client cannot send, or cannot read, at the address that the client uses."""
        headers = {"x-app-id": self.project.key["app_id"], "x-app-token": self.project.key["app_token"]}
        answer = httpx.post(f"{self.base_url}{path}", json=body, headers=headers, timeout=30)
        assert answer.is_success, answer.text
        return answer.json()
