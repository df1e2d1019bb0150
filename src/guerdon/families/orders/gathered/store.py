"""One statement that reads all that a new order needs to know of what there is."""

from collections.abc import Sequence

import msgspec

from guerdon.db.lookups import by_either, by_names, read_all, read_first
from guerdon.db.transaction import Transaction
from guerdon.families.customers.store import CUSTOMERS, CustomerRow
from guerdon.families.orders.store import ORDERS, OrderRow
from guerdon.families.products.store import PRODUCTS, SKUS, Catalogue

GATHER = f"""
WITH s AS MATERIALIZED ({by_names("skus", "$3")})
SELECT
    ARRAY({by_names("products", "($2::text[] || ARRAY(SELECT (r).product_id FROM s))")}) AS products,
    ARRAY(SELECT r FROM s) AS skus,
    ARRAY({by_either("customers", "$4::text", "$5::text")}) AS customers,
    ARRAY(SELECT t FROM orders t WHERE t.project_id = $1 AND t.source_id = $6::text) AS orders
"""


class Gathered(msgspec.Struct, frozen=True):
    """What there is: the order of the source id, the customer, and what the catalogue knows of the lines' goods."""

    order: OrderRow | None
    customer: CustomerRow | None
    known: Catalogue


async def gather(
    db: Transaction,
    project_id: str,
    *,
    products: Sequence[str],
    skus: Sequence[str],
    customer_id: str | None,
    customer_source_id: str | None,
    source_id: str | None,
) -> Gathered:
    """By these names; goods by ids or source ids, the customer by the id, or else by the source id."""
    row = await db.row(GATHER, project_id, products or None, skus or None, customer_id, customer_source_id, source_id)
    assert row is not None
    known = Catalogue({}, {})
    known.add_products(read_all(PRODUCTS, row["products"]))
    known.add_skus(read_all(SKUS, row["skus"]))
    return Gathered(read_first(ORDERS, row["orders"]), read_first(CUSTOMERS, row["customers"]), known)
