"""The work that loyalty programmes do when something has happened."""

from guerdon.families.loyalties import assignments, earn, pending, rules

FORGET_RULES = "loyalties.forget_rules"
FORGET_OFFERS = "loyalties.forget_offers"
JOBS = {
    earn.HAPPENED: earn.happened,
    earn.EARN: earn.earn,
    pending.CANCEL_OF_ORDER: pending.cancel_of_order,
    FORGET_RULES: rules.forget,
    FORGET_OFFERS: assignments.forget,
}
