"""Splitting an amount over lines so that the parts are the whole, to the last unit. Pure."""

from collections.abc import Sequence

from guerdon.engine.money import divide_half_up


def split(amount: int, weights: Sequence[int], limits: Sequence[int]) -> list[int]:
    """The amount in proportion to the weights, each part rounded half up and at most its limit.

    What the rounding leaves over or takes too much is settled on the last part that has room. Less than the amount is
    given out only where the limits hold no more.
    """
    whole = sum(weights)
    if whole <= 0:
        return [0] * len(weights)
    parts = [min(divide_half_up(amount * weight, whole), limit) for weight, limit in zip(weights, limits, strict=True)]
    rest = amount - sum(parts)
    for i in reversed(range(len(parts))):
        if weights[i] > 0:
            part = max(0, min(parts[i] + rest, limits[i]))
            rest -= part - parts[i]
            parts[i] = part
    return parts


def fill(wanted: Sequence[int], limit: int | None) -> list[int]:
    """Each what it wants, in turn, until the limit is used up; None is no limit."""
    if limit is None:
        return list(wanted)
    given: list[int] = []
    for one in wanted:
        given.append(min(one, limit))
        limit -= given[-1]
    return given
