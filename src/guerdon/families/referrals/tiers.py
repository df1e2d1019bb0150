"""Referral tiers: making, changing and removing what referrers get."""

import msgspec

from guerdon.errors import invalid_payload, not_found
from guerdon.events.work import Work
from guerdon.families.campaigns import store as campaigns, views as campaign_views
from guerdon.families.campaigns.store import CampaignRow
from guerdon.families.referrals import views
from guerdon.families.referrals.schemas import NewReferralTier, ReferralTierEvent, ReferralTierPatch
from guerdon.families.referrals.store import MINIMUM, REFERRAL_TIERS, ReferralTierRow
from guerdon.families.rewards import store as rewards
from guerdon.families.rewards.store import RewardRow

_MOST = 100


async def create(work: Work, campaign: CampaignRow, new: NewReferralTier) -> ReferralTierRow:
    """Errors: invalid_payload, not_found."""
    if (new.type == MINIMUM) is (new.minimum is None):
        raise invalid_payload(f"Property .minimum is required for type '{MINIMUM}', and only for that")
    await work.db.begin()
    held = await campaigns.hold(work.db, work.project.id, campaign.id)
    if held is None:
        raise not_found("campaign", campaign.id)
    reward = await _reward(work, new.reward)
    row = ReferralTierRow(
        id=work.new_id("rtr_"),
        campaign_id=held.id,
        assignment_id=work.new_id("rewa_"),
        banner=new.banner or "",
        type=new.type,
        minimum=new.minimum,
        reward_id=reward.id,
        created_at=work.now,
    )
    await REFERRAL_TIERS.insert(work.db, work.project.id, row)
    _tell(work, "campaign.referral_tier.created", held, row)
    return row


async def update(work: Work, campaign: CampaignRow, row: ReferralTierRow, patch: ReferralTierPatch) -> ReferralTierRow:
    """The tier after the change; nothing is told if nothing changes. Errors: invalid_payload, not_found."""
    await work.db.begin()
    held = await REFERRAL_TIERS.lock(work.db, work.project.id, row.id)
    if held is None:
        raise not_found("referral_tier", row.id)
    if patch.minimum is not None and held.type != MINIMUM:
        raise invalid_payload(f"Property .minimum is only for type '{MINIMUM}'")
    changed = msgspec.structs.replace(
        held,
        banner=held.banner if patch.banner is None else patch.banner,
        minimum=held.minimum if patch.minimum is None else patch.minimum,
        reward_id=(await _reward(work, patch.reward)).id if patch.reward else held.reward_id,
    )
    if changed == held:
        return held
    changed = msgspec.structs.replace(changed, updated_at=work.now)
    await REFERRAL_TIERS.update(work.db, work.project.id, changed)
    _tell(work, "campaign.referral_tier.updated", campaign, changed)
    return changed


async def delete(work: Work, campaign: CampaignRow, row: ReferralTierRow) -> None:
    """Errors: not_found if somebody else was faster."""
    await work.db.begin()
    if not await REFERRAL_TIERS.delete(work.db, work.project.id, row.id):
        raise not_found("referral_tier", row.id)
    _tell(work, "campaign.referral_tier.deleted", campaign, row)


async def _reward(work: Work, reward_id: str) -> RewardRow:
    found = await rewards.hold(work.db, work.project.id, reward_id)
    if found is None:
        raise not_found("reward", reward_id)
    if found.type == "COIN":
        raise invalid_payload("Property .reward must not be of type COIN")
    return found


def _tell(work: Work, event_type: str, campaign: CampaignRow, row: ReferralTierRow) -> None:
    told = ReferralTierEvent(campaign_views.simple(campaign), views.simple(row))
    work.record(event_type, campaign.id, told, campaign_id=campaign.id)
