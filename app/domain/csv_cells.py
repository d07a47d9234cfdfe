"""Cells of CSV files that spreadsheets take as text, never as formulas (OWASP, CSV injection)."""

from typing import Any

# With the full-width forms, which East Asian editions read as the plain ones.
_BEGINNINGS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def csv_cell(value: Any) -> str:
    """Return a cell: "" for None, a number as it is, a formula behind an apostrophe."""
    text = "" if value is None else str(value)
    is_number = isinstance(value, int | float)
    return f"'{text}" if text.startswith(_BEGINNINGS) and not is_number else text
