"""What a redemption has come to: its row, and the rows of everything that it was made of, as they are after it."""

from collections.abc import Sequence

import msgspec

from guerdon.engine.order import Order
from guerdon.engine.quote import Quote
from guerdon.families.campaigns.store import CampaignRow
from guerdon.families.customers.store import CustomerRow
from guerdon.families.grants.give import NOTHING as NOTHING_GIVEN, Given
from guerdon.families.orders.store import OrderRow
from guerdon.families.products.store import ProductRow, SkuRow
from guerdon.families.promotion_tiers.store import StackRow, TierRow
from guerdon.families.redeemables.sources import Loaded, Offer
from guerdon.families.redeemables.store import RedemptionRow
from guerdon.families.vouchers.beside import NOTHING, Beside
from guerdon.families.vouchers.store import VoucherRow


class Goods(msgspec.Struct, frozen=True):
    """What a material reward hands out."""

    product: ProductRow | None = None
    sku: SkuRow | None = None


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """One redemption or rollback.

    `stack` is what its tier was redeemed with, `order` its order now, and `value` the engine's order right after it;
    `given` is the code that its reward gives; `beside` what stands beside the voucher or tier where it is shown.
    """

    row: RedemptionRow
    voucher: VoucherRow | None = None
    tier: TierRow | None = None
    stack: StackRow | None = None
    campaign: CampaignRow | None = None
    customer: CustomerRow | None = None
    holder: CustomerRow | None = None
    offer: Offer | None = None
    goods: Goods = Goods()
    given: Given = NOTHING_GIVEN
    order: OrderRow | None = None
    value: Order | None = None
    beside: Beside = NOTHING


class Redeemed(msgspec.Struct, frozen=True, kw_only=True):
    """The redemptions of a request, their parent if there are several, and the order after all of them."""

    loaded: Loaded
    quote: Quote
    done: Sequence[Done]
    parent: Done | None = None
    order: OrderRow | None = None
