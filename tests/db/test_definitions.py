"""What a process remembers of definitions is at every moment what it would read."""

import asyncio
import random
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import asyncpg
import msgspec
import pytest

from guerdon.db import definitions as remembered
from guerdon.db.definitions import Definitions, forget_old_changes
from guerdon.db.migrate import migrate
from guerdon.db.pool import Pool, acquired
from guerdon.db.transaction import Transaction
from guerdon.families.orders.gathered import store as of_orders
from guerdon.families.redeemables.gathered import store as of_decisions
from guerdon.families.redeemables.gathered.rows import Asked
from installation import Installation

PROJECT = "proj"
_NUMBERS = count()
NOW = datetime(2026, 11, 22, tzinfo=UTC)
# What stands for a column that must have a value.
ANYTHING = {
    "jsonb": "{}",
    "boolean": "true",
    "timestamp with time zone": NOW.isoformat(),
    "bigint": "1",
    "integer": "1",
}
# Related as in life: a code of a campaign, one of no campaign with its own rule and category, a tier, goods.
ROWS: tuple[tuple[str, dict[str, str]], ...] = (
    ("projects", {"id": PROJECT}),
    ("categories", {"id": "cat"}),
    ("categories", {"id": "cat_more"}),
    ("campaigns", {"id": "camp", "name": "Codes", "type": "STATIC", "category_id": "cat"}),
    ("campaigns", {"id": "camp_promo", "name": "Promo", "type": "STANDALONE"}),
    ("validation_rules", {"id": "val"}),
    ("validation_rules", {"id": "val_more"}),
    ("validation_rules", {"id": "val_code"}),
    ("vouchers", {"id": "v_1", "code_key": "A", "type": "DISCOUNT_VOUCHER", "campaign_id": "camp"}),
    ("vouchers", {"id": "v_2", "code_key": "B", "type": "DISCOUNT_VOUCHER", "category_id": "cat_more"}),
    ("promotion_tiers", {"id": "promo_1", "campaign_id": "camp_promo", "category_id": "cat"}),
    ("promotion_tiers", {"id": "promo_2", "campaign_id": "camp_promo"}),
    ("validation_rule_assignments", {"id": "asgm", "rule_id": "val", "related_object_id": "camp"}),
    ("validation_rule_assignments", {"id": "asgm_code", "rule_id": "val_code", "related_object_id": "v_2"}),
    ("products", {"id": "prod_1", "source_id": "bottle"}),
    ("products", {"id": "prod_2", "source_id": "glass"}),
    ("skus", {"id": "sku_1", "source_id": "bottle-red", "product_id": "prod_2"}),
    ("stacking_rules", {"id": "stk"}),
    ("customers", {"id": "cust", "source_id": "ann"}),
    ("orders", {"id": "ord", "source_id": "first", "status": "PAID", "items": "[]"}),
)
NAMES = {
    "vouchers": ["v_1", "v_2", "v_none"],
    "tiers": ["promo_1", "promo_2", "promo_new"],
    "campaigns": ["camp", "camp_promo", "camp_new"],
    "products": ["prod_1", "bottle", "glass", "prod_new", "jug"],
    "skus": ["sku_1", "bottle-red", "sku_new", "jug-red"],
}
RELATED = ["camp", "camp_promo", "promo_1", "promo_2", "v_1", "v_2"]
CHANGES: tuple[str, ...] = (
    *(
        f"UPDATE {table} SET created_at = created_at + interval '1 hour' WHERE project_id = 'proj' AND id = '{row_id}'"
        for table, row_id in (
            *(("campaigns", name) for name in NAMES["campaigns"]),
            *(("promotion_tiers", name) for name in NAMES["tiers"]),
            *(("validation_rules", name) for name in ("val", "val_more", "val_code")),
            *(("categories", name) for name in ("cat", "cat_more")),
            *(("products", name) for name in ("prod_1", "prod_new")),
            *(("skus", name) for name in ("sku_1", "sku_new")),
            ("stacking_rules", "stk"),
            ("vouchers", "v_1"),
        )
    ),
    *(
        f"INSERT INTO {table} SELECT (jsonb_populate_record(t, '{new}')).* FROM {table} t "
        f"WHERE project_id = 'proj' AND id = '{like}' ON CONFLICT DO NOTHING"
        for table, like, new in (
            ("campaigns", "camp", '{"id": "camp_new", "name": "New"}'),
            ("promotion_tiers", "promo_1", '{"id": "promo_new"}'),
            ("categories", "cat_more", '{"id": "cat"}'),
            ("products", "prod_1", '{"id": "prod_new", "source_id": "jug"}'),
            ("skus", "sku_1", '{"id": "sku_new", "source_id": "jug-red"}'),
        )
    ),
    *(
        f"DELETE FROM {table} WHERE project_id = 'proj' AND id = '{row_id}'"
        for table, row_id in (
            ("campaigns", "camp_new"),
            ("promotion_tiers", "promo_new"),
            ("categories", "cat"),
            ("products", "prod_new"),
            ("skus", "sku_new"),
        )
    ),
    *(
        "INSERT INTO validation_rule_assignments (project_id, id, rule_id, related_object_id, related_object_type, "
        f"created_at) VALUES ('proj', '{rule}{related}', '{rule}', '{related}', "
        f"'{'voucher' if related.startswith('v_') else 'campaign'}', now()) ON CONFLICT DO NOTHING"
        for rule in ("val", "val_more")
        for related in RELATED
    ),
    *(
        f"DELETE FROM validation_rule_assignments WHERE project_id = 'proj' AND id = '{rule}{related}'"
        for rule in ("val", "val_more")
        for related in RELATED
    ),
    (
        "UPDATE vouchers SET campaign_id = CASE campaign_id WHEN 'camp' THEN 'camp_promo' ELSE 'camp' END "
        "WHERE project_id = 'proj' AND id = 'v_1'"
    ),
    (
        "UPDATE products SET source_id = CASE source_id WHEN 'bottle' THEN 'jar' ELSE 'bottle' END "
        "WHERE project_id = 'proj' AND id = 'prod_1'"
    ),
)


async def _fill(url: str) -> None:
    connection = await asyncpg.connect(url)
    columns = """
    SELECT column_name, data_type FROM information_schema.columns
    WHERE table_name = $1 AND is_nullable = 'NO' AND column_default IS NULL AND is_identity = 'NO'
    """
    for table, given in ROWS:
        row = {
            name: "{}" if kind == "ARRAY" else ANYTHING.get(kind, given.get("id"))
            for name, kind in await connection.fetch(columns, table)
        }
        row |= {"project_id": PROJECT} if table != "projects" else {}
        row |= given
        values = ", ".join(f"'{value}'" for value in row.values())
        await connection.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({values})")
    await connection.close()


@pytest.fixture
def url(installation: Installation) -> str:
    """A database of the test's own."""
    return _filled(installation, f"definitions_{next(_NUMBERS)}")


@pytest.fixture(scope="module")
def changed_url(installation: Installation) -> str:
    """One for all the tests that change something."""
    return _filled(installation, "definitions")


def _filled(installation: Installation, name: str) -> str:
    found = installation.database.url(name)
    asyncio.run(migrate(found))
    asyncio.run(_fill(found))
    return found


def asked(**names: Any) -> Asked:
    given = {"vouchers": [], "tiers": [], "campaigns": [], "products": [], "skus": [], **names}
    keys = [{"v_1": "A", "v_2": "B"}.get(name, "C") for name in given["vouchers"]]
    rest = dict.fromkeys(("customer_id", "customer_source_id", "order_id", "order_source_id"))
    return Asked(**{**rest, "code_keys": keys, "now": NOW, "key": "", **given})


def of_order(products: Sequence[str], skus: Sequence[str]) -> of_orders.Asked:
    names = {"customer_id": None, "customer_source_id": "ann", "source_id": "first"}
    return of_orders.Asked(products=products, skus=skus, **names)


async def gather(db: Transaction, what: Asked | of_orders.Asked, definitions: Definitions) -> Any:
    """What a decision reads, or an order."""
    if isinstance(what, Asked):
        return await of_decisions.gather(db, PROJECT, what, definitions)
    return await of_orders.gather(db, PROJECT, what, definitions)


def by_name(found: Any) -> Any:
    """What was found, whatever the order of rows that are looked up by their names."""
    plain = msgspec.to_builtins(found)
    assignments = {}
    for one in plain.pop("assignments", ()):
        assignments.setdefault(one["related_object_id"], []).append(one)
    rows = {name: {row["id"]: row for row in some} if isinstance(some, list) else some for name, some in plain.items()}
    return {**rows, "assignments": assignments}


class Reader:
    """Reads as a process does that remembers, and as one that has just begun; counts the whole reads of the first."""

    def __init__(self, pool: Pool, definitions: Definitions | None = None) -> None:
        self.pool = pool
        self.definitions = definitions or Definitions(pool)
        self.whole = 0

    async def read(self, what: Asked | of_orders.Asked) -> Any:
        async with _Counted(self) as db:
            return await gather(db, what, self.definitions)

    async def same(self, what: Asked | of_orders.Asked) -> None:
        """Reads both ways."""
        mine = await self.read(what)
        async with Transaction(self.pool) as db:
            theirs = await gather(db, what, Definitions(self.pool))
        assert by_name(mine) == by_name(theirs)


class _Counted(Transaction):
    def __init__(self, reader: Reader) -> None:
        super().__init__(reader.pool)
        self._reader = reader

    async def row(self, sql: str, *args: object) -> Any:
        self._reader.whole += sql in (of_decisions.GATHER, of_orders.GATHER)
        return await super().row(sql, *args)


@asynccontextmanager
async def reading(url: str) -> AsyncGenerator[Reader]:
    pool = Pool(url, 2)
    async with acquired(pool), acquired(pool):  # so that none is made later
        pass
    try:
        yield Reader(pool)
    finally:
        await pool.close()


def run(url: str, test: Callable[[Reader, asyncpg.Connection], Awaitable[None]]) -> None:
    """With a reader, and with the connection of somebody else."""

    async def all_of_it() -> None:
        other = await asyncpg.connect(url)
        async with reading(url) as reader:
            await test(reader, other)
        await other.close()

    asyncio.run(all_of_it())


EVERYTHING = asked(
    vouchers=["v_1", "v_2"],
    tiers=["promo_1", "promo_2"],
    campaigns=["camp_promo"],
    products=["bottle", "prod_2", "nothing"],
    skus=["bottle-red"],
    customer_source_id="ann",
    order_source_id="first",
)


def test_what_is_known_is_not_read_again(url: str) -> None:
    async def test(reader: Reader, other: asyncpg.Connection) -> None:
        first = await reader.read(EVERYTHING)
        assert (len(first.vouchers), len(first.campaigns), len(first.rules)) == (2, 2, 2)
        assert (first.customer and first.customer.id, first.order and first.order.id) == ("cust", "ord")
        for what in (EVERYTHING, asked(vouchers=["v_1"]), asked(tiers=["promo_2"]), asked(products=["nothing"])):
            await reader.same(what)
        assert reader.whole == 1
        await reader.same(of_order(["bottle", "prod_2"], ["bottle-red"]))
        assert reader.whole == 1
        await reader.same(of_order(["glass"], []))  # a name that it was not known by
        assert reader.whole == 2
        await reader.same(EVERYTHING)
        assert reader.whole == 2

    run(url, test)


def test_every_table_that_is_remembered_tells_of_its_changes(url: str) -> None:
    def tables(*statements: str) -> set[str]:
        return {table for statement in statements for table in re.findall(r"FROM (\w+) t ", statement)}

    read_again = tables(of_decisions.moving("id", "id"), of_orders.moving("id", "id")) - {"validation_rule_assignments"}
    remembered_tables = tables(of_decisions.GATHER, of_orders.GATHER) - read_again
    assert {"campaigns", "promotion_tiers", "products", "skus", "stacking_rules"} < remembered_tables

    async def test(reader: Reader, other: asyncpg.Connection) -> None:
        told = "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE tgname LIKE 'note_%' AND tgenabled = 'O'"
        found = {tuple(row) for row in await other.fetch(told)}
        what = ("note_insert", "note_update", "note_delete")
        assert found == {(table, name) for table in remembered_tables for name in what}

    run(url, test)


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_seen_by_the_next_read_and_not_before_its_commit(changed_url: str, change: str) -> None:
    async def test(reader: Reader, other: asyncpg.Connection) -> None:
        await reader.same(EVERYTHING)
        changing = other.transaction()
        await changing.start()
        await other.execute(change)
        await reader.same(EVERYTHING)
        await changing.rollback()
        await reader.same(EVERYTHING)
        assert reader.whole == 1
        await other.execute(change)
        await reader.same(EVERYTHING)

    run(changed_url, test)


@pytest.mark.parametrize("seed", range(4))
def test_whatever_others_do_meanwhile_what_is_remembered_is_what_is_there(url: str, seed: int) -> None:
    """Two others change, commit and roll back in any order, while two processes read."""
    chance = random.Random(seed)

    async def test(reader: Reader, other: asyncpg.Connection) -> None:
        another = await asyncpg.connect(url)
        second = Reader(reader.pool)
        open_ones: dict[asyncpg.Connection, Any] = {}
        for _ in range(250):
            who = chance.choice((other, another))
            step = chance.random()
            if step < 0.25 and who in open_ones:
                transaction = open_ones.pop(who)
                await (transaction.commit() if chance.random() < 0.6 else transaction.rollback())
            elif step < 0.35 and not open_ones:  # beside one that is open it could wait for ever
                await who.execute(chance.choice(CHANGES))
            elif step < 0.5 and who not in open_ones:
                open_ones[who] = who.transaction()
                await open_ones[who].start()
                await who.execute("SET LOCAL lock_timeout = '20ms'")
            elif step < 0.6 and who in open_ones:
                try:
                    async with who.transaction():
                        await who.execute(chance.choice(CHANGES))
                except asyncpg.LockNotAvailableError:
                    pass
            some = {kind: chance.sample(names, chance.randint(0, 2)) for kind, names in NAMES.items()}
            what = asked(**some) if chance.random() < 0.7 else of_order(some["products"], some["skus"])
            await chance.choice((reader, second)).same(what)
        for transaction in open_ones.values():
            await transaction.rollback()
        await another.close()
        assert 0 < reader.whole + second.whole < 240

    run(url, test)


@pytest.mark.parametrize("put_off", [False, True])
def test_what_a_transaction_has_changed_is_its_own_until_it_is_committed(url: str, *, put_off: bool) -> None:
    change = "UPDATE campaigns SET name = 'Other' WHERE project_id = $1 AND id = 'camp'"
    code = asked(vouchers=["v_1"])

    async def change_and_fail(reader: Reader) -> None:
        async with Transaction(reader.pool) as db:
            if put_off:
                db.later(change, PROJECT)
            else:
                await db.write(change, PROJECT)
            found = await gather(db, code, reader.definitions)
            assert found.campaigns[0].name == "Other"
            raise ZeroDivisionError

    async def test(reader: Reader, other: asyncpg.Connection) -> None:
        for _ in range(2):
            assert (await reader.read(code)).campaigns[0].name == "Codes"
            with pytest.raises(ZeroDivisionError):
                await change_and_fail(reader)
        assert (await reader.read(code)).campaigns[0].name == "Codes"

    run(url, test)


def test_nothing_is_remembered_over_a_new_connection(url: str) -> None:
    """What was seen before a crash may never have happened, and its transaction's number may be another's now."""

    async def test(reader: Reader, other: asyncpg.Connection) -> None:
        await reader.read(EVERYTHING)
        await other.execute("UPDATE campaigns SET name = 'Other' WHERE id = 'camp'")
        await other.execute("DELETE FROM definition_changes WHERE project_id = $1", PROJECT)
        assert [row.name for row in (await reader.read(EVERYTHING)).campaigns if row.id == "camp"] == ["Codes"]
        ended = (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> $1"
        )
        await other.fetch(ended, other.get_server_pid())
        while not all(connection.is_closed() for connection in reader.pool._idle):
            await asyncio.sleep(0.01)
        assert [row.name for row in (await reader.read(EVERYTHING)).campaigns if row.id == "camp"] == ["Other"]
        await reader.same(EVERYTHING)

    run(url, test)


def test_snapshots_are_not_remembered_for_long_and_changes_are_kept_for_longer(url: str) -> None:
    async def test(reader: Reader, other: asyncpg.Connection) -> None:
        later = timedelta(0)
        reader.definitions = Definitions(reader.pool, lambda: NOW + later)
        await reader.read(EVERYTHING)
        later = timedelta(minutes=10)
        await reader.read(EVERYTHING)
        assert reader.whole == 1
        later = timedelta(minutes=11)
        await reader.read(EVERYTHING)
        await reader.read(EVERYTHING)
        assert reader.whole == 2
        added = "INSERT INTO definition_changes VALUES ($1, $2::text::xid8, now() - $3::interval)"
        await other.execute("DELETE FROM definition_changes")
        for number, age in (("1", timedelta(hours=25)), ("2", timedelta(hours=23))):
            await other.execute(added, PROJECT, number, age)
        async with acquired(reader.pool) as connection:
            await forget_old_changes(connection)
        assert [row[0] for row in await other.fetch("SELECT xid::text FROM definition_changes")] == ["2"]

    run(url, test)


def test_too_much_is_forgotten(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "_MOST_ROWS", 12)

    async def test(reader: Reader, other: asyncpg.Connection) -> None:
        for number in range(20):
            await reader.same(asked(products=["bottle", f"unknown {number}"]))
            known = reader.definitions.known(PROJECT)
            assert known is None or len(known.rows(of_decisions.PRODUCTS)) <= 12
        assert reader.whole == 20

    run(url, test)
