"""Stored rules ready to be asked, compiled once for each version."""

from datetime import datetime

from guerdon.engine.facts import Facts
from guerdon.engine.rules.rule import Rule, compile_rule
from guerdon.families.validation_rules.store import RuleRow

_MOST = 10_000
_compiled: dict[tuple[str, datetime], Rule] = {}


def compiled(row: RuleRow) -> Rule:
    key = (row.id, row.updated_at or row.created_at)
    found = _compiled.get(key)
    if found is None:
        if len(_compiled) >= _MOST:
            _compiled.clear()
        found = _compiled[key] = compile_rule({"rules": row.rules, "error": row.error})
    return found


def holds(row: RuleRow, facts: Facts) -> bool:
    """Whether the rule holds where nothing is redeemed, so that the order stays as it is."""
    rule = compiled(row)
    return rule.violation(facts) is None and rule.violation_after(facts, facts.order) is None
