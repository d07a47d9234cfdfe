"""A snapshot in words: what templates show, in the language and the zone of the page."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

from markupsafe import Markup, escape

from app.domain.status_pages import languages
from app.domain.status_pages.types import ShownState
from app.pages.status import bars, markdown, room, times
from app.pages.status.room import Room
from app.pages.status.snapshot import Freshness, Snapshot

LETTERS = {
    ShownState.UP: "u",
    ShownState.SLOW: "s",
    ShownState.DOWN: "d",
    ShownState.MAINTENANCE: "m",
    ShownState.UNKNOWN: "k",
    ShownState.WAITING: "w",
    ShownState.PAUSED: "p",
}
INLINE_DAYS_UP_TO = 50  # services: with more, a page lists the days of each on its own page
_INCIDENTS_OF_A_DAY = 10


@dataclass(frozen=True)
class View:
    """View of a page for templates: `root` is its path, empty on a host of its own.

    A copy lies in files that somebody else serves.
    """

    snapshot: Snapshot
    freshness: Freshness
    root: str
    is_copy: bool = False

    @property
    def page(self) -> dict[str, Any]:
        """The fields of the page."""
        return self.snapshot.page

    @property
    def row(self) -> str:
        """What links of rows begin with: as short as can be, for there are hundreds of them."""
        return f"{self.snapshot.slug}/services/" if self.is_copy else "?service="

    @property
    def zone(self) -> str:
        """The time zone of the page."""
        return str(self.page["timezone"])

    @cached_property
    def company(self) -> str:
        """Whose page it is."""
        return str(self.page["branding"].get("company_name") or self.page["name"])

    def say(self, key: str, **values: Any) -> str:
        """Return a fixed sentence in the language of the page."""
        return languages.sentence(self.snapshot.language, key, **values)

    def word(self, state: str) -> str:
        """Return the word for a state."""
        return self.say(f"state_{state}")

    def letter(self, state: str) -> str:
        """Return the class of a state."""
        return LETTERS[ShownState(state)]

    def moment(self, text: str, *, is_short: bool = False) -> Markup:
        """Return a time as an element that scripts can read."""
        at = times.read(text)
        shown = (
            times.soon(at, self.snapshot.made_at, self.zone, self.snapshot.language)
            if is_short
            else times.moment(at, self.zone, self.snapshot.language)
        )
        return Markup("<time datetime={}>{}</time>").format(text, shown)

    def day(self, on: date | str) -> str:
        """Return a date."""
        read = date.fromisoformat(on) if isinstance(on, str) else on
        return times.day(read, self.snapshot.language)

    def markdown(self, source: str) -> Markup:
        """Return Markdown as HTML."""
        return markdown.html(source)

    @cached_property
    def room(self) -> Room:
        """What room there is on this page for what was said of several incidents."""
        return Room(room.OVERVIEW)

    def short(self, source: str) -> Markup | None:
        """Return Markdown as HTML where there is room for it; None where there is none."""
        return self.room.take_made(source, self.markdown)

    def told(self, incident: dict[str, Any]) -> tuple[list[dict[str, Any]], int]:
        """Return the latest updates of an incident, and how many more there are.

        As many as there is room for on a page of several; each has its `html`.
        """
        found: list[dict[str, Any]] = []
        for update in incident["updates"][: room.EARLIER_UPDATES + 1]:
            html = self.short(update["body"])
            if html is None:
                break
            found.append({**update, "html": html})
        return found, len(incident["updates"]) - len(found)

    def fill(self, key: str, **values: Any) -> Markup:
        """Return a fixed sentence whose values may be markup; all else is escaped."""
        safe = {name: escape(value) for name, value in values.items()}
        return Markup(languages.sentence(self.snapshot.language, key, **safe))  # noqa: S704

    @cached_property
    def verdict(self) -> str:
        """The sentence on top, as the snapshot has it."""
        found = self.snapshot.data["verdict"]
        until = found["until"]
        return self.say(
            f"verdict_{found['saying']}",
            names=languages.listing(self.snapshot.language, found["names"]),
            count=found["count"],
            total=found["total"],
            until=until and times.soon(
                times.read(until), self.snapshot.made_at, self.zone, self.snapshot.language
            ),
        )  # fmt: skip

    @property
    def headline(self) -> str:
        """The sentence on top; nothing is claimed by what is too old."""
        return self.say("verdict_cannot_tell") if self.freshness.is_stale else self.verdict

    @property
    def state(self) -> str:
        """The state on top."""
        if self.freshness.is_stale:
            return ShownState.UNKNOWN
        return str(self.snapshot.data["verdict"]["state"])

    @property
    def as_of(self) -> str | None:
        """The line that says how old a page is; None for a fresh one."""
        if self.freshness is Freshness.FRESH:
            return None
        at = times.clock(self.snapshot.made_at, self.zone, seconds=True)
        return self.say("repaired" if self.freshness.is_away else "shown_as_of", at=at)

    @property
    def made_at(self) -> str:
        """When the snapshot was made, for scripts."""
        return self.snapshot.made_at.strftime("%Y-%m-%dT%H:%M:%SZ")

    @property
    def made_clock(self) -> str:
        """When the snapshot was made, on the clocks of the page."""
        return times.clock(self.snapshot.made_at, self.zone, seconds=True)

    @cached_property
    def lists_days(self) -> bool:
        """Whether the days with failures stand on the page itself."""
        return len(self.snapshot.data["services"]) <= INLINE_DAYS_UP_TO

    def shown_state(self, state: str) -> str:
        """Return a state as it may be shown: what is too old says nothing any more."""
        return ShownState.UNKNOWN if self.freshness.is_stale else state

    def service(self, key: str) -> dict[str, Any]:
        """Return a service as a row shows it."""
        service = self.snapshot.data["services"][key]
        state = self.shown_state(service["state"])
        return {
            **service,
            "key": key,
            "letter": self.letter(state),
            "word": self.word(state),
            "bars": bars.svg(service),
            "figure": self._why(state, service) + self.figure(service),
            "failures": self.failures(service),
            "days": list(self.bad_days(service)) if self.lists_days else [],
        }

    def _why(self, state: str, service: dict[str, Any]) -> str:
        cause = service.get("cause")
        if state != ShownState.DOWN or not cause:
            return ""
        words = self.say(f"cause_{cause}")
        return f"{words[0].upper()}{words[1:]} · "

    def regions(self, service: dict[str, Any]) -> str:
        """Return from where a service is checked, and how it is from there; empty if not shown."""
        states = (service.get("regions") or {}).items()
        places = [f"{name} ({self.word(self.shown_state(state))})" for name, state in states]
        return self.say("checked_from", places=", ".join(places)) if places else ""

    def figure(self, service: dict[str, Any]) -> str:
        """Return the uptime in words."""
        if service["uptime"] is None:
            return self.say("no_figure")
        uptime = f"{service['uptime']:.2f}" if service["uptime"] < 100 else "100"
        if service["known_since"]:
            return self.say("since", uptime=uptime, date=self.day(service["known_since"]))
        key = "in_days" if self.page["days"] > 1 else "in_a_day"
        return self.say(key, uptime=uptime, days=self.page["days"])

    def failures(self, service: dict[str, Any]) -> str:
        """Return on how many days there was downtime; empty for none."""
        count = len(service["down_seconds"])
        return self.say("failures", count=count) if count else ""

    def bad_days(self, service: dict[str, Any]) -> Iterator[tuple[str, str]]:
        """Yield each day with downtime and how long it was, newest first."""
        first = date.fromisoformat(service["first_day"])
        for place in sorted(map(int, service["down_seconds"]), reverse=True):
            seconds = service["down_seconds"][str(place)]
            lasted = languages.duration(self.snapshot.language, seconds)
            yield self.day(first + timedelta(days=place)), lasted

    def failed_days(
        self, key: str, service: dict[str, Any]
    ) -> Iterator[tuple[str, str, list[dict[str, Any]]]]:
        """Yield each day with downtime as `bad_days`, with the incidents that were open then."""
        first = date.fromisoformat(service["first_day"])
        own = [
            (self.on(one["started_at"]), self.on(one["resolved_at"] or self.made_at), one)
            for one in self.snapshot.incidents()
            if key in [hit["key"] for hit in one["affected"]]
        ]
        places = sorted(map(int, service["down_seconds"]), reverse=True)
        for place, (day, lasted) in zip(places, self.bad_days(service), strict=True):
            on = first + timedelta(days=place)
            during = [one for begin, end, one in own if begin <= on <= end]
            yield day, lasted, during[:_INCIDENTS_OF_A_DAY]

    def on(self, text: str) -> date:
        """Return the day of a moment, in the zone of the page."""
        return times.local(times.read(text), self.zone).date()

    def response(self, service: dict[str, Any]) -> str:
        """Return in words how long a service takes to answer; empty where that is not shown."""
        found = service["response"]
        if not found:
            return ""
        words = [self.say("response_now", ms=round(found["now_ms"]))]
        if found.get("p95_ms") is not None:
            words.append(self.say("response_p95", ms=round(found["p95_ms"])))
        return ", ".join(words)

    def few_names(self, entry: dict[str, Any]) -> tuple[list[tuple[str, str, str | None]], int]:
        """Return the first `names` of an entry, and how many more there are."""
        names = self.names(entry)
        return names[: room.NAMES], max(0, len(names) - room.NAMES)

    def names(self, entry: dict[str, Any]) -> list[tuple[str, str, str | None]]:
        """Return (key, name, state) of what an incident or a maintenance hits."""
        known = self.snapshot.data["services"]
        pairs = [
            (hit, None) if isinstance(hit, str) else (hit["key"], hit["state"])
            for hit in entry["affected"]
        ]
        return [(key, known[key]["name"], state) for key, state in pairs if key in known]

    def lasted(self, incident: dict[str, Any]) -> str:
        """Return how long an incident was."""
        begin, end = times.read(incident["started_at"]), times.read(incident["resolved_at"])
        return languages.duration(self.snapshot.language, (end - begin).total_seconds())

    def made(self) -> Markup:
        """Return when the snapshot was made, as an element that scripts keep up to date."""
        return Markup("<time datetime={} data-r=1>{}</time>").format(self.made_at, self.made_clock)

    def current_maintenance(self) -> list[dict[str, Any]]:
        """Return maintenance that runs, has just been outlasted, or is coming."""
        late = [one for one in self.snapshot.data["past_maintenance"] if one["took_longer"]]
        order = {"running": 0, "done": 1, "coming": 2}
        both = [*self.snapshot.data["maintenance"], *late]
        return sorted(both, key=lambda one: (order[one["state"]], one["starts_at"]))

    def announcement(self) -> str | None:
        """Return the text of the banner while it is up."""
        found = self.page["announcement"]
        if not found:
            return None
        now: datetime = self.snapshot.made_at
        begin, end = found.get("starts_at"), found.get("ends_at")
        if (begin and times.read(begin) > now) or (end and times.read(end) <= now):
            return None
        return str(found["text"])

    def offset(self) -> str:
        """Return how far the zone of the page is from UTC."""
        return times.offset(self.snapshot.made_at, self.zone)
