"""The command that proves that what is kept as a sum is the sum of what it is made of."""

import typer

from guerdon.asgi import runtime
from guerdon.families.audits.store import Finding, audit
from guerdon.settings import Settings


async def run(settings: Settings, url: str, project_id: str | None) -> list[Finding]:
    async with runtime(settings, url) as made:
        return await audit(made.pool, project_id)


def report(findings: list[Finding]) -> bool:
    """Prints what was checked and what is wrong; whether all holds."""
    for one in findings:
        word = "holds" if not one.wrong else f"{one.wrong} WRONG"
        typer.echo(f"{one.checked:>12,}  {word:<12} {one.name}")
        for project_id, thing_id, kept, right in one.examples:
            typer.echo(f"{'':>14}{project_id} {thing_id}: kept {kept}, right {right}")
    wrong = sum(one.wrong for one in findings)
    typer.echo("Everything adds up." if not wrong else f"{wrong} things do not add up.")
    return not wrong
