// One service: how it is, how it was, and what is set.

import { html, useEffect, useState } from "../vendor/ui.mjs";
import * as api from "../api.mjs";
import { marksOf } from "../lib/marks.mjs";
import { quantile } from "../lib/numbers.mjs";
import { stateOf } from "../lib/states.mjs";
import { every } from "../lib/intervals.mjs";
import { dayAndClock, dayAndSeconds, moment, span } from "../lib/time.mjs";
import { milliseconds, percent, t, tn } from "../lib/words.mjs";
import { Item, Menu } from "../parts/Menu.mjs";
import { Icon } from "../parts/Icon.mjs";
import { Button, ButtonLink, Empty, Facts, Loaded, Long, Page, Tabs, Tags } from "../parts/Page.mjs";
import { PlainTable } from "../parts/Plain.mjs";
import { DeleteServices, checkNow, maintain, setActive } from "../parts/ServiceActs.mjs";
import { Ago, Bars, Moment, Said, Status } from "../parts/Status.mjs";
import { Chart } from "../parts/Chart.mjs";
import { AlertList } from "../parts/AlertList.mjs";
import { Changes, Outages, RulesOf } from "../parts/ServiceHistory.mjs";
import { useResource } from "../store/resource.mjs";
import { back, link, route, setQuery } from "../store/route.mjs";
import { beatsOf, needBeats, put, rowOf, services } from "../store/services.mjs";
import { now, zone } from "../store/view.mjs";

const RANGES = { "1h": 3600, "24h": 86400, "7d": 604800, "30d": 2592000 };
// The longest range (seconds) that each step of the metrics is drawn for.
const STEPS = [[3 * 3600, "1m"], [2 * 86400, "5m"], [Infinity, "1h"]];
const LEAST_RANGE = 5 * 60_000;

export default function Service({ id }) {
  const found = useResource(async (signal) => {
    const service = await api.get(`/services/${id}`, {}, signal);
    if (services.data.peek() === undefined) services.data.value = [];
    put([service]);
    return service;
  }, [id], { frames: ["service.status_changed", "service.updated"], concerns: (data) => (data.service_id ?? data.id) === id });
  useEffect(() => {
    needBeats([id]).catch(() => {});
  }, [id]);
  const service = rowOf(id)?.value ?? found.data.value;
  if (!service || !found.data.value) return html`<${Page} title=${t("Service")} back=${{ path: "/services", title: t("Services") }}><${Loaded} of=${found}>${() => null}<//><//>`;
  return html`<${Detail} service=${{ ...found.data.value, ...service }} reload=${found.reload} />`;
}

function Detail({ service }) {
  const [deleting, setDeleting] = useState(false);
  const { id } = service;
  const tab = route.value.query.get("tab") ?? "overview";
  const tabs = [["overview", t("Overview")], ["checks", t("Checks")], ["outages", t("Outages")], ["alerts", t("Alerts")], ["rules", t("Rules")], ["changes", t("Changes")]].map(([name, title]) => ({ id: name, title, href: link(`/services/${id}`, { tab: name === "overview" ? null : name }) }));
  const actions = html`
    <${Button} icon="play" needs="services:check" disabled=${service.is_active ? null : t("It is paused")} onClick=${() => checkNow([id])}>${t("Check now")}<//>
    <${Button} icon=${service.is_active ? "pause" : "play"} needs="services:write" onClick=${() => setActive([id], !service.is_active)}>${service.is_active ? t("Pause") : t("Resume")}<//>
    <${ButtonLink} icon="edit" needs="services:write" href=${link(`/services/${id}/edit`)}>${t("Edit")}<//>
    <${Menu} name=${t("More")} label=${html`<${Icon} name="more" />`}>
      <${Item} icon="open" href=${service.badge_url} load>${t("Badge")}<//>
      ${[[30, t("30 minutes")], [120, t("2 hours")]].map(([minutes, said]) => html`<${Item} key=${minutes} icon="maintenance" needs="maintenance_windows:write" onClick=${() => maintain([id], minutes)}>${t("Maintenance for {span}", { span: said })}<//>`)}
      <${Item} icon="copy" needs="services:write" href=${link("/services/new", { from: id })}>${t("Duplicate")}<//>
      <${Item} icon="open" href=${api.addressOf(`/services/${id}`)} load>${t("As JSON")}<//>
      <${Item} icon="trash" danger needs="services:write" onClick=${() => setDeleting(true)}>${t("Delete…")}<//>
    <//>`;
  return html`<${Page} title=${service.name} back=${{ path: "/services", title: t("Services") }} actions=${actions} lead=${html`<${Sentence} service=${service} />`}>
    <${Tabs} label=${t("Views of the service")} tabs=${tabs} current=${tab} />
    ${tab === "overview" && html`<${Overview} service=${service} />`}
    ${tab === "checks" && html`<${Checks} id=${id} />`}
    ${tab === "outages" && html`<${Outages} id=${id} />`}
    ${tab === "rules" && html`<${RulesOf} service=${service} />`}
    ${tab === "changes" && html`<${Changes} id=${id} />`}
    ${tab === "alerts" && html`<${AlertList} query=${{ service_id: id, status: "all" }} />`}
    ${deleting && html`<${DeleteServices} ids=${[id]} onClose=${() => setDeleting(false)} onDone=${() => back("/services")} />`}
  <//>`;
}

function Sentence({ service }) {
  const state = stateOf(service);
  const why = state === "RED" || state === "YELLOW" || state === "UNKNOWN" ? html`<${Said} text=${service.last_error} />` : "";
  return html`<span class="sentence"><${Status} state=${state} since=${state === "PENDING" ? null : moment(service.status_changed_at)} /> ${why}</span>`;
}

function Overview({ service }) {
  const { id } = service;
  const { query } = route.value;
  const range = RANGES[query.get("range")] ? query.get("range") : "24h";
  const [from, to] = ["from", "to"].map((name) => Date.parse(query.get(name)));
  const own = to > from ? { from, to } : null; // a time that somebody dragged over
  const beats = beatsOf(id).value ?? [];
  const place = (changes) => link(`/services/${id}`, changes);
  const zoom = (begin, end) => {
    const middle = (begin + end) / 2;
    const half = Math.max(LEAST_RANGE, end - begin) / 2;
    setQuery({ from: new Date(middle - half).toISOString(), to: new Date(middle + half).toISOString() }, { replace: false });
  };
  return html`<div class="stack">
    <section class="card"><div class="card-head"><h2>${t("Response time")}${own && html` <span class="muted small">${dayAndClock(own.from, zone.value, now.value)} – ${dayAndClock(own.to, zone.value, now.value)}</span>`}</h2>
      <nav class="segmented" aria-label=${t("Range")}>${own && html`<a class="button" href=${place({ range: range === "24h" ? null : range })}>${t("Zoom out")}</a>`}${Object.keys(RANGES).map((each) => html`<a key=${each} class="button" aria-current=${each === range && !own ? "true" : null} href=${place({ range: each === "24h" ? null : each })}>${each}</a>`)}</nav></div>
      <${Series} key=${own ? `${own.from} ${own.to}` : range} service=${service} seconds=${RANGES[range]} own=${own} onZoom=${zoom} /></section>
    <div class="columns">
      <div class="stack"><section class="card"><h2>${t("Uptime")}</h2><${Uptime} id=${id} /></section>
      <section class="card"><h2>${t("Now")}</h2><${Bars} beats=${beats} /><br /><${Facts} rows=${[
        [t("Checked"), html`<${Ago} at=${moment(service.last_checked_at)} none=${t("not yet")} />`],
        [t("Response"), milliseconds(service.last_response_time_ms)],
        [t("Next check"), service.next_check_at && html`<${Ago} at=${moment(service.next_check_at)} near=${t("any moment")} />`],
        [t("Last error"), service.last_error && html`<${Said} text=${service.last_error} />`],
      ]} /></section></div>
      <section class="card"><h2>${t("Settings")}</h2><${Facts} rows=${[
        [t("What"), html`<span class="mono"><${Long} text=${service.endpoint} /></span>`],
        [t("Check"), `${service.check_type}, ${every(service.check_interval_seconds ?? 60)}`],
        [t("Timeout"), service.timeout_seconds && span(service.timeout_seconds)],
        [t("Slow above"), service.slow_threshold_ms && milliseconds(service.slow_threshold_ms)],
        [t("Down after"), service.failure_threshold && tn(service.failure_threshold, "one failure", "{n} failures in a row")],
        [t("Environment"), service.environment],
        [t("Tags"), service.tags.length > 0 && html`<${Tags} tags=${service.tags} />`],
        [t("Description"), service.description],
      ]} /></section>
    </div>
  </div>`;
}

/** The chart of the last `seconds`, or of `own`: {from, to} in milliseconds. */
function Series({ service, seconds, own, onZoom }) {
  const { id } = service;
  const found = useResource(async (signal) => {
    const to = own?.to ?? api.serverNow();
    const from = own?.from ?? to - seconds * 1000;
    const window = { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
    const interval = STEPS.find(([longest]) => (to - from) / 1000 <= longest)[1];
    const [points, outages, windows] = await Promise.all([api.get(`/services/${id}/metrics`, { ...window, interval }, signal), api.get(`/services/${id}/outages`, { limit: 200 }, signal), api.all("/maintenance-windows", {}, { signal })]);
    return { points, from, to, marks: marksOf(service, outages, windows, from, to) };
  }, [id]);
  return html`<${Loaded} of=${found} rows=${4}>${({ points, ...rest }) => {
    if (!points.length) return html`<p class="muted">${t("Nothing was measured in this time yet.")}</p>`;
    const failed = points.reduce((sum, point) => sum + (point.failed ?? 0), 0);
    const summary = t("Median {median}, highest p95 {p95}, {failed} failed checks.", { median: milliseconds(quantile(points.map((point) => point.p50_ms), 0.5)), p95: milliseconds(quantile(points.map((point) => point.p95_ms), 1)), failed });
    return html`<${Chart} points=${points} summary=${summary} threshold=${service.slow_threshold_ms} onZoom=${onZoom} ...${rest} />`;
  }}<//>`;
}

function Uptime({ id }) {
  const found = useResource(async (signal) => {
    const to = api.serverNow();
    const read = (days) => api.get(`/services/${id}/uptime`, { from: new Date(to - days * 86_400_000).toISOString() }, signal);
    const days = [1, 7, 30];
    return (await Promise.all(days.map(read))).map((each, at) => ({ days: days[at], ...each }));
  }, [id], { frames: ["service.status_changed"], concerns: (data) => data.service_id === id });
  return html`<${Loaded} of=${found} rows=${2}>${(all) => html`<dl class="figures">${all.map((each) => html`<div key=${each.days} class="figure"><dt>${each.days === 1 ? t("24 hours") : t("{n} days", { n: each.days })}</dt>
    <dd>${percent(each.uptime_percentage)}<small>${each.uptime_percentage == null ? t("not measured") : each.downtime_seconds ? t("{span} down", { span: span(each.downtime_seconds) }) : t("never down")}</small></dd></div>`)}</dl>`}<//>`;
}

function Checks({ id }) {
  const only = route.value.query.get("failed");
  const found = useResource((signal) => api.get(`/services/${id}/checks`, { limit: 100, status: only ? "RED" : null, since: only ? new Date(api.serverNow() - 30 * 86_400_000).toISOString() : null }, signal), [id, only]);
  const href = link(`/services/${id}`, { tab: "checks", failed: only ? null : "1" });
  return html`<div class="toolbar"><a class="facet" href=${href} aria-current=${only ? "true" : null}>${only ? t("Failed only ✓") : t("Failed only")}</a></div>
  <${Loaded} of=${found} empty=${html`<${Empty} title=${t("No checks here")}>${only ? t("None failed in the last 30 days.") : t("None in the last hour.")}<//>`}>${(checks) => html`<${PlainTable} label=${t("Checks")} rows=${checks} columns=${CHECK_COLUMNS} />`}<//>`;
}

const CHECK_COLUMNS = [
  { title: t("Time"), cell: (check) => html`<${Moment} at=${moment(check.checked_at)} write=${dayAndSeconds} />` },
  { title: t("Status"), cell: (check) => html`<${Status} state=${check.status} />` },
  { title: t("Response"), right: true, cell: (check) => milliseconds(check.response_time_ms) },
  { title: t("Code"), cell: (check) => check.status_code },
  { title: t("Region"), extra: true, cell: (check) => check.region },
  { title: t("Error"), cell: (check) => check.error && html`<${Said} text=${check.error} />` },
];
