"""The news of a page as Atom (RFC 4287) and RSS 2.0: the latest 50 incidents and maintenance."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from markupsafe import Markup

from app.domain.status_pages.maintenance import MaintenanceState
from app.pages.status import room, times
from app.pages.status.room import Room
from app.pages.status.view import View
from app.pages.xml_text import escaped

_MOST = 50


@dataclass(frozen=True, slots=True)
class _Entry:
    key: str
    link: str
    title: str
    html: str
    published: datetime
    updated: datetime


def atom(view: View, service_key: str | None = None) -> bytes:
    """Return the Atom feed of a page, or of one of its services."""
    entries = _entries(view, service_key)
    page = str(view.page["url"])
    own = f"{page.rstrip('/')}/feed.atom" + (f"?service={service_key}" if service_key else "")
    updated = max((entry.updated for entry in entries), default=times.read(view.page["updated_at"]))
    parts = [
        '<?xml version="1.0" encoding="utf-8"?>',
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{view.snapshot.language}">',
        f"<id>{_id(view.page['badge_key'], service_key or '')}</id>"
        f"<title>{escaped(_title(view, service_key))}</title>",
        f"<updated>{_stamp(updated)}</updated>",
        f'<link rel="self" href="{escaped(own)}"/><link href="{escaped(page)}"/>',
        f"<author><name>{escaped(view.company)}</name></author>",
    ]
    for entry in entries:
        parts.append(
            f"<entry><id>{_id(entry.key)}</id><title>{escaped(entry.title)}</title>"
            f'<link href="{escaped(entry.link)}"/><published>{_stamp(entry.published)}</published>'
            f"<updated>{_stamp(entry.updated)}</updated>"
            f'<content type="html">{escaped(entry.html)}</content></entry>'
        )
    return "\n".join([*parts, "</feed>"]).encode()


def rss(view: View, service_key: str | None = None) -> bytes:
    """Return the RSS feed of a page, or of one of its services."""
    page = str(view.page["url"])
    title = escaped(_title(view, service_key))
    parts = [
        '<?xml version="1.0" encoding="utf-8"?>',
        f'<rss version="2.0"><channel><title>{title}</title>',
        f"<link>{escaped(page)}</link><description>{title}</description>",
        f"<language>{escaped(view.snapshot.language)}</language>",
    ]
    for entry in _entries(view, service_key):
        parts.append(
            f"<item><title>{escaped(entry.title)}</title><link>{escaped(entry.link)}</link>"
            f'<guid isPermaLink="false">{_id(entry.key)}</guid>'
            f"<pubDate>{format_datetime(entry.updated, usegmt=True)}</pubDate>"
            f"<description>{escaped(entry.html)}</description></item>"
        )
    return "\n".join([*parts, "</channel></rss>"]).encode()


def _title(view: View, service_key: str | None) -> str:
    service = view.snapshot.service(service_key) if service_key else None
    return f"{service['name']} · {view.page['name']}" if service else str(view.page["name"])


def _entries(view: View, service_key: str | None) -> list[_Entry]:
    """Return the latest entries; the text of those for which there is no room is left out."""
    found = [
        (times.read(one["updated_at"]), one["key"], one, _incident)
        for one in view.snapshot.incidents()
        if _is_of(one, service_key)
    ]
    found += [
        (_updated(view, one), one["key"], one, _maintenance)
        for one in view.snapshot.told_maintenance()
        if not one["affected"] or _is_of(one, service_key)
    ]
    latest = sorted(found, key=lambda entry: entry[:2], reverse=True)[:_MOST]
    left = Room(room.FEED)
    return [write(view, one, updated, left) for updated, _, one, write in latest]


def _is_of(entry: dict[str, Any], service_key: str | None) -> bool:
    if service_key is None:
        return True
    return service_key in [hit if isinstance(hit, str) else hit["key"] for hit in entry["affected"]]


def _incident(view: View, one: dict[str, Any], updated: datetime, left: Room) -> _Entry:
    link = f"{str(view.page['url']).rstrip('/')}/incidents/{one['key']}"
    told = list(_parts(view, one, left))
    if len(told) < 2 * len(one["updates"]) + bool(one["post_mortem"]):
        words = view.say("all_updates", count=len(one["updates"]))
        told.append(str(Markup('<p><a href="{}">{}</a></p>').format(link, words)))
    return _Entry(
        key=one["key"],
        link=link,
        title=f"{view.say(one['status'])}: {one['title']}",
        html="".join(told),
        published=times.read(one["published_at"] or one["started_at"]),
        updated=updated,
    )


def _parts(view: View, one: dict[str, Any], left: Room) -> Iterator[str]:
    """Yield what was said of an incident, newest first, for as long as there is room."""
    if one["post_mortem"]:
        html = left.take_made(one["post_mortem"], view.markdown)
        if html is not None:
            yield f"<h3>{view.say('post_mortem')}</h3>{html}"
    for update in one["updates"][: room.UPDATES]:
        html = left.take_made(update["body"], view.markdown)
        if html is None:
            return
        yield f"<p><strong>{view.say(update['status'])}</strong> {_moment(view, update['at'])}</p>"
        yield html


def _maintenance(view: View, one: dict[str, Any], updated: datetime, left: Room) -> _Entry:
    begin, end = (_moment(view, one[name]) for name in ("starts_at", "ends_at"))
    span = view.fill("from_to", from_=begin, to=end)
    text = left.take_made(one["description"], view.markdown) or ""
    is_off = one["state"] == MaintenanceState.CANCELLED
    word = view.say("maintenance_cancelled" if is_off else "maintenance")
    return _Entry(
        key=one["key"],
        link=f"{str(view.page['url']).rstrip('/')}/maintenance/{one['key']}",
        title=f"{word}: {one['title']}",
        html=f"<p>{span}</p>{text}",
        published=min(times.read(one["updated_at"]), updated),
        updated=updated,
    )


def _updated(view: View, one: dict[str, Any]) -> datetime:
    """Return when there was news of a maintenance: it was edited, began or ended."""
    moments = [times.read(one[name]) for name in ("starts_at", "ends_at")]
    past = [moment for moment in moments if moment <= view.snapshot.made_at]
    return max([times.read(one["updated_at"]), *past])


def _moment(view: View, text: str) -> Markup:
    """Return a time with its offset: a reader shows no foot that would say the zone."""
    at = times.read(text)
    shown, offset = times.moment(at, view.zone, view.snapshot.language), times.offset(at, view.zone)
    said = shown if shown.endswith(offset) else f"{shown} {offset}"
    return Markup("<time datetime={}>{}</time>").format(text, said)


def _id(*keys: str) -> str:
    """Return what readers know an entry by: it stays when the page gets another address."""
    return uuid5(NAMESPACE_URL, ":".join(("alertifypro", *keys))).urn


def _stamp(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
