"""Decisions: values in, values out.

Nothing here does I/O, reads a clock or knows Flask, SQLAlchemy or Redis; `now` is an argument.
"""
