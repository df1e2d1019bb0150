"""Giving what a reward promises: a code is published at once, credits and points are put on a card soon afterwards."""

from collections.abc import Mapping
from typing import Any

import msgspec

from guerdon.errors import not_found
from guerdon.events.work import Work
from guerdon.families.campaigns.store import CAMPAIGNS
from guerdon.families.customers.store import CUSTOMERS, CustomerRow
from guerdon.families.loyalties import store as loyalties
from guerdon.families.publications.publish import AUTOMATION, Published, Terms, publish
from guerdon.families.vouchers.store import VoucherRow
from guerdon.tenant import INTERNAL


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """The code that a customer gets, as it is before `amount` credits or points are put on it.

    `published` is there if the code is new to the customer. Nothing at all for goods and coins.
    """

    voucher: VoucherRow | None = None
    published: Published | None = None
    amount: int | None = None


NOTHING = Given()


async def give(work: Work, parameters: Mapping[str, Any], customer: CustomerRow) -> Given:
    """Finds or publishes the code of the reward's campaign. Errors: not_found, and those of publishing."""
    wanted: Mapping[str, Any] | None = parameters.get("campaign")
    if wanted is None:
        return NOTHING
    campaign = await CAMPAIGNS.get(work.db, work.project.id, id=wanted["id"])
    if campaign is None:
        raise not_found("campaign", wanted["id"])
    amount: int | None = wanted.get("balance")
    if amount is not None:
        # Whoever publishes holds the customer as well: who has no card now gets one from nobody else.
        await CUSTOMERS.lock(work.db, work.project.id, customer.id)
        card = await loyalties.card_of(work.db, work.project.id, campaign.id, customer.id)
        if card is not None:
            return Given(voucher=card, amount=amount)
    published = await publish(work, campaign, customer, Terms(channel=AUTOMATION), actor=INTERNAL)
    return Given(voucher=published.vouchers[0], published=published, amount=amount)
