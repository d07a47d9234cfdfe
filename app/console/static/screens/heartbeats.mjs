// Heartbeats: jobs that report by themselves, the late ones first.

import { html } from "../vendor/ui.mjs";
import * as api from "../api.mjs";
import { HEARTBEAT_ORDER, heartbeatState, scheduleWords } from "../lib/heartbeats.mjs";
import { ago, moment, span } from "../lib/time.mjs";
import { milliseconds, t, tn } from "../lib/words.mjs";
import { HeartbeatStatus } from "../parts/Heartbeat.mjs";
import { Icon } from "../parts/Icon.mjs";
import { Button, ButtonLink, Empty, Loaded, Page, Tags } from "../parts/Page.mjs";
import { PlainTable } from "../parts/Plain.mjs";
import { Ago } from "../parts/Status.mjs";
import { useResource } from "../store/resource.mjs";
import { link, route, setQuery } from "../store/route.mjs";
import { now } from "../store/view.mjs";

const FRAMES = ["heartbeat.ping", "heartbeat.missed", "heartbeat.recovered"];
const urgency = (one) => HEARTBEAT_ORDER.indexOf(heartbeatState(one));

export default function Heartbeats() {
  const found = useResource((signal) => api.all("/heartbeats", {}, { signal }), [], { frames: FRAMES });
  const add = html`<${ButtonLink} kind="primary" icon="plus" shortcut="n" needs="heartbeats:write" href=${link("/heartbeats/new")}>${t("New heartbeat")}<//>`;
  const empty = html`<${Empty} title=${t("No job reports yet")} action=${add}>${t("A heartbeat is an address that a job calls when it is done: a backup at night, a queue every five minutes. Silence raises an alert.")}<//>`;
  return html`<${Page} title=${t("Heartbeats")} actions=${add}><${Loaded} of=${found} empty=${empty}>${(list) => html`<${List} list=${list} />`}<//><//>`;
}

function List({ list }) {
  const said = route.value.query.get("q") ?? "";
  const words = said.toLowerCase().split(/\s+/).filter(Boolean);
  const text = (one) => `${one.name} ${one.tags.join(" ")} ${heartbeatState(one)}`.toLowerCase();
  const shown = list.filter((one) => words.every((word) => text(one).includes(word))).sort((a, b) => urgency(a) - urgency(b) || a.name.localeCompare(b.name));
  const columns = [
    { title: t("Name"), cell: (one) => html`<a class="name" href=${link(`/heartbeats/${one.id}`)}>${one.name}</a> <${Tags} tags=${one.tags} />` },
    { title: t("Status"), cell: (one) => html`<${HeartbeatStatus} heartbeat=${one} />` },
    { title: t("Schedule"), cell: (one) => scheduleWords(one) },
    { title: t("Last ping"), extra: true, cell: (one) => html`<${Ago} at=${moment(one.last_ping_at)} none=${t("none yet")} />` },
    { title: t("Next expected"), cell: (one) => html`<${Next} heartbeat=${one} />` },
    { title: t("Run time"), right: true, extra: true, cell: (one) => runTime(one) },
  ];
  return html`<div class="stack"><div class="filter"><${Icon} name="search" /><input type="search" aria-label=${t("Filter by name, tag or status")} placeholder=${t("Filter by name, tag or status")} value=${said} onInput=${(event) => setQuery({ q: event.target.value })} /></div>
    <p class="muted" role="status">${words.length ? t("{shown} of {all}", { shown: shown.length, all: list.length }) : tn(list.length, "One heartbeat", "{n} heartbeats")}</p>
    ${shown.length ? html`<${PlainTable} label=${t("Heartbeats")} rows=${shown} columns=${columns} />` : html`<${Empty} title=${t("Nothing matches")} action=${html`<${Button} onClick=${() => setQuery({ q: null })}>${t("Clear the filter")}<//>`}>${t("“{text}” hides all {n}.", { text: said, n: list.length })}<//>`}</div>`;
}

const runTime = (one) => (one.last_duration_ms === null ? "–" : one.last_duration_ms < 2000 ? milliseconds(one.last_duration_ms) : span(one.last_duration_ms / 1000));

function Next({ heartbeat }) {
  const at = moment(heartbeat.next_expected_at);
  if (at === null) return html`<span class="muted">–</span>`;
  if (at < now.value) return html`<span class="slow">${t("due {ago}", { ago: ago(at, now.value) })}</span>`;
  return html`<${Ago} at=${at} />`;
}
