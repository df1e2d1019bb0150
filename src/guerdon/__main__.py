"""`python -m guerdon` is the command line."""

from guerdon.cli.main import app

app()
