"""What a qualification considers: everything that may be offered to a customer, the newest first."""

from collections.abc import AsyncGenerator, Mapping
from datetime import UTC, datetime
from typing import Any, Literal, cast

import msgspec

from guerdon.db.table import Order, Where
from guerdon.engine.moment import Moment
from guerdon.engine.record_filter import RecordTest, compile_filter
from guerdon.errors import invalid_payload
from guerdon.events.work import Work
from guerdon.families.campaigns.store import CAMPAIGNS, CampaignRow
from guerdon.families.promotion_tiers.store import STACKS, TIERS, StackRow, TierRow
from guerdon.families.redeemables import store
from guerdon.families.redeemables.request import FieldFilter, Filters
from guerdon.families.vouchers.store import VoucherRow, key_of

Candidate = VoucherRow | TierRow | StackRow | CampaignRow
Kind = Literal["voucher", "promotion_tier", "promotion_stack", "campaign"]
# So many are looked at first, and four times as many each time that these were not enough.
_FIRST, _MOST = 20, 320
_NEWEST = Order("created_at")
_EVER = datetime(9999, 1, 1, tzinfo=UTC)
_ONLY_FIRST = ("$is", "$is_not")


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """Which kinds, older than what, and what they must be. `mine` asks for nothing but the customer's own codes."""

    kinds: frozenset[Kind]
    customer_id: str | None
    before: datetime | None = None
    mine: bool = False
    filters: Filters


async def batches(work: Work, wish: Wish) -> AsyncGenerator[list[Candidate]]:
    """The candidates, the newest first, some at a time. Errors: invalid_payload for filters."""
    passes = _test(wish.filters)
    moment = Moment(work.now, work.project.timezone)
    where = Where().equal(active=True)
    running = {row.id: row for row in await CAMPAIGNS.all(work.db, work.project.id, where, _NEWEST)}
    before, size = wish.before or _EVER, _FIRST
    while True:
        found = sorted(await _older(work, wish, running, before, size), key=_age, reverse=True)[:size]
        yield [row for row in found if _runs(row, running) and passes(_record(row, running, wish.customer_id), moment)]
        if len(found) < size:
            return
        before, size = found[-1].created_at, min(4 * size, _MOST)


def _runs(row: Candidate, running: Mapping[str, CampaignRow]) -> bool:
    return isinstance(row, CampaignRow) or row.campaign_id is None or row.campaign_id in running


def _age(row: Candidate) -> tuple[datetime, str]:
    return (row.created_at, row.id)


async def _older(
    work: Work, wish: Wish, running: Mapping[str, CampaignRow], before: datetime, most: int
) -> list[Candidate]:
    """At most so many of each kind, the newest of those older than that."""
    found: list[Candidate] = []
    db, project_id = work.db, work.project.id
    promotions = [row.id for row in running.values() if not row.has_codes]
    of_promotions = Where().add("campaign_id = ANY({})", promotions).add("created_at < {}", before)
    if "voucher" in wish.kinds:
        alone = [] if wish.mine else [row.id for row in running.values() if row.type == "STANDALONE"]
        keys = [key_of(work.project, code) for code in _codes(wish.filters)]
        offered = store.Offered(wish.customer_id, alone, before, keys, most, everybodys=not wish.mine)
        found += await store.offered(db, project_id, offered)
    if "promotion_tier" in wish.kinds and promotions:
        found += await TIERS.some(db, project_id, of_promotions.equal(active=True), _NEWEST, limit=most)
    if "promotion_stack" in wish.kinds and promotions:
        stacks = Where().add("campaign_id = ANY({})", promotions).add("created_at < {}", before)
        found += [row for row in await STACKS.some(db, project_id, stacks, _NEWEST, limit=most) if row.tier_ids]
    if "campaign" in wish.kinds:
        found += [row for row in running.values() if row.has_codes and row.created_at < before]
    return found


def kind_of(row: Candidate) -> Kind:
    if isinstance(row, VoucherRow):
        return "voucher"
    if isinstance(row, TierRow):
        return "promotion_tier"
    return "promotion_stack" if isinstance(row, StackRow) else "campaign"


def _record(row: Candidate, running: Mapping[str, CampaignRow], customer_id: str | None) -> dict[str, Any]:
    """The candidate as filters see it."""
    campaign = row if isinstance(row, CampaignRow) else running.get(row.campaign_id or "")
    told: dict[str, Any] = {
        "category_id": row.category_id or (campaign.category_id if campaign else None),
        "campaign_id": campaign.id if campaign else None,
        "campaign_type": campaign.campaign_type if campaign else None,
        "resource_id": row.id,
        "resource_type": kind_of(row),
    }
    if isinstance(row, VoucherRow):
        told |= {"voucher_type": row.type, "code": row.code}
        if customer_id is not None and row.holder_id == customer_id:
            told["holder_role"] = "REFERRER" if row.is_referral_code else "OWNER"
    elif isinstance(row, CampaignRow):
        told["voucher_type"] = row.voucher_type or None
    return told


def _test(filters: Filters) -> RecordTest:
    """Errors: invalid_payload."""
    if _junction(filters) not in {"and", "or"}:
        raise invalid_payload("Property .options.filters.junction must be equal to one of the allowed values [and, or]")
    wanted = {name: {"conditions": _first(field.conditions)} for name, field in _fields(filters).items()}
    try:
        return compile_filter({"junction": _junction(filters), **wanted})
    except ValueError as error:
        raise invalid_payload(f"Property .options.filters{error}") from None


def _junction(filters: Filters) -> str:
    junction = filters.get("junction") or "and"
    return junction.lower() if isinstance(junction, str) else ""


def _fields(filters: Filters) -> dict[str, FieldFilter]:
    """Errors: invalid_payload for a field that is only a text."""
    found: dict[str, FieldFilter] = {}
    for name, field in filters.items():
        if isinstance(field, FieldFilter):
            found[name] = field
        elif name != "junction":
            raise invalid_payload(f"Property .options.filters.{name[:100]} must have conditions")
    return found


def _first(conditions: dict[str, Any]) -> dict[str, Any]:
    """Equality has one operand: the first."""
    return {
        name: operands[:1] if name in _ONLY_FIRST and isinstance(operands, list) else operands
        for name, operands in conditions.items()
    }


def _codes(filters: Filters) -> list[str]:
    """The codes that every candidate must be one of, if the filters say so; they can be looked up."""
    field = filters.get("code")
    if _junction(filters) != "and" or not isinstance(field, FieldFilter):
        return []
    operands: object = field.conditions.get("$in") or field.conditions.get("$is")
    return [operands] if isinstance(operands, str) else _texts(operands)


def _texts(operands: object) -> list[str]:
    return [one for one in cast("list[object]", operands) if isinstance(one, str)] if isinstance(operands, list) else []
