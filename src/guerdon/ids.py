"""Identifiers: the prefixes of the field, and tails that never collide and that sort by time of creation.

Two forms exist, as in the reference. The hexadecimal form (18 digits) counts quarter milliseconds, then names the
process, then counts within the tick, so it is unique in one database by construction. The alphanumeric form opens with
the time in base 62 (so that index inserts stay together) and ends in at least 95 random bits, so it cannot be guessed.
"""

import os
import threading
import time
from datetime import UTC, datetime

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_PAIRS = [first + second for first in ALPHABET for second in ALPHABET]
NODE_BITS = 16
COUNTER_BITS = 12
_NS_PER_TICK = 250_000
_TIME_CHARS = 7  # milliseconds until the year 2081
_RANDOM_CHARS = 16
_HEX = 0  # marks the hexadecimal form in the table below

# Length of the alphanumeric tail by prefix, or _HEX.
FORMS: dict[str, int] = {
    "aa_": _HEX,
    "arsca_": _HEX,
    "asgm_": 16,
    "camp_": 24,
    "cat_": _HEX,
    "cust_": 24,
    "del_": 24,
    "distr_": 26,
    "ern_": 24,
    "auto_": 24,
    "event_": _HEX,
    "evbvr_": _HEX,
    "evcam_": _HEX,
    "evcus_": _HEX,
    "evdis_": _HEX,
    "evpub_": _HEX,
    "evred_": _HEX,
    "evvou_": _HEX,
    "job_": _HEX,
    "lopb_": 24,
    "ltr_": 24,
    "lopp_": 24,
    "ms_": 24,
    "ord_": 24,
    "ordli_": _HEX,
    "pc_": 24,
    "prod_": _HEX,
    "proj_": 10,
    "promo_": 24,
    "pub_": 32,
    "r_": _HEX,
    "rf_": _HEX,
    "rh_": _HEX,
    "rtr_": 24,
    "rew_": 24,
    "rewa_": 24,
    "rewr_": _HEX,
    "rr_": _HEX,
    "rrf_": _HEX,
    "seg_": 24,
    "sku_": _HEX,
    "ssn_": 32,
    "stack_": 24,
    "stk_": _HEX,
    "tbe_": _HEX,
    "v-": _HEX,
    "v_": 32,
    "val_": 12,
    "valid_": _HEX,
    "vtx_": _HEX,
    "w-": _HEX,
    "wh_": 24,
    "whs_": _HEX,
}


def _base62(number: int, width: int) -> str:
    """Two digits at a time; what does not fit into the width is cut off at the front."""
    pairs = [""] * (width + 1 >> 1)
    for place in range(len(pairs) - 1, -1, -1):
        number, rest = divmod(number, len(_PAIRS))
        pairs[place] = _PAIRS[rest]
    return "".join(pairs)[-width:]


def mark_at(moment: datetime) -> str:
    """A tail that sorts before those of all hexadecimal identifiers made from then on."""
    ticks = max(0, int(moment.timestamp() * 1_000_000_000) // _NS_PER_TICK)
    return f"{ticks << NODE_BITS + COUNTER_BITS:018x}"


def moment_of(identifier: str) -> datetime:
    """When a hexadecimal identifier was made, to the millisecond."""
    ticks = int(identifier[-18:], 16) >> NODE_BITS + COUNTER_BITS
    return datetime.fromtimestamp(ticks * _NS_PER_TICK // 1_000_000 / 1_000, UTC)


def random_text(length: int) -> str:
    """Random alphanumeric text from the system's source, for secrets and tails."""
    return _base62(int.from_bytes(os.urandom(length)), length)


class Ids:
    """Makes identifiers for one process; `node` must differ between processes that share a database."""

    def __init__(self, node: int) -> None:
        self._node = node % (1 << NODE_BITS)
        self._last = 0
        self._lock = threading.Lock()

    def new(self, prefix: str) -> str:
        """A new identifier, such as `cust_…`; KeyError for a prefix that FORMS does not list."""
        length = FORMS[prefix]
        if length == _HEX:
            return prefix + self.mark()
        if length < _TIME_CHARS + _RANDOM_CHARS:
            return prefix + random_text(length)
        return prefix + _base62(time.time_ns() // 1_000_000, _TIME_CHARS) + random_text(length - _TIME_CHARS)

    def mark(self) -> str:
        """The tail of the next hexadecimal identifier: later ones sort after it, earlier ones before."""
        return f"{self._tick():018x}"

    def _tick(self) -> int:
        now = (time.time_ns() // _NS_PER_TICK) << COUNTER_BITS
        with self._lock:
            # Never behind the last one: a clock that is set back, or a full counter, borrows from the next tick.
            self._last = max(self._last + 1, now)
            count = self._last
        ticks, counter = count >> COUNTER_BITS, count & ((1 << COUNTER_BITS) - 1)
        return (((ticks << NODE_BITS) | self._node) << COUNTER_BITS) | counter
