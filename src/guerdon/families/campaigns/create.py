"""Creating campaigns with the codes they begin with."""

from guerdon.clock import iso
from guerdon.errors import duplicate_found, not_found
from guerdon.events.work import Work
from guerdon.families.campaigns import codes, define, store, views
from guerdon.families.campaigns.schemas import CampaignCreated, NewCampaign
from guerdon.families.campaigns.store import CampaignRow
from guerdon.families.metadata_schemas.check import Sent, require
from guerdon.families.vouchers.codes import own_code


async def create(work: Work, new: NewCampaign) -> CampaignRow:
    """Makes the campaign, with its code if it begins with one; more are made in the background.

    Errors: what `define.campaign` refuses, not_found for a category or rule, metadata_validation_failed,
    duplicate_found for the name or code.
    """
    row = define.campaign(new, work.new_id("camp_"), work.now)
    _check_references(new)
    config = row.configured.codes.config
    count = define.codes_of(new)
    codes.check_capacity(work, config, count)
    await require(work, Sent("voucher" if new.use_voucher_metadata_schema else "campaign", new.metadata))
    await work.db.begin()
    if not await store.create(work.db, work.project.id, row):
        raise duplicate_found("campaign", "name", row.name)
    work.record("campaign.created", row.id, CampaignCreated(views.campaign(row), iso(work.now)), campaign_id=row.id)
    like = codes.template(row, work.now)
    own = new.voucher.code if new.voucher else None
    if own is not None:
        await codes.own(work, like, own_code(work, own))
    elif count == 1:
        await codes.one(work, row, like, config)
    elif count:
        await codes.begin(work, row, like, config, count, added=False)
    return row


def _check_references(new: NewCampaign) -> None:
    define.check_category(new.category_id or new.category)
    for rule_id in new.validation_rules or ():  # they come with a later version, too
        raise not_found("validation_rules", rule_id)
