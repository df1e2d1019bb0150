"""Tier rows as answers and events show them."""

from msgspec import UNSET

from guerdon.clock import iso, iso_or_none
from guerdon.families.promotion_tiers import schemas
from guerdon.families.promotion_tiers.store import Sums, TierRow
from guerdon.families.vouchers import terms
from guerdon.families.vouchers.beside import Beside

_NEVER = Sums()


def tier(row: TierRow, campaign: schemas.TierCampaign | None, beside: Beside, sums: Sums = _NEVER) -> schemas.Tier:
    """The whole tier; without its campaign if it is deleted."""
    return schemas.Tier(
        id=row.id,
        created_at=iso(row.created_at),
        updated_at=iso_or_none(row.updated_at) or UNSET,
        name=row.name,
        banner=UNSET if row.banner is None else row.banner,
        action={"discount": row.discount},
        metadata=row.metadata,
        hierarchy=row.hierarchy,
        promotion_id=row.campaign_id,
        campaign=campaign or UNSET,
        campaign_id=row.campaign_id if campaign else UNSET,
        active=row.active,
        **terms.shown(row.start_date, row.expiration_date, row.validity),
        summary=schemas.Summary(
            schemas.TierRedemptions(sums.redeemed), schemas.TierOrders(sums.amount, sums.discount_amount)
        ),
        validation_rule_assignments=beside.assignments_of(row),
        category_id=row.category_id or UNSET,
        categories=beside.categories_of(row),
    )


def simple(row: TierRow) -> schemas.SimpleTier:
    return schemas.SimpleTier(
        id=row.id, name=row.name, banner=row.banner, campaign={"id": row.campaign_id}, metadata=row.metadata
    )
