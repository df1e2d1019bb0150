"""What happened in a campaign, on the wire."""

import msgspec
from msgspec import UNSET, UnsetType

from guerdon.families.campaigns.schemas import Campaign


class Summary(msgspec.Struct, kw_only=True):
    """What happened in a campaign in a time; which of it there is depends on the campaign's type. Amounts are cents."""

    campaign: Campaign
    redemptions: int
    redemptions_succeeded: int
    redemptions_failed: int
    rollbacks: int
    rollbacks_succeeded: int
    rollbacks_failed: int
    validations: int
    validations_succeeded: int
    validations_failed: int
    orders_amount: int
    orders_rolledback_amount: int
    vouchers_created: int | UnsetType = UNSET
    vouchers_deleted: int | UnsetType = UNSET
    publications: int | UnsetType = UNSET
    publications_succeeded: int | UnsetType = UNSET
    publications_failed: int | UnsetType = UNSET
    discounted_amount: int | UnsetType = UNSET
    rolledback_discounted_amount: int | UnsetType = UNSET
    created_vouchers_amount: int | UnsetType = UNSET
    amount_added: int | UnsetType = UNSET
    amount_deleted: int | UnsetType = UNSET
    amount_redeemed: int | UnsetType = UNSET
    amount_rolledback: int | UnsetType = UNSET
    amount_subtracted: int | UnsetType = UNSET
    created_vouchers_points: int | UnsetType = UNSET
    points_deleted: int | UnsetType = UNSET
    points_subtracted: int | UnsetType = UNSET
    points_added: int | UnsetType = UNSET
    points_rewarded: int | UnsetType = UNSET
    points_redeemed: int | UnsetType = UNSET
    points_rolledback: int | UnsetType = UNSET
    points_expired: int | UnsetType = UNSET
    points_transferred_out: int | UnsetType = UNSET
    points_transferred_in: int | UnsetType = UNSET
    pending_points_added: int | UnsetType = UNSET
    pending_points_subtracted: int | UnsetType = UNSET
    pending_points_activated: int | UnsetType = UNSET
    pending_points_canceled: int | UnsetType = UNSET
    referred_customers: int | UnsetType = UNSET
    object: str = "campaign_summary"
