"""Nothing that a caller sends is answered with a 500, and what is refused has changed nothing."""

import asyncio
import re
from collections.abc import Callable
from random import Random
from typing import Any
from urllib.parse import urlencode

import asyncpg
import bodies
import httpx
import pytest
from judging import judge

import make
from guerdon.asgi import ROUTES
from guerdon.http.routing import Route, Scope, Upload
from installation import Project, eventually

REQUESTS = 300
# What removes something comes less often, so that the others find what they need.
# Not the one whose effects come when time is due, which can be while the next request is judged.
OPERATIONS = tuple(
    route
    for route in ROUTES
    for _ in range({"DELETE": 1, "GET": 3}.get(route.method, 8))
    if not route.path.endswith("/permanent-deletion")
)
QUERIES = {"limit": (1, 100), "page": (1, 100), "order": ("-created_at", "created_at", "id"), "size": (1, 2)}
# Where a refused redemption leaves its record.
RECORDED = {"redemptions", "events", "customers"}
METHODS = ("GET", "POST", "PUT", "DELETE")
_TABLES = """
SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'project_id'
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace
AND c.relname NOT IN ('jobs', 'outbox', 'deliveries', 'delivery_attempts', 'tallies', 'event_feeds') ORDER BY 1
"""
# Validations are noted about a second later, which can be while the next request is judged.
_LATE = {"events": "AND type NOT LIKE 'customer.validation.%'"}
# A distribution whose campaign has no code left tries again for a day; then nothing else is waiting.
_GIVE_UP = "DELETE FROM jobs WHERE project_id = $1 AND name = 'distributions.prepare' AND last_error IS NOT NULL"
_BUSY = "SELECT EXISTS (SELECT FROM jobs WHERE project_id = $1) OR EXISTS (SELECT FROM outbox WHERE project_id = $1)"
_FAILED = "SELECT name, payload, last_error FROM jobs WHERE project_id = $1 AND last_error IS NOT NULL"


class Database:
    """Looks at a project's rows beside the installation, over one connection."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._loop = asyncio.new_event_loop()
        self._connection = self._loop.run_until_complete(asyncpg.connect(project.installation.database.url()))
        tables = [row["relname"] for row in self._run(self._connection.fetch, _TABLES)]
        sums = " UNION ALL ".join(
            f"SELECT '{table}' AS name, count(*), sum(hashtextextended(t::text, 0)::numeric) FROM {table} t "
            f"WHERE project_id = $1 {_LATE.get(table, '')}"
            for table in tables
        )
        self._sums = f"{sums} UNION ALL SELECT 'projects', count(*), 0 FROM projects"

    def settled(self) -> list[tuple[Any, ...]]:
        """What is in the tables once the workers have nothing left to do. Fails if a job has failed."""
        eventually(self._at_rest)
        return [tuple(row) for row in self._run(self._connection.fetch, self._sums, self._project.id)]

    def _at_rest(self) -> bool:
        self._run(self._connection.execute, _GIVE_UP, self._project.id)
        failed = self._run(self._connection.fetch, _FAILED, self._project.id)
        assert not failed, [tuple(row) for row in failed]
        return not self._run(self._connection.fetchval, _BUSY, self._project.id)

    def close(self) -> None:
        self._run(self._connection.close)
        self._loop.close()

    def _run(self, call: Callable[..., Any], *args: object) -> Any:
        return self._loop.run_until_complete(call(*args))


class World:
    """A project with one of everything, and the values by which requests can name it."""

    def __init__(self, project: Project) -> None:
        self.project = project
        make.customer(project)
        make.customer(project, "bob")
        make.sku(project, make.product(project, "bottle", price=2_500)["id"], "red")
        campaign = make.campaign(project, vouchers_count=3)
        make.campaign(project, "GIFT_VOUCHERS", "Gifts", vouchers_count=2)
        rule = make.rule(project)
        self.card = make.member(project, "ann", 1_000)
        reward = make.reward(project, 1, stock=50)
        order = make.order(project, 500, source_id="first", status="PAID")
        segment = make.segment(project, filter_={"name": {"conditions": {"$has_value": [True]}}})
        schema = make.metadata_schema(project, "order", size={"type": "number"})
        defined = make.event_schema(project, stars={"type": "number", "optional": True})
        made = project.management.post(f"{project.path}/distributions", self._distribution())
        hook = project.management.post(f"{project.path}/webhooks", {"target_url": self._url(), "events": ["*"]})
        self.known = {
            "projectId": [project.id],
            "customerId": ["ann", "bob"],
            "productId": ["bottle"],
            "skuId": ["red"],
            "orderId": ["first", order["id"]],
            "campaignId": ["Club", "Gifts", campaign["id"]],
            "memberId": [self.card["code"], self.card["id"]],
            "code": [self.card["code"]],
            "earningRuleId": [rule["id"]],
            "rewardId": [reward["id"]],
            "distributionId": [made["id"]],
            "webhookId": [hook["id"]],
            "segmentId": [segment["id"]],
            "metadataSchemaId": [schema["id"]],
            "customEventSchemaId": [defined["id"]],
            "resource": ["order"],
            "assetId": [self.card["assets"]["qr"]["id"]],
        }
        self.good: dict[str, tuple[Any, ...]] = {
            "id": (reward["id"], "bottle"),
            "source_id": ("ann", "bob", "first", "new"),
            "product_id": ("bottle",),
            "sku_id": ("red",),
            "name": ("Club", "Gifts", "new"),
            "campaign": ("Club", "Gifts", {"name": "Gifts"}),
            "loyalty": ({"type": "FIXED", "points": 5}, {"points": 3}),
            "campaign_id": ("Club", None),
            "customer": ({"source_id": "ann"}, {"source_id": "bob", "name": "Bob"}, "ann"),
            "customer_id": ("ann", "bob", None),
            "referrer_id": ("bob", None),
            "reward": ({"id": reward["id"]}, {"id": reward["id"]}, reward["id"]),
            "product": ({"id": "bottle"},),
            "timezone": ("UTC", "Pacific/Auckland", "America/New_York"),
            "currency": ("EUR",),
            "by": ("PT1H", "P1M"),
            "target_url": (self._url(),),
            "events": (["customer.updated"], ["*"]),
            "event": ("order.paid", "signed_up"),
            "filter": ({"email": {"conditions": {"$is_unknown": [True]}}}, {"metadata.tier": {"conditions": {}}}),
            "related_object": ("customer", "order", "voucher"),
            "properties": ({"tier": {"type": "string"}}, {"tier": {"type": "string", "optional": False}}),
            "schema": ({"properties": {"tier": {"type": "string", "optional": True}}},),
            "channels": (self._distribution()["channels"],),
            "trigger": ({"type": "customer.order.paid"}, {"type": "customer.updated"}),
            "action": ({"type": "MESSAGE"}, {"type": "PUBLICATION", "campaign_id": "Gifts"}),
            "campaign_type": ("LOYALTY_PROGRAM", "GIFT_VOUCHERS", "PROMOTION", "REFERRAL_PROGRAM"),
            "voucher": ({"type": "LOYALTY_CARD", "loyalty_card": {"points": 5}}, self.card["code"]),
            "vouchers_count": (1, 2),
            "amount": (0, 700, 2**53 - 1),
            "points": (1, 3, 300, 2**53 - 1),
            "order": ({"amount": 100}, {"source_id": "first"}),
            **self._offer(),
            **self._club(reward),
            "interval": ("P1D", "P1M"),
            "duration": ("PT5H", "P3D"),
            "start_time": ("09:00", ""),
            "expiration_time": ("17:00", ""),
        }

    def _offer(self) -> dict[str, tuple[Any, ...]]:
        """Makes categories, rules, promotions and collections, and returns the values that name them."""
        project = self.project
        category, rule = make.category(project), make.validation_rule(project)
        listed = make.collection(project, "bottle")
        filtered = make.collection(project, filter={"junction": "and", "price": {"conditions": {"$more_than": [1]}}})
        tiers = [tier["id"] for tier in make.promotion(project, tiers=[{}, {}])["promotion"]["tiers"]]
        stack = project.post("/v1/promotions/Promo/stacks", {"name": "s", "tiers": {"ids": tiers}})
        bound = make.bound(project, rule, "promotion_tier", tiers[0])
        stacking = project.management.post(f"{project.path}/stacking-rules", {"joint_categories": [category["id"]]})
        self.known["campaignId"] += ["Promo", "Promo"]
        self.known |= {
            "categoryId": [category["id"]],
            "validationRuleId": [rule["id"]],
            "assignmentId": [bound["id"]],
            "productCollectionId": [listed["id"], filtered["id"]],
            "promotionTierId": tiers,
            "stackId": [stack["id"]],
            "stackingRulesId": [stacking["id"]],
        }
        entry = {"object": "products_collection", "id": listed["id"]}
        inside = {"name": "order.items.any", "conditions": {"$is": [entry]}, "rules": {}}
        return {
            "rules": (rule["rules"], {"1": inside, "2": rule["rules"]["1"], "logic": "(1 or 2)"}),
            "applicable_to": ({"included": [entry]}, {"excluded": [{"object": "sku", "id": "red"}]}),
            "filter": (filtered["filter"], {"junction": "or", "metadata.a": {"conditions": {"$is": [1]}}}),
            "products": ([{"id": "red", "object": "sku"}], [{"id": "bottle", "object": "product"}]),
            "ids": (tiers, tiers[:1]),
            "validation_rules": ([rule["id"]], []),
            "validation_rule_id": (rule["id"], None),
            "category_id": (category["id"], "First"),
            "exclusive_categories": ([category["id"]], []),
            "related_object_type": ("campaign", "promotion_tier", "voucher", "earning_rule"),
            "related_object_id": ("Club", tiers[1], self.card["id"], self.known["earningRuleId"][0]),
            "context_type": ("global", "campaign.promotion"),
            "promotion": ({"tiers": [{"name": "x", "action": {"discount": {"type": "PERCENT", "percent_off": 5}}}]},),
        }

    def _club(self, reward: dict[str, Any]) -> dict[str, tuple[Any, ...]]:
        """Makes tiers, a referral code with a referee, and rewards of other kinds, and returns what names them."""
        project = self.project
        body = [{"name": "Low", "points": {"from": 0, "to": 2_000}}, {"name": "High", "points": {"from": 2_001}}]
        levels = project.post("/v1/loyalties/Club/tiers", body)
        code = make.referral_code(project, "bob")
        (holder,) = project.post(f"/v1/referrals/members/{code['code']}/holders", {"holders": [{"source_id": "eve"}]})[
            "holders"
        ]
        coin = make.reward(project, parameters={"coin": {"exchange_ratio": 1}})
        gift = make.reward(project, 1, parameters={"campaign": {"id": "Gifts", "balance": 5}})
        tier = project.post("/v1/campaigns/Friends/referral-tiers", {"reward": gift["id"]})
        self.known["campaignId"] += ["Friends"]
        self.known["memberId"] += [code["code"]]
        self.known["code"] += [code["code"]]
        self.known["rewardId"] += [coin["id"], gift["id"]]
        self.known["assignmentId"] += [coin["assignment"]["id"], reward["assignment"]["id"]]
        self.known |= {
            "loyaltyTierId": [level["id"] for level in levels],
            "holderId": [holder["id"]],
            "referralTierId": [tier["id"]],
        }
        rates = {"campaign": {"id": "Gifts", "balance": 5}}, {"coin": {"exchange_ratio": "0.5", "points_ratio": 7}}
        return {
            "holders": ([{"source_id": "eve"}], [{"source_id": "new"}, {"source_id": "ann"}]),
            "referral": ({"code": code["code"]}, None),
            "referral_program": ({"conversion_event_type": "redemption"}, None),
            "parameters": (*rates, {"loyalty": {"points": 3, "auto_redeem": True}, "product": {"id": "bottle"}}),
            "earning_rules": ({self.known["earningRuleId"][0]: {"type": "MULTIPLY", "multiplier": 1.5}},),
            "rewards": ({reward["id"]: {"type": "CUSTOM", "points": 2}}, {coin["id"]: {"type": "NOT_AVAILABLE"}}),
            "extend": ("P1M", "P0D", "P7D"),
        }

    def _url(self) -> str:
        return self.project.receiver.url(f"/{self.project.id}/fuzz")

    def _distribution(self) -> dict[str, Any]:
        channel = {"type": "webhook", "event_name": "x", "target_url": self._url()}
        return {"name": "d", "trigger": {"type": "customer.order.paid"}, "channels": [channel]}

    def request(self, route: Route, random: Random) -> httpx.Response:
        """Sends something to the operation, mostly nearly what it takes."""
        path = re.sub(r"{(\w+)}", lambda found: bodies.segment(self.known.get(found[1], []), random), route.path)
        given = urlencode(bodies.query(route.query, QUERIES, random), errors="surrogatepass")
        method = random.choice(METHODS) if random.random() < 0.03 else route.method
        client = self.project.management if route.scope is Scope.MANAGEMENT else self.project
        url = f"{path}?{given}" if given else path
        if route.body is Upload:
            lines = random.choice((b"Name,Source_id\nAnn,ann\n", b"\xff\x00", b"Source_id\n\n,,,\n", b""))
            return client.request(method, url, files={"file": ("a.csv", lines)})
        if route.body is None:
            return client.request(method, url)
        body = bodies.value(route.body, self.good, random)
        for _ in range(random.choice((0, 0, 0, 1, 1, 2))):
            body = bodies.spoiled(body, random)
        content = bodies.content(body, random)
        return client.request(method, url, content=content, headers={"content-type": "application/json"})


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_sent(project: Project, seed: int) -> None:
    random, world, database = Random(seed), World(project), Database(project)
    before = database.settled()
    for _ in range(REQUESTS):
        answer = world.request(random.choice(OPERATIONS), random)
        judge(answer)
        after = database.settled()
        if not answer.is_success:
            recorded = RECORDED if answer.json().get("resource_type") in {"redemption", "redemption_rollback"} else ()
            changed = [
                (old, new) for old, new in zip(before, after, strict=True) if old != new and old[0] not in recorded
            ]
            assert not changed, (answer.request.method, str(answer.request.url), answer.request.content, changed)
        before = after
    database.close()
