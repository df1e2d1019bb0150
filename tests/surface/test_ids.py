"""Identifiers: their form, their order, and that no two are alike, whoever makes them."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from guerdon import ids
from guerdon.ids import FORMS, Ids, random_text


@pytest.mark.parametrize(("prefix", "length"), FORMS.items())
def test_the_form_of_each_kind(prefix: str, length: int) -> None:
    tail = r"[0-9a-f]{18}" if length == 0 else rf"[0-9A-Za-z]{{{length}}}"
    assert re.fullmatch(re.escape(prefix) + tail, Ids(1).new(prefix))


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(KeyError):
        Ids(1).new("nope_")


@pytest.mark.parametrize("prefix", ["v-", "vtx_", "whs_"])
def test_those_of_one_process_ascend(prefix: str) -> None:
    maker = Ids(7)
    made = [maker.new(prefix) for _ in range(20_000)]
    assert made == sorted(set(made))


def test_those_of_several_processes_and_threads_never_meet() -> None:
    makers = [Ids(node) for node in range(8)]
    with ThreadPoolExecutor(16) as threads:
        found = list(threads.map(lambda n: [makers[n % 8].new("v-") for _ in range(2_000)], range(16)))
    assert len({one for batch in found for one in batch}) == 32_000


def test_a_clock_that_is_set_back_or_stands_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    maker = Ids(1)
    times = iter([10**18, 10**18, 10**18 - 10**9, *[10**18] * 10_000])
    monkeypatch.setattr(ids.time, "time_ns", lambda: next(times))
    made = [maker.mark() for _ in range(10_000)]
    assert made == sorted(set(made))


def test_a_mark_parts_what_was_before_from_what_comes_after() -> None:
    maker = Ids(1)
    before, mark, after = maker.new("evcus_"), maker.mark(), maker.new("evcus_")
    assert before.removeprefix("evcus_") < mark < after.removeprefix("evcus_")


def test_later_milliseconds_sort_later_in_the_long_form(monkeypatch: pytest.MonkeyPatch) -> None:
    maker, now = Ids(1), 1_763_700_000_000_000_000
    made: list[str] = []
    for step in range(200):
        monkeypatch.setattr(ids.time, "time_ns", lambda step=step: now + step * 1_000_000)
        made.append(maker.new("cust_"))
    assert made == sorted(made)


def test_random_text_is_as_long_as_asked_and_never_the_same() -> None:
    assert {len(random_text(40)) for _ in range(100)} == {40}
    assert len({random_text(40) for _ in range(1_000)}) == 1_000
