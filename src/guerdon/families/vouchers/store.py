"""Vouchers: their table and every statement on it."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import msgspec

from guerdon.db.filters import Fields, same
from guerdon.db.table import Table
from guerdon.db.transaction import Transaction
from guerdon.engine.codes import folded
from guerdon.engine.validity import Validity
from guerdon.families.trash_bin.store import RESERVED_CODE
from guerdon.tenant import Project


class VoucherRow(msgspec.Struct, frozen=True, kw_only=True):
    """A code as it is stored, with its account: points of a loyalty card, or cents of a gift card.

    `redeemed_before` and `spent_before` are what an import brought along of `redeemed_quantity` and `redeemed`. `locks`
    changes whenever a session locks or releases something of it. `code_key` is the code as the project compares it.
    `redemption_quantity` None is no limit. `validity` has the keys `timeframe`, `day_of_week` and `hours`, each only if
    it is set.
    """

    id: str
    code: str
    code_key: str
    type: str
    campaign_id: str | None = None
    campaign: str | None = None
    discount: dict[str, Any] | None = None
    gift_effect: str | None = None
    added: int = 0
    subtracted: int = 0
    expired: int = 0
    redeemed: int = 0
    balance: int = 0
    pending: int = 0
    next_expiration_date: date | None = None
    next_expiration_points: int | None = None
    redemption_quantity: int | None = None
    redeemed_quantity: int = 0
    holder_id: str | None = None
    referrer_id: str | None = None
    is_referral_code: bool = False
    publish_count: int = 0
    locks: int = 0
    redeemed_before: int = 0
    spent_before: int = 0
    active: bool = True
    category_id: str | None = None
    start_date: datetime | None = None
    expiration_date: datetime | None = None
    validity: dict[str, Any] | None = None
    additional_info: str | None = None
    metadata: dict[str, Any] = {}
    created_at: datetime
    updated_at: datetime | None = None

    @property
    def period(self) -> Validity:
        """When it can be used."""
        return Validity(self.start_date, self.expiration_date, self.validity)


class NewCode(msgspec.Struct, frozen=True):
    """A code that is offered for a voucher."""

    id: str
    code: str
    code_key: str


class Publishing(msgspec.Struct, frozen=True):
    """What publication writes on a voucher; dates of None leave the voucher's own."""

    holder_id: str
    at: datetime
    start_date: datetime | None = None
    expiration_date: datetime | None = None


class Removed(msgspec.Struct, frozen=True):
    """What a removed voucher meant to its holder."""

    id: str
    code_key: str
    holder_id: str | None
    type: str
    balance: int


VOUCHERS = Table("vouchers", VoucherRow)
FIELDS = Fields(
    "vouchers",
    texts={
        **same("id", "code", "type", "campaign", "campaign_id", "category_id", "holder_id", "referrer_id"),
        "additional_info": "additional_info",
        "category": "(SELECT c.name FROM categories c WHERE c.project_id = $1 AND c.id = category_id)",
    },
    numbers={
        "redemption.quantity": "redemption_quantity",
        "redemption.redeemed_quantity": "redeemed_quantity",
        "redemption.redeemed_amount": "CASE WHEN type = 'GIFT_VOUCHER' THEN redeemed END",
        "redemption.redeemed_points": "CASE WHEN type = 'LOYALTY_CARD' THEN redeemed END",
        "gift.amount": "CASE WHEN type = 'GIFT_VOUCHER' THEN added END",
        "gift.balance": "CASE WHEN type = 'GIFT_VOUCHER' THEN balance END",
        "loyalty_card.points": "CASE WHEN type = 'LOYALTY_CARD' THEN added END",
        "loyalty_card.balance": "CASE WHEN type = 'LOYALTY_CARD' THEN balance END",
        "publish.count": "publish_count",
    },
    moments=same("start_date", "expiration_date", "created_at", "updated_at"),
    others={
        "active": "to_jsonb(active)",
        "is_referral_code": "to_jsonb(is_referral_code)",
        **{f"discount.{name}": f"discount->'{name}'" for name in ("type", "amount_off", "percent_off", "unit_off")},
    },
)
# Condition of a list: of the campaign that has the name now, not of one that had it before it was removed.
OF_CAMPAIGN_NAMED = "campaign_id = (SELECT c.id FROM campaigns c WHERE c.project_id = $1 AND c.name = {})"

_FIND = f"{VOUCHERS.select} AND id = $2 UNION ALL {VOUCHERS.select} AND code_key = $3 LIMIT 1"
_SHARED = VoucherRow.__struct_fields__[len(NewCode.__struct_fields__) :]
_ADD = f"""
INSERT INTO vouchers (project_id, {VOUCHERS.columns})
SELECT $1, offered.id, offered.code, offered.code_key, {", ".join(f"${place}" for place in range(5, 5 + len(_SHARED)))}
FROM unnest($2::text[], $3::text[], $4::text[]) AS offered (id, code, code_key)
LEFT JOIN {RESERVED_CODE} reserved ON true
"""
_NEW = "ON CONFLICT ON CONSTRAINT vouchers_code DO NOTHING RETURNING id, code, code_key"
_ADD_FREE = f"{_ADD} WHERE reserved.found IS NULL {_NEW}"
# Looks each code up by the unique key, whatever the planner believes of the table's size; takes the first free ones.
_ADD_SOME = f"""
{_ADD}
LEFT JOIN LATERAL (
    SELECT true AS found FROM vouchers WHERE project_id = $1 AND code_key = offered.code_key LIMIT 1
) taken ON true
WHERE taken.found IS NULL AND reserved.found IS NULL LIMIT ${5 + len(_SHARED)} {_NEW}
"""
_TAKEN = """
SELECT found.code_key
FROM unnest(array_fill($1::text, ARRAY[cardinality($2::text[])]), $2::text[]) AS wanted (project_id, code_key),
LATERAL (
    SELECT code_key FROM vouchers WHERE project_id = wanted.project_id AND code_key = wanted.code_key LIMIT 1
) found
"""
_RETURNED = ", ".join(f"v.{column}" for column in VoucherRow.__struct_fields__)
_GIVEN = """
holder_id = $3, publish_count = v.publish_count + 1, updated_at = $4,
referrer_id = CASE WHEN v.is_referral_code THEN $3 ELSE v.referrer_id END,
start_date = coalesce($5, v.start_date), expiration_date = coalesce($6, v.expiration_date)
"""
_FREE = "holder_id IS NULL AND publish_count = 0 AND active"
# The same condition in other words, so that the index of free codes is not taken for a look-up by id.
_PUBLISH_ONE = f"""
UPDATE vouchers v SET {_GIVEN}
WHERE v.project_id = $1 AND v.id = $2 AND holder_id IS NULL AND publish_count < 1 AND active RETURNING {_RETURNED}
"""


def _publish_any(waiting: str) -> str:
    return f"""
    UPDATE vouchers v SET {_GIVEN} FROM (
        SELECT project_id, id FROM vouchers WHERE project_id = $1 AND campaign_id = $2 AND {_FREE}
        ORDER BY id LIMIT $7 FOR UPDATE {waiting}
    ) free
    WHERE v.project_id = free.project_id AND v.id = free.id RETURNING {_RETURNED}
    """


_PUBLISH_UNLOCKED = _publish_any("SKIP LOCKED")
_PUBLISH_WAITING = _publish_any("")
_RELEASE = "UPDATE vouchers SET holder_id = NULL WHERE project_id = $1 AND holder_id = $2"
# The points of cards that are removed, those that wait as well, are owed no longer.
_EMPTIED = """
emptied AS (
    DELETE FROM points_buckets b USING removed r WHERE b.project_id = r.project_id AND b.voucher_id = r.id
    RETURNING b.campaign_id, b.expires_on, b.points, b.status
), forgotten AS (
    DELETE FROM pending_points p USING removed r WHERE p.project_id = r.project_id AND p.voucher_id = r.id
    RETURNING p.campaign_id, p.activates_on, p.points, p.status
), noted AS (
    INSERT INTO points_changes (project_id, created_at, campaign_id, waiting, day, points, cause)
    SELECT p.id, now() + p.clock_offset, gone.* FROM projects p, (
        SELECT campaign_id, false, expires_on, -points, NULL FROM emptied WHERE status = 'ACTIVE' AND points > 0
        UNION ALL SELECT campaign_id, true, activates_on, -points, 'CANCELED' FROM forgotten WHERE status = 'PENDING'
    ) gone WHERE p.id = $1
)
"""
_REMOVE = f"""
WITH removed AS (
    DELETE FROM vouchers v USING (
        SELECT project_id, id FROM vouchers WHERE project_id = $1 AND campaign_id = $2 LIMIT $3 FOR UPDATE
    ) old
    WHERE v.project_id = old.project_id AND v.id = old.id
    RETURNING v.project_id, v.id, v.code_key, v.holder_id, v.type, v.balance
), {_EMPTIED}
SELECT id, code_key, holder_id, type, balance FROM removed
"""


_REMOVE_ONE = f"""
WITH removed AS (DELETE FROM vouchers WHERE project_id = $1 AND id = $2 RETURNING *),
{_EMPTIED}, counted AS (
    INSERT INTO deleted_vouchers (project_id, campaign_id, id, balance, created_at, deleted_at)
    SELECT project_id, campaign_id, id, balance, created_at, $3 FROM removed WHERE campaign_id IS NOT NULL
)
SELECT {VOUCHERS.columns} FROM removed
"""
# What a change of a campaign can change about its codes.
FOLLOWING = ("start_date", "expiration_date", "validity", "category_id", "discount", "gift_effect")
_UNUSED = "publish_count = 0 AND redeemed_quantity = 0"
_SWITCH = f"""
UPDATE vouchers SET active = $3, updated_at = $4 WHERE project_id = $1 AND id = $2 AND active <> $3
RETURNING {VOUCHERS.columns}
"""


def key_of(project: Project, code: str) -> str:
    """The code as the project compares it."""
    return folded(code, case_sensitive=project.case_sensitive_codes)


async def find(db: Transaction, project: Project, name: str) -> VoucherRow | None:
    """By id, or else by code."""
    row = await db.row(_FIND, project.id, name, key_of(project, name))
    return None if row is None else VOUCHERS.read(row)


async def add(
    db: Transaction, project_id: str, template: VoucherRow, codes: Sequence[NewCode], most: int
) -> list[VoucherRow]:
    """Adds vouchers like the template with those of the codes that nobody has, at most so many; returns them."""
    shared = msgspec.structs.astuple(template)[len(NewCode.__struct_fields__) :]
    columns = [list(column) for column in zip(*(msgspec.structs.astuple(code) for code in codes), strict=True)]
    if len(codes) <= most:
        rows = await db.write(_ADD_FREE, project_id, *columns, *shared)
    else:
        rows = await db.write(_ADD_SOME, project_id, *columns, *shared, most)
    return [msgspec.structs.replace(template, **row) for row in rows]


async def taken(db: Transaction, project_id: str, code_keys: Sequence[str]) -> set[str]:
    """Those of the codes, in the form in which they compare, that somebody has."""
    return {row["code_key"] for row in await db.rows(_TAKEN, project_id, code_keys)}


async def publish_one(db: Transaction, project_id: str, voucher_id: str, given: Publishing) -> VoucherRow | None:
    """Gives this voucher to a holder; None if it is not free."""
    row = await db.write_row(_PUBLISH_ONE, project_id, voucher_id, *msgspec.structs.astuple(given))
    return None if row is None else VOUCHERS.read(row)


async def publish_any(
    db: Transaction, project_id: str, campaign_id: str, given: Publishing, count: int, *, waiting: bool
) -> list[VoucherRow]:
    """Gives up to so many free vouchers of a campaign to a holder.

    `waiting` also considers those that somebody else is about to publish, once it is known whether they did.
    """
    sql = _PUBLISH_WAITING if waiting else _PUBLISH_UNLOCKED
    rows = await db.write(sql, project_id, campaign_id, *msgspec.structs.astuple(given), count)
    return [VOUCHERS.read(row) for row in rows]


async def release(db: Transaction, project_id: str, holder_id: str) -> None:
    """Takes the holder off all vouchers; they count as published for good."""
    await db.write(_RELEASE, project_id, holder_id)


async def remove(db: Transaction, project_id: str, campaign_id: str, most: int) -> list[Removed]:
    """Deletes up to so many vouchers of a campaign."""
    return [Removed(*row.values()) for row in await db.write(_REMOVE, project_id, campaign_id, most)]


async def remove_one(db: Transaction, project_id: str, voucher_id: str, at: datetime) -> VoucherRow | None:
    """Deletes a voucher and returns it; None if somebody else did. Its campaign keeps what was left on it."""
    row = await db.write_row(_REMOVE_ONE, project_id, voucher_id, at)
    return None if row is None else VOUCHERS.read(row)


async def switch(db: Transaction, project_id: str, voucher_id: str, *, active: bool, at: datetime) -> VoucherRow | None:
    """The voucher, switched on or off; None if it was so already, or is gone."""
    row = await db.write_row(_SWITCH, project_id, voucher_id, active, at)
    return None if row is None else VOUCHERS.read(row)


class Position(msgspec.Struct, frozen=True):
    """How far a walk through a campaign's codes is, from the oldest on."""

    created_at: datetime
    id: str


class Following(msgspec.Struct, frozen=True):
    """What changes about a campaign's codes: columns with the value before and after, and metadata.

    Columns change only in codes that are neither published nor redeemed, and that have the value of before.
    """

    columns: dict[str, tuple[Any, Any]]
    metadata: dict[str, Any] = {}
    without: list[str] = []


async def follow(
    db: Transaction, project_id: str, campaign_id: str, change: Following, after: Position, at: datetime, most: int
) -> tuple[int, Position | None]:
    """Changes up to so many of the codes of a campaign; how many, and where to go on, None at the end."""
    names = [name for name in FOLLOWING if name in change.columns]
    sets = [
        f"{name} = CASE WHEN one.unused AND v.{name} IS NOT DISTINCT FROM ${9 + 2 * place}"
        f" THEN ${10 + 2 * place} ELSE v.{name} END"
        for place, name in enumerate(names)
    ]
    metadata = bool(change.metadata or change.without)
    sql = f"""
    UPDATE vouchers v SET {"".join(f"{one}, " for one in sets)} metadata = (v.metadata || $7) - $8::text[],
        updated_at = $6
    FROM (
        SELECT project_id, id, {_UNUSED} AS unused FROM vouchers
        WHERE project_id = $1 AND campaign_id = $2 AND (created_at, id) > ($3, $4)
        {"" if metadata else f"AND {_UNUSED}"}
        ORDER BY created_at NULLS FIRST, id LIMIT $5 FOR UPDATE
    ) one
    WHERE v.project_id = one.project_id AND v.id = one.id RETURNING v.created_at, v.id
    """
    values = [value for name in names for value in change.columns[name]]
    rows = await db.write(
        sql,
        project_id,
        campaign_id,
        after.created_at,
        after.id,
        most,
        at,
        change.metadata,
        change.without,
        *values,
    )
    last = max((Position(*row.values()) for row in rows), key=msgspec.structs.astuple, default=None)
    return len(rows), last if len(rows) == most else None
