"""Snapshots that were made before: what the next one of a page goes on from."""

from collections.abc import Mapping
from typing import Any

import orjson

from app.models.status_pages import PageSnapshot


def kept(stored: PageSnapshot | None) -> Mapping[str, Any]:
    """Return `maintenance`, `cancelled` and `responses` of a snapshot; None: there was none."""
    document, archive = (
        (orjson.loads(stored.document or b"{}"), orjson.loads(stored.archive or b"{}"))
        if stored is not None
        else ({}, {})
    )
    return {
        "maintenance": document.get("maintenance", []),
        "cancelled": archive.get("cancelled", []),
        "responses": archive.get("responses"),
    }
