"""The logic of a rule: `(1 and 2) or 3` over the numbers of its nodes. Pure."""

import re
from collections.abc import Callable, Iterable

import msgspec

LONGEST = 4_000
DEEPEST = 30
_TOKEN = re.compile(r"\s*([0-9]{1,6}|[A-Za-z]+|[()]|\Z)")
Evaluate = Callable[[Callable[[str], bool]], bool]


class Logic(msgspec.Struct, frozen=True):
    """What a rule demands of its nodes. `evaluate` takes whether the node of a number holds."""

    mentioned: frozenset[str]
    evaluate: Evaluate


def read_logic(text: str | None, numbers: Iterable[str]) -> Logic:
    """`and` binds tighter than `or`; no text demands all the numbers. ValueError for a text that is none."""
    known = frozenset(numbers)
    if text is None:
        return Logic(known, lambda holds: all(holds(number) for number in known))
    if len(text) > LONGEST:
        raise ValueError(f"Logic is longer than {LONGEST} characters")
    reader = _Reader(_tokens(text), known)
    evaluate = reader.either()
    if reader.word:
        raise ValueError(f"Logic has an unexpected '{reader.word}'")
    return Logic(frozenset(reader.mentioned), evaluate)


def _tokens(text: str) -> list[str]:
    tokens: list[str] = []
    position = 0
    while not tokens or tokens[-1]:
        match = _TOKEN.match(text, position)
        if match is None:
            raise ValueError("Logic must have numbers, 'and', 'or' and brackets only")
        tokens.append(match[1].lower())
        position = match.end()
    return tokens


class _Reader:
    """The tokens not read yet; the last one is empty."""

    def __init__(self, tokens: list[str], known: frozenset[str]) -> None:
        self._tokens = tokens
        self._known = known
        self._next = 0
        self._depth = 0
        self.mentioned: set[str] = set()

    @property
    def word(self) -> str:
        return self._tokens[self._next]

    def either(self) -> Evaluate:
        parts = [self._both()]
        while self.word == "or":
            self._next += 1
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else lambda holds: any(part(holds) for part in parts)

    def _both(self) -> Evaluate:
        parts = [self._one()]
        while self.word == "and":
            self._next += 1
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else lambda holds: all(part(holds) for part in parts)

    def _one(self) -> Evaluate:
        number = self.word
        if number == "(":
            return self._brackets()
        if number not in self._known:
            raise ValueError(f"Logic has an unexpected '{number[:20]}'" if number else "Logic ends too early")
        self._next += 1
        self.mentioned.add(number)
        return lambda holds: holds(number)

    def _brackets(self) -> Evaluate:
        self._next += 1
        self._depth += 1
        if self._depth > DEEPEST:
            raise ValueError("Logic has too many brackets within brackets")
        inner = self.either()
        if self.word != ")":
            raise ValueError("Logic lacks a closing bracket")
        self._next += 1
        self._depth -= 1
        return inner
