"""Reports: several statements that read many rows, all as things stood at one moment."""

from guerdon.db.transaction import Transaction

# What suits look-ups is the wrong thing for those who read whole tables, or many rows along an index.
WHOLE_TABLES = ("enable_seqscan", "enable_hashjoin", "enable_mergejoin")
MANY_ROWS = ("enable_hashjoin",)
_SETTINGS = "SELECT set_config(name, 'on', true) FROM unnest($1::text[]) AS name"


async def begin(db: Transaction, allowed: tuple[str, ...]) -> None:
    """Begins the transaction of a report, with ways of reading that are switched off elsewhere.

    Errors: RuntimeError if the transaction has begun.
    """
    db.rest()
    await db.write("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    await db.write(_SETTINGS, allowed)
