"""Shapes of the things that the events carry: envelope, customer, campaign, voucher, publication."""

from collections.abc import Mapping

from guerdon.cli.demo.shapes import (
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
    OrNull,
    Shape,
    alphanumeric,
    exactly,
    hexadecimal,
)

CUSTOMER_ID = alphanumeric("cust_", 24)
CAMPAIGN_ID = alphanumeric("camp_", 24)
VOUCHER_ID = alphanumeric("v_", 32)
ORDER_ID = alphanumeric("ord_", 24)
PRODUCT_ID = hexadecimal("prod_")
DISTRIBUTION_ID = alphanumeric("distr_", 26)


def envelope(event: str, source: str, entity: Leaf, data: Shape) -> Keys:
    """A whole delivery. The type of a distribution's is the name that the distribution gives to its messages."""
    sources = {"webhook": alphanumeric("wh_", 24), "distribution": DISTRIBUTION_ID}
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


SIMPLE_CUSTOMER = Keys(
    {
        "id": CUSTOMER_ID,
        "name": TEXT,
        "email": OrNull(TEXT),
        "source_id": TEXT,
        "metadata": FREE,
        "object": exactly("customer"),
    }
)
DETACHED = {"address": NULL, "summary": NULL, "loyalty": NULL, "referrals": NULL}
_REDUCED_CUSTOMER = Keys(
    {
        "id": CUSTOMER_ID,
        "source_id": TEXT,
        "name": TEXT,
        **DETACHED,
        "metadata": FREE,
        "object": exactly("customer"),
    },
    sometimes={"email": TEXT},
)

# What codes are worth: a card's account, or a discount.
ACCOUNT = {"loyalty_card": Keys({"points": NUMBER, "balance": NUMBER})}
BEGINNING = {"loyalty_card": Keys({"points": NUMBER})}
DISCOUNT = {"discount": Keys({"type": exactly("PERCENT"), "percent_off": NUMBER})}


def campaign(kind: str, worth: Mapping[str, Shape], without: tuple[str, ...] = ()) -> Keys:
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
            "id": CAMPAIGN_ID,
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


def voucher(kind: str, worth: Mapping[str, Shape], *, pictures: bool = False) -> Keys:
    """A voucher in an event; with pictures in that of its publication."""
    redeemed: dict[str, Shape] = {"quantity": OrNull(NUMBER), "redeemed_quantity": NUMBER}
    if kind == "LOYALTY_CARD":
        redeemed["redeemed_points"] = NUMBER
    picture = Keys({"id": TEXT, "url": TEXT})
    shown = {"assets": Keys({"qr": picture, "barcode": picture}), "categories": EMPTY}
    return Keys(
        {
            "id": VOUCHER_ID,
            "code": TEXT,
            **worth,
            "type": exactly(kind),
            "campaign": TEXT,
            "campaign_id": CAMPAIGN_ID,
            "is_referral_code": FLAG,
            "holder_id": CUSTOMER_ID,
            "category_id": NULL,
            "active": FLAG,
            "created_at": TIME,
            "updated_at": TIME,
            "redemption": Keys(redeemed),
            "object": exactly("voucher"),
        },
        added={"start_date": NULL, "expiration_date": NULL, "metadata": FREE, **(shown if pictures else {})},
    )


def publication(metadata: Shape) -> Keys:
    return Keys(
        {
            "id": alphanumeric("pub_", 32),
            "object": exactly("publication"),
            "created_at": TIME,
            "customer_id": CUSTOMER_ID,
            "tracking_id": TEXT,
            "metadata": metadata,
            "channel": TEXT,
            "source_id": OrNull(TEXT),
            "result": exactly("SUCCESS"),
            "customer": _REDUCED_CUSTOMER,
            "vouchers_id": Many(VOUCHER_ID),
        }
    )
