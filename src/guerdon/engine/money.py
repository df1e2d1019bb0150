"""Money and points are integers; where a division leaves a rest, the rounding is named. Pure."""


def divide_half_up(dividend: int, divisor: int) -> int:
    """The nearest integer, halves away from zero. `divisor` must be positive."""
    whole, rest = divmod(abs(dividend), divisor)
    rounded = whole + (2 * rest >= divisor)
    return rounded if dividend >= 0 else -rounded
