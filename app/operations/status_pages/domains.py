"""Host names of pages: which are to be looked up, and what the records said."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.attributes import flag_modified

from app.domain.status_pages import domains
from app.domain.status_pages.domains import Domain, Finding
from app.models.status_pages import StatusPage
from app.operations import rows as owned_rows
from app.operations.status_pages import snapshots
from app.operations.status_pages.addresses import own_hosts
from app.operations.status_pages.pages import TXT_LABEL
from app.platform.bootstrap import runtime
from app.platform.transaction import Transaction, transaction

_TAKEN = "another page serves this host"
_OWN = "this is a host of the installation itself"


@dataclass(frozen=True, slots=True)
class Records:
    """Records to look for: either of the two verifies a host."""

    page_id: UUID
    domain: str
    cname: str
    txt_name: str
    txt_value: str


def due() -> list[Records]:
    """Return the hosts that are to be looked up now."""
    with transaction() as tx:
        now = tx.now()
        rows = tx.session.scalars(select(StatusPage).where(StatusPage.custom_domain.is_not(None)))
        result = [
            Records(
                page_id=row.id,
                domain=row.custom_domain or "",
                cname=runtime().config.base_host,
                txt_name=f"{TXT_LABEL}.{row.custom_domain}",
                txt_value=row.domain_token,
            )
            for row in rows
            if row.domain_checked_at is None
            or now - row.domain_checked_at >= domains.checked_every(_domain(row))
        ]
    return result


def record(records: Records, seen: str, txt: Finding, cname: Finding) -> None:
    """Write down what the records of a host said: a right one has the page served there, and a
    host whose records have been wrong for an hour serves it no more.

    The TXT record holds a token of the page, a CNAME says nothing of whose page is meant: a page
    whose TXT record is there takes the host from one that has only the CNAME.
    Hosts of the installation itself belong to no page, whatever their records say.
    """
    if records.domain in own_hosts(runtime().config):
        seen, txt, cname = _OWN, Finding.WRONG, Finding.WRONG
    try:
        _record(records, seen, txt, cname)
    except IntegrityError:  # another process has verified it for another page just now
        _record(records, _TAKEN, Finding.INCONCLUSIVE, Finding.INCONCLUSIVE)


def _record(records: Records, seen: str, txt: Finding, cname: Finding) -> None:
    with transaction() as tx:
        page = tx.session.get(StatusPage, records.page_id, with_for_update={"key_share": True})
        if page is None or page.custom_domain != records.domain:
            return
        now = tx.now()
        before = _domain(page)
        after = domains.after_lookup(before, txt, cname, now)
        if before.verified_at is None and after.verified_at is not None:
            holder = _holder(tx, records.domain)
            if holder is not None and (holder.domain_has_txt or not after.has_txt):
                seen, after = _TAKEN, before
            elif holder is not None:
                _store(tx, holder, Domain())
        page.domain_checked_at, page.domain_answer = now, seen
        _store(tx, page, after)


def _holder(tx: Transaction, host: str) -> StatusPage | None:
    """Return the page that a host is verified for."""
    return tx.session.scalar(
        select(StatusPage)
        .where(StatusPage.custom_domain == host, StatusPage.domain_verified_at.is_not(None))
        .with_for_update(key_share=True)
    )


def _store(tx: Transaction, page: StatusPage, domain: Domain) -> None:
    is_changed = page.domain_verified_at != domain.verified_at
    page.domain_verified_at, page.domain_wrong_since = domain.verified_at, domain.wrong_since
    page.domain_has_txt = domain.has_txt
    flag_modified(page, "updated_at")  # written as it is: nobody has edited the page
    tx.session.flush()  # at once: a host is verified for one page at a time
    if is_changed:
        snapshots.wanted(tx, page.id)


def _domain(page: StatusPage) -> Domain:
    return Domain(page.domain_verified_at, page.domain_wrong_since, page.domain_has_txt)


def check_again(organization_id: UUID, page_id: UUID) -> None:
    """Have the host of a page looked up at once. Raises NotFound."""
    with transaction() as tx:
        page = owned_rows.lock(tx, StatusPage, organization_id, page_id)
        page.domain_checked_at = None
        flag_modified(page, "updated_at")
