"""Rules and assignments as answers and events show them."""

from msgspec import UNSET
from msgspec.structs import replace

from guerdon.clock import iso, iso_or_none
from guerdon.families.validation_rules import schemas
from guerdon.families.validation_rules.store import AssignmentRow, RuleRow


def rule(row: RuleRow, assignments: int) -> schemas.ValidationRule:
    return schemas.ValidationRule(
        id=row.id,
        name=row.name,
        rules=row.rules,
        bundle_rules=UNSET if row.bundle_rules is None else row.bundle_rules,
        error=row.error or UNSET,
        applicable_to=row.applicable_to,
        type=row.type,
        context_type=row.context_type,
        created_at=iso(row.created_at),
        updated_at=iso_or_none(row.updated_at) or UNSET,
        assignments_count=assignments,
    )


def rule_in_event(row: RuleRow, assignments: int) -> schemas.ValidationRule:
    """The rule of an event, where whatever it applies to says whether it is strict; nothing is, unless it says so."""
    told = {
        name: [{"strict": False, **one} for one in value] if name in {"included", "excluded"} else value
        for name, value in row.applicable_to.items()
    }
    return replace(rule(row, assignments), applicable_to=told)


def assignment(row: AssignmentRow) -> schemas.RuleAssignment:
    return schemas.RuleAssignment(
        id=row.id,
        rule_id=row.rule_id,
        related_object_id=row.related_object_id,
        related_object_type=row.related_object_type,
        created_at=iso(row.created_at),
    )
