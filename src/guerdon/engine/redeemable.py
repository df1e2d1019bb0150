"""What can be redeemed, as the engine sees it: a voucher's or a tier's worth, its state and its rules. Pure."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

import msgspec

from guerdon.engine.bundles import BundleRules
from guerdon.engine.discounts.discount import Discount
from guerdon.engine.refusals import Refusal
from guerdon.engine.rules.rule import Rule
from guerdon.engine.targets import Scope
from guerdon.engine.validity import Validity

NO_GOODS = Scope()


class Category(msgspec.Struct, frozen=True):
    """A category and its place in the hierarchy, the lower the earlier."""

    id: str
    hierarchy: int = 1


class Attached(msgspec.Struct, frozen=True, kw_only=True):
    """A validation rule that binds a redeemable: its conditions, the goods it means, and its bundles.

    `counters` holds the key of each counter that it asks for, by rule name; `prefix` begins the keys of its units.
    """

    id: str
    prefix: str = ""
    counters: Mapping[str, str] = {}
    rule: Rule
    scope: Scope = NO_GOODS
    bundle_rules: BundleRules | None = None


class Gift(msgspec.Struct, frozen=True, kw_only=True):
    """A gift card: what is left on it, less what others have locked, and what the request asks for."""

    balance: int
    asked: int | None = None
    effect: Literal["APPLY_TO_ORDER", "APPLY_TO_ITEMS"] = "APPLY_TO_ORDER"


class Rate(msgspec.Struct, frozen=True):
    """What points are worth: so many minor units for so many points."""

    amount: Decimal
    points: int


class Reward(msgspec.Struct, frozen=True, kw_only=True):
    """What a loyalty card pays for. `points` are its price or, where there is a rate, how many are to be paid with.

    Without a rate it changes no order. With one, None is as many points as there is use for. `left` is the stock, None
    without end.
    """

    id: str
    left: int | None = None
    points: int | None = None
    rate: Rate | None = None


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """A loyalty card: its points, less what others have locked, and the reward that is asked for."""

    balance: int
    reward: Reward | None = None


class Formulas(msgspec.Struct, frozen=True, kw_only=True):
    """What formulas may ask of it beyond the order."""

    publication_metadata: Mapping[str, Any] = {}
    redemption_quantity: int | None = None
    redeemed_quantity: int | None = None
    publish_count: int | None = None
    start_date: datetime | None = None
    expiration_date: datetime | None = None


class Redeemable(msgspec.Struct, frozen=True, kw_only=True):
    """One thing of a request.

    `id` is the name it was asked by, `ref` its own id, `code` that of a voucher, `label` what messages call it. One of
    `discount`, `gift` and `card` says what it is worth. `absent` says why there is nothing to redeem. `left` is how
    many more redemptions it has, None for no limit.
    """

    object: Literal["voucher", "promotion_tier", "promotion_stack"]
    id: str
    ref: str = ""
    code: str | None = None
    label: str = "Discount Coupon"
    discount: Discount | None = None
    gift: Gift | None = None
    card: Card | None = None
    absent: Refusal | None = None
    active: bool = True
    periods: tuple[Validity, ...] = ()
    left: int | None = None
    holder_id: str | None = None
    is_referral_code: bool = False
    rules: tuple[Attached, ...] = ()
    categories: tuple[Category, ...] = ()
    metadata: Mapping[str, Any] = {}
    formulas: Formulas = Formulas()

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """The goods that its rules mean."""
        return tuple(attached.scope for attached in self.rules)

    @property
    def effect(self) -> str | None:
        """What its discount does; None for what has none."""
        if self.discount is None:
            return None
        return self.discount.effect_on(goods=any(scope.names_goods for scope in self.scopes))

    @property
    def category_ids(self) -> tuple[str, ...]:
        return tuple(category.id for category in self.categories)
