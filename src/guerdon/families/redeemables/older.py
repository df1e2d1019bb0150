"""The older operations that ask what a customer could use: of codes, of campaigns, and of promotion tiers."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from guerdon.clock import iso_or_none
from guerdon.engine.basket import Ignored
from guerdon.engine.filters import Filter
from guerdon.engine.rules.names import NOT_OF_QUALIFICATIONS
from guerdon.engine.values import find
from guerdon.families.campaigns import shown as campaigns_shown, views as campaign_views
from guerdon.families.campaigns.schemas import Campaign
from guerdon.families.campaigns.store import CampaignRow
from guerdon.families.promotion_tiers.schemas import TierCampaign
from guerdon.families.promotion_tiers.store import TierRow
from guerdon.families.redeemables import answers, quotes
from guerdon.families.redeemables.candidates import Kind
from guerdon.families.redeemables.qualify import VIEWS, View, offers, tracking_id
from guerdon.families.redeemables.quotes import Offer
from guerdon.families.redeemables.request import FieldFilter, QualificationOptions, QualificationRequest
from guerdon.families.vouchers.schemas import Voucher
from guerdon.families.vouchers.shown import vouchers
from guerdon.families.vouchers.store import VoucherRow
from guerdon.http import filters
from guerdon.http.call import Call
from guerdon.http.paging import Filters
from guerdon.http.routing import Route

_MOST = 50
_MOST_TIERS = 150
_BY_ITSELF = QualificationOptions(filters={"campaign_id": FieldFilter({"$is_unknown": [True]})})
_COLUMNS = {"campaign": "name", "category": "category_id"}
_Column = Literal[
    "created_at",
    "-created_at",
    "updated_at",
    "-updated_at",
    "code",
    "-code",
    "type",
    "-type",
    "category",
    "-category",
    "campaign",
    "-campaign",
]


class OlderQuery(msgspec.Struct, kw_only=True):
    """How many, and in which order they are shown; which ones there are goes by their age."""

    audience_rules_only: bool = msgspec.field(default=False, name="audienceRulesOnly")
    limit: Annotated[int, Meta(ge=1, le=_MOST)] = _MOST
    order: _Column = "-created_at"


class TiersQuery(msgspec.Struct, kw_only=True):
    """Which tiers are asked about: by the id of a promotion, or by their metadata."""

    audience_rules_only: bool = msgspec.field(default=False, name="audienceRulesOnly")
    filters: Filters = None


class QualifiedVoucher(Voucher, kw_only=True):
    """A code that can be used, and the goods that it is for."""

    applicable_to: answers.Goods
    inapplicable_to: answers.Goods


class QualifiedVouchers(msgspec.Struct, kw_only=True):
    """The codes that can be used."""

    data: list[QualifiedVoucher]
    total: int
    tracking_id: str | UnsetType = UNSET
    object: str = "list"
    data_ref: str = "data"


class QualifiedCampaigns(msgspec.Struct, kw_only=True):
    """The campaigns whose codes could be used."""

    data: list[Campaign]
    total: int
    tracking_id: str | UnsetType = UNSET
    object: str = "list"
    data_ref: str = "data"


class ValidPromotion(msgspec.Struct, kw_only=True):
    """A tier that applies, and what it comes to."""

    valid: bool = True
    id: str
    name: str
    banner: str | UnsetType = UNSET
    discount: dict[str, Any] | UnsetType
    start_date: str | UnsetType
    expiration_date: str | UnsetType
    campaign: TierCampaign | UnsetType
    hierarchy: int
    order: answers.QuotedOrder
    discount_amount: int
    applied_discount_amount: int
    applicable_to: answers.Goods
    inapplicable_to: answers.Goods
    tracking_id: str | UnsetType
    metadata: dict[str, Any]
    category_id: str | UnsetType
    object: str = "promotion_tier"


class ValidPromotions(msgspec.Struct, kw_only=True):
    """The tiers that apply; `valid` if there are any."""

    valid: bool
    promotions: list[ValidPromotion]
    tracking_id: str | UnsetType = UNSET


async def qualify_vouchers(call: Call[QualificationRequest]) -> QualifiedVouchers:
    """The newest codes of no campaign that can be used."""
    body = _alone(call.body)
    body.options = _BY_ITSELF
    found, loaded = await offers(call.work, body, _view(call, "voucher"), call.query.limit)
    found = _sorted(found, call.query.order)
    shown = await vouchers(call, [offer.row for offer in found if isinstance(offer.row, VoucherRow)])
    data = [_with_goods(voucher, offer) for voucher, offer in zip(shown, found, strict=True)]
    return QualifiedVouchers(data=data, total=len(data), tracking_id=tracking_id(call.work, body, loaded))


async def qualify_campaigns(call: Call[QualificationRequest]) -> QualifiedCampaigns:
    """The newest campaigns of which a code could be used."""
    body = _alone(call.body)
    found, loaded = await offers(call.work, body, _view(call, "campaign"), call.query.limit)
    rows = [offer.row for offer in _sorted(found, call.query.order) if isinstance(offer.row, CampaignRow)]
    data = await campaigns_shown.campaigns(call.db, call.project_id, rows)
    return QualifiedCampaigns(data=data, total=len(data), tracking_id=tracking_id(call.work, body, loaded))


async def validate_promotions(call: Call[QualificationRequest]) -> ValidPromotions:
    """The newest tiers that apply."""
    body, wanted = _alone(call.body), filters.compiled(call)
    most = None if wanted else _MOST_TIERS
    found, loaded = await offers(call.work, body, _view(call, "promotion_tier"), most)
    tracked = tracking_id(call.work, body, loaded)
    shown = [_promotion(offer, offer.row, tracked) for offer in found if _passes(call, offer.row, wanted)]
    return ValidPromotions(valid=bool(shown), promotions=shown[:_MOST_TIERS], tracking_id=tracked)


def _alone(body: QualificationRequest) -> QualificationRequest:
    """What the older operations know of a request."""
    return QualificationRequest(
        customer=body.customer, order=body.order, metadata=body.metadata, tracking_id=body.tracking_id
    )


def _view(call: Call[Any], kind: Kind) -> View:
    only = VIEWS["AUDIENCE_ONLY"].ignored if call.query.audience_rules_only else Ignored(NOT_OF_QUALIFICATIONS)
    return View(kinds=frozenset({kind}), ignored=only)


def _sorted(found: Sequence[Offer], order: str) -> list[Offer]:
    column = order.removeprefix("-")
    name = _COLUMNS.get(column, column)
    return sorted(found, key=lambda one: str(getattr(one.row, name, None) or ""), reverse=order.startswith("-"))


def _with_goods(voucher: Voucher, offer: Offer) -> QualifiedVoucher:
    shown = quotes.qualified(offer, expand=(), locks=False)
    return QualifiedVoucher(
        **msgspec.structs.asdict(voucher), applicable_to=shown.applicable_to, inapplicable_to=shown.inapplicable_to
    )


def _passes(call: Call[Any], row: object, wanted: Filter | None) -> bool:
    if wanted is None or not isinstance(row, TierRow):
        return wanted is None
    record = {"id": row.id, "promotion_id": row.campaign_id, "campaign_id": row.campaign_id, "name": row.name}
    return wanted.holds(lambda path: find({**record, "metadata": row.metadata}, path), filters.moment(call))


def _promotion(offer: Offer, row: object, tracked: str | UnsetType) -> ValidPromotion:
    if not isinstance(row, TierRow):
        raise TypeError(type(row))
    shown = quotes.qualified(offer, expand=(), locks=False)
    campaign = offer.loaded.sources.campaigns.get(row.campaign_id)
    return ValidPromotion(
        id=row.id,
        name=row.name,
        banner=row.banner or UNSET,
        discount=shown.result.discount,
        start_date=iso_or_none(row.start_date) or UNSET,
        expiration_date=iso_or_none(row.expiration_date) or UNSET,
        campaign=campaign_views.of_tier(campaign) if campaign else UNSET,
        hierarchy=row.hierarchy,
        order=shown.order,
        discount_amount=offer.order.total_discount_amount or 0,
        applied_discount_amount=offer.order.total_applied_discount_amount or 0,
        applicable_to=shown.applicable_to,
        inapplicable_to=shown.inapplicable_to,
        tracking_id=tracked,
        metadata=row.metadata,
        category_id=row.category_id or UNSET,
    )


ROUTES = (
    Route(
        "POST",
        "/v1/vouchers/qualification",
        qualify_vouchers,
        body=QualificationRequest,
        query=OlderQuery,
        answer=QualifiedVouchers,
    ),
    Route(
        "POST",
        "/v1/campaigns/qualification",
        qualify_campaigns,
        body=QualificationRequest,
        query=OlderQuery,
        answer=QualifiedCampaigns,
    ),
    Route(
        "POST",
        "/v1/promotions/validation",
        validate_promotions,
        body=QualificationRequest,
        query=TiersQuery,
        answer=ValidPromotions,
    ),
)
