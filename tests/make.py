"""Plain functions that make what a test needs, through the API, with as little said as possible."""

from typing import Any

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


def campaign(project: Project, kind: str = "LOYALTY_PROGRAM", name: str = "Club", **fields: Any) -> dict[str, Any]:
    """A campaign with one code, unless `vouchers_count` says otherwise; `voucher` adds to what codes are."""
    given = {
        "LOYALTY_PROGRAM": {"type": "LOYALTY_CARD", "loyalty_card": {"points": 0}},
        "GIFT_VOUCHERS": {"type": "GIFT_VOUCHER", "gift": {"amount": 10_000}},
        "DISCOUNT_COUPONS": {"type": "DISCOUNT_VOUCHER", "discount": {"type": "PERCENT", "percent_off": 10}},
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
