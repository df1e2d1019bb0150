"""Where a slice of cards that have something due on days ends: by day, then by card."""

from datetime import date

import msgspec

_FIRST = date(1, 1, 1)


class Place(msgspec.Struct, frozen=True, order=True):
    """A card and its day."""

    day: date = _FIRST
    card_id: str = ""


def read(text: str) -> Place:
    day, _, card_id = text.partition("|")
    return Place(date.fromisoformat(day), card_id) if text else Place()


def write(place: Place) -> str:
    return f"{place.day.isoformat()}|{place.card_id}"
