"""Whether everything that is kept as a sum is the sum of what it is made of."""

import msgspec

from guerdon.db.pool import Connection, Pool, Record, acquired


class Check(msgspec.Struct, frozen=True):
    """What has to hold, and a query of what is kept and what it should be: project_id, id, kept, right."""

    name: str
    sql: str


class Finding(msgspec.Struct, frozen=True):
    """How a check went; `examples` are up to ten of the wrong ones: project, id, what is kept and what is right."""

    name: str
    checked: int
    wrong: int
    examples: list[tuple[str, str, str, str]]


_LEDGER = """
    SELECT project_id, voucher_id,
        sum(amount) FILTER (
            WHERE type IN ('POINTS_ACCRUAL', 'PENDING_POINTS_ACTIVATION', 'POINTS_ADDITION', 'POINTS_TRANSFER_IN',
                'CREDITS_ADDITION')
        ) AS added,
        -sum(amount) FILTER (WHERE type IN ('POINTS_REMOVAL', 'POINTS_TRANSFER_OUT', 'CREDITS_REMOVAL')) AS subtracted,
        -sum(amount) FILTER (WHERE type = 'POINTS_EXPIRATION') AS expired,
        -sum(amount) FILTER (
            WHERE type IN ('POINTS_REDEMPTION', 'POINTS_REFUND', 'CREDITS_REDEMPTION', 'CREDITS_REFUND')
        ) AS redeemed
    FROM voucher_transactions GROUP BY project_id, voucher_id
"""
_ACCOUNTS = "v.type IN ('GIFT_VOUCHER', 'LOYALTY_CARD')"
# Neither those that were rolled back nor the rollbacks themselves.
_STANDING = "result = 'SUCCESS' AND status = 'SUCCEEDED' AND redemption_id IS NULL"
CHECKS = (
    Check(
        "the balance of a card is what was added less what was taken, ended and redeemed",
        f"""
        SELECT v.project_id, v.id, v.balance::text AS kept,
            (v.added - v.subtracted - v.expired - v.redeemed)::text AS "right"
        FROM vouchers v WHERE {_ACCOUNTS}
        """,
    ),
    Check(
        "the balance of a loyalty card that was published is what is in its buckets",
        """
        SELECT v.project_id, v.id, v.balance::text AS kept, coalesce(b.points, 0)::text AS "right"
        FROM vouchers v LEFT JOIN (
            SELECT project_id, voucher_id, sum(points) AS points FROM points_buckets WHERE status = 'ACTIVE'
            GROUP BY project_id, voucher_id
        ) b ON b.project_id = v.project_id AND b.voucher_id = v.id
        WHERE v.type = 'LOYALTY_CARD' AND v.publish_count > 0
        """,
    ),
    Check(
        "what was taken from a card, ended on it and was redeemed is what its ledger says",
        f"""
        SELECT v.project_id, v.id, concat_ws(' ', v.subtracted, v.expired, v.redeemed - v.spent_before) AS kept,
            concat_ws(' ', coalesce(l.subtracted, 0), coalesce(l.expired, 0), coalesce(l.redeemed, 0)) AS "right"
        FROM vouchers v LEFT JOIN ({_LEDGER}) l ON l.project_id = v.project_id AND l.voucher_id = v.id
        WHERE {_ACCOUNTS}
        """,
    ),
    Check(
        "what was added to a card is what it began with and what its ledger says",
        f"""
        SELECT v.project_id, v.id, v.added::text AS kept, greatest(v.added, coalesce(l.added, 0))::text AS "right"
        FROM vouchers v LEFT JOIN ({_LEDGER}) l ON l.project_id = v.project_id AND l.voucher_id = v.id
        WHERE {_ACCOUNTS}
        """,
    ),
    Check(
        "the points that end next on a card are those of its first bucket with a date",
        """
        SELECT v.project_id, v.id, concat_ws(' ', v.next_expiration_date, v.next_expiration_points) AS kept,
            concat_ws(' ', b.expires_on, b.points) AS "right"
        FROM vouchers v LEFT JOIN (
            SELECT DISTINCT ON (project_id, voucher_id) project_id, voucher_id, expires_on, points FROM points_buckets
            WHERE status = 'ACTIVE' AND points > 0 AND expires_on IS NOT NULL
            ORDER BY project_id, voucher_id, expires_on
        ) b ON b.project_id = v.project_id AND b.voucher_id = v.id
        WHERE v.type = 'LOYALTY_CARD'
        """,
    ),
    Check(
        "the points that wait on a card are those of its entries that wait",
        """
        SELECT v.project_id, v.id, v.pending::text AS kept, coalesce(p.points, 0)::text AS "right"
        FROM vouchers v LEFT JOIN (
            SELECT project_id, voucher_id, sum(points) AS points FROM pending_points WHERE status = 'PENDING'
            GROUP BY project_id, voucher_id
        ) p ON p.project_id = v.project_id AND p.voucher_id = v.id
        WHERE v.type = 'LOYALTY_CARD'
        """,
    ),
    Check(
        "a code counts the redemptions that stand",
        f"""
        SELECT v.project_id, v.id, (v.redeemed_quantity - v.redeemed_before)::text AS kept,
            coalesce(r.times, 0)::text AS "right"
        FROM vouchers v LEFT JOIN (
            SELECT project_id, voucher_id, count(*) AS times FROM redemptions WHERE {_STANDING}
            GROUP BY project_id, voucher_id
        ) r ON r.project_id = v.project_id AND r.voucher_id = v.id
        """,
    ),
    Check(
        "a reward counts the redemptions that stand and what referrers got",
        f"""
        SELECT w.project_id, w.id, w.redeemed::text AS kept, coalesce(r.times, 0)::text AS "right"
        FROM rewards w LEFT JOIN (
            SELECT project_id, reward_id, count(*) AS times FROM (
                SELECT project_id, reward_id FROM redemptions WHERE {_STANDING}
                UNION ALL SELECT project_id, reward_id FROM reward_redemptions WHERE referral_tier_id IS NOT NULL
            ) given GROUP BY project_id, reward_id
        ) r ON r.project_id = w.project_id AND r.reward_id = w.id
        """,
    ),
    Check(
        "a customer's points in a programme are those of the cards there",
        """
        SELECT coalesce(c.project_id, v.project_id) AS project_id, coalesce(c.id, v.holder_id) AS id,
            concat_ws(' ', coalesce(c.name, v.campaign), coalesce(c.points, 0)) AS kept,
            concat_ws(' ', coalesce(c.name, v.campaign), coalesce(v.points, 0)) AS "right"
        FROM (
            SELECT c.project_id, c.id, p.key AS name, coalesce((p.value ->> 'points')::bigint, 0) AS points
            FROM customers c, jsonb_each(c.programs) p
        ) c FULL JOIN (
            SELECT project_id, holder_id, campaign, sum(balance) AS points FROM vouchers
            WHERE type = 'LOYALTY_CARD' AND holder_id IS NOT NULL GROUP BY project_id, holder_id, campaign
        ) v ON v.project_id = c.project_id AND v.holder_id = c.id AND v.campaign = c.name
        """,
    ),
    Check(
        "a customer's tier in a programme is that of the card there",
        """
        SELECT coalesce(c.project_id, s.project_id) AS project_id, coalesce(c.id, s.customer_id) AS id,
            coalesce(c.tier_id, '') AS kept, coalesce(s.tier_id, '') AS "right"
        FROM (
            SELECT c.project_id, c.id, p.key AS name, p.value ->> 'loyalty_tier' AS tier_id
            FROM customers c, jsonb_each(c.programs) p WHERE p.value ? 'loyalty_tier'
        ) c FULL JOIN (
            SELECT s.project_id, s.customer_id, v.campaign, s.tier_id FROM loyalty_standings s
            JOIN vouchers v ON v.project_id = s.project_id AND v.id = s.id AND v.holder_id = s.customer_id
        ) s ON s.project_id = c.project_id AND s.customer_id = c.id AND s.campaign = c.name
        """,
    ),
    Check(
        "a customer has referred as many as it is noted of",
        """
        SELECT coalesce(n.project_id, r.project_id) AS project_id, coalesce(n.customer_id, r.referrer_id) AS id,
            coalesce(n.referees, 0)::text AS kept, coalesce(r.times, 0)::text AS "right"
        FROM referrers n FULL JOIN (
            SELECT project_id, campaign_id, referrer_id, count(*) AS times FROM referrals
            GROUP BY project_id, campaign_id, referrer_id
        ) r ON r.project_id = n.project_id AND r.campaign_id = n.campaign_id AND r.referrer_id = n.customer_id
        """,
    ),
    Check(
        "a customer was referred as often as the profile says",
        """
        SELECT c.project_id, c.id, jsonb_array_length(c.referrals)::text AS kept, coalesce(r.times, 0)::text AS "right"
        FROM customers c LEFT JOIN (
            SELECT project_id, referee_id, count(*) AS times FROM referrals GROUP BY project_id, referee_id
        ) r ON r.project_id = c.project_id AND r.referee_id = c.id
        """,
    ),
    Check(
        "a customer's credits are those of the gift cards held",
        """
        SELECT c.project_id, c.id, c.gift_to_go::text AS kept, coalesce(v.credits, 0)::text AS "right"
        FROM customers c LEFT JOIN (
            SELECT project_id, holder_id, sum(balance) AS credits FROM vouchers
            WHERE type = 'GIFT_VOUCHER' AND holder_id IS NOT NULL GROUP BY project_id, holder_id
        ) v ON v.project_id = c.project_id AND v.holder_id = c.id
        """,
    ),
    Check(
        "a customer's orders are those that are paid or fulfilled",
        """
        SELECT c.project_id, c.id, concat_ws(' ', c.orders_count, c.orders_amount) AS kept,
            concat_ws(' ', coalesce(o.times, 0), coalesce(o.amount, 0)) AS "right"
        FROM customers c LEFT JOIN (
            SELECT project_id, customer_id, count(*) AS times, sum(coalesce(total_amount, 0)) AS amount FROM orders
            WHERE status IN ('PAID', 'FULFILLED') GROUP BY project_id, customer_id
        ) o ON o.project_id = c.project_id AND o.customer_id = c.id
        """,
    ),
)
# These statements read whole tables, for which the settings that suit look-ups are the wrong ones.
_SETTINGS = """
SET LOCAL enable_seqscan = on; SET LOCAL enable_hashjoin = on; SET LOCAL enable_mergejoin = on;
SET LOCAL plan_cache_mode = 'force_custom_plan'; SET LOCAL statement_timeout = 0
"""


async def audit(pool: Pool, project_id: str | None) -> list[Finding]:
    """Every check, of one project or of all, as things stand at one moment; nothing is locked."""
    async with acquired(pool) as connection:
        await connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try:
            return await judge(connection, project_id)
        finally:
            await connection.execute("ROLLBACK")


async def judge(connection: Connection, project_id: str | None) -> list[Finding]:
    """The same, as things stand in the open transaction."""
    await connection.execute(_SETTINGS)
    return [_finding(check, (await connection.fetch(_judged(check), project_id))[0]) for check in CHECKS]


def _judged(check: Check) -> str:
    return f"""
    WITH one AS MATERIALIZED (
        SELECT project_id, id, kept, "right", kept IS DISTINCT FROM "right" AS wrong FROM ({check.sql}) found
        WHERE $1::text IS NULL OR project_id = $1
    )
    SELECT count(*) AS checked, count(*) FILTER (WHERE wrong) AS wrong, (
        SELECT coalesce(jsonb_agg(jsonb_build_array(project_id, id, kept, "right")), '[]')
        FROM (SELECT * FROM one WHERE wrong ORDER BY project_id, id LIMIT 10) example
    ) AS examples FROM one
    """


def _finding(check: Check, row: Record) -> Finding:
    examples = msgspec.convert(row["examples"], list[tuple[str, str, str, str]])
    return Finding(check.name, row["checked"], row["wrong"], examples)
