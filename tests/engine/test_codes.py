"""Codes: what can be made of a config, how many, and which two are the same."""

import pytest
from hypothesis import given, strategies as st

from guerdon.engine.codes import DEFAULT_CHARSET, CodeConfig, code_config, folded, nth, problem_of


def test_a_pattern_overrides_the_length() -> None:
    assert code_config() == CodeConfig("########", DEFAULT_CHARSET)
    assert code_config(length=3, charset="ab").pattern == "###"
    config = code_config(length=3, pattern="A-##", prefix="<", postfix=">")
    assert config.length == 2
    assert config.space == 62**2


@pytest.mark.parametrize(
    ("length", "charset", "case_sensitive", "capacity"),
    [(3, "01", True, 8), (2, "aA", True, 4), (2, "aA", False, 1), (2, "aabb", True, 4), (1, None, False, 36)],
)
def test_capacity_counts_codes_that_differ(
    length: int, charset: str | None, case_sensitive: object, capacity: int
) -> None:
    assert code_config(length=length, charset=charset).capacity(case_sensitive=bool(case_sensitive)) == capacity


def test_a_pattern_without_places_is_one_code() -> None:
    config = code_config(pattern="FIXED")
    assert (config.space, config.capacity(case_sensitive=True), nth(config, 0)) == (1, 1, "FIXED")


@given(st.text("xyz0", min_size=1, max_size=4), st.text("#ab-", min_size=1, max_size=4))
def test_every_number_of_the_space_is_a_code_of_its_own(charset: str, pattern: str) -> None:
    config = code_config(charset=charset, pattern=pattern, prefix="p#", postfix="/"[:0])
    made = [nth(config, number) for number in range(config.space)]
    assert len(set(made)) == config.space
    for code in made:
        assert code.startswith("p#")
        middle = code[2:]
        assert len(middle) == len(pattern)
        assert all(got == want or (want == "#" and got in charset) for got, want in zip(middle, pattern, strict=True))


@pytest.mark.parametrize(
    "wrong",
    [
        {"prefix": " a"},
        {"postfix": "a "},
        {"charset": "ab "},
        {"length": 0},
        {"length": -1},
        {"length": 201},
        {"length": 10**30},
        {"prefix": "a" * 193},
        {"pattern": "#" * 201},
        {"prefix": "a/b"},
        {"charset": "a\n"},
        {"postfix": "\x7f"},
    ],
)
def test_what_no_code_can_be_made_of(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"must|may"):
        code_config(**wrong)  # pyright: ignore[reportArgumentType]


def test_own_codes() -> None:
    assert problem_of("SUMMER 2026-€") is None
    assert problem_of("") is not None
    assert problem_of("x" * 201) is not None
    assert problem_of("a/b") is not None
    assert problem_of("a\tb") is not None
    for code in (" ", " a", "a ", ".", ".."):
        assert problem_of(code) is not None, code
    assert problem_of("...") is None


def test_codes_that_are_the_same_where_case_does_not_matter() -> None:
    assert folded("Ab", case_sensitive=False) == folded("aB", case_sensitive=False)
    assert folded("Ab", case_sensitive=True) != folded("aB", case_sensitive=True)
