"""The services of a page: which they are now, and the keys that stand for them in public."""

import json
from base64 import b32encode
from collections.abc import Iterable, Sequence
from secrets import token_bytes
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.domain.status_pages import sections
from app.domain.status_pages.sections import Candidate
from app.models.services import Service
from app.models.status_pages import StatusPage, StatusPageService
from app.operations.rows import refused
from app.platform.errors import InvalidCode
from app.platform.events import timestamp
from app.platform.transaction import Transaction

_KEY_BYTES = 5


def candidates(tx: Transaction, organization_id: UUID) -> list[Candidate]:
    """Return the services of an organization as sections choose among them."""
    rows = tx.session.execute(
        select(Service.id, Service.name, Service.tags).where(
            Service.organization_id == organization_id
        )
    )
    return [Candidate(id, name, frozenset(tags)) for id, name, tags in rows]


def candidates_of(rows: Iterable[Service]) -> list[Candidate]:
    """Return services that were read as sections choose among them."""
    return [Candidate(row.id, row.name, frozenset(row.tags)) for row in rows]


def shown(page_sections: Iterable[dict[str, Any]], known: Sequence[Candidate]) -> list[UUID]:
    """Return the ids of the services that a page shows: those of its sections, each once, bounded.

    Tags may bring more than a page has room for; the first ones are shown.
    """
    return sections.all_members(page_sections, known)[: sections.MOST_SERVICES]


def count(page_sections: Iterable[dict[str, Any]], known: Sequence[Candidate]) -> int:
    """Return how many services a page shows."""
    return len(shown(page_sections, known))


def count_left_out(page_sections: Iterable[dict[str, Any]], known: Sequence[Candidate]) -> int:
    """Return how many services of sections a page has no room for."""
    if len(known) <= sections.MOST_SERVICES:
        return 0
    return max(0, len(sections.all_members(page_sections, known)) - sections.MOST_SERVICES)


def refuse_many(page_sections: Iterable[dict[str, Any]], known: Sequence[Candidate]) -> None:
    """Raise Invalid for sections with more services than a page shows."""
    left_out = count_left_out(page_sections, known)
    if left_out:
        raise refused(
            "sections",
            InvalidCode.LIMIT_REACHED,
            f"These sections hold {sections.MOST_SERVICES + left_out} services; a page shows at"
            f" most {sections.MOST_SERVICES}.",
        )


def assign_keys(tx: Transaction, page: StatusPage) -> dict[UUID, str]:
    """Return the public key of each service that a page shows; new ones get one now."""
    ids = shown(page.sections, candidates(tx, page.organization_id))
    known = keys(tx, page.id)
    missing = [
        {"status_page_id": page.id, "service_id": id, "key": new_key()}
        for id in ids
        if id not in known
    ]
    if missing:
        tx.session.execute(insert(StatusPageService).values(missing).on_conflict_do_nothing())
        known = keys(tx, page.id)
    return known


def new_key() -> str:
    """Return a key: short, for a page of many services holds as many of them."""
    return f"sv_{b32encode(token_bytes(_KEY_BYTES)).decode().lower()}"


def keys(tx: Transaction, page_id: UUID) -> dict[UUID, str]:
    """Return the public keys of a page's services by service id."""
    rows = tx.session.execute(
        select(StatusPageService.service_id, StatusPageService.key).where(
            StatusPageService.status_page_id == page_id
        )
    )
    return {row.service_id: row.key for row in rows}


def plain(value: Any) -> Any:
    """Return a value as JSON stores it."""
    return json.loads(json.dumps(value, default=timestamp))
