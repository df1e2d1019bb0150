"""The shapes of the five reference events, as the engine promises to send them.

Each is the reference's own sample, key for key; what we add to it on purpose (because the schema or newer samples have
it) stands under `added`, and docs/decisions/0008 tells why.
"""

from collections.abc import Mapping

from guerdon.cli.demo.parts import (
    ACCOUNT,
    BEGINNING,
    CAMPAIGN_ID,
    CUSTOMER_ID,
    DETACHED,
    DISCOUNT,
    DISTRIBUTION_ID,
    ORDER_ID,
    PRODUCT_ID,
    SIMPLE_CUSTOMER,
    VOUCHER_ID,
    campaign,
    publication,
    voucher,
)
from guerdon.cli.demo.shapes import (
    DAY,
    EMPTY,
    FREE,
    NULL,
    NUMBER,
    TEXT,
    TIME,
    Keys,
    Many,
    Named,
    OrNull,
    Shape,
    alphanumeric,
    exactly,
    hexadecimal,
    pattern,
)

_CLUB = campaign("LOYALTY_CARD", BEGINNING)
_CARD = voucher("LOYALTY_CARD", ACCOUNT)
_COUPONS = campaign("DISCOUNT_VOUCHER", DISCOUNT)
_COUPON = voucher("DISCOUNT_VOUCHER", DISCOUNT)
_SENT = Keys({"source_type": exactly("distribution"), "source_id": DISTRIBUTION_ID, "distribution_id": DISTRIBUTION_ID})


def _published(campaign: Keys, voucher: Keys, metadata: Shape) -> Keys:
    return Keys(
        {
            "customer": SIMPLE_CUSTOMER,
            "campaign": campaign,
            "publication": publication(metadata),
            "voucher": voucher,
            "created_at": TIME,
        }
    )


CARD_PUBLISHED = _published(
    campaign("LOYALTY_CARD", BEGINNING, without=("discount", "gift")),
    voucher("LOYALTY_CARD", ACCOUNT, pictures=True),
    FREE,
)
COUPON_PUBLISHED = _published(
    campaign("DISCOUNT_VOUCHER", DISCOUNT, without=("gift", "loyalty_card")),
    voucher("DISCOUNT_VOUCHER", DISCOUNT, pictures=True),
    _SENT,
)

_GIFT_SUMMARY = Keys({"redeemed_amount": NUMBER, "amount_to_go": NUMBER})
_CARD_SUMMARY = Keys({"redeemed_points": NUMBER, "points_to_go": NUMBER})
_SUMMARY = Keys(
    {
        "redemptions": Keys(
            {
                "total_redeemed": NUMBER,
                "total_failed": NUMBER,
                "total_succeeded": NUMBER,
                "total_rolled_back": NUMBER,
                "total_rollback_failed": NUMBER,
                "total_rollback_succeeded": NUMBER,
                "gift": _GIFT_SUMMARY,
                "loyalty_card": _CARD_SUMMARY,
            }
        ),
        "orders": Keys(
            {
                "total_amount": NUMBER,
                "total_count": NUMBER,
                "average_amount": NUMBER,
                "last_order_amount": NUMBER,
            },
            added={"last_order_date": TIME},
        ),
    }
)
_PROGRAM = Keys(
    {"redeemed_points": NUMBER, "points_to_go": NUMBER},
    added={"points": NUMBER, "referred_customers": NUMBER},
    sometimes={"loyalty_tier": alphanumeric("ltr_", 24)},
)
_ADDRESS = Keys({"city": TEXT, "state": TEXT, "line_1": TEXT, "country": TEXT, "postal_code": TEXT})
CUSTOMER_UPDATED = Keys(
    {
        "customer": Keys(
            {
                "id": CUSTOMER_ID,
                "name": TEXT,
                "email": TEXT,
                "object": exactly("customer"),
                "address": _ADDRESS,
                "loyalty": Keys({"points": NUMBER, "campaigns": Named(_PROGRAM), "referred_customers": NUMBER}),
                "summary": _SUMMARY,
                "birthdate": DAY,
                "referrals": Keys({"total": NUMBER, "campaigns": EMPTY}),  # nobody referred this one
                "source_id": TEXT,
                "created_at": TIME,
                "updated_at": TIME,
                "description": TEXT,
                "system_metadata": FREE,
            },
            added={"metadata": FREE},
        )
    }
)

_ITEM = {
    "object": exactly("order_item"),
    "product_id": PRODUCT_ID,
    "quantity": NUMBER,
    "amount": NUMBER,
    "price": NUMBER,
    "subtotal_amount": NUMBER,
}
_LINE = {"id": hexadecimal("ordli_")}
_GOODS = Keys({"name": TEXT}, added={"id": PRODUCT_ID, "source_id": TEXT}, sometimes={"price": NUMBER})
_PAID_ORDER: Mapping[str, Shape] = {
    "id": ORDER_ID,
    "source_id": OrNull(TEXT),
    "created_at": TIME,
    "updated_at": TIME,
    "status": exactly("PAID"),
    "amount": NUMBER,
    "total_amount": NUMBER,
    "items": Many(Keys({**_ITEM, "product": _GOODS}, added=_LINE)),
    "metadata": FREE,
    "customer": Keys({"id": CUSTOMER_ID, **DETACHED, "object": exactly("customer")}),
    "customer_id": CUSTOMER_ID,
    "referrer_id": NULL,
    "object": exactly("order"),
}
_PAID: Mapping[str, Shape] = {
    "customer": SIMPLE_CUSTOMER,
    "referrer": NULL,
    "order": Keys(_PAID_ORDER),
    "redemption": NULL,
}
_CODE = {"campaign": _COUPONS, "voucher": _COUPON, "publication": publication(_SENT)}
ORDER_PAID = Keys(_PAID)
ORDER_PAID_WITH_CODE = Keys({**_PAID, **_CODE})

_MOVED = {
    "type": exactly("loyalty_card"),
    "total": NUMBER,
    "object": exactly("balance"),
    "points": NUMBER,
    "balance": NUMBER,
    "related_object": Keys({"id": VOUCHER_ID, "type": exactly("voucher")}),
}
_POINTS = Keys(_MOVED)


def _points_added(kind: str, details: Shape) -> Keys:
    transaction = {
        "id": hexadecimal("vtx_"),
        "source_id": OrNull(TEXT),
        "voucher_id": VOUCHER_ID,
        "campaign_id": CAMPAIGN_ID,
        "source": OrNull(TEXT),
        "reason": OrNull(TEXT),
        "type": exactly(kind),
        "details": details,
        "related_transaction_id": NULL,
        "created_at": TIME,
    }
    return Keys(
        {
            "customer": SIMPLE_CUSTOMER,
            "campaign": _CLUB,
            "voucher": _CARD,
            "balance": _POINTS,
            "transaction": Keys(transaction),
        }
    )


# Points by hand are as in the sample; of earned ones the transaction also says by what.
POINTS_BY_HAND = _points_added("POINTS_ADDITION", Keys({"balance": _POINTS}))
POINTS_EARNED = _points_added(
    "POINTS_ACCRUAL",
    Keys(
        {"balance": Keys(_MOVED, added={"operation_type": exactly("AUTOMATIC")})},
        added={
            "order": Keys({"id": ORDER_ID, "source_id": OrNull(TEXT)}),
            "event": Keys({"id": hexadecimal("evcus_"), "type": exactly("customer.order.paid")}),
            "earning_rule": Keys({"id": alphanumeric("ern_", 24), "source": Keys({"banner": TEXT})}),
        },
    ),
)

_GOODS_GIVEN = {"id": PRODUCT_ID, "source_id": TEXT, "name": TEXT}
_REWARD = {
    "assignment_id": alphanumeric("rewa_", 24),
    "product": Keys(_GOODS_GIVEN),
    "id": alphanumeric("rew_", 24),
    "object": exactly("reward"),
    "name": TEXT,
    "type": exactly("MATERIAL"),
}
_REWARD_IN_FULL = Keys(
    {
        **_REWARD,
        "product": Keys(
            _GOODS_GIVEN,
            added={
                "price": NUMBER,
                "attributes": EMPTY,
                "metadata": FREE,
                "image_url": NULL,
                "created_at": TIME,
                "updated_at": OrNull(TIME),
                "object": exactly("product"),
            },
        ),
        "customer": SIMPLE_CUSTOMER,
        "created_at": TIME,
        "updated_at": OrNull(TIME),
        "parameters": Keys({"product": Keys({"id": PRODUCT_ID, "sku_id": NULL})}),
    },
    added={"voucher": NULL, "sku": NULL, "loyalty_tier_id": NULL, "metadata": FREE},
)
_ORDER_OF_REDEMPTION = Keys(
    {
        "id": ORDER_ID,
        "source_id": OrNull(TEXT),
        "status": exactly("PAID"),
        "customer_id": CUSTOMER_ID,
        "referrer_id": NULL,
        "amount": NUMBER,
        "total_amount": NUMBER,
        "items": Many(Keys(_ITEM, added=_LINE)),
        "metadata": FREE,
        "created_at": TIME,
        "object": exactly("order"),
    },
    sometimes={"updated_at": TIME},
)
_CARD_AND_CAMPAIGN = {
    "related_object_type": exactly("voucher"),
    "related_object_id": VOUCHER_ID,
    "related_object_parent_id": CAMPAIGN_ID,
}
_REDEMPTION = Keys(
    {
        "id": hexadecimal("r_"),
        "customer_id": CUSTOMER_ID,
        "tracking_id": pattern("track_ and a hash", r"track_\S+"),
        "date": TIME,
        "amount": NUMBER,
        "order": _ORDER_OF_REDEMPTION,
        "reward": _REWARD_IN_FULL,
        "customer": SIMPLE_CUSTOMER,
        "result": exactly("SUCCESS"),
        "status": exactly("SUCCEEDED"),
        "voucher": _CARD,
        "metadata": FREE,
        "object": exactly("redemption"),
    },
    added={
        "created_at": TIME,
        "channel_type": exactly("API"),
        "channel_id": TEXT,
        "campaign_name": TEXT,
        **_CARD_AND_CAMPAIGN,
    },
)
REWARDED = Keys(
    {
        "customer": SIMPLE_CUSTOMER,
        "holder": SIMPLE_CUSTOMER,
        "voucher": _CARD,
        "campaign": _CLUB,
        "redemption": _REDEMPTION,
        "reward": Keys(_REWARD),
        "referral_tier": NULL,
        "balance": NULL,
        "custom_event": NULL,
        "customer_event": NULL,
    }
)

# An order that was paid in the course of a redemption names it, which none of the samples does.
_REDEEMED = {"redemptions": Named(Keys({"date": TIME, **_CARD_AND_CAMPAIGN}))}
_PAID_REDEEMING = {**_PAID, "order": Keys(_PAID_ORDER, added=_REDEEMED), "redemption": _REDEMPTION}
ORDER_PAID_REDEEMING = Keys(_PAID_REDEEMING)
ORDER_PAID_REDEEMING_WITH_CODE = Keys({**_PAID_REDEEMING, **_CODE})
