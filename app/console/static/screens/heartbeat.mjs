// One heartbeat: how it is, how a job reports to it, what it said, and when it was silent.

import { html, useState } from "../vendor/ui.mjs";
import * as api from "../api.mjs";
import { PING_WORDS, scheduleWords } from "../lib/heartbeats.mjs";
import { dayAndClock, moment, span } from "../lib/time.mjs";
import { milliseconds, t } from "../lib/words.mjs";
import { Confirm } from "../parts/Dialog.mjs";
import { HeartbeatStatus, HeartbeatWord, Snippets } from "../parts/Heartbeat.mjs";
import { Icon } from "../parts/Icon.mjs";
import { Item, Menu } from "../parts/Menu.mjs";
import { Button, ButtonLink, Copy, Facts, Loaded, Page, Tags } from "../parts/Page.mjs";
import { PlainTable, perform } from "../parts/Plain.mjs";
import { Ago, Moment, Said } from "../parts/Status.mjs";
import { deleteLater } from "../store/deletions.mjs";
import { useResource } from "../store/resource.mjs";
import { back, link } from "../store/route.mjs";

const FRAMES = ["heartbeat.ping", "heartbeat.missed", "heartbeat.recovered"];
const SHOWN = 50;
const HOME = { path: "/heartbeats", title: t("Heartbeats") };
const limit = (seconds) => (seconds ? span(seconds) : null);

export default function Heartbeat({ id }) {
  const live = { frames: FRAMES, concerns: (data) => (data.heartbeat_id ?? data.id) === id };
  const found = useResource((signal) => api.get(`/heartbeats/${id}`, {}, signal), [id], live);
  const pings = useResource((signal) => api.page(`/heartbeats/${id}/pings`, { limit: SHOWN }, signal), [id], live);
  const flips = useResource((signal) => api.page(`/heartbeats/${id}/flips`, { limit: SHOWN }, signal), [id], live);
  const reload = () => [found, pings, flips].forEach((each) => each.reload());
  const heartbeat = found.data.value;
  if (!heartbeat) return html`<${Page} title=${t("Heartbeat")} back=${HOME}><${Loaded} of=${found}>${() => null}<//><//>`;
  const lead = html`<span class="sentence"><${HeartbeatStatus} heartbeat=${heartbeat} since=${heartbeat.last_ping_at ? moment(heartbeat.status_changed_at) : null} /> ${heartbeat.status_reason && html`<${Said} text=${heartbeat.status_reason} />`}</span>`;
  return html`<${Page} title=${heartbeat.name} back=${HOME} lead=${lead} actions=${html`<${Acts} heartbeat=${heartbeat} reload=${reload} />`}>
    <div class="stack">
      <div class="columns">
        <section class="card"><h2>${t("How a job reports")}</h2>
          <p class="address"><code>${heartbeat.ping_url}</code><${Copy} text=${heartbeat.ping_url} /></p>
          <${Snippets} heartbeat=${heartbeat} /></section>
        <section class="card"><h2>${t("What is expected")}</h2><${Expected} heartbeat=${heartbeat} /></section>
      </div>
      <section><h2>${t("Pings")}</h2><${Loaded} of=${pings}>${(page) => html`<${Pings} page=${page} id=${id} />`}<//></section>
      <section><h2>${t("Changes of status")}</h2><${Loaded} of=${flips}>${({ items }) => html`<${Flips} list=${items} />`}<//></section>
    </div><//>`;
}

function Acts({ heartbeat, reload }) {
  const [asking, ask] = useState(null);
  const { id, name, is_active: active } = heartbeat;
  const toggle = () => perform(() => api.post(`/heartbeats/${id}/${active ? "pause" : "resume"}`), active ? t("Paused: nothing is expected.") : t("Resumed: awaited from now on."), reload);
  const remove = () => {
    deleteLater({ ids: [id], path: `/heartbeats/${id}`, name });
    back("/heartbeats");
  };
  const ping = () => perform(() => api.send("POST", `/heartbeat/${heartbeat.unique_key}`, { text: "test ping" }), t("The ping has arrived. It counts as a success."), reload);
  return html`<${Button} icon="send" needs="heartbeats:write" onClick=${ping}>${t("Test ping")}<//>
    <${Button} icon=${active ? "pause" : "play"} needs="heartbeats:write" onClick=${toggle}>${active ? t("Pause") : t("Resume")}<//>
    <${ButtonLink} icon="edit" needs="heartbeats:write" href=${link(`/heartbeats/${id}/edit`)}>${t("Edit")}<//>
    <${Menu} name=${t("More")} label=${html`<${Icon} name="more" />`}>
      <${Item} icon="copy" needs="heartbeats:write" onClick=${() => ask("rotate")}>${t("New key…")}<//>
      <${Item} icon="open" href=${heartbeat.badge_url} load>${t("Badge")}<//>
      <${Item} icon="trash" danger needs="heartbeats:write" onClick=${() => ask("delete")}>${t("Delete…")}<//>
    <//>
    ${asking === "rotate" && html`<${Confirm} title=${t("Give {name} a new key?", { name })} verb=${t("New key")} onClose=${() => ask(null)} act=${() => api.post(`/heartbeats/${id}/rotate-key`).then(reload)}><p>${t("The address changes. The old one works for another hour, so that you can change the job.")}</p><//>`}
    ${asking === "delete" && html`<${Confirm} title=${t("Delete {name}?", { name })} verb=${t("Delete")} onClose=${() => ask(null)} act=${remove}><p>${t("Its address stops to work and its history is removed. It can be undone for ten seconds; pausing keeps everything.")}</p><//>`}`;
}

function Expected({ heartbeat }) {
  return html`<${Facts} rows=${[
    [t("Schedule"), scheduleWords(heartbeat)],
    [t("As written"), html`<code>${heartbeat.schedule}</code>`],
    [t("Next expected"), heartbeat.next_expected_at && html`<${Moment} at=${moment(heartbeat.next_expected_at)} write=${dayAndClock} /> (<${Ago} at=${moment(heartbeat.next_expected_at)} />)`],
    [t("Grace"), span(heartbeat.grace_period_seconds)],
    [t("Last ping"), html`<${Ago} at=${moment(heartbeat.last_ping_at)} none=${t("waiting for the first ping")} />`],
    [t("Last run took"), took(heartbeat.last_duration_ms)],
    [t("Running now"), heartbeat.running || null],
    [t("A run must end within"), limit(heartbeat.max_runtime_seconds)],
    [t("A run takes at least"), limit(heartbeat.min_duration_seconds)],
    [t("A run takes at most"), limit(heartbeat.max_duration_seconds)],
    [t("The old key works until"), heartbeat.previous_key_until && html`<${Moment} at=${moment(heartbeat.previous_key_until)} write=${dayAndClock} />`],
    [t("Tags"), heartbeat.tags.length > 0 && html`<${Tags} tags=${heartbeat.tags} />`],
    [t("Description"), heartbeat.description],
  ]} />`;
}

const took = (duration) => (duration === null ? null : duration < 2000 ? milliseconds(duration) : span(duration / 1000));

function Pings({ page, id }) {
  const [older, setOlder] = useState({ items: [], next: page.next });
  if (!page.items.length) return html`<p class="muted">${t("Waiting for the first ping. Send one with a line from above, or press “Test ping”.")}</p>`;
  const known = new Set(page.items.map((each) => each.id));
  const rows = [...page.items, ...older.items.filter((each) => !known.has(each.id))];
  const more = () => perform(async () => {
    const found = await api.page(`/heartbeats/${id}/pings`, older.next);
    setOlder({ items: [...older.items, ...found.items], next: found.next });
  });
  return html`<${PlainTable} label=${t("Pings")} rows=${rows} columns=${[
    { title: t("When"), cell: (ping) => html`<${Moment} at=${moment(ping.received_at)} write=${dayAndClock} />` },
    { title: t("What"), cell: (ping) => html`<span class=${ping.kind === "fail" ? "down" : null}>${PING_WORDS[ping.kind]}${ping.exit_status ? t(" (exit status {n})", { n: ping.exit_status }) : ""}</span>` },
    { title: t("Took"), right: true, cell: (ping) => took(ping.duration_ms) ?? "–" },
    { title: t("From"), extra: true, cell: (ping) => html`${ping.remote_addr} <span class="muted small">${ping.user_agent}</span>` },
    { title: t("Body"), cell: (ping) => ping.body && html`<${Body} text=${ping.body} />` },
  ]} />
  ${older.next && html`<div class="actions"><${Button} onClick=${more}>${t("Older pings")}<//></div>`}`;
}

function Body({ text }) {
  const first = text.split("\n")[0];
  if (first === text && text.length <= 80) return html`<code>${text}</code>`;
  return html`<details class="body"><summary>${first.slice(0, 80)}…</summary><pre>${text}</pre></details>`;
}

function Flips({ list }) {
  if (!list.length) return html`<p class="muted">${t("It has never been missed, failed or paused.")}</p>`;
  return html`<ul class="lines card">${list.map((each, at) => html`<li key=${`${each.at} ${at}`}>
    <span><${HeartbeatWord} status=${each.to} /> <span class="muted"><${Said} text=${each.reason} /></span></span>
    <${Moment} at=${moment(each.at)} write=${dayAndClock} /></li>`)}</ul>`;
}
