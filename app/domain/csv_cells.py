"""Cells of CSV files that spreadsheets take as text, never as formulas (OWASP, CSV injection)."""

from typing import Any

_BEGINNINGS = ("=", "+", "-", "@", "\t", "\r")


def csv_cell(value: Any) -> str:
    """Return a cell: "" for None, a number as it is, a formula behind an apostrophe."""
    text = "" if value is None else str(value)
    is_number = isinstance(value, int | float)
    return f"'{text}" if text.startswith(_BEGINNINGS) and not is_number else text
