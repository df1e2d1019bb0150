"""The validation rules that bind what is to be redeemed, compiled once for each version of a rule."""

from collections.abc import Collection, Mapping, Sequence

import msgspec

from guerdon.engine import targets
from guerdon.engine.bundles import BundleRules, compile_bundles
from guerdon.engine.redeemable import Attached
from guerdon.engine.rules.rule import Rule, compile_rule
from guerdon.engine.targets import Scope
from guerdon.events.work import Work
from guerdon.families.redeemables import counters
from guerdon.families.redeemables.counters import Asked, Asker, Column
from guerdon.families.validation_rules import store
from guerdon.families.validation_rules.store import AssignmentRow, Binding, RuleRow

_MOST_COMPILED = 10_000


class Compiled(msgspec.Struct, frozen=True):
    """A rule ready to be asked, and the row that it was made from."""

    row: RuleRow
    rule: Rule
    scope: Scope
    bundle_rules: BundleRules | None


class Rules(msgspec.Struct, frozen=True):
    """The bindings by the id of what they bind."""

    bindings: Mapping[str, Sequence[Binding]]

    def needs_segments(self) -> bool:
        return any(compiled(one.rule).rule.needs.segments for rows in self.bindings.values() for one in rows)

    def collections(self) -> set[str]:
        """The collections that any of the rules names."""
        return {name for rows in self.bindings.values() for one in rows for name in one.rule.collection_ids}


_compiled: dict[str, Compiled] = {}


def compiled(row: RuleRow) -> Compiled:
    """The row's rule and goods."""
    found = _compiled.get(row.id)
    # Remembered rows are the same object; of others, a moment would not tell two changes within a millisecond apart.
    if found is None or (found.row is not row and found.row != row):
        if len(_compiled) >= _MOST_COMPILED:
            _compiled.clear()
        rule = compile_rule({"rules": row.rules, "error": row.error})
        scope, bundles = targets.read(row.applicable_to), compile_bundles(row.bundle_rules)
        found = _compiled[row.id] = Compiled(row, rule, scope, bundles)
    return found


def of(assignments: Sequence[AssignmentRow], rows: Sequence[RuleRow]) -> Rules:
    """The rules of vouchers, campaigns and tiers."""
    by_id = {row.id: row for row in rows}
    found: dict[str, list[Binding]] = {}
    for assignment in assignments:
        rule = by_id.get(assignment.rule_id)
        if rule is not None:
            found.setdefault(assignment.related_object_id, []).append(Binding(assignment, rule))
    return Rules(found)


async def of_more(work: Work, rules: Rules, ids: Collection[str]) -> Rules:
    """The same with those of further things, such as offers of rewards."""
    return Rules({**rules.bindings, **await store.bindings_of(work.db, work.project.id, ids)}) if ids else rules


def attached(
    rules: Rules, scope: Mapping[Column, str], asker: Asker, *, also: Sequence[str] = ()
) -> tuple[tuple[Attached, ...], list[Asked]]:
    """The rules that bind a redeemable, its own and its campaign's, and the counters that they ask for.

    `also` are ids of other things that the rules may bind: the offer of the reward that is asked for.
    """
    found: list[Attached] = []
    asked: list[Asked] = []
    for related_id in (*scope.values(), *also):
        for binding in rules.bindings.get(related_id, ()):
            rule = compiled(binding.rule)
            prefix = _prefix(binding)
            mine = {
                counter.name: one
                for counter in rule.rule.needs.counters
                if (one := counters.ask(prefix, counter, scope, asker)) is not None
            }
            asked.extend(mine.values())
            found.append(
                Attached(
                    id=binding.rule.id,
                    prefix=prefix,
                    counters={name: one.key for name, one in mine.items()},
                    rule=rule.rule,
                    scope=rule.scope,
                    bundle_rules=rule.bundle_rules,
                )
            )
    return tuple(found), asked


def _prefix(binding: Binding) -> str:
    """Names the assignment and the version of its rule."""
    changed_at = binding.rule.updated_at or binding.rule.created_at
    return f"{binding.assignment.id}.{int(changed_at.timestamp() * 1_000_000)}"
