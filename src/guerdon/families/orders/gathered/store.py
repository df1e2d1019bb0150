"""One statement that reads all that a new order needs to know of what there is.

Goods are definitions, which a process remembers (see `db.definitions`); then a shorter statement reads the rest.
"""

from collections.abc import Sequence
from functools import lru_cache

import msgspec

from guerdon.db.definitions import SNAPSHOT, Definitions, Known, changed_since
from guerdon.db.lookups import by_columns, by_either, by_names, key_of, read_all, read_first
from guerdon.db.transaction import Transaction
from guerdon.families.customers.store import CUSTOMERS, CustomerRow
from guerdon.families.orders.store import ORDERS, OrderRow
from guerdon.families.products import known as goods
from guerdon.families.products.store import PRODUCTS, SKUS, ProductRow, SkuRow

GATHER = f"""
WITH s AS MATERIALIZED ({by_names("skus", "$3")})
SELECT
    ARRAY({by_names("products", "($2::text[] || ARRAY(SELECT (r).product_id FROM s))")}) AS products,
    ARRAY(SELECT r FROM s) AS skus,
    ARRAY({by_either("customers", "$4::text", "$5::text")}) AS customers,
    ARRAY(SELECT t FROM orders t WHERE t.project_id = $1 AND t.source_id = $6::text) AS orders,
    {SNAPSHOT} AS snapshot,
    {changed_since("$7")} AS changed
"""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Names of a request: goods by ids or source ids, the customer by the id, or else by the source id."""

    products: Sequence[str]
    skus: Sequence[str]
    customer_id: str | None
    customer_source_id: str | None
    source_id: str | None


class Gathered(msgspec.Struct, frozen=True):
    """What there is: the order of the source id, the customer, and the goods."""

    order: OrderRow | None
    customer: CustomerRow | None
    products: Sequence[ProductRow]
    skus: Sequence[SkuRow]


@lru_cache
def moving(customer: str | None, order: str | None) -> str:
    """The statement for what changes all the time, with the customer and the order by these columns, if at all."""
    return f"SELECT {changed_since('$2')} AS changed{by_columns(3, customers=customer, orders=order)}"


async def gather(db: Transaction, project_id: str, asked: Asked, definitions: Definitions) -> Gathered:
    """What there is of it now."""
    return await definitions.read(db, project_id, _Reading(db, project_id, asked))


class _Reading(msgspec.Struct, frozen=True):
    """See `Reading`."""

    db: Transaction
    project_id: str
    asked: Asked

    def knows(self, known: Known) -> bool:
        return goods.knows(known, self.asked.products, self.asked.skus)

    async def rest(self, known: Known) -> tuple[Gathered | None, bool]:
        customer = key_of(self.asked.customer_id, self.asked.customer_source_id)
        order = key_of(None, self.asked.source_id)
        keys = [key[1] for key in (customer, order) if key is not None]
        statement = moving(customer and customer[0], order and order[0])
        row = await self.db.row(statement, self.project_id, known.snapshot, *keys)
        assert row is not None
        found = Gathered(
            read_first(ORDERS, row["orders"]) if order else None,
            read_first(CUSTOMERS, row["customers"]) if customer else None,
            *goods.goods(known, self.asked.products, self.asked.skus),
        )
        return found, row["changed"]

    async def whole(self, since: str | None) -> tuple[Gathered, str, bool]:
        asked = self.asked
        named = (
            asked.products or None,
            asked.skus or None,
            asked.customer_id,
            asked.customer_source_id,
            asked.source_id,
        )
        row = await self.db.row(GATHER, self.project_id, *named, since)
        assert row is not None
        found = Gathered(
            read_first(ORDERS, row["orders"]),
            read_first(CUSTOMERS, row["customers"]),
            read_all(PRODUCTS, row["products"]),
            read_all(SKUS, row["skus"]),
        )
        return found, row["snapshot"], row["changed"]

    def learn(self, known: Known, found: Gathered) -> int:
        asked = self.asked
        goods.learn(known, asked.products, asked.skus, (found.products, found.skus))
        return len(asked.products) + len(asked.skus)
