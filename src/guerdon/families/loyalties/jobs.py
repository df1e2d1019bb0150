"""The work that loyalty programmes do when something has happened."""

from guerdon.families.loyalties import assignments, earn, expire, rules

FORGET_RULES = "loyalties.forget_rules"
FORGET_OFFERS = "loyalties.forget_offers"
JOBS = {
    earn.PAID: earn.paid,
    earn.EARN: earn.earn,
    expire.EXPIRE: expire.expire,
    FORGET_RULES: rules.forget,
    FORGET_OFFERS: assignments.forget,
}
