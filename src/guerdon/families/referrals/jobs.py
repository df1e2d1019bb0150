"""What follows from codes that were used, and from campaigns that were deleted."""

from guerdon.families.custom_events import track
from guerdon.families.redeemables import finish
from guerdon.families.referrals import convert

FORGET = "referrals.forget"
JOBS = {
    finish.REFERRED: convert.by_redemption,
    track.REFERRED: convert.by_event,
    FORGET: convert.forget,
}
