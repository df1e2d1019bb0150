"""The books of redemptions: what is counted anywhere is what the redemptions that stand add up to."""

from collections.abc import Callable
from typing import Any

# Every query gives the rows that are wrong; $1 is the project.
_STANDING = "r.result = 'SUCCESS' AND r.status = 'SUCCEEDED' AND r.redemption_id IS NULL"
_ONE = "r.related_object_type <> 'redemption'"
_OFF = {
    "uses and amounts of vouchers": f"""
        SELECT v.code, v.redeemed_quantity, v.redeemed, r.count, r.sum FROM vouchers v, LATERAL (
            SELECT count(*), coalesce(sum(r.amount), 0) AS sum FROM redemptions r
            WHERE r.project_id = v.project_id AND r.voucher_id = v.id AND {_STANDING}
        ) r WHERE v.project_id = $1 AND (v.redeemed_quantity, v.redeemed) <> (r.count, r.sum)
    """,
    "limits of vouchers": """
        SELECT code, redeemed_quantity, redemption_quantity FROM vouchers
        WHERE project_id = $1 AND (redeemed_quantity > redemption_quantity OR redeemed_quantity < 0 OR balance < 0)
    """,
    "balances": """
        SELECT code, balance FROM vouchers WHERE project_id = $1 AND balance <> added - subtracted - expired - redeemed
    """,
    "ledgers": """
        SELECT v.code, v.redeemed, t.sum FROM vouchers v, LATERAL (
            SELECT -coalesce(sum(t.amount), 0) AS sum FROM voucher_transactions t
            WHERE t.project_id = v.project_id AND t.voucher_id = v.id
              AND t.type = ANY('{CREDITS_REDEMPTION,CREDITS_REFUND,POINTS_REDEMPTION,POINTS_REFUND}')
        ) t WHERE v.project_id = $1 AND v.redeemed <> t.sum
    """,
    "counters of limits": f"""
        SELECT c.key, c.value, r.sum FROM redemption_counters c, LATERAL (
            SELECT coalesce(sum((r.counted->>c.key)::bigint), 0) AS sum FROM redemptions r
            WHERE r.project_id = c.project_id AND {_STANDING} AND r.counted ? c.key
        ) r WHERE c.project_id = $1 AND c.value <> r.sum
    """,
    "redemptions that no counter has": f"""
        SELECT r.id, k.key FROM redemptions r, jsonb_object_keys(r.counted) AS k (key) WHERE r.project_id = $1
        AND {_STANDING} AND NOT EXISTS (
            SELECT FROM redemption_counters c WHERE c.project_id = $1 AND c.key = k.key AND c.value IS NOT NULL
        )
    """,
    "sums of tiers": f"""
        SELECT t.name, r.*, s.* FROM promotion_tiers t, LATERAL (
            SELECT count(*), coalesce(sum(r.order_amount), 0) AS amount, coalesce(sum(r.discounted_amount), 0) AS off
            FROM redemptions r WHERE r.project_id = t.project_id AND r.promotion_tier_id = t.id AND {_STANDING}
        ) r, LATERAL (
            SELECT coalesce(sum(redeemed), 0) AS redeemed, coalesce(sum(amount), 0) AS sum,
                coalesce(sum(discount_amount), 0) AS discount
            FROM promotion_tier_sums s WHERE s.project_id = t.project_id AND s.tier_id = t.id
        ) s WHERE t.project_id = $1 AND (r.count, r.amount, r.off) <> (s.redeemed, s.sum, s.discount)
    """,
    "sums of customers": f"""
        SELECT c.source_id, c.redemptions_succeeded, r.* FROM customers c, LATERAL (
            SELECT count(*) FILTER (WHERE r.redemption_id IS NULL AND r.result = 'SUCCESS') AS succeeded,
                count(*) FILTER (WHERE r.redemption_id IS NULL AND r.result = 'FAILURE') AS failed,
                count(*) FILTER (WHERE r.redemption_id IS NOT NULL AND r.result = 'SUCCESS') AS undone,
                count(*) FILTER (WHERE r.redemption_id IS NOT NULL AND r.result = 'FAILURE') AS not_undone
            FROM redemptions r WHERE r.project_id = c.project_id AND r.customer_id = c.id
              AND ({_ONE} OR r.result = 'FAILURE')
        ) r WHERE c.project_id = $1 AND
            (c.redemptions_succeeded, c.redemptions_failed, c.rollbacks_succeeded, c.rollbacks_failed)
            <> (r.succeeded, r.failed, r.undone, r.not_undone)
    """,
    "credits of customers": f"""
        SELECT c.source_id, c.gift_redeemed, r.sum FROM customers c, LATERAL (
            SELECT coalesce(sum(r.amount), 0) AS sum FROM redemptions r
            JOIN vouchers v ON v.project_id = r.project_id AND v.id = r.voucher_id AND v.type = 'GIFT_VOUCHER'
            WHERE r.project_id = c.project_id AND r.customer_id = c.id AND {_STANDING}
        ) r WHERE c.project_id = $1 AND c.gift_redeemed <> r.sum
    """,
    "orders of customers": """
        SELECT c.source_id, c.orders_count, c.orders_amount, o.count, o.sum FROM customers c, LATERAL (
            SELECT count(*), coalesce(sum(o.total_amount), 0) AS sum FROM orders o
            WHERE o.project_id = c.project_id AND o.customer_id = c.id AND o.status IN ('PAID', 'FULFILLED')
        ) o WHERE c.project_id = $1 AND (c.orders_count, c.orders_amount) <> (o.count, o.sum)
    """,
    "redemptions that their order has not": f"""
        SELECT r.id FROM redemptions r JOIN orders o ON o.project_id = r.project_id AND o.id = r.order_id
        WHERE r.project_id = $1 AND {_STANDING} AND r.parent_id IS NULL AND NOT o.redemptions ? r.id
    """,
    "children that do not fare as their parent": """
        SELECT c.id FROM redemptions c JOIN redemptions p ON p.project_id = c.project_id AND p.id = c.parent_id
        WHERE c.project_id = $1 AND p.redemption_id IS NULL AND c.status <> p.status
    """,
    "redemptions undone more than once": """
        SELECT redemption_id FROM redemptions WHERE project_id = $1 AND redemption_id IS NOT NULL AND result = 'SUCCESS'
        GROUP BY redemption_id HAVING count(*) > 1
    """,
    "events": f"""
        SELECT r.id, r.type FROM (
            SELECT r.id, CASE
                WHEN r.redemption_id IS NULL AND r.result = 'SUCCESS' THEN 'redemption.succeeded'
                WHEN r.redemption_id IS NULL THEN 'redemption.failed'
                WHEN r.result = 'SUCCESS' THEN 'redemption.rollback.succeeded'
                ELSE 'redemption.rollback.failed'
            END AS type FROM redemptions r WHERE r.project_id = $1 AND ({_ONE} OR r.result = 'FAILURE')
        ) r WHERE 1 <> (
            SELECT count(*) FROM (
                SELECT entity_id, type FROM events WHERE project_id = $1
                UNION ALL SELECT entity_id, type FROM outbox WHERE project_id = $1
            ) e WHERE e.entity_id = r.id AND e.type = r.type
        )
    """,
}
Fetch = Callable[..., list[Any]]


def imbalance(fetch: Fetch, project_id: str) -> list[str]:
    """Everything that is off in the project, one line each. `fetch` runs a statement with its arguments."""
    return [f"{what}: {tuple(row)}" for what, query in _OFF.items() for row in fetch(query, project_id)]
