"""The shapes of the five reference events, as the engine promises to send them.

Each is the reference's own sample, key for key; what we add to it on purpose (because the schema or newer samples have
it) stands under `added`, and docs/decisions/0008 tells why.
"""

from collections.abc import Mapping

from guerdon.cli.demo.shapes import (
    DAY,
    EMPTY,
    FLAG,
    FREE,
    NULL,
    NUMBER,
    TEXT,
    TIME,
    Keys,
    Leaf,
    Many,
    Named,
    OrNull,
    Shape,
    alphanumeric,
    exactly,
    hexadecimal,
)

_CUSTOMER = alphanumeric("cust_", 24)
_CAMPAIGN = alphanumeric("camp_", 24)
_VOUCHER = alphanumeric("v_", 32)
_ORDER = alphanumeric("ord_", 24)
_PRODUCT = hexadecimal("prod_")
_DISTRIBUTION = alphanumeric("distr_", 26)


def envelope(event: str, source: str, entity: Leaf, data: Shape) -> Keys:
    """A whole delivery. The type of a distribution's is the name that the distribution gives to its messages."""
    sources = {"webhook": alphanumeric("wh_", 24), "distribution": _DISTRIBUTION}
    prefix = {"voucher": "evvou_", "customer": "evcus_"}[event.partition(".")[0]]
    key = Keys({"name": TEXT, "app_id": TEXT})
    told = {
        "id": hexadecimal(prefix),
        "type": exactly(event),
        "created_at": TIME,
        "entity_id": entity,
        "group_id": hexadecimal("v-"),
        "event_source": Keys({"channel": exactly("API", "INTERNAL")}, sometimes={"api_key": key}),
    }
    return Keys(
        {
            "id": hexadecimal("whs_"),
            "project_id": alphanumeric("proj_", 10),
            "created_at": TIME,
            "type": exactly(event) if source == "webhook" else TEXT,
            "data": data,
            "source": Keys({"id": sources[source], "object": exactly(source), "target_url": TEXT}),
            "event": Keys(told),
        }
    )


_SIMPLE_CUSTOMER = Keys(
    {
        "id": _CUSTOMER,
        "name": TEXT,
        "email": OrNull(TEXT),
        "source_id": TEXT,
        "metadata": FREE,
        "object": exactly("customer"),
    }
)
_DETACHED = {"address": NULL, "summary": NULL, "loyalty": NULL, "referrals": NULL}
_REDUCED_CUSTOMER = Keys(
    {
        "id": _CUSTOMER,
        "source_id": TEXT,
        "name": TEXT,
        **_DETACHED,
        "metadata": FREE,
        "object": exactly("customer"),
    },
    sometimes={"email": TEXT},
)

# What codes are worth: a card's account, or a discount.
_ACCOUNT = {"loyalty_card": Keys({"points": NUMBER, "balance": NUMBER})}
_BEGINNING = {"loyalty_card": Keys({"points": NUMBER})}
_DISCOUNT = {"discount": Keys({"type": exactly("PERCENT"), "percent_off": NUMBER})}


def _campaign(kind: str, worth: Mapping[str, Shape], without: tuple[str, ...] = ()) -> Keys:
    """A campaign in an event; in events of projects the kinds of value that its codes do not have are null."""
    code = {"length": NUMBER, "prefix": TEXT, "charset": TEXT, "pattern": TEXT, "postfix": TEXT}
    voucher = {
        "type": exactly(kind),
        **worth,
        "redemption": Keys({"quantity": OrNull(NUMBER), "redeemed_quantity": NUMBER}),
        "code_config": Keys(code),
    }
    return Keys(
        {
            "id": _CAMPAIGN,
            "name": TEXT,
            "campaign_type": exactly("LOYALTY_PROGRAM", "DISCOUNT_COUPONS"),
            "type": exactly("AUTO_UPDATE"),
            "is_referral_code": FLAG,
            "voucher": Keys(voucher, added=dict.fromkeys(without, NULL)),
            "auto_join": FLAG,
            "join_once": FLAG,
            "active": FLAG,
            "category_id": NULL,
            "created_at": TIME,
            "object": exactly("campaign"),
        },
        added={"category": NULL, "metadata": FREE, "start_date": NULL, "expiration_date": NULL, "description": NULL},
        sometimes={"updated_at": TIME},
    )


def _voucher(kind: str, worth: Mapping[str, Shape], *, pictures: bool = False) -> Keys:
    """A voucher in an event; with pictures in that of its publication."""
    redeemed: dict[str, Shape] = {"quantity": OrNull(NUMBER), "redeemed_quantity": NUMBER}
    if kind == "LOYALTY_CARD":
        redeemed["redeemed_points"] = NUMBER
    picture = Keys({"id": TEXT, "url": TEXT})
    shown = {"assets": Keys({"qr": picture, "barcode": picture}), "categories": EMPTY}
    return Keys(
        {
            "id": _VOUCHER,
            "code": TEXT,
            **worth,
            "type": exactly(kind),
            "campaign": TEXT,
            "campaign_id": _CAMPAIGN,
            "is_referral_code": FLAG,
            "holder_id": _CUSTOMER,
            "category_id": NULL,
            "active": FLAG,
            "created_at": TIME,
            "updated_at": TIME,
            "redemption": Keys(redeemed),
            "object": exactly("voucher"),
        },
        added={"start_date": NULL, "expiration_date": NULL, "metadata": FREE, **(shown if pictures else {})},
    )


def _publication(metadata: Shape) -> Keys:
    return Keys(
        {
            "id": alphanumeric("pub_", 32),
            "object": exactly("publication"),
            "created_at": TIME,
            "customer_id": _CUSTOMER,
            "tracking_id": TEXT,
            "metadata": metadata,
            "channel": TEXT,
            "source_id": OrNull(TEXT),
            "result": exactly("SUCCESS"),
            "customer": _REDUCED_CUSTOMER,
            "vouchers_id": Many(_VOUCHER),
        }
    )


_CLUB = _campaign("LOYALTY_CARD", _BEGINNING)
_CARD = _voucher("LOYALTY_CARD", _ACCOUNT)
_COUPONS = _campaign("DISCOUNT_VOUCHER", _DISCOUNT)
_COUPON = _voucher("DISCOUNT_VOUCHER", _DISCOUNT)
_SENT = Keys({"source_type": exactly("distribution"), "source_id": _DISTRIBUTION, "distribution_id": _DISTRIBUTION})


def _published(campaign: Keys, voucher: Keys, metadata: Shape) -> Keys:
    return Keys(
        {
            "customer": _SIMPLE_CUSTOMER,
            "campaign": campaign,
            "publication": _publication(metadata),
            "voucher": voucher,
            "created_at": TIME,
        }
    )


CARD_PUBLISHED = _published(
    _campaign("LOYALTY_CARD", _BEGINNING, without=("discount", "gift")),
    _voucher("LOYALTY_CARD", _ACCOUNT, pictures=True),
    FREE,
)
COUPON_PUBLISHED = _published(
    _campaign("DISCOUNT_VOUCHER", _DISCOUNT, without=("gift", "loyalty_card")),
    _voucher("DISCOUNT_VOUCHER", _DISCOUNT, pictures=True),
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
                "id": _CUSTOMER,
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
    "product_id": _PRODUCT,
    "quantity": NUMBER,
    "amount": NUMBER,
    "price": NUMBER,
    "subtotal_amount": NUMBER,
}
_LINE = {"id": hexadecimal("ordli_")}
_GOODS = Keys({"name": TEXT}, added={"id": _PRODUCT, "source_id": TEXT}, sometimes={"price": NUMBER})
_PAID_ORDER = Keys(
    {
        "id": _ORDER,
        "source_id": OrNull(TEXT),
        "created_at": TIME,
        "updated_at": TIME,
        "status": exactly("PAID"),
        "amount": NUMBER,
        "total_amount": NUMBER,
        "items": Many(Keys({**_ITEM, "product": _GOODS}, added=_LINE), least=2),
        "metadata": FREE,
        "customer": Keys({"id": _CUSTOMER, **_DETACHED, "object": exactly("customer")}),
        "customer_id": _CUSTOMER,
        "referrer_id": NULL,
        "object": exactly("order"),
    }
)
_PAID = {"customer": _SIMPLE_CUSTOMER, "referrer": NULL, "order": _PAID_ORDER, "redemption": NULL}
ORDER_PAID = Keys(_PAID)
ORDER_PAID_WITH_CODE = Keys({**_PAID, "campaign": _COUPONS, "voucher": _COUPON, "publication": _publication(_SENT)})

_MOVED = {
    "type": exactly("loyalty_card"),
    "total": NUMBER,
    "object": exactly("balance"),
    "points": NUMBER,
    "balance": NUMBER,
    "related_object": Keys({"id": _VOUCHER, "type": exactly("voucher")}),
}
_POINTS = Keys(_MOVED)


def _points_added(kind: str, details: Shape) -> Keys:
    transaction = {
        "id": hexadecimal("vtx_"),
        "source_id": OrNull(TEXT),
        "voucher_id": _VOUCHER,
        "campaign_id": _CAMPAIGN,
        "source": OrNull(TEXT),
        "reason": OrNull(TEXT),
        "type": exactly(kind),
        "details": details,
        "related_transaction_id": NULL,
        "created_at": TIME,
    }
    return Keys(
        {
            "customer": _SIMPLE_CUSTOMER,
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
            "order": Keys({"id": _ORDER, "source_id": OrNull(TEXT)}),
            "event": Keys({"id": hexadecimal("evcus_"), "type": exactly("customer.order.paid")}),
            "earning_rule": Keys({"id": alphanumeric("ern_", 24), "source": Keys({"banner": TEXT})}),
        },
    ),
)

_REWARD = {
    "assignment_id": alphanumeric("rewa_", 24),
    "product": Keys({"id": _PRODUCT, "source_id": TEXT, "name": TEXT}),
    "id": alphanumeric("rew_", 24),
    "object": exactly("reward"),
    "name": TEXT,
    "type": exactly("MATERIAL"),
}
_MATERIAL = {"product": Keys({"id": _PRODUCT, "sku_id": NULL})}
_REDEMPTION = Keys(
    {
        "id": hexadecimal("r_"),
        "customer_id": _CUSTOMER,
        "tracking_id": TEXT,
        "date": TIME,
        "amount": NUMBER,
        "order": Keys(
            {
                "id": _ORDER,
                "source_id": OrNull(TEXT),
                "status": exactly("PAID"),
                "customer_id": _CUSTOMER,
                "referrer_id": NULL,
                "amount": NUMBER,
                "total_amount": NUMBER,
                "items": Many(Keys(_ITEM, added=_LINE)),
                "metadata": FREE,
                "created_at": TIME,
                "object": exactly("order"),
            }
        ),
        "reward": Keys(
            {
                **_REWARD,
                "customer": _SIMPLE_CUSTOMER,
                "created_at": TIME,
                "updated_at": OrNull(TIME),
                "parameters": Keys(_MATERIAL),
            }
        ),
        "customer": _SIMPLE_CUSTOMER,
        "result": exactly("SUCCESS"),
        "status": exactly("SUCCEEDED"),
        "voucher": _CARD,
        "metadata": FREE,
        "object": exactly("redemption"),
    }
)
REWARDED = Keys(
    {
        "customer": _SIMPLE_CUSTOMER,
        "holder": _SIMPLE_CUSTOMER,
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
