"""Cells of CSV files."""

import pytest

from app.domain.csv_cells import csv_cell


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (None, ""),
        ("Shop", "Shop"),
        ("=1+1", "'=1+1"),
        ("+49 30 1234", "'+49 30 1234"),
        ("-1", "'-1"),
        ("@sum", "'@sum"),
        ("\t=1", "'\t'=1"),
        ("\t1", "'\t1"),
        ("\r=1", "'\r'=1"),
        ("\r1", "'\r1"),
        ("\n=1", "'\n'=1"),
        ("\n1", "'\n1"),
        ("\uff1d1+1", "'\uff1d1+1"),
        ("\uff0b1", "'\uff0b1"),
        ("\uff0d1", "'\uff0d1"),
        ("\uff20sum", "'\uff20sum"),
        ("a;=1+1", "a;'=1+1"),
        ('a;"=1+1"', 'a;\'"=1+1"'),
        ("a\n@sum(b)\tc", "a\n'@sum(b)\tc"),
        ("a;b=c; -1", "a;b=c; -1"),
        ("a-b\n\nc", "a-b\n\nc"),
        (-240.5, "-240.5"),
        (7, "7"),
    ],
)
def test_no_text_is_a_formula(value, cell):
    assert csv_cell(value) == cell
