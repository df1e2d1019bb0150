"""Sessions on the wire."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Unit = Literal["DAYS", "HOURS", "MINUTES", "SECONDS", "MILLISECONDS", "MICROSECONDS", "NANOSECONDS"]


class NewSession(msgspec.Struct, kw_only=True):
    """A lock on what the request would take: begun or begun again by a validation, used up by a redemption."""

    type: Literal["LOCK"] | None = None
    key: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    # Told again as it was sent: 5 and not 5.0.
    ttl: Annotated[int, Meta(gt=0, le=10**15)] | Annotated[float, Meta(gt=0, le=1e15)] | None = None
    ttl_unit: Unit | None = None
