"""Everything that one decision is made from. Pure."""

from collections.abc import Mapping
from typing import Any

import msgspec

from guerdon.engine.facts import Customer
from guerdon.engine.goods import EMPTY, Catalogue
from guerdon.engine.moment import Moment
from guerdon.engine.order import Order
from guerdon.engine.redeemable import Redeemable
from guerdon.engine.stacking import DEFAULT, Stacking

Metadata = Mapping[str, Any]
NO_ORDER = Order()


class Ignored(msgspec.Struct, frozen=True):
    """Checks that a qualification leaves out: rules by name, and bundles that are not complete."""

    rules: frozenset[str] = frozenset()
    bundles: bool = False


class Basket(msgspec.Struct, frozen=True, kw_only=True):
    """The order as normalised, the customer, the redeemables in the order of the request, and the project's settings.

    A project's redeemables and goods are loaded by whoever asks; the decision reads nothing else. `counted` is what
    earlier redemptions came to, by counter.
    """

    moment: Moment
    redeemables: tuple[Redeemable, ...] = ()
    order: Order = NO_ORDER
    order_metadata: Metadata = {}
    customer: Customer | None = None
    redemption_metadata: Metadata = {}
    catalogue: Catalogue = EMPTY
    stacking: Stacking = DEFAULT
    api_key: str | None = None
    user: str | None = None
    counted: Mapping[str, int] = {}
    ignored: Ignored = Ignored()
