"""Which filters may hold for others when a new day begins."""

import re

from guerdon.db.filters import Kind
from guerdon.engine.filters import Filter
from guerdon.families.segments.fields import field_of

# Operators that may see another distance from today, or another week, when a new day begins.
_BY_DAY = re.compile(r"ago|future|today|tomorrow|yesterday|this_|last_|next_|less_than|more_than|greater_than")
_DATED = (Kind.MOMENT, Kind.DAY, Kind.JSON)


def follows_days(wanted: Filter) -> bool:
    return any(
        field_of(field.path).kind in _DATED and any(map(_BY_DAY.search, field.conditions)) for field in wanted.fields
    )
