"""Formulas such as `IF(ORDER_AMOUNT > 200;ORDER_AMOUNT * 0.15;5)`: read once, computed often. Pure.

A small recursive descent, one function a level of the grammar. Chains of one level are lists, so that only brackets
nest, and those are counted; the text's length is limited. So neither reading nor computing can run away.
"""

import re
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

import msgspec

from guerdon.engine.formula.context import Context
from guerdon.engine.formula.functions import FUNCTIONS, Node
from guerdon.engine.formula.operands import KEYED, PLAIN, Scope
from guerdon.engine.formula.operators import CALCULATIONS, COMPARISONS, Calculation
from guerdon.engine.formula.values import ARITHMETIC, Incomputable, Value, equal, known, number, truth

LONGEST = 4_000
DEEPEST = 30
_TOKEN = re.compile(
    r'\s*(?:(?P<number>[0-9]+(?:\.[0-9]+)?)|(?P<text>"(?:[^"\\]|\\.)*")'
    r"|(?P<name>[A-Za-z_]+)|(?P<sign>[-+*/%\u00d7\u00f7()<>=;])|(?P<end>\Z))"
)
_CASE = "SWITCH_CASE"


class Formula(msgspec.Struct, frozen=True):
    """A formula that was understood. `operands` are the names it may ask for."""

    text: str
    operands: frozenset[str]
    root: Node

    def __call__(self, context: Context) -> Value | None:
        """The value; None if it cannot be computed from this context, so that the caller takes the static value."""
        try:
            return self.root(Scope(context))
        except (Incomputable, ArithmeticError):
            return None


class _Token(NamedTuple):
    kind: str
    text: str
    position: int


@lru_cache(maxsize=1024)
def compile_formula(text: str) -> Formula:
    """ValueError telling what is wrong and at which character, counted from 1."""
    if len(text) > LONGEST:
        raise ValueError(f"formula is longer than {LONGEST} characters")
    reader = _Reader(_tokens(text))
    root = reader.whole()
    return Formula(text, frozenset(reader.operands), root)


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    position = 0
    while not tokens or tokens[-1].kind != "end":
        match = _TOKEN.match(text, position)
        if match is None:
            gap = re.compile(r"\s*").match(text, position)
            raise _wrong("unexpected character", gap.end() if gap else position)
        kind = match.lastgroup or "end"
        tokens.append(_Token(kind, match[kind], match.start(kind)))
        position = match.end()
    return tokens


def _wrong(reason: str, position: int) -> ValueError:
    return ValueError(f"{reason} at character {position + 1}")


class _Reader:
    """The tokens not read yet, and what was learned from those that were."""

    def __init__(self, tokens: Sequence[_Token]) -> None:
        self._tokens = tokens
        self._next = 0
        self._depth = 0
        self.operands: set[str] = set()

    def whole(self) -> Node:
        node = self._either()
        if self._token.kind != "end":
            raise _wrong("unexpected " + self._token.text[:20], self._token.position)
        return node

    @property
    def _token(self) -> _Token:
        return self._tokens[self._next]

    def _take(self, *texts: str) -> str | None:
        """The next token if it is one of these signs or words; it is then read."""
        token = self._token
        if token.kind not in {"sign", "name"} or token.text not in texts:
            return None
        self._next += 1
        return token.text

    def _expect(self, sign: str) -> None:
        if self._take(sign) is None:
            raise _wrong(f"expected {sign}", self._token.position)

    def _either(self) -> Node:
        self._depth += 1
        if self._depth > DEEPEST:
            raise _wrong("too many brackets within brackets", self._token.position)
        nodes = [self._both()]
        while self._take("OR"):
            nodes.append(self._both())
        self._depth -= 1
        return nodes[0] if len(nodes) == 1 else lambda scope: any(truth(node(scope)) for node in nodes)

    def _both(self) -> Node:
        nodes = [self._comparison()]
        while self._take("AND"):
            nodes.append(self._comparison())
        return nodes[0] if len(nodes) == 1 else lambda scope: all(truth(node(scope)) for node in nodes)

    def _comparison(self) -> Node:
        left = self._chain(0)
        sign = self._take(*COMPARISONS)
        if sign is None:
            return left
        compare, right = COMPARISONS[sign], self._chain(0)
        return lambda scope: compare(left(scope), right(scope), scope.context.moment)

    def _chain(self, level: int) -> Node:
        """A sum, or within it a product."""
        if level == len(CALCULATIONS):
            return self._signed()
        first = self._chain(level + 1)
        rest: list[tuple[Calculation, Node]] = []
        while sign := self._take(*CALCULATIONS[level]):
            rest.append((CALCULATIONS[level][sign], self._chain(level + 1)))
        if not rest:
            return first

        def chain(scope: Scope) -> Value:
            total = number(first(scope))
            for calculate, node in rest:
                total = calculate(total, number(node(scope)))
            return total

        return chain

    def _signed(self) -> Node:
        negative = False
        while self._take("-"):
            negative = not negative
        node = self._atom()
        return (lambda scope: ARITHMETIC.minus(number(node(scope)))) if negative else node

    def _atom(self) -> Node:
        token = self._token
        if self._take("("):
            node = self._either()
            self._expect(")")
            return node
        if token.kind == "name":
            self._next += 1
            return self._named(token)
        if token.kind not in {"number", "text"}:
            raise _wrong("expected a value", token.position)
        self._next += 1
        value = Decimal(token.text) if token.kind == "number" else _unquoted(token.text)
        return lambda _scope: value

    def _named(self, token: _Token) -> Node:
        name = token.text
        if name in PLAIN:
            self.operands.add(name)
            plain = PLAIN[name]
            return lambda scope: known(plain(scope))
        if name in KEYED:
            return self._keyed(name)
        if name == "SWITCH":
            return self._switch()
        if name in FUNCTIONS:
            return self._function(token)
        raise _wrong(f"unknown name {name[:40]}", token.position)

    def _keyed(self, name: str) -> Node:
        self.operands.add(name)
        self._expect("(")
        if self._token.kind != "text":
            raise _wrong("expected a key in quotes", self._token.position)
        key, keyed = _unquoted(self._token.text), KEYED[name]
        self._next += 1
        self._expect(")")
        return lambda scope: known(keyed(scope, key))

    def _function(self, token: _Token) -> Node:
        function, least, most = FUNCTIONS[token.text]
        self._expect("(")
        arguments = [self._either()]
        while self._take(";"):
            arguments.append(self._either())
        self._expect(")")
        if not least <= len(arguments) <= most:
            raise _wrong(f"wrong number of arguments of {token.text}", token.position)
        return lambda scope: function(scope, arguments)

    def _switch(self) -> Node:
        """Cases have only space between them; a semicolon is taken as well."""
        self._expect("(")
        subject = self._either()
        self._expect(";")
        cases: list[tuple[Node, Node]] = []
        while self._take(_CASE):
            self._expect("(")
            value = self._either()
            self._expect(";")
            cases.append((value, self._either()))
            self._expect(")")
            self._take(";")
        default = self._either()
        self._expect(")")

        def switch(scope: Scope) -> Value:
            wanted, moment = subject(scope), scope.context.moment
            for value, result in cases:
                if equal(wanted, value(scope), moment):
                    return result(scope)
            return default(scope)

        return switch


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)
