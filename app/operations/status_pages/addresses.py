"""Addresses of pages."""

from urllib.parse import urlsplit

from app.models.status_pages import StatusPage
from app.platform.bootstrap import runtime
from app.platform.config import Config


def of_page(page: StatusPage) -> str:
    """Return the address of a page: its own host once that is verified."""
    base = runtime().config.base_url
    if page.custom_domain and page.domain_verified_at is not None:
        return f"{urlsplit(base).scheme}://{page.custom_domain}/"
    return f"{base}/status/{page.slug}"


def own_hosts(config: Config) -> frozenset[str]:
    """Return the hosts under which people reach the installation itself, which are no page's."""
    return frozenset((config.base_host, config.ping_host, *config.console_hosts))
