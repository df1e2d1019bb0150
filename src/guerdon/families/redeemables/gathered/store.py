"""One statement that reads what nearly every decision needs: a round trip costs more than all of its rows."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from guerdon.db.lookups import by_either, by_ids, by_names, read_all, read_first
from guerdon.db.transaction import Transaction
from guerdon.families.campaigns.store import CAMPAIGNS, CampaignRow
from guerdon.families.categories.store import CATEGORIES, CategoryRow
from guerdon.families.customers.store import CUSTOMERS, CustomerRow
from guerdon.families.orders.store import ORDERS, OrderRow
from guerdon.families.products.store import PRODUCTS, SKUS, ProductRow, SkuRow
from guerdon.families.promotion_tiers.store import TIERS, TierRow
from guerdon.families.stacking_rules.store import STACKING_RULES, StackingRulesRow
from guerdon.families.validation_rules.store import ASSIGNMENTS, RULES, AssignmentRow, RuleRow
from guerdon.families.vouchers.store import VOUCHERS, VoucherRow


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Names of a request. `key` is its own session.

    Ids or codes of vouchers (`code_keys` as the project compares them), ids of tiers and of further campaigns, ids or
    source ids of goods, the id or else the source id of the customer and of the order.
    """

    vouchers: Sequence[str]
    code_keys: Sequence[str]
    tiers: Sequence[str]
    campaigns: Sequence[str]
    products: Sequence[str]
    skus: Sequence[str]
    customer_id: str | None
    customer_source_id: str | None
    order_id: str | None
    order_source_id: str | None
    now: datetime
    key: str


class Lock(msgspec.Struct, frozen=True):
    """What somebody else's session holds of a voucher."""

    voucher_id: str
    amount: int


class Gathered(msgspec.Struct, frozen=True, kw_only=True):
    """The rows there are. `rules` are those that bind the vouchers, tiers and campaigns."""

    vouchers: Sequence[VoucherRow]
    tiers: Sequence[TierRow]
    campaigns: Sequence[CampaignRow]
    assignments: Sequence[AssignmentRow]
    rules: Sequence[RuleRow]
    categories: Sequence[CategoryRow]
    products: Sequence[ProductRow]
    skus: Sequence[SkuRow]
    locks: Sequence[Lock]
    customer: CustomerRow | None
    order: OrderRow | None
    stacking: StackingRulesRow | None


# OFFSET 0 keeps the locks of each voucher a look-up: joined, they would be picked out of all locks of the project.
GATHER = f"""
WITH v AS MATERIALIZED (
    SELECT f.r FROM unnest($2::text[], $3::text[]) AS n (name, code_key), LATERAL (
        SELECT t AS r FROM vouchers t WHERE t.project_id = $1 AND t.id = n.name
        UNION ALL SELECT t FROM vouchers t WHERE t.project_id = $1 AND t.code_key = n.code_key LIMIT 1
    ) f
), t AS MATERIALIZED ({by_ids("promotion_tiers", "SELECT unnest($4::text[])")}
), c AS MATERIALIZED ({
    by_ids(
        "campaigns",
        "SELECT (r).campaign_id FROM v UNION SELECT (r).campaign_id FROM t UNION SELECT unnest($13::text[])",
    )
}), a AS MATERIALIZED (
    SELECT f.r FROM (
        SELECT (r).id FROM v UNION ALL SELECT (r).id FROM t UNION ALL SELECT (r).id FROM c
    ) AS i (id), LATERAL (
        SELECT t AS r FROM validation_rule_assignments t WHERE t.project_id = $1 AND t.related_object_id = i.id
        ORDER BY t.created_at, t.id
    ) f
), s AS MATERIALIZED ({by_names("skus", "$6")})
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
    ARRAY({by_names("products", "($5::text[] || ARRAY(SELECT (r).product_id FROM s))")}) AS products,
    ARRAY(SELECT r FROM s) AS skus,
    ARRAY(
        SELECT f.r FROM v, LATERAL (
            SELECT t AS r FROM redemption_sessions t
            WHERE t.project_id = $1 AND t.voucher_id = (v.r).id AND t.expires_at > $11 AND t.key <> $12 OFFSET 0
        ) f
    ) AS locks,
    ARRAY({by_either("customers", "$7::text", "$8::text")}) AS customers,
    ARRAY({by_either("orders", "$9::text", "$10::text")}) AS orders,
    ARRAY(SELECT t FROM stacking_rules t WHERE t.project_id = $1) AS stacking
"""


async def gather(db: Transaction, project_id: str, asked: Asked) -> Gathered:
    """What there is of it now."""
    row = await db.row(  # no array is cheaper for the driver than an empty one
        GATHER,
        project_id,
        asked.vouchers or None,
        asked.code_keys or None,
        asked.tiers or None,
        asked.products or None,
        asked.skus or None,
        asked.customer_id,
        asked.customer_source_id,
        asked.order_id,
        asked.order_source_id,
        asked.now,
        asked.key,
        asked.campaigns or None,
    )
    assert row is not None
    return Gathered(
        vouchers=read_all(VOUCHERS, row["vouchers"]),
        tiers=read_all(TIERS, row["tiers"]),
        campaigns=read_all(CAMPAIGNS, row["campaigns"]),
        assignments=read_all(ASSIGNMENTS, row["assignments"]),
        rules=read_all(RULES, row["rules"]),
        categories=read_all(CATEGORIES, row["categories"]),
        products=read_all(PRODUCTS, row["products"]),
        skus=read_all(SKUS, row["skus"]),
        locks=[Lock(one["voucher_id"], one["amount"]) for one in row["locks"]],
        customer=read_first(CUSTOMERS, row["customers"]),
        order=read_first(ORDERS, row["orders"]),
        stacking=read_first(STACKING_RULES, row["stacking"]),
    )
