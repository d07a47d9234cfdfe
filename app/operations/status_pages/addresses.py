"""Addresses of pages."""

from urllib.parse import urlsplit

from app.models.status_pages import StatusPage
from app.platform.bootstrap import runtime
from app.platform.config import Config


def of_page(page: StatusPage) -> str:
    """Return the address of a page: its own host once that is verified."""
    base, host = runtime().config.base_url, served_host(page)
    if host is not None:
        return f"{urlsplit(base).scheme}://{host}/"
    return f"{base}/status/{page.slug}"


def served_host(page: StatusPage) -> str | None:
    """Return the host of its own that a page is served on; None for none."""
    host = page.custom_domain if page.domain_verified_at is not None else None
    return None if host in own_hosts(runtime().config) else host


def own_hosts(config: Config) -> frozenset[str]:
    """Return the hosts under which people reach the installation itself, which are no page's."""
    return frozenset((config.base_host, config.ping_host, *config.console_hosts))
