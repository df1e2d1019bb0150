"""Points in random order: orders, adjustments, transfers, rewards, rollbacks, waiting points and days that pass.

A model of a few lines says what every card must be after each step; and everything must add up.
"""

import os
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

import make
from guerdon.engine.calendar import add_months
from installation import Installation, Project

NAMES = ("ann", "bob", "cid")
START = date(2027, 1, 30)
FIXED, STEP, EVERY, WAITING, DAYS, PRICE = 10, 3, 1_000, 7, 2, 20
who = st.sampled_from(NAMES)


class Card:
    """What the model knows of a card: points by last day, those that wait, and the sums."""

    def __init__(self) -> None:
        self.buckets: dict[date | None, int] = {}
        self.waiting: list[tuple[str, date, int]] = []  # order, day, points
        self.added = self.subtracted = self.expired = self.redeemed = 0

    @property
    def balance(self) -> int:
        return sum(self.buckets.values())

    def add(self, points: int, last_day: date | None) -> None:
        self.added += points
        self.fill(points, last_day)

    def fill(self, points: int, last_day: date | None) -> None:
        self.buckets[last_day] = self.buckets.get(last_day, 0) + points

    def take(self, points: int) -> dict[date | None, int]:
        """Those that end soonest first; what was taken of which."""
        taken: dict[date | None, int] = {}
        for last_day in sorted(self.buckets, key=lambda day: day or date.max):
            taken[last_day] = min(self.buckets[last_day], points - sum(taken.values()))
            self.buckets[last_day] -= taken[last_day]
        return {day: part for day, part in taken.items() if part}

    def begin(self, day: date, program: Callable[[date], date]) -> None:
        """What the beginning of a day does: points that wait can be used, then what is over ends."""
        for entry in [one for one in self.waiting if one[1] <= day]:
            self.waiting.remove(entry)
            self.add(entry[2], program(day))
        for last_day in [one for one in self.buckets if one is not None and one < day]:
            self.expired += self.buckets.pop(last_day)

    @property
    def shown(self) -> dict[str, Any]:
        dated = sorted(day for day, points in self.buckets.items() if day and points)
        found: dict[str, Any] = {
            "points": self.added,
            "balance": self.balance,
            "expired_points": self.expired,
            "subtracted_points": self.subtracted,
            "pending_points": sum(points for *_, points in self.waiting),
        }
        if dated:
            found |= {"next_expiration_date": dated[0].isoformat(), "next_expiration_points": self.buckets[dated[0]]}
        return found


def in_a_month(day: date) -> date:
    return add_months(day, 1)


class Points(RuleBasedStateMachine):
    """Drives a project and the model alike."""

    installation: Installation

    def __init__(self) -> None:
        super().__init__()
        self.project: Project = make.project(self.installation)
        rules = {"period_type": "MONTH", "period_value": 1}
        make.campaign(self.project, voucher={"loyalty_card": {"points": 0, "expiration_rules": rules}})
        self.today = START
        self.project.advance(to=f"{START}T12:00:00Z")
        self.codes = {name: make.member(self.project, name)["code"] for name in NAMES}
        make.rule(self.project, FIXED)
        late = {"period_type": "MONTH", "period_value": 2, "rounding_type": "END_OF_MONTH"}
        make.rule(self.project, loyalty=make.proportional("amount", EVERY, STEP), expiration_rules=late)
        make.rule(self.project, WAITING, pending_points={"period_type": "DAY", "period_value": DAYS})
        self.reward = make.reward(self.project, PRICE)["id"]
        self.cards = {name: Card() for name in NAMES}
        self.orders: list[tuple[str, str]] = []
        self.redemptions: list[tuple[str, str, dict[date | None, int]]] = []

    def _path(self, name: str) -> str:
        return f"/v1/loyalties/members/{self.codes[name]}"

    def _settle(self) -> None:
        self.project.advance("PT0S")

    @rule(name=who, points=st.integers(1, 60), kind=st.sampled_from(["PROGRAM_RULES", "NON_EXPIRING", "CUSTOM_DATE"]))
    def add(self, name: str, points: int, kind: str) -> None:
        own = self.today + timedelta(days=points)
        ends = {"PROGRAM_RULES": in_a_month(self.today), "NON_EXPIRING": None, "CUSTOM_DATE": own}[kind]
        body = {"points": points, "expiration_type": kind, "expiration_date": own.isoformat()}
        self.project.post(f"{self._path(name)}/balance", body)
        self.cards[name].add(points, ends)

    @rule(name=who, points=st.integers(1, 60))
    def remove(self, name: str, points: int) -> None:
        card, path = self.cards[name], f"{self._path(name)}/balance"
        if points > card.balance:
            key = "loyalty_card_points_exceeded"
            self.project.refuse("POST", path, {"points": -points}, status=400, key=key)
        else:
            self.project.post(path, {"points": -points})
            card.take(points)
            card.subtracted += points

    @rule(name=who, amount=st.integers(0, 5_000))
    def pay(self, name: str, amount: int) -> None:
        order = make.order(self.project, amount, name, status="PAID")["id"]
        self._settle()
        card = self.cards[name]
        card.add(FIXED, in_a_month(self.today))
        if amount >= EVERY:
            later = add_months(self.today, 2)
            card.add(amount // EVERY * STEP, add_months(later.replace(day=1), 1) - timedelta(days=1))
        card.waiting.append((order, self.today + timedelta(days=DAYS), WAITING))
        self.orders.append((name, order))

    @precondition(lambda self: self.orders)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        name, order = self.orders.pop(data.draw(st.integers(0, len(self.orders) - 1)))
        self.project.put(f"/v1/orders/{order}", {"status": "CANCELED"})
        self._settle()
        card = self.cards[name]
        card.waiting = [entry for entry in card.waiting if entry[0] != order]

    @rule(giver=who, taker=who, points=st.integers(1, 60))
    def move(self, giver: str, taker: str, points: int) -> None:
        path = f"/v1/loyalties/Club/members/{self.codes[taker]}/transfers"
        body = [{"code": self.codes[giver], "points": points}]
        if giver == taker:
            self.project.refuse("POST", path, body, status=400, key="invalid_payload")
        elif points > self.cards[giver].balance:
            self.project.refuse("POST", path, body, status=400, key="loyalty_card_points_exceeded")
        else:
            self.project.post(path, body)
            self.cards[giver].take(points)
            self.cards[giver].subtracted += points
            self.cards[taker].add(points, in_a_month(self.today))

    @rule(name=who)
    def redeem(self, name: str) -> None:
        card, path, body = self.cards[name], f"{self._path(name)}/redemption", {"reward": {"id": self.reward}}
        if card.balance < PRICE:
            self.project.refuse("POST", path, body, status=400, key="loyalty_card_points_exceeded")
        else:
            redemption = self.project.post(path, body)["id"]
            self.redemptions.append((name, redemption, card.take(PRICE)))
            card.redeemed += PRICE

    @precondition(lambda self: self.redemptions)
    @rule(data=st.data())
    def roll_back(self, data: st.DataObject) -> None:
        name, redemption, taken = self.redemptions.pop(data.draw(st.integers(0, len(self.redemptions) - 1)))
        self.project.post(f"/v1/redemptions/{redemption}/rollback")
        card = self.cards[name]
        card.redeemed -= PRICE
        for last_day, points in taken.items():
            over = last_day is not None and last_day < self.today
            card.fill(points, in_a_month(self.today) if over else last_day)

    @rule(name=who, verb=st.sampled_from(["activate", "cancel"]))
    def end_waiting(self, name: str, verb: str) -> None:
        listed = self.project.get(f"{self._path(name)}/pending-points", order="id")["data"]
        if not listed:
            return
        self.project.post(f"{self._path(name)}/pending-points/{listed[0]['id']}/{verb}")
        card = self.cards[name]
        (entry,) = [one for one in card.waiting if one[0] == listed[0]["order_id"]]
        card.waiting.remove(entry)
        if verb == "activate":
            card.add(entry[2], in_a_month(self.today))

    @rule(days=st.integers(1, 45))
    def wait(self, days: int) -> None:
        self.project.advance(f"P{days}D")
        for _ in range(days):
            self.today += timedelta(days=1)
            for card in self.cards.values():
                card.begin(self.today, in_a_month)

    @invariant()
    def agrees(self) -> None:
        for name, card in self.cards.items():
            found = self.project.get(self._path(name))
            assert found["loyalty_card"] == card.shown, name
            assert found["redemption"]["redeemed_points"] == card.redeemed
            assert self.project.get(f"/v1/customers/{name}")["loyalty"]["points"] == card.balance
            buckets = self.project.get(f"/v1/loyalties/Club/members/{self.codes[name]}/points-expiration", limit=100)
            assert {
                bucket.get("expires_at"): bucket["bucket"]["total_points"]
                for bucket in buckets["data"]
                if bucket["bucket"]["total_points"]
            } == {day.isoformat() if day else None: points for day, points in card.buckets.items() if points}

    def teardown(self) -> None:
        wrong = [one for one in self.installation.audit(self.project.id) if one.wrong]
        assert not wrong, wrong


def test_points_are_as_the_model_says(installation: Installation) -> None:
    class Driven(Points):
        pass

    Driven.installation = installation
    # The same runs every time; more of them are a matter of patience.
    examples = int(os.environ.get("GUERDON_MODEL_EXAMPLES", "3"))
    run_state_machine_as_test(
        Driven,
        settings=settings(
            max_examples=examples,
            stateful_step_count=16,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
