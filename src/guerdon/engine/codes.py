"""Voucher codes: what they are made of, whether there are enough of them, and how they are compared. Pure."""

import msgspec

DEFAULT_CHARSET = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
DEFAULT_LENGTH = 8
MOST_CHARACTERS = 200
PLACE = "#"
_STEPS = frozenset({".", ".."})  # in a path they are not names but ways, and every client takes them away


class CodeConfig(msgspec.Struct, frozen=True):
    """How codes are made: `pattern` has a `#` for every random character, between prefix and postfix.

    `charset` holds no character twice.
    """

    pattern: str
    charset: str = DEFAULT_CHARSET
    prefix: str = ""
    postfix: str = ""

    @property
    def length(self) -> int:
        """The number of random characters."""
        return self.pattern.count(PLACE)

    @property
    def space(self) -> int:
        """How many different codes can be written."""
        return len(self.charset) ** self.length

    def capacity(self, *, case_sensitive: bool) -> int:
        """How many codes a project can have of them, where those that differ in case only may be the same."""
        return len({folded(character, case_sensitive=case_sensitive) for character in self.charset}) ** self.length


def code_config(
    *, length: int | None = None, charset: str | None = None, prefix: str = "", postfix: str = "", pattern: str = ""
) -> CodeConfig:
    """A pattern overrides the length. ValueError for what no code can be made of."""
    chars = charset or DEFAULT_CHARSET
    size = DEFAULT_LENGTH if length is None else length
    if not pattern and not 1 <= size <= MOST_CHARACTERS:
        raise ValueError(f"length must be 1 to {MOST_CHARACTERS}")
    whole = pattern or PLACE * size
    if len(prefix + whole + postfix) > MOST_CHARACTERS:
        raise ValueError(f"codes must have at most {MOST_CHARACTERS} characters")
    for part in (prefix, whole, postfix, chars):
        if not all(allowed_in_code(character) for character in part):
            raise ValueError("codes may hold printable characters other than the slash")
    around = prefix + whole + postfix
    if around != around.strip() or " " in chars:
        raise ValueError("codes must not begin or end with a space")
    return CodeConfig(whole, "".join(dict.fromkeys(chars)), prefix, postfix)


def allowed_in_code(character: str) -> bool:
    return character.isprintable() and character != "/"


def problem_of(code: str) -> str | None:
    """Why somebody's own code cannot be one; None if it can."""
    if not 1 <= len(code) <= MOST_CHARACTERS:
        return f"must have 1 to {MOST_CHARACTERS} characters"
    if not all(allowed_in_code(character) for character in code):
        return "may hold printable characters other than the slash"
    if code != code.strip():
        return "must not begin or end with a space"
    if code in _STEPS:
        return "must be one that can stand in a path"
    return None


def nth(config: CodeConfig, number: int) -> str:
    """The code of this number, which must be less than the space; different numbers give different codes."""
    middle: list[str] = []
    for character in config.pattern:
        if character == PLACE:
            number, place = divmod(number, len(config.charset))
            middle.append(config.charset[place])
        else:
            middle.append(character)
    return f"{config.prefix}{''.join(middle)}{config.postfix}"


def folded(code: str, *, case_sensitive: bool) -> str:
    """The form in which a code must be unique in its project."""
    return code if case_sensitive else code.casefold()
