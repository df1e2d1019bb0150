"""API processes and PostgreSQL are killed in the middle of redemptions: what was answered was done once."""

import asyncio
import contextlib
import random
import threading
import time
from collections import Counter
from typing import Any, NamedTuple

import aiohttp

import audit
import chaos

SEED = 20261121
WISHES = 150
QUANTITY = 40
CREDITS = 9_000
KILLS = ("api", "database", "api", "api")


class Answer(NamedTuple):
    """What a wish came to, after so many tries."""

    status: int
    body: dict[str, Any]
    tries: int


class Redeemers:
    """Callers of one project who send each wish, under its own key, until they are told what came of it."""

    def __init__(self, running: chaos.Processes, project: dict[str, Any]) -> None:
        key = project["server_side_key"]
        self._headers = {"x-app-id": key["app_id"], "x-app-token": key["app_token"]}
        self._urls = running.urls
        self._chance = random.Random(SEED)

    async def answer(self, session: aiohttp.ClientSession, name: str, path: str, body: Any) -> Answer:
        headers = {**self._headers, "idempotency-key": name}
        for tries in range(1, 300):
            url = self._chance.choice(self._urls) + path
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                async with session.post(url, json=body, headers=headers) as answer:
                    if answer.status != 503:
                        return Answer(answer.status, await answer.json(), tries)
            await asyncio.sleep(0.05)
        raise AssertionError(f"{name} was never answered")

    async def play(self, callers: int) -> list[Answer]:
        """Every fourth redemption that succeeds is rolled back. The answers, those of rollbacks among them."""
        found: list[Answer] = []
        numbers = iter(range(WISHES))
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(10)) as session:

            async def some() -> None:
                for number in numbers:
                    answer = await self.answer(session, f"wish {number}", "/v1/redemptions", _wish(number))
                    found.append(answer)
                    if answer.status == 200 and number % 4 == 0:
                        done = answer.body.get("parent_redemption") or answer.body["redemptions"][0]
                        path = f"/v1/redemptions/{done['id']}/rollbacks"
                        found.append(await self.answer(session, f"undo {number}", path, {}))

            await asyncio.gather(*(some() for _ in range(callers)))
        return found


def _wish(number: int) -> dict[str, Any]:
    """A code that is scarce, a gift card, or both, each in its turn; by one of five customers."""
    code = {"object": "voucher", "id": "SCARCE"}
    card = {"object": "voucher", "id": "CARD", "gift": {"credits": 100}}
    wanted = ([code], [card], [code, card], [card, code])[number // 4 % 4]
    order = {"source_id": f"order {number // 2}", "amount": 1_000}
    return {"redeemables": wanted, "order": order, "customer": {"source_id": f"c{number % 5}"}}


def _prepare(running: chaos.Processes, project: dict[str, Any]) -> None:
    async def make() -> None:
        off = {"type": "AMOUNT", "amount_off": 100}
        code = {"type": "DISCOUNT_VOUCHER", "discount": off, "redemption": {"quantity": QUANTITY}}
        rules = {"1": {"name": "redemption.count.per_customer", "conditions": {"$less_than_or_equal": [9]}}}
        redeemers = Redeemers(running, project)
        async with aiohttp.ClientSession() as session:
            made = await redeemers.answer(session, "code", "/v1/vouchers/SCARCE", code)
            gift = {"type": "GIFT_VOUCHER", "gift": {"amount": CREDITS}}
            assert (await redeemers.answer(session, "card", "/v1/vouchers/CARD", gift)).status == 200
            rule = {"name": "Nine each", "rules": {**rules, "logic": "1"}}
            limit = (await redeemers.answer(session, "rule", "/v1/validation-rules", rule)).body
            bound = {"related_object_type": "voucher", "related_object_id": made.body["id"]}
            path = f"/v1/validation-rules/{limit['id']}/assignments"
            assert (await redeemers.answer(session, "bound", path, bound)).status == 200

    asyncio.run(make())


def _kill(running: chaos.Processes, done: threading.Event) -> None:
    chance = random.Random(SEED)
    for victim in KILLS:
        time.sleep(chance.uniform(0.3, 0.7))
        if done.is_set():
            return
        if victim == "api":
            running.kill_api(chance.randrange(len(running.urls)))
        else:
            running.kill_database()


def test_what_was_answered_was_done_once_whatever_is_killed() -> None:
    with chaos.processes(workers=1, apis=2) as running, contextlib.closing(chaos.Caller(running)) as caller:
        caller.wait_until_ready()
        project = caller.project(1)
        _prepare(running, project)
        done = threading.Event()
        killing = threading.Thread(target=_kill, args=(running, done))
        killing.start()
        found = asyncio.run(Redeemers(running, project).play(callers=10))
        done.set()
        killing.join()
        assert audit.imbalance(running.rows, project["id"]) == []
        rows = running.rows("SELECT * FROM redemptions WHERE project_id = $1", project["id"])
        assert Counter(one.status for one in found).keys() <= {200, 400}
        refused = {one.body["key"] for one in found if one.status == 400}
        assert refused <= {"quantity_exceeded", "gift_amount_exceeded", "redemption_rules_violated"}
        # Every success that was told is there once, and nothing is there that was not told.
        told = Counter(row["id"] for one in found if one.status == 200 for row in _redemptions(one.body))
        there = {row["id"] for row in rows if row["result"] == "SUCCESS" and row["related_object_type"] != "redemption"}
        assert told == Counter(there)
        failures = sum(one.status == 400 for one in found)
        assert failures == sum(row["result"] == "FAILURE" for row in rows)
        assert max(one.tries for one in found) > 1, "nobody noticed a kill"
        answered = [one for one in found if one.status == 200]
        assert len(answered) > len(KILLS)


def _redemptions(body: dict[str, Any]) -> list[dict[str, Any]]:
    return body.get("redemptions") or body["rollbacks"]
