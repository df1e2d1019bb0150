"""What has happened to customers and in campaigns: recorded events, for as long as events are kept."""

from copy import deepcopy
from datetime import datetime

import msgspec

from guerdon.db.table import Where
from guerdon.db.transaction import Transaction

_ENTRY = "SELECT number, id, type, created_at, group_id, event_source, data FROM events WHERE project_id = $1"
OF_CAMPAIGNS = "campaign_id IN (SELECT id FROM campaigns WHERE project_id = $1 AND campaign_type = {})"
# What names the card, and what is about the tier that its holder has.
OF_CARD = """(
    starts_with(type, 'customer.loyalty.')
    OR (type ~ '^customer\\.(publication|redemption|reward|voucher)' AND data::jsonb #>> '{{voucher,id}}' = {})
)"""


class EntryRow(msgspec.Struct, frozen=True):
    """An event of a customer; `event_source` and `data` are JSON text."""

    number: int
    id: str
    type: str
    created_at: datetime
    group_id: str
    event_source: str
    data: str


async def number_of(db: Transaction, project_id: str, whose: Where, event_id: str) -> int | None:
    """The place in the feed of one of these events."""
    where = deepcopy(whose).add("id = {}", event_id)
    return await db.value(f"SELECT number FROM events WHERE project_id = $1{where.sql}", project_id, *where.values)


def of_customer(customer_id: str) -> Where:
    """The events of a customer."""
    return Where().add("entity_id = {}", customer_id).add("starts_with(type, {})", "customer.")


def of_campaign(campaign_id: str) -> Where:
    """The events of a campaign: its own, and those of its codes and of whoever has them."""
    return Where().add("campaign_id = {}", campaign_id)


async def entries(
    db: Transaction, project_id: str, where: Where, order: str, *, limit: int, offset: int = 0
) -> list[EntryRow]:
    """Events in the order that is given, in which the place in the feed must settle what is equal."""
    sql = f"{_ENTRY}{where.sql} ORDER BY {order} LIMIT {limit:d} OFFSET {offset:d}"
    return [EntryRow(*row.values()) for row in await db.rows(sql, project_id, *where.values)]


async def count(db: Transaction, project_id: str, where: Where) -> int:
    return await db.value(f"SELECT count(*) FROM events WHERE project_id = $1{where.sql}", project_id, *where.values)
