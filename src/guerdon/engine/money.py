"""Money and points are integers; where a division leaves a rest, the rounding is named. Pure."""

from typing import Annotated

from msgspec import Meta

GREATEST = 2**53 - 1  # the greatest integer that every JSON reader keeps
# An amount of a request, in the smallest unit of the currency.
Amount = Annotated[int, Meta(ge=0, le=GREATEST)]


def divide_half_up(dividend: int, divisor: int) -> int:
    """The nearest integer, halves away from zero. `divisor` must be positive."""
    whole, rest = divmod(abs(dividend), divisor)
    rounded = whole + (2 * rest >= divisor)
    return rounded if dividend >= 0 else -rounded
