"""Making tiers, with their campaign or in it."""

from collections.abc import Sequence
from datetime import timedelta

import msgspec

from guerdon.events.work import Work
from guerdon.families.categories import store as categories
from guerdon.families.promotion_tiers import shown, store, views
from guerdon.families.promotion_tiers.schemas import NewTier, TierCampaign, TierEvent
from guerdon.families.promotion_tiers.store import TIERS, TierRow
from guerdon.families.validation_rules import assign
from guerdon.families.validation_rules.schemas import About
from guerdon.families.vouchers import terms


class Home(msgspec.Struct, frozen=True):
    """The campaign that tiers are made in: as tiers show it, and as events do."""

    campaign: TierCampaign
    simple: object


async def rows(work: Work, campaign_id: str, new: Sequence[NewTier], path: str) -> list[TierRow]:
    """The tiers as they will be stored, without what would follow from others of the campaign.

    Errors: invalid_payload, naming the property below `path`; not_found for a category.
    """
    made: list[TierRow] = []
    for place, one in enumerate(new):
        here = path.format(place)
        terms.check_discount(one.action.discount, f"{here}action.discount")
        validity = terms.windows(one)
        terms.check_windows(one.start_date, validity)
        made.append(
            TierRow(
                id=work.new_id("promo_"),
                campaign_id=campaign_id,
                name=one.name,
                banner=one.banner,
                discount=msgspec.to_builtins(one.action.discount),
                hierarchy=one.hierarchy or 0,
                active=one.active is not False,
                category_id=await categories.named(work.db, work.project.id, one.category_id or one.category),
                start_date=one.start_date,
                expiration_date=one.expiration_date,
                validity=validity,
                metadata=one.metadata or {},
                # Lists that go on from a moment must be able to tell tiers of one request apart.
                created_at=work.now + timedelta(microseconds=place),
            )
        )
    return made


async def add(work: Work, home: Home, made: Sequence[TierRow], new: Sequence[NewTier]) -> list[TierRow]:
    """Stores the tiers and tells of them. The caller holds the campaign's lock. Errors: not_found for a rule."""
    last = await store.last_hierarchy(work.db, work.project.id, home.campaign.id)
    added: list[TierRow] = []
    for given, one in zip(made, new, strict=True):
        row = given if one.hierarchy is not None else msgspec.structs.replace(given, hierarchy=last + 1)
        last = max(last, row.hierarchy)
        await TIERS.insert(work.db, work.project.id, row)
        bound = await assign.bind(work, one.validation_rules, "promotion_tier", row.id)
        await tell(work, "campaign.promotion_tier.created", home, row)
        about = About(campaign=home.simple, promotion_tier=views.simple(row))
        await assign.tell(work, bound, about, campaign_id=row.campaign_id)
        added.append(row)
    return added


async def tell(work: Work, event_type: str, home: Home, row: TierRow) -> None:
    """Records what has happened to a tier, as it is now."""
    (whole,) = await shown.tiers(work.db, work.project.id, [row], {row.campaign_id: home.campaign})
    work.record(event_type, row.campaign_id, TierEvent(home.simple, whole), campaign_id=row.campaign_id)
