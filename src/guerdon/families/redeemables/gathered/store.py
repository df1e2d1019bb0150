"""One statement that reads what nearly every decision needs: a round trip costs more than all of its rows.

Most of it are definitions, which a process remembers (see `db.definitions`). When it knows all that are needed, a
shorter statement reads the rest and asks whether they have changed; what is found is the same.
"""

from functools import lru_cache

import msgspec

from guerdon.db.definitions import SNAPSHOT, Definitions, Known, changed_since
from guerdon.db.lookups import by_columns, by_either, by_ids, by_names, key_of, read_all, read_first
from guerdon.db.pool import Record
from guerdon.db.transaction import Transaction
from guerdon.families.campaigns.store import CAMPAIGNS
from guerdon.families.categories.store import CATEGORIES
from guerdon.families.customers.store import CUSTOMERS
from guerdon.families.orders.store import ORDERS
from guerdon.families.products.store import PRODUCTS, SKUS
from guerdon.families.promotion_tiers.store import TIERS
from guerdon.families.redeemables.gathered.known import complete, knows, learn
from guerdon.families.redeemables.gathered.rows import Asked, Gathered, Lock, Moving
from guerdon.families.stacking_rules.store import STACKING_RULES
from guerdon.families.validation_rules.store import ASSIGNMENTS, RULES
from guerdon.families.vouchers.store import VOUCHERS

_ASSIGNMENTS = """
        SELECT t AS r FROM validation_rule_assignments t WHERE t.project_id = $1 AND t.related_object_id = {}
        ORDER BY t.created_at, t.id"""
_VOUCHERS = """v AS MATERIALIZED (
    SELECT f.r FROM unnest($2::text[], $3::text[]) AS n (name, code_key), LATERAL (
        SELECT t AS r FROM vouchers t WHERE t.project_id = $1 AND t.id = n.name
        UNION ALL SELECT t FROM vouchers t WHERE t.project_id = $1 AND t.code_key = n.code_key LIMIT 1
    ) f
)"""
# OFFSET 0 keeps the locks of each voucher a look-up: joined, they would be picked out of all locks of the project.
_LOCKS = """ARRAY(
        SELECT f.r FROM v, LATERAL (
            SELECT t AS r FROM redemption_sessions t
            WHERE t.project_id = $1 AND t.voucher_id = (v.r).id AND t.expires_at > $4 AND t.key <> $5 OFFSET 0
        ) f
    ) AS locks"""
GATHER = f"""
WITH {_VOUCHERS}, t AS MATERIALIZED ({by_ids("promotion_tiers", "SELECT unnest($6::text[])")}
), c AS MATERIALIZED ({
    by_ids(
        "campaigns",
        "SELECT (r).campaign_id FROM v UNION SELECT (r).campaign_id FROM t UNION SELECT unnest($7::text[])",
    )
}), a AS MATERIALIZED (
    SELECT f.r FROM (
        SELECT (r).id FROM v UNION ALL SELECT (r).id FROM t UNION ALL SELECT (r).id FROM c
    ) AS i (id), LATERAL ({_ASSIGNMENTS.format("i.id")}
    ) f
), s AS MATERIALIZED ({by_names("skus", "$9")})
SELECT
    ARRAY(SELECT r FROM v) AS vouchers,
    ARRAY(SELECT r FROM t) AS tiers,
    ARRAY(SELECT r FROM c) AS campaigns,
    ARRAY(SELECT r FROM a) AS assignments,
    ARRAY({by_ids("validation_rules", "SELECT DISTINCT (r).rule_id FROM a")}) AS rules,
    ARRAY({
    by_ids(
        "categories",
        "SELECT (r).category_id FROM v UNION SELECT (r).category_id FROM t UNION SELECT (r).category_id FROM c",
    )
}) AS categories,
    ARRAY({by_names("products", "($8::text[] || ARRAY(SELECT (r).product_id FROM s))")}) AS products,
    ARRAY(SELECT r FROM s) AS skus,
    {_LOCKS},
    ARRAY({by_either("customers", "$10::text", "$11::text")}) AS customers,
    ARRAY({by_either("orders", "$12::text", "$13::text")}) AS orders,
    ARRAY(SELECT t FROM stacking_rules t WHERE t.project_id = $1) AS stacking,
    {SNAPSHOT} AS snapshot,
    {changed_since("$14")} AS changed
"""


@lru_cache
def moving(customer: str | None, order: str | None) -> str:
    """The statement for what changes all the time, with the customer and the order by these columns, if at all."""
    return f"""
WITH {_VOUCHERS}
SELECT
    ARRAY(SELECT r FROM v) AS vouchers,
    ARRAY(SELECT f.r FROM v, LATERAL ({_ASSIGNMENTS.format("(v.r).id")}
    ) f) AS assignments,
    {_LOCKS},
    {changed_since("$6")} AS changed
    {by_columns(7, customers=customer, orders=order)}
"""


async def gather(db: Transaction, project_id: str, asked: Asked, definitions: Definitions) -> Gathered:
    """What there is of it now."""
    return await definitions.read(db, project_id, _Reading(db, project_id, asked))


class _Reading(msgspec.Struct, frozen=True):
    """See `Reading`."""

    db: Transaction
    project_id: str
    asked: Asked

    def knows(self, known: Known) -> bool:
        return knows(known, self.asked)

    async def rest(self, known: Known) -> tuple[Gathered | None, bool]:
        asked = self.asked
        customer = key_of(asked.customer_id, asked.customer_source_id)
        order = key_of(asked.order_id, asked.order_source_id)
        row = await self.db.row(
            moving(customer and customer[0], order and order[0]),
            self.project_id,
            *_codes(asked),
            known.snapshot,
            *(key[1] for key in (customer, order) if key is not None),
        )
        assert row is not None
        found = Moving(
            vouchers=read_all(VOUCHERS, row["vouchers"]),
            assignments=read_all(ASSIGNMENTS, row["assignments"]),
            locks=_locks(row),
            customer=read_first(CUSTOMERS, row["customers"]) if customer else None,
            order=read_first(ORDERS, row["orders"]) if order else None,
        )
        return complete(known, asked, found), row["changed"]

    async def whole(self, since: str | None) -> tuple[Gathered, str, bool]:
        asked = self.asked
        row = await self.db.row(
            GATHER,
            self.project_id,
            *_codes(asked),
            asked.tiers or None,
            asked.campaigns or None,
            asked.products or None,
            asked.skus or None,
            asked.customer_id,
            asked.customer_source_id,
            asked.order_id,
            asked.order_source_id,
            since,
        )
        assert row is not None
        found = Gathered(
            vouchers=read_all(VOUCHERS, row["vouchers"]),
            tiers=read_all(TIERS, row["tiers"]),
            campaigns=read_all(CAMPAIGNS, row["campaigns"]),
            assignments=read_all(ASSIGNMENTS, row["assignments"]),
            rules=read_all(RULES, row["rules"]),
            categories=read_all(CATEGORIES, row["categories"]),
            products=read_all(PRODUCTS, row["products"]),
            skus=read_all(SKUS, row["skus"]),
            locks=_locks(row),
            customer=read_first(CUSTOMERS, row["customers"]),
            order=read_first(ORDERS, row["orders"]),
            stacking=read_first(STACKING_RULES, row["stacking"]),
        )
        return found, row["snapshot"], row["changed"]

    def learn(self, known: Known, found: Gathered) -> int:
        return learn(known, self.asked, found)


def _codes(asked: Asked) -> tuple[object, ...]:
    """The parameters for codes and their locks. No array is cheaper for the driver than an empty one."""
    return (asked.vouchers or None, asked.code_keys or None, asked.now, asked.key)


def _locks(row: Record) -> list[Lock]:
    return [Lock(one["voucher_id"], one["amount"]) for one in row["locks"]]
