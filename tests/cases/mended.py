"""Handed to the runner of the worked cases: it gives the first cards of two programmes of a case the same code.

Codes are unique in a project, so that the second one is refused and the case never begins.
"""

from typing import Any

from caselib import cards  # pyright: ignore[reportMissingImports] - the runner's own

RECIPES: list[Any] = []
_member = cards.Program.member


def member(self: Any, code: str | None = None, customer: str = "member") -> str:
    """A card of a code that no other programme of the case has."""
    if code is None:
        self.scene.cards = getattr(self.scene, "cards", 0) + 1
        code = f"CARD{self.scene.cards}-{self.scene.tag}"
    return _member(self, code, customer)


cards.Program.member = member
