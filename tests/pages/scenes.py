"""Pages in every state, made without a database: what their tests and pictures look at."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from app.domain.status_pages import days, sections
from app.domain.status_pages.days import Day
from app.domain.status_pages.types import ShownState
from app.domain.status_pages.verdict import Unit, verdict
from app.pages.status.snapshot import Snapshot

NOW = datetime(2026, 11, 27, 14, 3, 22, tzinfo=UTC)
_PAGE: dict[str, Any] = {
    "name": "Acme status",
    "description": "How the shop and its parts are.",
    "is_public": True,
    "branding": {"company_name": "Acme"},
    "logos": {},
    "theme": "auto",
    "layout": "list",
    "language": "en",
    "timezone": "Europe/Berlin",
    "links": {"support": "https://example.com/help", "privacy": "https://example.com/privacy"},
    "show": {"response_times": False, "made_with": True},
    "announcement": None,
    "allow_subscribe": True,
    "is_indexed": True,
    "custom_css": "",
    "badge_key": "sp-0011223344556677",
    "updated_at": NOW,
    "days": 90,
    "host": None,
    "has_password": False,
}


def history(seed: int, failures: int = 3, *, known: int = 90) -> list[Day]:
    """Return ninety days of which some had downtime; those before `known` days say nothing."""
    chance = random.Random(seed)
    bad = set(chance.sample(range(90 - known, 90), min(failures, known)))
    found = []
    for place in range(90):
        on = NOW.date() - timedelta(days=89 - place)
        down = chance.choice((20, 300, 1800, 9000)) if place in bad else 0
        is_known = place >= 90 - known
        found.append(
            Day(
                on,
                up_ms=(86_400 - down) * 1000 if is_known else 0,
                down_ms=down * 1000,
                maintenance_ms=3_600_000 if is_known and place in (40, 41) and seed % 3 == 0 else 0,
                slow=0.2 if place == 70 and seed % 2 else 0,
            )
        )
    return found


def service(name: str, state: str = "up", seed: int = 0, **more: Any) -> dict[str, Any]:
    """Return a service as a document has it."""
    bars = days.bars(more.pop("days", history(seed)))
    return {
        "name": name,
        "description": "",
        "state": state,
        "since": NOW - timedelta(hours=2),
        "stated_at": None,
        "first_day": bars.first,
        "states": bars.states,
        "down_seconds": {str(place): seconds for place, seconds in bars.down_seconds.items()},
        "uptime": bars.percentage,
        "uptimes": {str(days): uptime for days, uptime in bars.percentages.items()},
        "known_since": bars.known_since,
        "response": None,
    } | more


def incident(title: str, key: str, affected: list[str], **more: Any) -> dict[str, Any]:
    """Return an open incident with two updates."""
    begin = NOW - timedelta(minutes=40)
    updates = [
        {
            "status": "identified",
            "body": "A release of this morning breaks **payments by card**. We take it back.",
            "at": NOW - timedelta(minutes=8),
            "edited_at": None,
        },
        {
            "status": "investigating",
            "body": "Some payments fail. We look into it.",
            "at": begin,
            "edited_at": None,
        },
    ]
    return {
        "key": key,
        "title": title,
        "status": "identified",
        "severity": "major",
        "started_at": begin,
        "published_at": begin,
        "resolved_at": None,
        "next_update_at": NOW + timedelta(minutes=30),
        "updated_at": NOW - timedelta(minutes=8),
        "affected": [{"key": hit, "state": "down"} for hit in affected],
        "updates": updates,
        "post_mortem": "",
        "post_mortem_published_at": None,
    } | more


def maintenance(title: str, key: str, begin: timedelta, hours: int, state: str) -> dict[str, Any]:
    """Return a maintenance that begins so long after now."""
    return {
        "key": key,
        "title": title,
        "description": "The database moves to new disks. Orders wait meanwhile.",
        "state": state,
        "starts_at": NOW + begin,
        "ends_at": NOW + begin + timedelta(hours=hours),
        "affected": [],
        "took_longer": False,
        "updated_at": NOW - timedelta(days=1),
    }


def snapshot(
    parts: dict[str, list[dict[str, Any]]],
    *,
    slug: str = "acme",
    incidents: list[dict[str, Any]] | None = None,
    windows: list[dict[str, Any]] | None = None,
    past: list[dict[str, Any]] | None = None,
    responses: dict[str, Any] | None = None,
    **page: Any,
) -> Snapshot:
    """Return a page of sections, by their names, each with its services."""
    keyed: dict[str, dict[str, Any]] = {}
    listed = []
    for name, services in parts.items():
        keys = [f"sv_{len(keyed) + place:08x}" for place in range(len(services))]
        keyed |= dict(zip(keys, services, strict=True))
        states = [ShownState(one["state"]) for one in services]
        listed.append(
            {
                "name": name,
                "description": "",
                "display": "list",
                "state": sections.worst(states),
                "collapsed": False,
                "services": keys,
            }
        )
    until = max((one["ends_at"] for one in windows or []), default=None)
    units = [
        Unit(one["name"], ShownState(one["state"]), one["stated_at"], until)
        for one in keyed.values()
    ]
    document = {
        "page": {**_PAGE, "slug": slug, "url": f"http://localhost/status/{slug}", **page},
        "guard": {"password_hash": None, "organization_id": "x"},
        "verdict": verdict(units).to_json(),
        "sections": listed,
        "services": keyed,
        "incidents": incidents or [],
        "maintenance": windows or [],
    }
    archive = {"incidents": past or [], "maintenance": [], "responses": responses or {}}
    options = orjson.OPT_UTC_Z
    return Snapshot(
        page_id=slug,
        document=orjson.dumps(document, default=str, option=options),
        archive=orjson.dumps(archive, default=str, option=options),
        hash=slug,
        made_at=NOW,
    )


def responses(keys: list[str], seed: int = 5) -> dict[str, Any]:
    """Return response times of services, with a gap in each range."""
    chance = random.Random(seed)

    def span(count: int) -> dict[str, Any]:
        points = [[chance.randint(80, 200), chance.randint(250, 900)] for _ in range(count)]
        gap = count // 3
        return {"p50": 130, "p95": 640, "points": [*points[:gap], None, *points[gap + 1 :]]}

    spans = {"24h": span(24), "7d": span(28), "90d": span(90)}
    return {"until": NOW.replace(minute=0, second=0), "services": dict.fromkeys(keys, spans)}


_SHOP = ("Checkout", "Search", "Catalogue", "Mail")
_BASIS = ("API", "Database", "Object storage")


def shop(**states: str) -> dict[str, list[dict[str, Any]]]:
    """Return two sections of services, up but for those that are named."""

    def made(names: tuple[str, ...], base: int) -> list[dict[str, Any]]:
        return [
            service(
                name,
                states.get(name.lower(), "up"),
                base + i,
                days=history(base + i, (0, 1, 4, 2)[i % 4], known=20 if name == "Mail" else 90),
                description="Pay by card, bank or voucher" if name == "Checkout" else "",
            )
            for i, name in enumerate(names)
        ]

    return {"Shop": made(_SHOP, 0), "Basis": made(_BASIS, 4)}


def scenes() -> dict[str, Snapshot]:
    """Return every state of a page by its name."""
    over = incident(
        "Slow search", "in_past", [], status="resolved", started_at=NOW - timedelta(days=3),
        resolved_at=NOW - timedelta(days=3) + timedelta(minutes=50), next_update_at=None,
    )  # fmt: skip
    names = [f"Service {number:03d}" for number in range(200)]
    many = [
        service(name, "up", i, days=history(i, (0, 3, 0, 6)[i % 4])) for i, name in enumerate(names)
    ]
    every = [name.lower() for name in (*_SHOP, *_BASIS)]
    long_name = "Payments-by-card-and-by-voucher-in-the-whole-of-" + "Europe" * 12
    right_to_left = [service("خدمة الدفع", "down", 1), service("חיפוש", "up", 2)]
    windows = [
        maintenance("New disks", "mw_running", timedelta(hours=-1), 3, "running"),
        maintenance("New switch", "mw_coming", timedelta(days=3), 2, "coming"),
    ]
    return {
        "all_well": snapshot(shop(), slug="all_well", past=[over]),
        "slow": snapshot(shop(search="slow"), slug="slow"),
        "one_down": snapshot(
            shop(checkout="down"), slug="one_down", past=[over],
            incidents=[incident("Payments fail", "in_now", ["sv_00000000"])],
        ),
        "major": snapshot(
            shop(checkout="down", search="down", catalogue="down", api="down", mail="down"),
            slug="major", branding={"company_name": "Acme", "primary_color": "#ffe600"}),
        "maintenance": snapshot(
            shop(database="maintenance"), slug="maintenance", windows=windows,
            announcement={"text": "We move on **Sunday**.", "starts_at": None, "ends_at": None},
        ),
        "unknown": snapshot(shop(**dict.fromkeys(every, "unknown")), slug="unknown"),
        "empty": snapshot({}, slug="empty"),
        "one": snapshot({"Services": [service("Website", "up", 1)]}, slug="one"),
        "many": snapshot({"All": many}, slug="many"),
        "many_timed": snapshot({"All": [one | {"response": {"now_ms": 120, "p95_ms": 1040}}
            for one in many]}, slug="many_timed", show={"response_times": True, "made_with": True}),
        "columns": snapshot(shop(search="slow"), slug="columns", layout="columns"),
        "response_times": snapshot(
            {"Services": [service("Checkout", "up", 2, response={"now_ms": 121.5, "p95_ms": 640})]},
            slug="response_times", show={"response_times": True, "made_with": True},
            responses=responses(["sv_00000000"]), past=[incident("Payments failed", "in_past",
            ["sv_00000000"], status="resolved", started_at=NOW - timedelta(days=80),
            resolved_at=NOW - timedelta(days=1), next_update_at=None)],
        ),
        "long_names": snapshot({long_name: [service(long_name, "down", 3)]}, slug="long_names"),
        "right_to_left": snapshot({"الخدمات": right_to_left}, slug="right_to_left"),
    }  # fmt: skip


HOSTILE = [
    "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "' onmouseover='alert(1)",
    "{{7*7}}", "{% raw %}", "{0}{names}", "</title><svg/onload=alert(1)>", "]]><x>", "&lt;b&gt;",
    "javascript:alert(1)", "<!--", "-->", "\u202egnp.exe", "a`b", "<style>*{display:none}</style>",
    "@import url(https://evil.example/x.css)", "<base href=https://evil.example/>", "${7*7}",
    "%3Cscript%3E", "<meta http-equiv=refresh content=0>", "<a href=//evil.example>x</a>",
    "<iframe src=https://evil.example></iframe>", "<object data=https://evil.example>",
    "<link rel=stylesheet href=https://evil.example/x.css>", "<svg><use href=//evil.example#x>",
    "<form action=https://evil.example><button>x", "</main></body></html>", "</ul></details>",
    "![x](https://evil.example/x.png)", "[x](javascript:alert(1))", "[x](data:text/html,x)",
    "[x]: https://evil.example", "<https://evil.example>", "```\n<script>alert(1)</script>\n```",
    "# <img src=x onerror=alert(1)>", "> <video src=//evil.example>", "| a | <b> |\n|-|-|",
    "&#60;script&#62;alert(1)&#60;/script&#62;", "\u0000\u0008x", "🔥" * 50,
    "<x onclick=alert(1) tabindex=1 autofocus onfocus=alert(1)>", "\r\nSet-Cookie: a=b",
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">", "=cmd|' /C calc'!A0",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>", "`${alert(1)}`",
    "</time><script>alert(1)</script>", "a" * 2000, "\u200f\u202b\u2066mixed\u2069",
    "<textarea autofocus onfocus=alert(1)>", "<details open ontoggle=alert(1)>",
]  # fmt: skip


def hostile(text: str, *, slug: str = "hostile") -> Snapshot:
    """Return a page on which every text of its owner is this one."""
    shown = service(text, "down", 1, description=text, response={"now_ms": 5.0, "p95_ms": 9.0})
    one = incident(text, "in_1", ["sv_00000000"], post_mortem=text, post_mortem_published_at=NOW)
    one["updates"][0]["body"] = text
    window = maintenance(text, "mw_1", timedelta(hours=-1), 2, "running")
    return snapshot(
        {text: [shown]}, slug=slug, incidents=[one], windows=[window | {"description": text}],
        name=text, description=text, links={"support": "https://example.com"},
        branding={"company_name": text, "logo_url": text},
        announcement={"text": text, "starts_at": None, "ends_at": None}, custom_css=text,
        show={"response_times": True, "made_with": True}, responses=responses(["sv_00000000"]),
    )  # fmt: skip
