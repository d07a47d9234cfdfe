"""Periodic jobs of status pages: snapshots, incidents of alerts, notices, old subscribers."""

import asyncio
import logging

from app.checks import runner
from app.domain.checks.endpoints import BadEndpoint
from app.domain.status_pages import branding
from app.domain.status_pages.domains import finding
from app.domain.types import Observation, Target
from app.network.errors import NetworkError
from app.network.http import HttpRequest
from app.network.network import Network
from app.network.policy import policy_of
from app.operations.accounts.reach import AddressReach, Targets
from app.operations.status_pages import (
    auto_incidents,
    domains,
    logos,
    maintenance_notices,
    snapshots,
    subscriptions,
)
from app.platform.clock import monotonic
from workers.job import application, periodic_job
from workers.watchdog import Host

log = logging.getLogger(__name__)

_LOGO_SECONDS = 10.0
_RIGHT = "as it should be"
_NEGLECTED_SECONDS = 3.0  # the watchdog hints every second
_SECONDS = 20  # well inside the job's time limit; the next tick goes on


@periodic_job()
def make_snapshots() -> None:
    """Make the snapshots of pages that are due, until none is."""
    end = monotonic() + _SECONDS
    while monotonic() < end and (claimed := snapshots.claim()) is not None:
        snapshots.assign_keys(claimed.page_id)
        snapshots.make(claimed)


@periodic_job()
def advance_incidents() -> None:
    """Open and close incidents as alerts open and resolve; notify subscribers of maintenance."""
    for page_id in auto_incidents.pages():
        auto_incidents.advance(page_id)
    for page_id in maintenance_notices.pages():
        maintenance_notices.notify(page_id)


@periodic_job()
def forget() -> None:
    """Delete subscribers who did not confirm in time."""
    gone = subscriptions.forget()
    if gone:
        log.info("subscribers did not confirm", extra={"count": gone})


@periodic_job()
def verify_domains() -> None:
    """Look up the records of the hosts that pages want to be served on."""
    waiting = domains.due()
    if waiting:
        asyncio.run(_look_up(waiting))


async def _look_up(waiting: list[domains.Records]) -> None:
    config = application().extensions["runtime"].config
    network = Network(policy_of(config), ca_file=config.probe_ca_file or None)
    try:
        for records in waiting:
            cname = await _record(network, records.domain, "CNAME", records.cname)
            text = await _record(network, records.txt_name, "TXT", records.txt_value)
            errors = cname.error and text.error and f"CNAME: {cname.error}; TXT: {text.error}"
            domains.record(records, errors or _RIGHT, finding(text), finding(cname))
    finally:
        network.close()


async def _record(network: Network, name: str, record_type: str, expected: str) -> Observation:
    config = {"record_type": record_type, "expected_value": expected}
    target = Target("DNS", name, timeout_seconds=5, slow_threshold_ms=5000, config=config)
    return await runner.run(target, network)


@periodic_job()
def fetch_logos() -> None:
    """Fetch the logos that pages name by an address: visitors get them from here alone."""
    waiting = logos.due()
    if waiting:
        asyncio.run(_fetch(waiting))


async def _fetch(waiting: list[logos.Wanted]) -> None:
    config = application().extensions["runtime"].config
    reach = AddressReach(config)
    reach.refresh()
    networks: dict[Targets, Network] = {}
    try:
        for wanted in waiting:
            targets = reach.targets(wanted.organization_id)
            if targets not in networks:
                networks[targets] = Network(policy_of(config, targets))
            data, error = None, None
            try:
                request = HttpRequest(wanted.address, timeout_seconds=_LOGO_SECONDS)
                answer = await networks[targets].http(request)
                if answer.status_code != 200 or answer.truncated:
                    raise ValueError(f"the answer was {answer.status_code}")
                data = branding.embedded(answer.headers.get("content-type", ""), answer.body)
            except (NetworkError, BadEndpoint, ValueError) as failure:
                error = str(failure)[:200]
            logos.keep(wanted, data=data, error=error)
    finally:
        for network in networks.values():
            network.close()


def host() -> Host:
    """Return what a watchdog needs to ask for snapshots, and to make them where no hint arrives."""
    return Host(
        is_running=lambda: False,
        due_for_seconds=snapshots.due_for_seconds,
        hint=snapshots.hint,
        run=_make_here,
        neglected_after_seconds=_NEGLECTED_SECONDS,
    )


def _make_here() -> None:
    try:
        make_snapshots()
    except Exception:
        log.exception("status page snapshot not made; the next tick tries again")
