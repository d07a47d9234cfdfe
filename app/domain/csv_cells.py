"""Cells of CSV files that spreadsheets take as text, never as formulas (OWASP, CSV injection)."""

import re
from typing import Any

# With the full-width forms, which East Asian editions read as the plain ones.
_SIGNS = "=+@\uff1d\uff0b\uff0d\uff20-"
_BEGINNINGS = (*_SIGNS, "\t", "\r", "\n")
# Where a comma is the sign of decimals, spreadsheets cut lines at semicolons or tabs, and take our
# quotes for letters: what follows such a cut is the beginning of a cell of theirs.
_CUT = re.compile(f'([;\t\r\n])(?="*[{_SIGNS}])')


def csv_cell(value: Any) -> str:
    """Return a cell: "" for None, a number as it is, a formula behind an apostrophe."""
    if isinstance(value, int | float):
        return str(value)
    text = _CUT.sub(r"\1'", "" if value is None else str(value))
    return f"'{text}" if text.startswith(_BEGINNINGS) else text
