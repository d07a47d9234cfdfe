"""Documents of pages, put together from rows: everything visitors get comes from them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.domain.maintenance.windows import covers, occurrence_at
from app.domain.status_pages import branding, days, sections
from app.domain.status_pages.days import Bars
from app.domain.status_pages.sections import Candidate, Display, SectionRule
from app.domain.status_pages.types import OF_STATUS, ShownState
from app.domain.status_pages.verdict import Unit, verdict
from app.models.services import Service
from app.models.status_pages import PageIncident, StatusPage
from app.operations.status_pages import addresses, details, history
from app.operations.status_pages import services as page_services
from app.operations.status_pages.windows import PageWindow
from app.platform.transaction import Transaction

_COPIED = (
    "name", "slug", "description", "is_public", "theme", "layout", "language",
    "timezone", "links", "show", "announcement", "allow_subscribe", "is_indexed", "custom_css",
    "badge_key", "updated_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shown:
    """A service on a page: its row, its key there, and how it is shown."""

    service: Service
    key: str
    name: str
    description: str
    state: ShownState
    since: datetime | None
    stated_at: datetime | None
    maintenance_until: datetime | None

    @property
    def is_failing(self) -> bool:
        """Whether checks say that it is down, and not a person."""
        return self.state is ShownState.DOWN and self.stated_at is None


def shown_services(
    page: StatusPage,
    services: Sequence[Service],
    keys: Mapping[UUID, str],
    windows: Sequence[PageWindow],
    incidents: Sequence[PageIncident],
    now: datetime,
) -> dict[UUID, Shown]:
    """Return the services of a page by id, in the order in which its sections hold them."""
    known = {service.id: service for service in services}
    ids = page_services.shown(page.sections, page_services.candidates_of(services))
    active = [(w.window, found) for w in windows if (found := occurrence_at(w.window, now))]
    stated = _stated(incidents)
    result: dict[UUID, Shown] = {}
    for id in ids:
        service, public = known[id], page.services.get(str(id), {})
        ends = [o.ends_at for window, o in active if covers(window, id, service.tags)]
        until = max(ends, default=None)
        state = _measured(service, in_maintenance=until is not None)
        by_person = stated.get(id)
        if by_person is not None:
            state = by_person[0]
        result[id] = Shown(
            service=service,
            key=keys[id],
            name=public.get("name") or service.name,
            description=public.get("description", ""),
            state=state,
            since=by_person[1] if by_person else service.status_changed_at,
            stated_at=by_person[1] if by_person else None,
            maintenance_until=until,
        )
    return result


def _measured(service: Service, *, in_maintenance: bool) -> ShownState:
    if not service.is_active:
        return ShownState.PAUSED
    return ShownState.MAINTENANCE if in_maintenance else OF_STATUS[service.status]


def _stated(incidents: Sequence[PageIncident]) -> dict[UUID, tuple[ShownState, datetime]]:
    """Return what people say of services in open incidents; of several the worst."""
    said: dict[UUID, list[tuple[ShownState, datetime]]] = {}
    for incident in incidents:
        if incident.resolved_at is None and incident.stated_at is not None:
            for id, state in incident.service_states.items():
                said.setdefault(UUID(id), []).append((ShownState(state), incident.stated_at))
    return {
        id: (worst, max(at for state, at in found if state is worst))
        for id, found in said.items()
        for worst in [sections.worst([state for state, _ in found])]
    }


def document(
    tx: Transaction,
    page: StatusPage,
    shown: Mapping[UUID, Shown],
    responses: Mapping[UUID, Mapping[str, Any]],
    incidents: Sequence[PageIncident],
    now: datetime,
) -> dict[str, Any]:
    """Return what changes by the minute: the page itself, its verdict, sections and services."""
    figures = history.daily(tx, list(shown), page.timezone, page.show_uptime_days, now)
    candidates = page_services.candidates_of(one.service for one in shown.values())
    parts, units = _sections(page, shown, candidates)
    failing = [id for id, one in shown.items() if one.is_failing]
    causes = details.causes(tx, failing) if page.show.get("error_category") else {}
    regions = details.regions(tx, list(shown)) if page.show.get("regions") else {}
    overall = [i for i in incidents if i.resolved_at is None and i.overall_state is not None]
    said = [ShownState(incident.overall_state or "") for incident in overall]
    stated = sections.worst(said) if said else None
    stated_at = max((i.stated_at for i in overall if i.stated_at), default=None)
    return {
        "page": _page(page),
        "guard": {"password_hash": page.password_hash, "organization_id": page.organization_id},
        "verdict": verdict(units, stated, stated_at).to_json(),
        "sections": parts,
        "services": {
            one.key: _service(one, days.bars(figures[id]), responses.get(id))
            | {"cause": causes.get(id), "regions": regions.get(id)}
            for id, one in shown.items()
        },
    }


def _page(page: StatusPage) -> dict[str, Any]:
    return {name: getattr(page, name) for name in _COPIED} | {
        "days": page.show_uptime_days,
        # Only what is shown: the rest of `branding` is the owner's own.
        "branding": {name: page.branding.get(name) for name in ("company_name", "primary_color")},
        "logos": {n: branding.image(page.branding, n, page.logos) for n in branding.LOGOS},
        "url": addresses.of_page(page),
        "host": addresses.served_host(page),
        "has_password": page.password_hash is not None,
    }


def _sections(
    page: StatusPage, shown: Mapping[UUID, Shown], candidates: Sequence[Candidate]
) -> tuple[list[dict[str, Any]], list[Unit]]:
    parts, units, counted = [], [], set[UUID]()
    for part in page.sections:
        ids = sections.members(part, candidates)
        states = [shown[id].state for id in ids]
        display = Display(part["display"])
        if display is Display.ROLLED:
            state = sections.rolled(states, SectionRule(part["rule"]), part["required_percentage"])
            if ids:
                units.append(Unit(part["name"], state))
        else:
            state = sections.worst(states)
            units += [_unit(shown[id]) for id in ids if id not in counted]
            counted |= set(ids)
        parts.append(
            {
                "name": part["name"],
                "description": part["description"],
                "display": display,
                "state": state,
                "collapsed": part["collapsed"],
                "services": [shown[id].key for id in ids],
            }
        )
    return parts, units


def _unit(one: Shown) -> Unit:
    return Unit(one.name, one.state, one.stated_at, one.maintenance_until)


def _service(one: Shown, bars: Bars, response: Mapping[str, Any] | None) -> dict[str, Any]:
    return {
        "name": one.name,
        "description": one.description,
        "state": one.state,
        "since": one.since,
        "stated_at": one.stated_at,
        "first_day": bars.first,
        "states": bars.states,
        "down_seconds": {str(place): seconds for place, seconds in bars.down_seconds.items()},
        "uptime": bars.percentage,
        "uptimes": {str(days): uptime for days, uptime in bars.percentages.items()},
        "known_since": bars.known_since,
        "response": response,
    }
