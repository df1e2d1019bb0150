"""Changes of many cards and their holders in statements that may name each of them only once."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

T = TypeVar("T")


def turns(changes: Iterable[T], names: Callable[[T], Iterable[str]]) -> Sequence[Sequence[T]]:
    """The changes in as few turns as it takes for no name to be twice in one; those of a name stay in their order."""
    found: list[list[T]] = []
    following: dict[str, int] = {}
    for change in changes:
        named = tuple(names(change))
        number = max((following.get(name, 0) for name in named), default=0)
        following.update(dict.fromkeys(named, number + 1))
        if number == len(found):
            found.append([])
        found[number].append(change)
    return found
