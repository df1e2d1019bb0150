"""Creating campaigns with the codes they begin with."""

from guerdon.clock import iso
from guerdon.errors import duplicate_found
from guerdon.events.work import Work
from guerdon.families.campaigns import access, codes, define, referral, shown, store, views
from guerdon.families.campaigns.schemas import CampaignCreated, NewCampaign, NewCampaignCode
from guerdon.families.campaigns.store import CampaignRow
from guerdon.families.categories import store as categories
from guerdon.families.metadata_schemas.check import Sent, require
from guerdon.families.promotion_tiers import make
from guerdon.families.trash_bin import store as trash_bin
from guerdon.families.validation_rules import assign
from guerdon.families.validation_rules.schemas import About
from guerdon.families.vouchers.codes import own_code


async def create(work: Work, new: NewCampaign) -> CampaignRow:
    """Makes the campaign, with its code if it begins with one; more are made in the background.

    Errors: what `define.campaign` refuses, not_found for a category, rule, event or campaign,
    metadata_validation_failed, duplicate_found for the name or code.
    """
    category_id = await categories.named(work.db, work.project.id, new.category_id or new.category)
    program = await referral.program(work, new.referral_program) if new.referral_program else None
    row = define.campaign(new, work.new_id("camp_"), category_id, work.now, program)
    config = row.configured.codes.config
    count = define.codes_of(new)
    codes.check_capacity(work, config, count)
    await require(work, Sent("voucher" if new.use_voucher_metadata_schema else "campaign", new.metadata))
    new_tiers = (new.promotion and new.promotion.tiers) or []
    tiers = await make.rows(work, row.id, new_tiers, "promotion.tiers[{}].")
    await work.db.begin()
    if not await store.create(work.db, work.project.id, row):
        raise duplicate_found("campaign", "name", row.name)
    await trash_bin.require_free(work, "campaign", row.name, duplicate_found("campaign", "name", row.name))
    await access.change(work, row.id, new.access_settings)
    bound = await assign.bind(work, new.validation_rules, "campaign", row.id)
    whole = await shown.campaign(work.db, work.project.id, row)
    work.record("campaign.created", row.id, CampaignCreated(whole, iso(work.now)), campaign_id=row.id)
    await assign.tell(work, bound, About(campaign=views.simple(row)), campaign_id=row.id)
    await make.add(work, make.Home(views.of_tier(row), views.simple(row)), tiers, new_tiers)
    like = codes.template(row, work.now)
    own = new.voucher.code if new.voucher else None
    if own is not None:
        await codes.own(work, like, own_code(work, own))
    elif count == 1:
        await codes.one(work, row, like, config)
    elif count:
        await codes.begin(work, row, NewCampaignCode(), config, count, added=False)
    return row
