"""Reads an uploaded CSV: one line of headers, then rows."""

import csv
import io

from guerdon.errors import invalid_payload

Cells = dict[str, str]


def read(content: bytes) -> list[Cells]:
    """The rows as cells by header, empty lines left out.

    Errors: invalid_payload for a file that is not UTF-8 text with a line of headers.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise invalid_payload("File must be UTF-8 text") from None
    if "\x00" in text:
        raise invalid_payload("File must not contain the character U+0000")
    reader = csv.reader(io.StringIO(text))
    nothing: list[str] = []
    try:
        headers = [header.strip() for header in next(reader, nothing)]
        if not any(headers):
            raise invalid_payload("File must begin with a line of headers")
        return [dict(zip(headers, cells, strict=False)) for cells in reader if cells]
    except csv.Error as error:
        raise invalid_payload(f"File must be a CSV: {error}") from None
