"""Secrets that deliveries are signed with."""

from guerdon.ids import random_text

_LENGTH = 40


def new_secret() -> str:
    """Letters and digits, so many that the libraries of Standard Webhooks can read it as base64, of 30 bytes."""
    return random_text(_LENGTH)
