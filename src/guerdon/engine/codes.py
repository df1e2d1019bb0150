"""Voucher codes: what they are made of, whether there are enough of them, and how they are compared. Pure."""

from collections.abc import Callable

import msgspec

DEFAULT_CHARSET = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
DEFAULT_LENGTH = 8
MOST_CHARACTERS = 200
PLACE = "#"


class CodeConfig(msgspec.Struct, frozen=True):
    """How codes are made: `pattern` has a `#` for every random character, between prefix and postfix."""

    pattern: str
    charset: str = DEFAULT_CHARSET
    prefix: str = ""
    postfix: str = ""

    @property
    def length(self) -> int:
        """The number of random characters."""
        return self.pattern.count(PLACE)

    @property
    def capacity(self) -> int:
        """How many different codes there can be."""
        return len(set(self.charset)) ** self.length


def code_config(
    *, length: int | None = None, charset: str | None = None, prefix: str = "", postfix: str = "", pattern: str = ""
) -> CodeConfig:
    """A pattern overrides the length. ValueError for what no code can be made of."""
    chars = charset or DEFAULT_CHARSET
    whole = pattern or PLACE * (DEFAULT_LENGTH if length is None else length)
    if not whole or len(prefix + whole + postfix) > MOST_CHARACTERS:
        raise ValueError(f"codes must have 1 to {MOST_CHARACTERS} characters")
    for part in (prefix, whole, postfix, chars):
        if not all(allowed_in_code(character) for character in part):
            raise ValueError("codes may hold printable characters other than the slash")
    return CodeConfig(whole, chars, prefix, postfix)


def allowed_in_code(character: str) -> bool:
    return character.isprintable() and character != "/"


def make(config: CodeConfig, choose: Callable[[str], str]) -> str:
    """A code; `choose` draws one character of the charset."""
    middle = "".join(choose(config.charset) if character == PLACE else character for character in config.pattern)
    return f"{config.prefix}{middle}{config.postfix}"


def folded(code: str, *, case_sensitive: bool) -> str:
    """The form in which a code must be unique in its project."""
    return code if case_sensitive else code.casefold()
