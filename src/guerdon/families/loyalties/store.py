"""Earning rules, and which orders have earned by them: tables and statements."""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

import msgspec

from guerdon.db.table import Table
from guerdon.db.transaction import Transaction
from guerdon.engine.earning import PLACES, Earning, Fixed, Proportional
from guerdon.engine.formula.compile import Formula, compile_formula
from guerdon.engine.goods import Named
from guerdon.engine.points import ExpirationRules
from guerdon.engine.validity import Validity
from guerdon.families.campaigns.store import CampaignRow
from guerdon.families.loyalties.places import Place
from guerdon.families.vouchers.store import VOUCHERS, VoucherRow


class EarningRuleRow(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """A rule as it is stored; `loyalty` is as it is shown.

    `target` is the id of the custom event, segment or tier that the event must be of. `validity` is as in vouchers.
    """

    id: str
    automation_id: str
    campaign_id: str
    event: str
    target: str = ""
    loyalty: dict[str, Any]
    pending_days: int | None = None
    expiration_rules: dict[str, Any] | None = None
    banner: str | None = None
    active: bool
    start_date: datetime | None = None
    expiration_date: datetime | None = None
    validity: dict[str, Any] | None = None
    metadata: dict[str, Any]
    created_at: datetime
    updated_at: datetime | None = None
    validation_rule_id: str | None = None

    @cached_property
    def earning(self) -> Earning:
        if self.loyalty["type"] == "FIXED":
            return Fixed(self.loyalty["points"], _formula(self.loyalty))
        basis = self.loyalty["calculation_type"]
        block, name = PLACES[basis]
        step: dict[str, Any] = self.loyalty[block][name]
        named: list[dict[str, str]] = step.get("applicable_to") or ([step] if "object" in step else [])
        return Proportional(
            basis,
            step["every"],
            step["points"],
            _formula(step),
            step.get("property", ""),
            tuple(Named(one["object"], one["id"]) for one in named),
        )

    def period(self, campaign: CampaignRow) -> Validity:
        """When it holds; a date that it has not is that of its campaign."""
        start, end = self.start_date or campaign.start_date, self.expiration_date or campaign.expiration_date
        return Validity(start, end, self.validity)

    @property
    def expiration(self) -> ExpirationRules | None:
        return msgspec.convert(self.expiration_rules, ExpirationRules | None)


def _formula(points: dict[str, Any]) -> Formula | None:
    text = points.get("points_formula")
    return compile_formula(text) if text else None


class RecordedEvent(msgspec.Struct, frozen=True):
    """An event of the feed, without its data; `event_source` is the JSON that names who caused it."""

    id: str
    type: str
    category: str
    entity_id: str
    created_at: datetime
    group_id: str
    event_source: str


RULES = Table("earning_rules", EarningRuleRow)
# A rule for any tier is about those of its own campaign.
_MET = "event = $2 AND target = ANY($3) AND (target <> '__ANY__' OR campaign_id = $4) AND active AND created_at <= $5"
_REWARDING = f"{RULES.select} AND {_MET} ORDER BY campaign_id, created_at, id"
_EARN = """
INSERT INTO earnings (project_id, cause_id, earning_rule_id, entry_id) VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING RETURNING entry_id
"""
_EARN_SEVERAL = """
INSERT INTO earnings (project_id, cause_id, earning_rule_id, entry_id)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) ON CONFLICT DO NOTHING RETURNING entry_id
"""
_EVENTS = """
SELECT found.* FROM unnest($1::text[], $2::bigint[]) AS wanted (project_id, number), LATERAL (
    SELECT e.number, id, type, category, entity_id, created_at, group_id, event_source, data FROM events e
    WHERE e.project_id = wanted.project_id AND e.number = wanted.number LIMIT 1
) found
"""
_CARD = f"""
{VOUCHERS.select} AND campaign_id = $2 AND holder_id = $3 ORDER BY active DESC, created_at, id LIMIT 1
"""
_CARDS = f"""
SELECT found.* FROM unnest($1::text[], $2::text[]) AS holder (project_id, id), LATERAL (
    SELECT {VOUCHERS.columns} FROM (
        SELECT * FROM vouchers WHERE project_id = holder.project_id AND holder_id = holder.id OFFSET 0
    ) held WHERE campaign_id = $3 ORDER BY active DESC, created_at, id LIMIT 1
) found
"""
_EXPIRING_PROJECTS = """
SELECT p.id FROM projects p WHERE EXISTS (
    SELECT FROM vouchers v WHERE v.project_id = p.id AND v.holder_id IS NOT NULL
    AND v.next_expiration_date < ((now() + p.clock_offset) AT TIME ZONE p.timezone)::date
)
"""
_FIRST_EXPIRY = """
SELECT next_expiration_date FROM vouchers
WHERE project_id = $1 AND next_expiration_date IS NOT NULL AND holder_id IS NOT NULL
ORDER BY next_expiration_date LIMIT 1
"""
_EXPIRING = """
SELECT next_expiration_date, id FROM vouchers
WHERE project_id = $1 AND next_expiration_date < $2 AND (next_expiration_date, id) > ($3, $4) AND holder_id IS NOT NULL
ORDER BY next_expiration_date, id LIMIT $5
"""
_FORGET = "DELETE FROM earning_rules WHERE project_id = $1 AND campaign_id = $2 RETURNING id"


class Earned(msgspec.Struct, frozen=True):
    """What has earned, by which rule, and the entry for it."""

    cause_id: str
    rule_id: str
    entry_id: str


class Met(msgspec.Struct, frozen=True):
    """What rules must be for: the event by their name for it, what it is of by id, and the campaign of its tier."""

    event: str
    targets: tuple[str, ...]
    tier_campaign_id: str
    at: datetime


async def rules_that_reward(db: Transaction, project_id: str, met: Met) -> dict[str, list[EarningRuleRow]]:
    """The rules that such an event meets, by campaign and oldest first, whether they hold at that time or not."""
    found: dict[str, list[EarningRuleRow]] = {}
    for record in await db.rows(_REWARDING, project_id, *msgspec.structs.astuple(met)):
        row = RULES.read(record)
        found.setdefault(row.campaign_id, []).append(row)
    return found


async def earn(db: Transaction, project_id: str, cause_id: str, rule_id: str, entry_id: str) -> bool:
    """Notes that an order or another event has earned by a rule; False if it has already."""
    return await db.write_row(_EARN, project_id, cause_id, rule_id, entry_id) is not None


async def earn_several(db: Transaction, project_id: str, earnings: Sequence[Earned]) -> set[str]:
    """The same of several at once: the ids of the entries that are to be made."""
    columns = zip(*(msgspec.structs.astuple(one) for one in earnings), strict=True)
    rows = await db.write(_EARN_SEVERAL, [project_id] * len(earnings), *map(list, columns))
    return {row["entry_id"] for row in rows}


async def events(
    db: Transaction, project_id: str, numbers: Sequence[int]
) -> dict[int, tuple[RecordedEvent, dict[str, Any]]]:
    """Events of the feed and their data, by number."""
    found: dict[int, tuple[RecordedEvent, dict[str, Any]]] = {}
    for row in await db.rows(_EVENTS, [project_id] * len(numbers), numbers):
        number, *head, data = row.values()
        found[number] = RecordedEvent(*head), msgspec.json.decode(data)
    return found


async def cards_of(
    db: Transaction, project_id: str, campaign_id: str, customer_ids: Sequence[str]
) -> dict[str, VoucherRow]:
    """The card of each customer in a campaign, as `card_of` finds it."""
    rows = await db.rows(_CARDS, [project_id] * len(customer_ids), customer_ids, campaign_id)
    return {card.holder_id or "": card for card in map(VOUCHERS.read, rows)}


async def card_of(db: Transaction, project_id: str, campaign_id: str, customer_id: str) -> VoucherRow | None:
    """The customer's card in a campaign: of several the oldest that is active."""
    row = await db.row(_CARD, project_id, campaign_id, customer_id)
    return None if row is None else VOUCHERS.read(row)


async def forget_campaign(db: Transaction, project_id: str, campaign_id: str) -> list[str]:
    """Removes the rules of a campaign that is gone; returns their ids."""
    return [row["id"] for row in await db.write(_FORGET, project_id, campaign_id)]


async def projects_with_expiring_points(db: Transaction) -> list[str]:
    """The projects where the last day of some points is over."""
    return [row["id"] for row in await db.rows(_EXPIRING_PROJECTS)]


async def first_day(db: Transaction, project_id: str) -> date | None:
    """The next day at the beginning of which points end."""
    last: date | None = await db.value(_FIRST_EXPIRY, project_id)
    return None if last is None else last + timedelta(days=1)


async def expiring(db: Transaction, project_id: str, day: date, after: Place, limit: int) -> list[Place]:
    """The next cards with points whose last day was before that day.

    A card of nobody keeps what is on it: nobody can use it, and nobody is to be told.
    """
    rows = await db.rows(_EXPIRING, project_id, day, after.day, after.card_id, limit)
    return [Place(*row.values()) for row in rows]


async def hold_cards(db: Transaction, project_id: str, ids: Collection[str]) -> list[VoucherRow]:
    """Those of the cards that somebody holds, in the order of their ids, locked."""
    return [card for card in await VOUCHERS.lock_several(db, project_id, set(ids)) if card.holder_id]
