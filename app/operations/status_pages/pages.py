"""Status pages: created, read, changed and deleted."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import delete as delete_rows
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.domain.status_pages import domains, slugs
from app.domain.status_pages.domains import Domain
from app.domain.status_pages.sections import Candidate
from app.models.maintenance_windows import MaintenanceWindow
from app.models.services import Service
from app.models.status_pages import PageSnapshot, StatusPage, StatusPageSlug
from app.operations import rows as owned_rows
from app.operations.resource import Most, Resource
from app.operations.rows import Columns, columns, refused
from app.operations.status_pages import addresses, services, snapshots
from app.platform.bootstrap import runtime
from app.platform.crypto import random_key
from app.platform.errors import Conflict, InvalidCode
from app.platform.transaction import Transaction, transaction

SLUG_KEPT = timedelta(days=90)
TXT_LABEL = "_alertifypro"
_TAKEN = "this slug is taken"
_SLUG_CONSTRAINTS = ("status_pages_slug_key", "status_page_slugs_pkey")
_DOMAIN_STATE = (
    "domain_verified_at", "domain_checked_at", "domain_answer", "domain_wrong_since",
)  # fmt: skip
_INTERNAL = ("password_hash", "logos", "domain_token", "domain_has_txt", *_DOMAIN_STATE)
_NO_COLUMNS = ("password",)
_UNIQUE = ("id", "organization_id", "slug", "badge_key", "created_at", "updated_at")
_DEFAULTS: Columns = {
    "show": {
        "response_times": False, "made_with": True, "error_category": False, "regions": False,
        "on_domain_only": False,
    },
    "notify": dict.fromkeys(
        (
            "incidents", "maintenance_announced", "maintenance_reminder", "maintenance_started",
            "maintenance_ended",
        ),
        True,
    ),
    "auto_incidents": {"mode": "draft", "after_minutes": 3, "resolve_minutes": 10},
}  # fmt: skip


class _Pages(Resource[StatusPage, UUID]):
    model = StatusPage
    most = Most(1_000, "status pages")
    is_referred_to = True

    def create(self, who: UUID, data: Columns) -> dict[str, Any]:
        """Store a page and return it, with its snapshot made."""
        return self.read(who, super().create(who, data)["id"])

    def new_columns(self, tx: Transaction, who: UUID, id: UUID, data: Columns) -> Columns:
        """Return a new page. Raises Conflict for a slug that is taken, Invalid."""
        values = {**_DEFAULTS, **_stored(tx, who, data)}
        values.setdefault("slug", slugs.derive(values["name"]))
        _refuse_old_slug(tx, values["slug"], None)
        keys = {"domain_token": random_key(128), "badge_key": f"sp-{random_key(64)}"}
        return values | keys

    def created(self, tx: Transaction, row: StatusPage) -> None:
        tx.session.add(PageSnapshot(status_page_id=row.id))
        services.assign_keys(tx, row)
        # After the commit, also where a configuration file encloses this transaction.
        tx.after_commit(snapshots.make_now, row.id)

    def changed_columns(
        self, tx: Transaction, who: UUID, row: StatusPage, changes: Columns
    ) -> Columns:
        """Return what an edit changes; an earlier slug leads on to the page for 90 days.

        Raises Conflict for a slug that is taken, Invalid.
        """
        values = _stored(tx, who, changes)
        slug = values.get("slug", row.slug)
        if slug != row.slug:
            _refuse_old_slug(tx, slug, row.id)
            kept_until = tx.now() + SLUG_KEPT
            tx.session.merge(
                StatusPageSlug(slug=row.slug, status_page_id=row.id, kept_until=kept_until)
            )
        if values.get("custom_domain", row.custom_domain) != row.custom_domain:
            values |= {**dict.fromkeys(_DOMAIN_STATE), "domain_has_txt": False}
        return values

    def updated(self, tx: Transaction, row: StatusPage, before: Columns, changes: Columns) -> None:
        services.assign_keys(tx, row)
        snapshots.wanted(tx, row.id)
        if row.slug != before["slug"]:
            tx.after_commit(snapshots.make_now, row.id)

    def deleting(self, tx: Transaction, who: UUID, row: StatusPage) -> None:
        """Take the page from the maintenance windows that it shows."""
        windows = tx.session.scalars(
            select(MaintenanceWindow)
            .where(
                MaintenanceWindow.organization_id == who,
                MaintenanceWindow.status_page_ids.contains([row.id]),
            )
            .with_for_update(key_share=True)
        )
        for window in windows:
            window.status_page_ids = [id for id in window.status_page_ids if id != row.id]

    def flush(self, tx: Transaction) -> None:
        try:
            super().flush(tx)
        except IntegrityError as error:
            # By its name: the driver's text quotes values, and a host or a name may hold the word.
            diagnosis = getattr(error.orig, "diag", None)
            if getattr(diagnosis, "constraint_name", None) in _SLUG_CONSTRAINTS:
                raise Conflict(_TAKEN) from None
            raise

    def to_json(
        self, tx: Transaction, who: UUID, rows: Sequence[StatusPage]
    ) -> list[dict[str, Any]]:
        candidates = services.candidates(tx, who) if rows else []
        made_at = snapshots.made_at(tx, [row.id for row in rows])
        return [_to_json(row, candidates, made_at.get(row.id)) for row in rows]


listed, read, create, update, delete = _Pages().operations()


def preview(
    organization_id: UUID, page_id: UUID | None, data: Columns
) -> tuple[bytes, bytes, list[dict[str, Any]]]:
    """Return the two documents of a page as it would be, and the services that it would show.

    With `page_id` of that page with these changes. Nothing is kept: the page is made, looked at,
    and taken back. Raises NotFound, Invalid.
    """
    with transaction() as tx:
        before: set[UUID] = set()
        values = {**_DEFAULTS, "name": "Preview"}
        candidates = services.candidates(tx, organization_id)
        if page_id is not None:
            stored = owned_rows.find(tx, StatusPage, organization_id, page_id)
            before = set(services.shown(stored.sections, candidates))
            values = {n: v for n, v in columns(stored).items() if n not in (*_INTERNAL, *_UNIQUE)}
            values["logos"] = stored.logos
        values |= _stored(tx, organization_id, data)
        values["slug"] = f"preview-{random_key(64)}"
        page = StatusPage(
            id=uuid4(),
            organization_id=organization_id,
            domain_token="",
            badge_key=f"sp-{random_key(64)}",
            **values | {"custom_domain": None},
        )
        tx.session.add(page)
        tx.session.flush()
        services.assign_keys(tx, page)
        documents = snapshots.preview(tx, page)
        names = {candidate.id: candidate.name for candidate in candidates}
        shown = [
            {"id": id, "name": names[id], "is_new": id not in before}
            for id in services.shown(page.sections, candidates)
        ]
        tx.session.rollback()
    return *documents, shown


def _stored(tx: Transaction, organization_id: UUID, data: Columns) -> dict[str, Any]:
    """Return the columns of what a caller sends; a password comes as its hash.

    Raises Invalid for services of others.
    """
    values = {name: value for name, value in data.items() if name not in _NO_COLUMNS}
    for section in values.get("sections", ()):
        owned_rows.require(
            tx, Service, organization_id, section["service_ids"], field="sections", what="service"
        )
    if "sections" in values:
        values["sections"] = [
            {**section, "service_ids": [str(id) for id in section["service_ids"]]}
            for section in values["sections"]
        ]
        services.refuse_many(values["sections"], services.candidates(tx, organization_id))
        names = [section["name"] for section in values["sections"]]
        if len(set(names)) < len(names):
            raise refused(
                "sections", InvalidCode.CONFLICTING_FIELDS, "Two sections have the same name."
            )
    if "services" in values:
        named = values["services"]
        owned_rows.require(tx, Service, organization_id, named, field="services", what="service")
        values["services"] = {str(id): dict(public) for id, public in named.items()}
    if values.get("custom_domain") in addresses.own_hosts(runtime().config):
        raise refused(
            "custom_domain", InvalidCode.NOT_ALLOWED, "This is the host of the installation itself."
        )
    if values.get("announcement"):
        values["announcement"] = services.plain(values["announcement"])
    return values


def _refuse_old_slug(tx: Transaction, slug: str, page_id: UUID | None) -> None:
    tx.session.execute(delete_rows(StatusPageSlug).where(StatusPageSlug.kept_until < tx.now()))
    kept = tx.session.get(StatusPageSlug, slug)
    if kept is not None and kept.status_page_id != page_id:
        raise Conflict(_TAKEN)
    if kept is not None:
        tx.session.delete(kept)


def _to_json(
    page: StatusPage, candidates: Sequence[Candidate], made_at: datetime | None
) -> dict[str, Any]:
    stored = {name: value for name, value in columns(page).items() if name not in _INTERNAL}
    # Deleted services are still in the row: what is read can be sent back without them.
    known = {str(candidate.id) for candidate in candidates}
    return stored | {
        "sections": [
            {**section, "service_ids": [id for id in section["service_ids"] if id in known]}
            for section in page.sections
        ],
        "services": {id: public for id, public in page.services.items() if id in known},
        "url": addresses.of_page(page),
        "has_password": page.password_hash is not None,
        "services_count": services.count(page.sections, candidates),
        "domain": _domain(page, made_at),
    }


def _domain(page: StatusPage, made_at: datetime | None) -> dict[str, Any] | None:
    if page.custom_domain is None:
        return None
    return {
        "state": domains.state(Domain(page.domain_verified_at), made_at),
        "cname": runtime().config.base_host,
        "txt_name": f"{TXT_LABEL}.{page.custom_domain}",
        "txt_value": page.domain_token,
        "seen": page.domain_answer,
        "checked_at": page.domain_checked_at,
    }
