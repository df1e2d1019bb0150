"""Plans are made once and kept, often while a table is empty: already then they must go by the right index."""

import asyncio
import re
from collections.abc import Iterator
from typing import Any

import pytest

from guerdon.db.migrate import migrate
from guerdon.db.pool import Pool, acquired
from guerdon.db.table import Order, Table
from guerdon.families.activity import store as activity
from guerdon.families.categories.store import CATEGORIES
from guerdon.families.customers import store as customers
from guerdon.families.customers.store import CUSTOMERS
from guerdon.families.deliveries import store as deliveries
from guerdon.families.feed import store as feed
from guerdon.families.loyalties import pending_store, tier_store
from guerdon.families.orders.gathered import store as of_orders
from guerdon.families.orders.store import ORDERS
from guerdon.families.product_collections.store import COLLECTIONS
from guerdon.families.products.store import PRODUCTS, SKUS
from guerdon.families.promotion_tiers import store as promotion_tiers
from guerdon.families.redeemables import store as redeemables
from guerdon.families.redeemables.gathered import store as gathered
from guerdon.families.summaries import store as summaries
from guerdon.families.validation_rules import store as rules
from guerdon.families.vouchers import ledger
from guerdon.families.vouchers.store import VOUCHERS
from installation import Installation

SOURCED: tuple[Table[Any], ...] = (CUSTOMERS, PRODUCTS, SKUS, ORDERS)
LISTED: tuple[Table[Any], ...] = (CUSTOMERS, PRODUCTS, ORDERS)
FILL = """
INSERT INTO projects VALUES ('p', 'P', '', 'UTC', 'EUR', NULL, true, true, '0', 'c', '[]', '[]', '[]', now());
INSERT INTO customers (project_id, id, source_id, metadata, created_at)
    SELECT 'p', 'cust_' || n, 's' || n, '{}', now() - n * interval '1 s' FROM generate_series(1, 5000) n;
INSERT INTO products (project_id, id, source_id, attributes, metadata, created_at)
    SELECT 'p', 'prod_' || n, 's' || n, '{}', '{}', now() - n * interval '1 s' FROM generate_series(1, 5000) n;
INSERT INTO orders (project_id, id, source_id, status, items, metadata, redemptions, created_at)
    SELECT 'p', 'ord_' || n, 's' || n, 'PAID', '[]', '{}', '{}', now() - n * interval '1 s'
    FROM generate_series(1, 5000) n;
INSERT INTO vouchers (project_id, id, code, code_key, type, campaign_id, holder_id, active, metadata, created_at)
    SELECT 'p', 'v_' || n, n, n, 'DISCOUNT_VOUCHER', CASE WHEN n % 3 > 0 THEN 'camp_big' END,
        CASE WHEN n % 4 = 0 THEN 'cust_' || n END, true, '{}', now() - n * interval '1 s'
    FROM generate_series(1, 5000) n;
INSERT INTO redemption_sessions (project_id, voucher_id, key, amount, expires_at)
    SELECT 'p', 'v_' || n, 'ssn_' || n, 0, now() + interval '1 day' FROM generate_series(1, 5000) n;
ANALYZE;
"""


@pytest.fixture(scope="module")
def empty(installation: Installation) -> str:
    """The URL of a database that has never had a row."""
    url = installation.database.url("plans_of_empty_tables")
    asyncio.run(migrate(url))
    return url


@pytest.fixture(scope="module")
def filled(installation: Installation) -> Iterator[str]:
    url = installation.database.url("plans_of_full_tables")
    asyncio.run(migrate(url))
    asyncio.run(_run(url, FILL))
    return url


async def _run(url: str, sql: str) -> None:
    pool = Pool(url, 1)
    async with acquired(pool) as connection:
        await connection.execute(sql)
    await pool.close()


def _plan(url: str, sql: str, *values: str) -> str:
    """The plan that a connection of ours makes for a prepared statement."""

    async def explain() -> str:
        pool = Pool(url, 1)
        async with acquired(pool) as connection:
            await connection.execute(f"PREPARE tried AS {sql}")
            given = ", ".join(f"'{value}'" for value in values)
            rows = await connection.fetch(f"EXPLAIN EXECUTE tried({given})")
        await pool.close()
        return "\n".join(row[0] for row in rows)

    return asyncio.run(explain())


@pytest.mark.parametrize("table", SOURCED, ids=lambda table: table.name)
def test_a_look_up_by_id_or_source_id_goes_by_that_index(empty: str, table: Table[Any]) -> None:
    by_id = _plan(empty, f"{table.select} AND id = $2", "p", "x")
    assert f"{table.name}_pkey" in by_id, by_id
    by_source_id = _plan(empty, f"{table.select} AND source_id = $2", "p", "x")
    assert f"{table.name}_source_id" in by_source_id, by_source_id


def test_an_event_is_looked_up_by_its_number_in_a_partition_without_rows(empty: str) -> None:
    wanted = "SELECT data FROM events WHERE project_id = $1 AND number = $2 AND recorded_at = $3"
    plan = _plan(empty, wanted, "p", "1", "2026-11-21")
    assert "events_by_entity" not in plan
    assert "_pkey" in plan
    assert "_by_source" not in _plan(empty, "SELECT * FROM endpoints WHERE project_id = $1 AND id = $2", "p", "x")


OFFERS: dict[str, tuple[str, str]] = {
    "assignments of what is shown": (rules._OF, "validation_rule_assignments_once"),
    "assignments of a rule": (rules._COUNTS, "validation_rule_assignments_by_rule"),
    "sums of tiers": (promotion_tiers._SUMS, "promotion_tier_sums_pkey"),
    **{
        table.name: (table.hold_several_sql, f"{table.name}_pkey")
        for table in (CATEGORIES, COLLECTIONS, rules.RULES, promotion_tiers.TIERS, promotion_tiers.STACKS, PRODUCTS)
    },
}


@pytest.mark.parametrize("name", OFFERS)
def test_what_an_offer_consists_of_is_looked_up_by_ids(empty: str, name: str) -> None:
    sql, index = OFFERS[name]
    plan = _plan(empty, sql, "p", "{a,b}")
    assert index in plan, plan
    assert "ANY" in plan or "wanted.id" in plan.partition("Index Cond")[2], plan
    assert "Filter" not in plan, plan


DAY = "2026-01-01"
# Statements of many cards at once: the values, and by which index each table is looked up.
SLICES: dict[str, tuple[str, list[str], set[str]]] = {
    "buckets that end": (ledger._END, ["{p}", "{c}", DAY, DAY], {"points_buckets_one_per_day", "points_buckets_pkey"}),
    "cards that lose": (
        ledger._LOSE,
        ["{p}", "{c}", "{1}", DAY],
        {"vouchers_pkey", "points_buckets_one_per_day"},
    ),
    "cards that gain": (
        ledger._ADD,
        ["{p}", "{c}", "{1}", f"{{{DAY}}}", "{b}", f"{{{DAY}}}", DAY],
        {"vouchers_pkey"},
    ),
    "cards that are held": (VOUCHERS.lock_several_sql, ["p", "{c}"], {"vouchers_pkey"}),
    "points that have waited": (
        pending_store._DUE_BETWEEN,
        ["p", DAY, DAY, "a", DAY, "b"],
        {"pending_points_due"},
    ),
    "points that were collected": (
        tier_store._POINTS,
        ["{p}", "{c}", f"{{{DAY}}}", "UTC", "{X}"],
        {"voucher_transactions_by_voucher"},
    ),
    "tiers that are left": (tier_store._LEAVE, ["{p}", "{c}"], {"loyalty_standings_pkey"}),
    "programmes of customers": (customers._SAVE_PROGRAMS, ["{p}", "{c}", '{"{}"}'], {"customers_pkey"}),
}


@pytest.mark.parametrize("name", SLICES)
def test_the_cards_of_a_slice_are_looked_up_one_by_one(empty: str, name: str) -> None:
    sql, values, indexes = SLICES[name]
    plan = _plan(empty, sql, *values)
    assert "Seq Scan" not in plan, plan
    assert set(re.findall(r"Index Scan using (\S+)", plan)) == indexes, plan
    conditions = re.findall(r"Index Cond: (.*)", plan)
    assert all("id =" in one.replace("project_id =", "") or "ROW" in one for one in conditions), plan


def test_a_replay_and_the_feed_walk_along_keys(empty: str) -> None:
    nothing = ("2026-01-01", "2027-01-01", "FAILED", "x", "{}", "2027-01-01")
    plan = _plan(empty, deliveries._REPLAY, "p", "whs_0", "whs_1", "2026-01-01", "1000", *nothing)
    assert "Merge Append" in plan, plan
    assert "deliveries_due" not in plan, plan
    assert "Seq Scan" not in plan, plan
    plan = _plan(empty, feed._BETWEEN, "p", "0", "5000", "{}", "100")
    assert "events_by_entity" not in plan, plan
    assert "_pkey" in plan, plan
    assert "Merge Append" in plan, plan
    assert "Seq Scan" not in plan, plan


def test_a_log_of_activity_is_read_along_its_customer(empty: str) -> None:
    where = activity.of_customer("cust_1")
    sql = f"{activity._ENTRY}{where.sql} ORDER BY number DESC LIMIT 11"
    plan = _plan(empty, sql, "p", "cust_1", "customer.")
    assert "entity_id" in plan, plan
    assert "Merge Append" in plan, plan
    assert "Seq Scan" not in plan, plan
    assert "->  Sort" not in plan, plan


@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("table", LISTED, ids=lambda table: table.name)
def test_a_list_by_creation_is_read_from_the_index(
    empty: str, filled: str, table: Table[Any], *, descending: bool
) -> None:
    sql = f"{table.select} ORDER BY {Order('created_at', descending=descending).sql} LIMIT 10 OFFSET 0"
    for url in (empty, filled):
        plan = _plan(url, sql, "p")
        assert f"{table.name}_by_creation" in plan
        assert "Sort" not in plan, plan


@pytest.mark.parametrize("database", ["empty", "filled"])
def test_what_a_decision_reads_is_looked_up_by_name(request: pytest.FixtureRequest, database: str) -> None:
    url: str = request.getfixturevalue(database)
    codes = ["{a}", "{a}", "2026-01-01", "k"]
    for sql, names in (
        (gathered.GATHER, ["{a}", "{a}", "{a}", "{a}", "c", "c", "o", "o", "1:1:"]),
        (gathered.moving("id", "source_id"), ["1:1:", "c", "o"]),
        (gathered.moving("source_id", "id"), ["1:1:", "c", "o"]),
    ):
        plan = _plan(url, sql, "p", *codes, *names)
        assert "_by_creation" not in plan, plan
        assert "Seq Scan" not in plan, plan
        assert "redemption_sessions_pkey" in plan, plan
        assert "definition_changes_pkey" in plan, plan


@pytest.mark.parametrize("database", ["empty", "filled"])
def test_what_an_order_reads_is_looked_up_by_name(request: pytest.FixtureRequest, database: str) -> None:
    url: str = request.getfixturevalue(database)
    for sql, names in (
        (of_orders.GATHER, ["{a}", "{a}", "c", "c", "o", "1:1:"]),
        (of_orders.moving("id", "source_id"), ["1:1:", "c", "o"]),
    ):
        plan = _plan(url, sql, "p", *names)
        assert "_by_creation" not in plan, plan
        assert "Seq Scan" not in plan, plan
        assert "orders_source_id" in plan, plan
        assert "definition_changes_pkey" in plan, plan


def test_codes_that_are_offered_are_not_looked_for_among_all(filled: str) -> None:
    plan = _plan(filled, redeemables.OFFERED, "p", "c", "2026-01-01", "20", "{camp_small}", "true")
    assert "vouchers_by_creation" not in plan, plan
    assert all(index in plan for index in ("vouchers_by_holder", "vouchers_by_campaign", "vouchers_alone")), plan
    named = _plan(filled, redeemables.OFFERED_BY_CODE, "p", "c", "2026-01-01", "{A}", "{a}", "true")
    assert "vouchers_code" in named, named


SUMMED = {
    "redemptions": (summaries._REDEMPTIONS, ("redemptions_by_campaign", "redemptions_pkey")),
    "codes": (summaries._CODES, ("vouchers_by_campaign", "deleted_vouchers_pkey")),
    "publications": (summaries._PUBLICATIONS, ("publications_by_campaign",)),
    "cards": (summaries._CARDS, ("vouchers_by_campaign", "deleted_vouchers_pkey", "voucher_transactions_by_")),
    "movements": (summaries._MOVED, ("voucher_transactions_by_campaign",)),
    "points that wait": (summaries._WAITING, ("points_changes_that_wait",)),
    "referrals": (summaries._REFERRALS, ("referrals_pkey",)),
}


@pytest.mark.parametrize("database", ["empty", "filled"])
@pytest.mark.parametrize("name", SUMMED)
def test_a_campaign_is_summed_up_along_its_own_rows(request: pytest.FixtureRequest, name: str, database: str) -> None:
    url: str = request.getfixturevalue(database)
    sql, indexes = SUMMED[name]
    plan = _plan(url, sql, "p", "camp_small", "2026-01-01", "2027-01-01")
    assert all(index in plan for index in indexes), plan
    assert "Seq Scan" not in plan, plan
