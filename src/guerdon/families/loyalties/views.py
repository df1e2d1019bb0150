"""Rows of loyalty programmes as answers and events show them."""

import msgspec
from msgspec import UNSET

from guerdon.clock import iso, iso_or_none
from guerdon.families.loyalties import earning_schemas, schemas
from guerdon.families.loyalties.earning_terms import trigger_of
from guerdon.families.loyalties.pending_store import PendingRow
from guerdon.families.loyalties.store import EarningRuleRow
from guerdon.families.vouchers import terms
from guerdon.families.vouchers.ledger import BucketRow, TransactionRow
from guerdon.families.vouchers.store import VoucherRow


def balance(card: VoucherRow, points: int, operation_type: str | None = None) -> schemas.Balance:
    """The card after a movement of so many points."""
    return schemas.Balance(
        points=points,
        total=card.added - card.subtracted,
        balance=card.balance,
        related_object=schemas.Related(card.id),
        operation_type=operation_type or UNSET,
    )


def transaction(row: TransactionRow) -> schemas.Transaction:
    return schemas.Transaction(
        id=row.id,
        source_id=row.source_id,
        voucher_id=row.voucher_id,
        campaign_id=row.campaign_id,
        source=row.source,
        reason=row.reason,
        type=row.type,
        details=row.details,
        related_transaction_id=row.related_transaction_id,
        created_at=iso(row.created_at),
    )


def pending_points(row: PendingRow) -> schemas.PendingPointsView:
    return schemas.PendingPointsView(
        id=row.id,
        voucher_id=row.voucher_id,
        campaign_id=row.campaign_id,
        customer_id=row.customer_id,
        order_id=row.order_id,
        points=row.points,
        activates_at=row.activates_on.isoformat(),
        details=row.details,
        created_at=iso(row.created_at),
        updated_at=iso_or_none(row.updated_at) or UNSET,
    )


def bucket(row: BucketRow) -> schemas.Bucket:
    return schemas.Bucket(
        id=row.id,
        voucher_id=row.voucher_id,
        campaign_id=row.campaign_id,
        bucket=schemas.BucketPoints(row.points),
        status=row.status,
        expires_at=row.expires_on.isoformat() if row.expires_on else UNSET,
        created_at=iso(row.created_at),
        updated_at=iso_or_none(row.updated_at) or UNSET,
    )


def earning_rule(row: EarningRuleRow) -> earning_schemas.EarningRule:
    pending = row.pending_days
    about = {trigger_of(row.event): row.target}
    return earning_schemas.EarningRule(
        id=row.id,
        created_at=iso(row.created_at),
        updated_at=iso_or_none(row.updated_at),
        validation_rule_id=row.validation_rule_id,
        loyalty=row.loyalty,
        event=row.event,
        custom_event={"schema_id": row.target} if "custom_event" in about else UNSET,
        segment={"id": row.target} if "customer.segment.entered" in about else UNSET,
        loyalty_tier={"id": row.target} if "tier" in about else UNSET,
        pending_points=earning_schemas.PendingPoints(period_value=pending) if pending else UNSET,
        source=_source(row),
        active=row.active,
        **terms.shown(row.start_date, row.expiration_date, row.validity),
        expiration_rules=row.expiration_rules or UNSET,
        automation_id=row.automation_id,
        metadata=row.metadata,
    )


def earning_rule_in_event(row: EarningRuleRow) -> earning_schemas.EarningRule:
    """Events do not tell the name of a custom event here."""
    return msgspec.structs.replace(earning_rule(row), event=_event(row))


def simple_earning_rule(row: EarningRuleRow) -> earning_schemas.SimpleEarningRule:
    # The documented forms of a rule for a custom event have no `event` here.
    named = {} if trigger_of(row.event) == "custom_event" else {"event": row.event}
    return earning_schemas.SimpleEarningRule(
        id=row.id,
        campaign_id=row.campaign_id,
        validation_rule_id=row.validation_rule_id,
        parameters={**named, "banner": row.banner or "", "loyalty": row.loyalty},
        automation_id=row.automation_id,
        active=row.active,
        source=_source(row),
        loyalty=row.loyalty,
        event=_event(row),
        metadata=row.metadata,
    )


def _source(row: EarningRuleRow) -> earning_schemas.Source:
    return earning_schemas.Source(banner=UNSET if row.banner is None else row.banner, object_id=row.campaign_id)


def _event(row: EarningRuleRow) -> str:
    kind = trigger_of(row.event)
    return kind if kind == "custom_event" else row.event
