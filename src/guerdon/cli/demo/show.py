"""How the day is shown: calmly and in colour to a person, or as plain lines to a log."""

import sys
from collections.abc import Iterator
from types import TracebackType
from typing import NamedTuple, Protocol, Self

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from guerdon.cli.demo.inbox import Delivery, Inbox
from guerdon.cli.demo.kinds import EVENTS, KINDS

_MOST_DIFFERENCES = 5
_HEADINGS = ("event", "how", "committed", "delivered", "after", "signed", "shape")
_WIDTHS = (43, 19, 13, 13, 9, 8)
_NARROW = 115
_NEXT = (
    "Next: `make run` serves Guerdon on 127.0.0.1:8088 and prints a sandbox's keys.",
    "That address and those keys are all that the public client needs.",
)


class Row(NamedTuple):
    """A line of the table: one kind of delivery of a reference event, and what came of it."""

    event: str
    how: str
    committed: str
    delivered: str
    after: str
    signature: str
    shape: str


class Display(Protocol):
    """What is told of the day; a context manager, at whose end the terminal is as it was."""

    pace_s: float

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def doing(self, title: str) -> None: ...

    def done(self, title: str, outcome: str) -> None: ...

    def failed(self, title: str, reason: str) -> None: ...

    def delivered(self, delivery: Delivery) -> None: ...

    def end(self, inbox: Inbox) -> None:
        """The table of the reference events, the verdict, and what to try next."""


def display(*, plain: bool) -> Display:
    """In colour where a person is looking and does not ask for plain lines."""
    return Plain() if plain or not sys.stdout.isatty() else Coloured()


class Plain:
    """Lines of ASCII, each as soon as there is something to say."""

    pace_s = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing was changed."""

    def doing(self, title: str) -> None:
        """Nothing: a line is written when it is done."""

    def done(self, title: str, outcome: str) -> None:
        self._line(f"shop      {title}: {outcome}")

    def failed(self, title: str, reason: str) -> None:
        self._line(f"FAILED    {title}: {reason}")

    def delivered(self, delivery: Delivery) -> None:
        signature, shape = _verdicts(delivery)
        self._line(f"delivery  {_named(delivery)} {_after(delivery)}, signature {signature}, shape {shape}")
        for difference in _differences(delivery):
            self._line(f"          {difference}")

    def end(self, inbox: Inbox) -> None:
        self._line("")
        self._line(_columns(_HEADINGS))
        for row in rows(inbox):
            self._line(_columns(row))
        self._line("")
        self._line(verdict(inbox))
        for line in _NEXT:
            self._line(line)

    @staticmethod
    def _line(text: str) -> None:
        sys.stdout.write(text.rstrip() + "\n")
        sys.stdout.flush()


class Coloured:
    """Lines that stay, above one that moves."""

    pace_s = 0.5

    def __init__(self) -> None:
        self._console = Console(highlight=False)
        self._status = self._console.status("", spinner="dots", spinner_style="cyan")

    def __enter__(self) -> Self:
        self._console.print()
        self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._status.stop()

    def doing(self, title: str) -> None:
        self._status.update(Text(title, "cyan"))

    def done(self, title: str, outcome: str) -> None:
        self._console.print(Text.assemble(("● ", "cyan"), title, (f"  {outcome}", "dim")))

    def failed(self, title: str, reason: str) -> None:
        self._console.print(Text.assemble(("✗ ", "bold red"), title, (f"  {reason}", "red")))

    def delivered(self, delivery: Delivery) -> None:
        line = Text.assemble("  ↳ ", _named(delivery), (f"  {_after(delivery)}  ", "dim"))
        for name, right in (("signature", delivery.signed), ("shape", not delivery.differs)):
            line.append_text(_mark(right, name))
            line.append("  ")
        self._console.print(line)
        for difference in _differences(delivery):
            self._console.print(Text(f"      {difference}", "red"))

    def end(self, inbox: Inbox) -> None:
        self._status.stop()
        self._console.print(_table(inbox, narrow=self._console.width < _NARROW))
        self._console.print(Text(verdict(inbox), "bold green" if inbox.right() else "bold red"))
        self._console.print()
        for line in _NEXT:
            self._console.print(Text(line, "dim"))


def rows(inbox: Inbox) -> Iterator[Row]:
    """The lines of the table, those of one event below one another."""
    for kind in (kind for kind in KINDS if kind.listed):
        delivery = inbox.first(kind)
        if delivery is None:
            yield Row(kind.event, kind.how, "-", "not yet", "-", "-", "-")
        else:
            signature, shape = _verdicts(delivery)
            committed = "-" if delivery.committed is None else f"{delivery.committed:%H:%M:%S.%f}"[:-3]
            arrived = f"{delivery.arrived:%H:%M:%S.%f}"[:-3]
            after = _after(delivery)
            yield Row(kind.event, kind.how, committed, arrived, after, signature, shape)


def verdict(inbox: Inbox) -> str:
    """All in one sentence."""
    firsts = [(kind.event, inbox.first(kind)) for kind in KINDS]
    wanting = {event for event, delivery in firsts if delivery is None or not delivery.right}
    right = [event for event in EVENTS if event not in wanting]
    wrong = sum(not delivery.right for delivery in inbox.deliveries)
    counted = f"{len(right)} of {len(EVENTS)} reference events arrived, signed and in the reference's shape"
    return f"{counted} (deliveries: {len(inbox.deliveries)}, wrong: {wrong})"


def _table(inbox: Inbox, *, narrow: bool) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 0 if narrow else 1, 0, 0), header_style="dim")
    for heading in _HEADINGS:
        if heading != "how" or not narrow:
            table.add_column(heading, justify="right" if heading == "after" else "left", no_wrap=True)
    above = ""
    for row in rows(inbox):
        named = [] if row.event == above else [row.event]
        if narrow:
            for event in named:
                table.add_row(Text(event.replace(".loyalty_card", "\n.loyalty_card"), "bold"))
            cells = [Text(f"  {row.how}", "dim")]
        else:
            cells = [Text("".join(named), "bold"), Text(row.how, "dim")]
        times = [Text(row.committed, "dim"), Text(row.delivered), Text(row.after)]
        table.add_row(*cells, *times, _mark(row.signature == "ok"), _mark(row.shape == "equal"))
        above = row.event
    return table


def _mark(right: bool, name: str = "") -> Text:  # noqa: FBT001 - what is marked
    return Text(f"✓ {name}".rstrip(), "green") if right else Text(f"✗ {name}".rstrip(), "bold red")


def _columns(texts: tuple[str, ...]) -> str:
    widths = (*_WIDTHS, 0)
    return "".join(text.ljust(width) for text, width in zip(texts, widths, strict=True))


def _named(delivery: Delivery) -> str:
    return f"{delivery.event} ({delivery.kind.how})" if delivery.kind else delivery.event


def _after(delivery: Delivery) -> str:
    return "-" if delivery.delay_ms is None else f"{delivery.delay_ms} ms"


def _verdicts(delivery: Delivery) -> tuple[str, str]:
    return "ok" if delivery.signed else "WRONG", "DIFFERS" if delivery.differs else "equal"


def _differences(delivery: Delivery) -> list[str]:
    more = len(delivery.differs) - _MOST_DIFFERENCES
    shown = list(delivery.differs[:_MOST_DIFFERENCES])
    return [*shown, f"and {more} more"] if more > 0 else shown
