"""Customer rows as answers and events show them."""

from msgspec import UNSET, UnsetType

from guerdon.clock import iso
from guerdon.engine.money import divide_half_up
from guerdon.families.customers import schemas
from guerdon.families.customers.store import CustomerRow


def customer(row: CustomerRow) -> schemas.Customer:
    return schemas.Customer(
        id=row.id,
        source_id=_known(row.source_id),
        name=_known(row.name),
        description=_known(row.description),
        email=_known(row.email),
        phone=_known(row.phone),
        birthday=row.birthday.isoformat() if row.birthday else UNSET,
        birthdate=row.birthdate.isoformat() if row.birthdate else UNSET,
        address=row.address,
        metadata=row.metadata,
        summary=schemas.Summary(_redemptions(row), _orders(row)),
        loyalty=loyalty(row),
        referrals=schemas.Referrals(len(row.referrals), row.referrals),
        system_metadata={},
        created_at=iso(row.created_at),
        updated_at=iso(row.updated_at) if row.updated_at else UNSET,
    )


def _known(value: str | None) -> str | UnsetType:
    return UNSET if value is None else value


def _redemptions(row: CustomerRow) -> schemas.RedemptionsSummary:
    points_to_go = sum(program.get("points", 0) for program in row.programs.values())
    return schemas.RedemptionsSummary(
        total_redeemed=row.redemptions_succeeded + row.redemptions_failed,
        total_failed=row.redemptions_failed,
        total_succeeded=row.redemptions_succeeded,
        total_rolled_back=row.rollbacks_succeeded + row.rollbacks_failed,
        total_rollback_failed=row.rollbacks_failed,
        total_rollback_succeeded=row.rollbacks_succeeded,
        gift=schemas.GiftSummary(row.gift_redeemed, row.gift_to_go),
        loyalty_card=schemas.LoyaltyCardSummary(row.points_redeemed, points_to_go),
    )


def _orders(row: CustomerRow) -> schemas.OrdersSummary:
    return schemas.OrdersSummary(
        total_amount=row.orders_amount,
        total_count=row.orders_count,
        average_amount=divide_half_up(row.orders_amount, row.orders_count) if row.orders_count else 0,
        last_order_amount=row.last_order_amount,
        last_order_date=iso(row.last_order_at) if row.last_order_at else UNSET,
    )


def loyalty(row: CustomerRow) -> schemas.Loyalty:
    # The reference's schema and its own sample name different things of a campaign; both are shown.
    campaigns = {
        name: schemas.Program(
            points=program.get("points", 0),
            referred_customers=program.get("referred_customers", 0),
            redeemed_points=program.get("redeemed_points", 0),
            points_to_go=program.get("points", 0),
            loyalty_tier=program.get("loyalty_tier", UNSET),
        )
        for name, program in row.programs.items()
    }
    return schemas.Loyalty(
        points=sum(program.points for program in campaigns.values()),
        referred_customers=sum(program.referred_customers for program in campaigns.values()),
        campaigns=campaigns,
    )


def simple(row: CustomerRow) -> schemas.SimpleCustomer:
    return schemas.SimpleCustomer(
        id=row.id, name=row.name, email=row.email, source_id=row.source_id, metadata=row.metadata
    )


def reduced(row: CustomerRow) -> schemas.ReducedCustomer:
    return schemas.ReducedCustomer(
        id=row.id,
        source_id=_known(row.source_id),
        name=_known(row.name),
        email=_known(row.email),
        metadata=row.metadata,
    )


def bare(customer_id: str) -> schemas.BareCustomer:
    return schemas.BareCustomer(id=customer_id)
