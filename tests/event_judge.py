"""Every event that the tests have caused, held against the catalogue and against the description of the reference.

The latter lies in a folder `shared` beside the checkout, with the checker of the tools that judge receivers; without it
only the catalogue judges.
"""

import importlib
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from guerdon.events.catalogue import ADDED_KEYS, EVENTS
from guerdon.events.data_keys import Key

TOOLS = Path(__file__).parents[2] / "shared" / "tools" / "contract"
# Catalogued, and caused by nothing yet. Whatever causes one takes it off this list.
UNCAUSED = {
    "campaign.loyalty_tier.deleted": "no operation of the reference deletes a tier of a campaign",
    "campaign.loyalty_tier.updated": "no operation of the reference changes one",
    "customer.confirmed": "a customer confirms in a mail of the reference's own double opt-in, which has no operation",
}
# What the description says of a payload and is not so: event and path, what is said, and why it stays as it is.
ACCEPTED = (
    (
        r"business_validation_rule\.assignment\.\w+ \.assignment\.related_object_type",
        r"is not one of",
        "the enumeration of the operations has promotion_tier, reward_assignment and distribution as well",
    ),
    (
        r"business_validation_rule\.[\w.]+ \.rule\.applicable_to\.\w+\[\d+\]\.price_formula",
        r"must be number",
        "a formula is text, also in the examples of the operations",
    ),
    (
        r"business_validation_rule\.[\w.]+ \.rule\.bundle_rules\.limit",
        r"is integer",
        "the description of rules in general has no place for how many bundles there may be",
    ),
    (
        r"[\w.]+ [\w.]+\.discount",
        r"DiscountFixed: .* lacks required property 'fixed_amount'",
        "the prices stand in the rule that the discount is bound by",
    ),
    (
        r"[\w.]+ [\w.]+\.discount",
        r"DiscountUnit: .* lacks required property 'unit_type'",
        "what is added is more of what is in the order",
    ),
    (
        r"[\w.]+ \.earning_rule[\w.]*",
        r"EarningRuleFixed: .* \"PROPORTIONAL\" is not one of|EarningRuleObjectOrderPaid: .* \"PROPORTIONAL\" is not",
        "a rule for all items of an order names no product that they are of",
    ),
    (
        r"voucher\.gift\.[\w.]+ \.transaction\.campaign_id",
        r"is null",
        "a card without a campaign: the description wants the property, and leaving it out breaks it as well",
    ),
    (
        r"campaign\.\w+ \.campaign\.access_settings_assignments\.data\[\d+\]",
        r"lacks required property 'area_id'",
        "a store is assigned, and of which area it is nobody here knows (record 0141)",
    ),
    (
        r"[\w.]+ [\w.]+\.discount",
        r"DiscountUnit: .* \"(REPLACE|ADD_SAME)_ITEMS\" is not one of",
        "effects that the reference tells of without a form for them; ours stand in record 0130",
    ),
    (
        r"business_validation_rule\.[\w.]+ \.rule\.(rules|bundle_rules)\.\w+\.conditions\.\$\w+[][\d]*",
        r"is (boolean|integer)|is boolean|lacks required property 'type'",
        "operands of a condition are what the rule was made with",
    ),
    (
        r"business_validation_rule\.[\w.]+ \.rule\.bundle_rules\.scaling",
        r"is string",
        "the operations have it as text",
    ),
)
OBJECTS = {
    "Campaign": "campaign",
    "CustomEvent": "event",
    "CustomerWithSummaryLoyaltyReferrals": "customer",
    "EarningRule": "earning_rule",
    "ListPublicationsItemBase": "publication",
    "LoyaltiesMembersBalanceUpdateResponseBody": "balance",
    "LoyaltyTier": "loyalty_tier",
    "OrderCalculated": "order",
    "PromotionTier": "promotion_tier",
    "PublicationsDistributionItemBase": "publication",
    "PublicationsVoucher": "publication",
    "RedemptionInternal": "redemption",
    "Reward": "reward",
    "RewardAssignment": "reward_assignment",
    "SimpleCampaign": "campaign",
    "SimpleCustomer": "customer",
    "SimpleOrder": "order",
    "SimpleRedeemableHolder": "redeemable_holder",
    "SimpleRedemptionRewardResult": "reward",
    "SimpleSegment": "segment",
    "SimpleVoucher": "voucher",
    "ValidationRule": "validation_rules",
    "Voucher": "voucher",
    "VoucherBalance": "balance",
    "VouchersBalanceUpdateResponseBody": "balance",
}
_TEXTS = {"date": r"\d{4}-\d\d-\d\d", "date-time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"}
_EVENTS = "SELECT type, entity_id, data FROM events"
# What a distribution sends beside the event, where nobody has designed it, now or before a change.
_MESSAGES = """
SELECT d.event_type, d.entity_id, d.data FROM deliveries d
JOIN endpoints e ON e.project_id = d.project_id AND e.id = d.endpoint_id
JOIN distributions o ON o.project_id = e.project_id AND o.id = e.source_id
WHERE d.data IS NOT NULL AND e.template IS NULL AND o.updated_at IS NULL
"""


class Told(NamedTuple):
    """One event or message."""

    type: str
    entity_id: str
    data: dict[str, Any]


class Verdict(NamedTuple):
    """Which events there were, and what is wrong with them, one line each."""

    caused: set[str]
    wrong: list[str]


def judge(rows: Callable[[str], Iterable[Any]]) -> Verdict:
    """Looks at one event of every shape. `rows` gives those of a statement, of whichever installation."""
    caused, wrong = set[str](), dict[str, None]()
    by_reference = reference()
    for told in _shapes(rows):
        caused.add(told.type)
        found = [*by_catalogue(told), *by_reference(told.type, told.data)]
        for what in found:
            line = f"{told.type} {what}"
            if not any(re.match(f"{place}: .*(?:{said})", line) for place, said, _ in ACCEPTED):
                wrong.setdefault(line)
    return Verdict(caused, list(wrong))


def _shapes(rows: Callable[[str], Iterable[Any]]) -> Iterator[Told]:
    seen: set[tuple[str, object]] = set()
    for query in (_EVENTS, _MESSAGES):
        for event_type, entity_id, text in rows(query):
            told = Told(event_type, entity_id, json.loads(text))
            shape = (event_type, _shape(told.data))
            if shape not in seen:
                seen.add(shape)
                yield told


def _shape(value: object) -> object:
    """What two values have in common that are judged alike: words count, numbers and identifiers do not."""
    if isinstance(value, dict):
        return tuple(sorted((key, _shape(one)) for key, one in value.items()))
    if isinstance(value, list):
        return frozenset(_shape(one) for one in value)
    if isinstance(value, str):
        return value if value.replace("_", "").isalpha() else re.sub(r"\w+", "x", value)
    return type(value).__name__


def by_catalogue(told: Told) -> Iterator[str]:
    event = EVENTS[told.type]
    if not re.fullmatch(rf"{event.entity}[0-9A-Za-z]+", told.entity_id):
        yield f"entity: {told.entity_id} does not begin with {event.entity}"
    keys = {key.name: key for key in event.keys}
    for key in event.keys:
        if key.name not in told.data and not key.optional:
            yield f".{key.name}: is left out"
    for name, value in told.data.items():
        allowed = [keys[name]] if name in keys else _added(told.type, name)
        if not allowed:
            yield f".{name}: is not in the catalogue"
        elif not any(_is(key, value) for key in allowed):
            yield f".{name}: is {json.dumps(value)[:80]}, no {allowed[0].kind}"


def _added(event_type: str, name: str) -> list[Key]:
    """What purposes that the event has may add under this name."""
    return [key for purpose in EVENTS[event_type].purposes for key in ADDED_KEYS[purpose] if key.name == name]


def _is(key: Key, value: object) -> bool:
    return key.nullable if value is None else _is_kind(key.kind, value)


def _is_kind(kind: str, value: Any) -> bool:
    if kind.endswith("[]"):
        return isinstance(value, list) and all(_is_kind(kind[:-2], one) for one in value)
    if kind in _TEXTS:
        return isinstance(value, str) and re.fullmatch(_TEXTS[kind], value) is not None
    if kind == "integer":
        return isinstance(value, int)
    if not isinstance(value, dict):
        return False
    if kind == "SimpleRedemption":
        return value.get("object") in {"redemption", "redemption_rollback"}
    return kind not in OBJECTS or value.get("object") == OBJECTS[kind]


def reference() -> Callable[[str, dict[str, Any]], Iterable[str]]:
    """What the description finds wrong with an event's data; nothing where it is not here, or has no schema."""
    if not TOOLS.is_dir():
        return lambda _type, _data: ()
    sys.path.insert(0, str(TOOLS))
    try:
        contract, oas = importlib.import_module("contract"), importlib.import_module("oas_check")
    finally:
        sys.path.remove(str(TOOLS))
    document, schemas = contract.load_webhooks(contract.OPENAPI)
    checker = oas.Checker(contract.load_loosened(contract.OPENAPI)["webhooks"])

    def check(event_type: str, data: dict[str, Any]) -> Iterator[str]:
        if event_type in schemas:
            schema, where, _ = schemas[event_type]
            for error in checker.validate(document, schema, where, data)[0]:
                yield f"{error.path.removeprefix('$')}: {error.reason}"

    return check
