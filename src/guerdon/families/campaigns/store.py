"""Campaigns: their tables and every statement on them."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from functools import cached_property
from typing import Any

import msgspec

from guerdon.db import tally
from guerdon.db.filters import Fields, same
from guerdon.db.table import Table
from guerdon.db.transaction import Transaction
from guerdon.engine.codes import CodeConfig
from guerdon.engine.points import ExpirationRules, last_day
from guerdon.engine.validity import Validity

PROMOTION = "PROMOTION"
REFERRAL = "REFERRAL_PROGRAM"
NO_EXTENSION = "P0D"  # tiers last no longer than their period


class GiftSettings(msgspec.Struct, frozen=True):
    """What every gift card begins with."""

    amount: int
    effect: str


class CardSettings(msgspec.Struct, frozen=True, omit_defaults=True):
    """What every loyalty card begins with, and when its points expire."""

    points: int
    expiration_rules: ExpirationRules | None = None


class CodeSettings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a campaign's codes are. `quantity` None is no limit of redemptions."""

    config: CodeConfig
    quantity: int | None = None
    discount: dict[str, Any] | None = None
    gift: GiftSettings | None = None
    loyalty_card: CardSettings | None = None


class Settings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The part of a campaign that is only read whole. `validity` is as vouchers have it."""

    codes: CodeSettings
    validity: dict[str, Any] | None = None
    activity_duration: str | None = None
    use_voucher_metadata_schema: bool = True
    loyalty_tiers_expiration: dict[str, Any] | None = None
    referral_program: dict[str, Any] | None = None


class CampaignRow(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """A campaign as it is stored. `vouchers_count` lacks the codes that were made while they were published.

    A promotion has tiers instead of codes, and no type of voucher.
    """

    id: str
    name: str
    description: str | None = None
    campaign_type: str
    type: str
    active: bool = True
    join_once: bool
    auto_join: bool
    protected: bool = False
    voucher_type: str = ""
    category_id: str | None = None
    start_date: datetime | None = None
    expiration_date: datetime | None = None
    settings: dict[str, Any]
    metadata: dict[str, Any] = {}
    vouchers_count: int = 0
    creation_status: str
    vouchers_generation_status: str
    generations_running: int = 0
    created_at: datetime
    updated_at: datetime | None = None

    @property
    def has_codes(self) -> bool:
        return self.campaign_type != PROMOTION

    @cached_property
    def configured(self) -> Settings:
        return msgspec.convert(self.settings, Settings)

    @property
    def period(self) -> Validity:
        """When it is open. Where codes last for a time after publication, that time ends them, not the campaign."""
        settings = self.configured
        end = None if settings.activity_duration else self.expiration_date
        return Validity(self.start_date, end, settings.validity)

    @property
    def dates(self) -> Validity:
        """Between which dates its codes can be used. They have windows of their own, taken from it or changed since."""
        return msgspec.structs.replace(self.period, windows=None)

    def last_day_of_points(self, earned: date) -> date | None:
        """The last day on which points of its cards can be used that were earned that day; None is for ever."""
        card = self.configured.codes.loyalty_card
        return last_day(card.expiration_rules, earned) if card and card.expiration_rules else None


class AccessRow(msgspec.Struct, frozen=True):
    """A campaign that is assigned to an area, to a store, or to all stores of an area."""

    id: str
    campaign_id: str
    scope: str
    target_id: str
    created_at: datetime


CAMPAIGNS = Table("campaigns", CampaignRow)
ACCESS = Table("campaign_access", AccessRow)
# Condition of a list: assigned to at least one of these.
HAS_ACCESS = """EXISTS (
    SELECT FROM campaign_access a WHERE a.project_id = $1 AND a.campaign_id = campaigns.id
    AND a.scope || ' ' || a.target_id = ANY({})
)"""
_ASSIGN = """
INSERT INTO campaign_access (project_id, id, campaign_id, scope, target_id, created_at)
SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[])
ON CONFLICT ON CONSTRAINT campaign_access_once DO NOTHING
"""
_UNASSIGN = """
DELETE FROM campaign_access a USING unnest($3::text[], $4::text[]) AS gone (scope, target_id)
WHERE a.project_id = $1 AND a.campaign_id = $2 AND a.scope = gone.scope AND a.target_id = gone.target_id
"""
_ACCESS = f"{ACCESS.select} AND campaign_id = ANY($2) ORDER BY campaign_id, created_at, id"
_ALL_CODES = """(vouchers_count + (
    SELECT coalesce(sum(g.codes), 0) FROM campaign_growth g WHERE g.project_id = $1 AND g.campaign_id = campaigns.id
))"""
FIELDS = Fields(
    "campaigns",
    texts={
        **same("id", "name", "description", "campaign_type", "type", "voucher_type", "category_id", "creation_status"),
        "campaign_status": "creation_status",
        "vouchers_generation_status": "vouchers_generation_status",
        "category": "(SELECT c.name FROM categories c WHERE c.project_id = $1 AND c.id = category_id)",
    },
    numbers={"vouchers_count": _ALL_CODES},
    moments=same("start_date", "expiration_date", "created_at", "updated_at"),
    others={
        **{name: f"to_jsonb({name})" for name in ("active", "join_once", "auto_join", "protected")},
        "is_referral_code": "to_jsonb(campaign_type = 'REFERRAL_PROGRAM')",
    },
)
_FIND = f"{CAMPAIGNS.select} AND id = $2 UNION ALL {CAMPAIGNS.select} AND name = $2 LIMIT 1"
_BY_IDS = f"{CAMPAIGNS.select} AND id = ANY($2)"
_CREATE = f"{CAMPAIGNS.insert_sql} ON CONFLICT ON CONSTRAINT campaigns_name DO NOTHING RETURNING id"
# Keeps the campaign from being removed, and nothing else: many can hold it while others change it.
_HOLD = f"{CAMPAIGNS.select} AND id = $2 FOR KEY SHARE"
_REMOVE = f"DELETE FROM campaigns WHERE project_id = $1 AND id = $2 RETURNING {CAMPAIGNS.columns}"
_BEGIN = f"""
UPDATE campaigns SET generations_running = generations_running + 1, vouchers_generation_status = 'IN_PROGRESS'
WHERE project_id = $1 AND id = $2 RETURNING {CAMPAIGNS.columns}
"""
_COUNT = f"""
UPDATE campaigns SET vouchers_count = vouchers_count + $3
WHERE project_id = $1 AND id = $2 RETURNING {CAMPAIGNS.columns}
"""
# The status is that of everything that is going on with the codes: it is settled by the last one.
_END = f"""
UPDATE campaigns SET generations_running = generations_running - 1,
    vouchers_generation_status = CASE WHEN generations_running > 1 THEN vouchers_generation_status ELSE $3 END,
    creation_status = CASE
        WHEN generations_running <= 1 AND creation_status IN ('IN_PROGRESS', 'MODIFYING') THEN $3 ELSE creation_status
    END
WHERE project_id = $1 AND id = $2 RETURNING {CAMPAIGNS.columns}
"""
_SWITCH = f"""
UPDATE campaigns SET active = $3, updated_at = $4 WHERE project_id = $1 AND id = $2 AND active <> $3
RETURNING {CAMPAIGNS.columns}
"""
_SLOTS = 16
_GROW = f"""
INSERT INTO campaign_growth (project_id, campaign_id, slot, codes) VALUES ($1, $2, abs(hashtext($3) % {_SLOTS}), $4)
ON CONFLICT (project_id, campaign_id, slot) DO UPDATE SET codes = campaign_growth.codes + excluded.codes
"""
_GROWN = """
SELECT campaign_id, sum(codes)::bigint AS codes FROM campaign_growth
WHERE project_id = $1 AND campaign_id = ANY($2) GROUP BY campaign_id
"""
_JOIN = """
INSERT INTO campaign_holders AS h (project_id, campaign_id, customer_id, codes) VALUES ($1, $2, $3, $4)
ON CONFLICT (project_id, campaign_id, customer_id) DO UPDATE SET codes = h.codes + excluded.codes WHERE NOT $5
RETURNING codes
"""
_LEAVE = """
WITH gone AS (
    DELETE FROM campaign_holders WHERE project_id = $1 AND campaign_id = $2 AND customer_id = $3 AND codes <= 1
)
UPDATE campaign_holders SET codes = codes - 1
WHERE project_id = $1 AND campaign_id = $2 AND customer_id = $3 AND codes > 1
"""
_FORGET_GROWTH = "DELETE FROM campaign_growth WHERE project_id = $1 AND campaign_id = $2"
_FORGET_DELETED = "DELETE FROM deleted_vouchers WHERE project_id = $1 AND campaign_id = $2"
_FORGET_HOLDERS = """
DELETE FROM campaign_holders h USING (
    SELECT project_id, campaign_id, customer_id FROM campaign_holders
    WHERE project_id = $1 AND campaign_id = $2 LIMIT $3 FOR UPDATE
) old
WHERE h.project_id = old.project_id AND h.campaign_id = old.campaign_id AND h.customer_id = old.customer_id
RETURNING h.customer_id
"""


async def find(db: Transaction, project_id: str, name: str) -> CampaignRow | None:
    """By id, or else by name."""
    return _read(await db.row(_FIND, project_id, name))


async def by_ids(db: Transaction, project_id: str, ids: Collection[str]) -> dict[str, CampaignRow]:
    """Those that exist, by id."""
    records = await db.rows(_BY_IDS, project_id, sorted(ids)) if ids else []
    return {row.id: row for row in map(CAMPAIGNS.read, records)}


async def create(db: Transaction, project_id: str, row: CampaignRow) -> bool:
    """Adds the campaign; False if the name is taken."""
    return await db.write_row(_CREATE, project_id, *msgspec.structs.astuple(row)) is not None


async def hold(db: Transaction, project_id: str, campaign_id: str) -> CampaignRow | None:
    """The campaign as it is now, which cannot be removed until the transaction ends; None if it is gone."""
    return _read(await db.write_row(_HOLD, project_id, campaign_id))


async def remove(db: Transaction, project_id: str, campaign_id: str) -> CampaignRow | None:
    """Deletes the campaign, once nobody holds it, and returns it; None if somebody else did."""
    return _read(await db.write_row(_REMOVE, project_id, campaign_id))


async def switch(
    db: Transaction, project_id: str, campaign_id: str, *, active: bool, at: datetime
) -> CampaignRow | None:
    """The campaign, switched on or off; None if it was so already, or is gone."""
    return _read(await db.write_row(_SWITCH, project_id, campaign_id, active, at))


async def begin_generation(db: Transaction, project_id: str, campaign_id: str) -> CampaignRow | None:
    """Notes that codes are being made; None if the campaign is gone."""
    return _read(await db.write_row(_BEGIN, project_id, campaign_id))


async def count_codes(db: Transaction, project_id: str, campaign_id: str, more: int) -> CampaignRow | None:
    """Counts codes that were added; None if the campaign is gone."""
    return _read(await db.write_row(_COUNT, project_id, campaign_id, more))


async def end_generation(db: Transaction, project_id: str, campaign_id: str, status: str) -> CampaignRow | None:
    """Notes that codes were made (DONE), or not (FAILED)."""
    return _read(await db.write_row(_END, project_id, campaign_id, status))


async def leave(db: Transaction, project_id: str, campaign_id: str, customer_id: str) -> None:
    """Notes that a customer has one code less; who has none may join again."""
    await db.write(_LEAVE, project_id, campaign_id, customer_id)


async def grow(db: Transaction, project_id: str, campaign_id: str, customer_id: str, codes: int) -> None:
    """Counts codes that were made for a customer."""
    await db.write(_GROW, project_id, campaign_id, customer_id, codes)


async def counted(db: Transaction, project_id: str, rows: Sequence[CampaignRow]) -> list[CampaignRow]:
    """The campaigns with all their codes counted."""
    grown = await db.rows(_GROWN, project_id, [row.id for row in rows])
    by_id: dict[str, int] = {row["campaign_id"]: row["codes"] for row in grown}
    return [
        msgspec.structs.replace(row, vouchers_count=row.vouchers_count + by_id[row.id]) if row.id in by_id else row
        for row in rows
    ]


async def join(db: Transaction, project_id: str, campaign_id: str, customer_id: str, codes: int, *, once: bool) -> bool:
    """Notes that a customer gets codes of the campaign; False if that can be only once and was already."""
    return await db.write_row(_JOIN, project_id, campaign_id, customer_id, codes, once) is not None


async def forget_counts(db: Transaction, project_id: str, campaign_id: str) -> None:
    """Removes what was counted of a campaign that is gone."""
    await db.write(_FORGET_GROWTH, project_id, campaign_id)
    await db.write(_FORGET_DELETED, project_id, campaign_id)
    await tally.forget(db, project_id, campaign_id)


async def forget_holders(db: Transaction, project_id: str, campaign_id: str, most: int) -> list[str]:
    """Removes up to so many customers from those who hold codes of the campaign; returns their ids."""
    return [row["customer_id"] for row in await db.write(_FORGET_HOLDERS, project_id, campaign_id, most)]


async def assign(db: Transaction, project_id: str, rows: Sequence[AccessRow]) -> None:
    """Assigns campaigns to what they are not assigned to already."""
    if rows:
        columns = zip(*map(msgspec.structs.astuple, rows), strict=True)
        await db.write(_ASSIGN, project_id, *map(list, columns))


async def unassign(db: Transaction, project_id: str, campaign_id: str, gone: Sequence[tuple[str, str]]) -> None:
    if gone:
        await db.write(_UNASSIGN, project_id, campaign_id, *map(list, zip(*gone, strict=True)))


async def access_of(db: Transaction, project_id: str, campaign_ids: Sequence[str]) -> list[AccessRow]:
    """What the campaigns are assigned to, the oldest first."""
    return [ACCESS.read(row) for row in await db.rows(_ACCESS, project_id, campaign_ids)]


def _read(record: Any) -> CampaignRow | None:  # noqa: ANN401 - a record or nothing
    return None if record is None else CAMPAIGNS.read(record)
