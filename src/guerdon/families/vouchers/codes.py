"""Draws codes by chance, and checks those that callers bring."""

import secrets

from guerdon.engine import codes
from guerdon.engine.codes import CodeConfig
from guerdon.errors import ApiError, refused
from guerdon.events.work import Work
from guerdon.families.vouchers import store
from guerdon.families.vouchers.store import NewCode, VoucherRow

_CHANCE = secrets.SystemRandom()
_ROUNDS = 12
_MOST_OFFERED = 20_000
_SMALL_SPACE = 100_000  # codes that can all be tried in one statement


class NotEnoughCodes(Exception):  # noqa: N818 - it names what happened
    """There are fewer free codes of this form than wanted; so many were made."""

    def __init__(self, made: int) -> None:
        super().__init__(made)
        self.made = made


def invalid_code_config(details: str) -> ApiError:
    return refused("invalid_code_config", "Invalid code config", details)


def not_enough() -> ApiError:
    return invalid_code_config("Not possible to generate requested number of codes.")


def own_code(work: Work, code: str) -> NewCode:
    """A code that the caller chose. Errors: invalid_voucher for one that cannot be a code."""
    problem = codes.problem_of(code)
    if problem:
        raise refused("invalid_voucher", "Invalid Voucher", f"Voucher code {problem}")
    return _new(work, code)


async def issue(work: Work, template: VoucherRow, config: CodeConfig, count: int) -> list[VoucherRow]:
    """Adds so many vouchers like the template, with random codes that nobody has. Errors: NotEnoughCodes.

    Where most codes of the form are taken, more and more are tried; of a small form at last all.
    """
    made: list[VoucherRow] = []
    for tries in range(_ROUNDS):
        missing = count - len(made)
        offered = _offer(config, missing, tries)
        made += await store.add(work.db, work.project.id, template, [_new(work, code) for code in offered], missing)
        if len(made) == count:
            return made
        if len(offered) == config.space:
            break
    raise NotEnoughCodes(len(made))


def _offer(config: CodeConfig, missing: int, tries: int) -> list[str]:
    wanted = min(max(missing, _MOST_OFFERED), missing * 4**tries)
    if config.space <= wanted or (config.space <= _SMALL_SPACE and tries == _ROUNDS - 1):
        return [codes.nth(config, number) for number in _CHANCE.sample(range(config.space), config.space)]
    drawn = dict.fromkeys(secrets.randbelow(config.space) for _ in range(wanted))
    return [codes.nth(config, number) for number in drawn]


def _new(work: Work, code: str) -> NewCode:
    return NewCode(work.new_id("v_"), code, store.key_of(work.project, code))
