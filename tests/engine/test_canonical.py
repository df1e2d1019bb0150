"""Bodies must be what JavaScript would write of them."""

import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from guerdon.events import canonical


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "2": 1, "10": 2, "1": 3, "01": 0}, '{"1":3,"2":1,"10":2,"b":1,"01":0}'),
        ({"4294967295": 1, "4294967294": 2}, '{"4294967294":2,"4294967295":1}'),
        ([1.0, 2.50, -0.0, 100.10], "[1,2.5,0,100.1]"),
        ([1e16, 1e20, 1e21, 1.25e22], "[10000000000000000,100000000000000000000,1e+21,1.25e+22]"),
        ([1e-5, 1e-6, 1.5e-7], "[0.00001,0.000001,1.5e-7]"),
        ([9_007_199_254_740_993, 2**60], "[9007199254740992,1152921504606847000]"),
        ({"a": 2**60, "b": [1, -(2**60)]}, '{"a":1152921504606847000,"b":[1,-1152921504606847000]}'),
        (2**60, "1152921504606847000"),
        (-(2**60), "-1152921504606847000"),
        (
            {"card": "4111111111111111", "text": "1,9007199254740993"},
            '{"card":"4111111111111111","text":"1,9007199254740993"}',
        ),
        ('\u2028\x7f\x01\b\f\n\té"\\/', '"\u2028\x7f\\u0001\\b\\f\\n\\té\\"\\\\/"'),
        ({"text": 'a:1.5,"7":{"1":2}'}, '{"text":"a:1.5,\\"7\\":{\\"1\\":2}"}'),
        ({"nested": [{"9": 1, "10": 2, "a": [1.0]}]}, '{"nested":[{"9":1,"10":2,"a":[1]}]}'),
    ],
)
def test_as_javascript_writes_it(value: Any, text: str) -> None:
    assert canonical.encode(value).decode() == text


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
)


@given(_JSON)
def test_no_value_changes_and_writing_again_changes_nothing(value: Any) -> None:
    text = canonical.encode(value)
    assert json.loads(text) == value
    assert canonical.encode(json.loads(text)) == text
