"""Plain functions that make what a test needs, through the API, with as little said as possible."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from guerdon import tenant
from guerdon.asgi import runtime
from guerdon.events.work import Work, working
from guerdon.webhooks import store as webhooks
from guerdon.webhooks.store import Endpoint
from installation import Installation, Project, eventually


def project(installation: Installation, **fields: Any) -> Project:
    body = {
        "name": "Test",
        "timezone": "UTC",
        "currency": "EUR",
        "case_sensitive_codes": True,
        "is_sandbox": True,
        **fields,
    }
    return Project(installation, installation.manage().post("/management/v1/projects", body))


def customer(project: Project, source_id: str = "ann", **fields: Any) -> dict[str, Any]:
    return project.post("/v1/customers", {"source_id": source_id, "name": source_id.title(), **fields})


def event_schema(project: Project, name: str = "signed_up", **properties: dict[str, Any]) -> dict[str, Any]:
    """Defines a custom event, with what its metadata must be like."""
    body = {"name": name, "schema": {"properties": properties}}
    return project.management.post(f"{project.path}/custom-event-schemas", body)


def metadata_schema(
    project: Project,
    related_object: str = "customer",
    *,
    allow_defined_only: bool = False,
    **properties: dict[str, Any],
) -> dict[str, Any]:
    body = {"related_object": related_object, "allow_defined_only": allow_defined_only, "properties": properties}
    return project.management.post(f"{project.path}/metadata-schemas", body)


def segment(project: Project, kind: str = "passive", name: str = "Some", **fields: Any) -> dict[str, Any]:
    """A segment; an auto-update one once it knows who is in it. `filter_` is its filter, without the junction."""
    filter_ = fields.pop("filter_", None)
    body = {"name": name, "type": kind, **({"filter": {"junction": "and", **filter_}} if filter_ else {}), **fields}
    made = project.post("/v1/segments", body)
    if kind == "auto-update":
        swept = "SELECT FROM segments WHERE project_id = $1 AND id = $2 AND swept_on IS NOT NULL"
        eventually(lambda: project.installation.sql(swept, project.id, made["id"]))
    return made


def product(project: Project, source_id: str = "bottle", **fields: Any) -> dict[str, Any]:
    return project.post("/v1/products", {"source_id": source_id, "name": source_id.title(), **fields})


def sku(project: Project, product_name: str, source_id: str, **fields: Any) -> dict[str, Any]:
    body = {"source_id": source_id, "sku": source_id.title(), **fields}
    return project.post(f"/v1/products/{product_name}/skus", body)


def order(
    project: Project, amount: int | None = None, customer: str | dict[str, Any] | None = "ann", **fields: Any
) -> dict[str, Any]:
    """An order of an amount, of this customer or of the one with this source id."""
    person = {"source_id": customer} if isinstance(customer, str) else customer
    return project.post("/v1/orders", {"amount": amount, "customer": person, **fields})


def collection(project: Project, *products: str, **fields: Any) -> dict[str, Any]:
    """A collection of the products with these ids or source ids, or of what passes the `filter`."""
    if "filter" in fields:
        return project.post("/v1/product-collections", {"name": "Some", "type": "AUTO_UPDATE", **fields})
    listed = [{"id": name, "object": "product"} for name in products]
    return project.post("/v1/product-collections", {"name": "Some", "type": "STATIC", "products": listed, **fields})


def validation_rule(project: Project, **fields: Any) -> dict[str, Any]:
    """A rule that wants orders of more than 10.00."""
    rules = {"1": {"name": "order.amount", "conditions": {"$more_than": [1_000]}}, "logic": "1"}
    return project.post("/v1/validation-rules", {"name": "Large orders", "rules": rules, **fields})


def bound(project: Project, rule: dict[str, Any], related_type: str, related_id: str) -> dict[str, Any]:
    """The assignment of the rule to something."""
    body = {"related_object_type": related_type, "related_object_id": related_id}
    return project.post(f"/v1/validation-rules/{rule['id']}/assignments", body)


def promotion(
    project: Project, name: str = "Promo", tiers: Sequence[dict[str, Any]] = (), **fields: Any
) -> dict[str, Any]:
    """A campaign of promotions; each tier takes 10 % off, unless it says otherwise."""
    off = {"discount": {"type": "PERCENT", "percent_off": 10}}
    given = [{"name": f"Tier {number}", "action": off, **tier} for number, tier in enumerate(tiers, start=1)]
    body = {"name": name, "campaign_type": "PROMOTION", "promotion": {"tiers": given}, **fields}
    return project.post("/v1/campaigns", body)


def tier(project: Project, campaign: str = "Promo", **fields: Any) -> dict[str, Any]:
    """A tier that takes 10 % off."""
    body = {"name": "Tier", "action": {"discount": {"type": "PERCENT", "percent_off": 10}}, **fields}
    return project.post(f"/v1/promotions/{campaign}/tiers", body)


def category(project: Project, name: str = "First", hierarchy: int = 1) -> dict[str, Any]:
    return project.post("/v1/categories", {"name": name, "hierarchy": hierarchy})


def listen(project: Project, *events: str) -> str:
    """Subscribes to events that only distributions may have; returns the path at the receiver that they come to."""
    path = f"/{project.id}/listening"
    asyncio.run(_listen(project, path, events))
    return path


async def _listen(project: Project, path: str, events: tuple[str, ...]) -> None:
    async with work_on(project) as work:
        endpoint = Endpoint(
            id="wh_listening",
            source_id="wh_listening",
            target_url=project.receiver.url(path),
            events=list(events),
            active_since=work.runtime.ids.mark(),
            created_at=work.now,
        )
        await webhooks.ENDPOINTS.insert(work.db, project.id, endpoint)


@asynccontextmanager
async def work_on(project: Project) -> AsyncGenerator[Work]:
    """A piece of the engine's own work on the project, in one transaction."""
    installation = project.installation
    async with (
        runtime(installation.settings, installation.database.url()) as made,
        working(made, tenant.Project(project.id), "v-test") as work,
    ):
        yield work


def campaign(project: Project, kind: str = "LOYALTY_PROGRAM", name: str = "Club", **fields: Any) -> dict[str, Any]:
    """A campaign with one code, unless `vouchers_count` says otherwise; `voucher` adds to what codes are."""
    given = {
        "LOYALTY_PROGRAM": {"type": "LOYALTY_CARD", "loyalty_card": {"points": 0}},
        "GIFT_VOUCHERS": {"type": "GIFT_VOUCHER", "gift": {"amount": 10_000}},
        "DISCOUNT_COUPONS": {"type": "DISCOUNT_VOUCHER", "discount": {"type": "PERCENT", "percent_off": 10}},
        "REFERRAL_PROGRAM": {"type": "DISCOUNT_VOUCHER", "discount": {"type": "PERCENT", "percent_off": 10}},
    }
    voucher = {**given[kind], **fields.pop("voucher", {})}
    body = {"name": name, "campaign_type": kind, "type": "AUTO_UPDATE", "voucher": voucher, **fields}
    made = project.post("/v1/campaigns", body)
    if made["creation_status"] == "IN_PROGRESS":
        made = eventually(lambda: _created(project.get(f"/v1/campaigns/{made['id']}")))
    return made


def _created(campaign: dict[str, Any]) -> dict[str, Any] | None:
    return None if campaign["creation_status"] == "IN_PROGRESS" else campaign


def published(
    project: Project, campaign: str = "Club", customer: str = "ann", count: int = 1, **fields: Any
) -> dict[str, Any]:
    """The publication of codes of the campaign."""
    body = {"campaign": {"name": campaign, "count": count}, "customer": {"source_id": customer}, **fields}
    return project.post("/v1/publications", body)


def rule(project: Project, points: int = 100, campaign: str = "Club", **fields: Any) -> dict[str, Any]:
    """A rule that gives points for every paid order."""
    body = {"event": "order.paid", "loyalty": {"type": "FIXED", "points": points}, **fields}
    (made,) = project.post(f"/v1/loyalties/{campaign}/earning-rules", [body])
    return made


def proportional(property_: str, every: int, points: int) -> dict[str, Any]:
    """The `loyalty` of a rule that gives points in proportion to an amount of the order."""
    kind = {"amount": "ORDER_AMOUNT", "total_amount": "ORDER_TOTAL_AMOUNT"}[property_]
    steps = {property_: {"every": every, "points": points}}
    return {"type": "PROPORTIONAL", "calculation_type": kind, "order": steps}


def member(project: Project, customer: str = "ann", points: int = 0, campaign: str = "Club") -> dict[str, Any]:
    """The customer's card, with so many points added by hand."""
    card = project.post(f"/v1/loyalties/{campaign}/members", {"customer": {"source_id": customer}})
    if points:
        project.post(f"/v1/loyalties/members/{card['code']}/balance", {"points": points})
    return card


def reward(
    project: Project, points: int = 50, campaign: str = "Club", *, automatic: bool = False, **fields: Any
) -> dict[str, Any]:
    """A bottle that the campaign offers for so many points, with the offer in `assignment`."""
    bottle = product(project, price=2_500)
    body = {"name": "A bottle", "parameters": {"product": {"id": bottle["id"]}}, **fields}
    made = project.post("/v1/rewards", body)
    price = {"points": points, **({"auto_redeem": True} if automatic else {})}
    offer = {"campaign": campaign, "parameters": {"loyalty": price}}
    return {**made, "assignment": project.post(f"/v1/rewards/{made['id']}/assignments", offer)}


def referral_code(project: Project, referrer: str = "ann", **program: Any) -> dict[str, Any]:
    """A code of a referral campaign, published to the referrer; a redemption converts unless `program` says else."""
    wanted = {"conversion_event_type": "redemption", **program}
    if project.request("GET", "/v1/campaigns/Friends").status_code == 404:
        campaign(project, "REFERRAL_PROGRAM", "Friends", referral_program=wanted)
    return published(project, "Friends", referrer)["voucher"]
