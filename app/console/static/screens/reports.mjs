// Reports: how well services kept a target over a span of time.

import { html, useState } from "../vendor/ui.mjs";
import * as api from "../api.mjs";
import { lines } from "../lib/csv.mjs";
import { RANGES, budgetUsed, isOfMonths, rangeOf, readTarget } from "../lib/reports.mjs";
import { exact, moment, span } from "../lib/time.mjs";
import { grouped, milliseconds, percent, t, tn } from "../lib/words.mjs";
import { Field } from "../parts/Field.mjs";
import { Form } from "../parts/Form.mjs";
import { Button, ButtonLink, Empty, Facts, Loaded, Page } from "../parts/Page.mjs";
import { PlainTable } from "../parts/Plain.mjs";
import { useForm } from "../store/form.mjs";
import { useResource } from "../store/resource.mjs";
import { link, route, setQuery } from "../store/route.mjs";
import { organization } from "../store/session.mjs";
import { say } from "../store/toasts.mjs";
import { zone } from "../store/view.mjs";

const TARGET = 99.9;

export default function Reports() {
  const { query } = route.value;
  const range = RANGES.some(([name]) => name === query.get("range")) ? query.get("range") : "30d";
  const tag = query.get("tag") ?? "";
  const target = readTarget(query.get("target") ?? TARGET) ?? TARGET;
  const found = useResource(async (signal) => {
    const { from, to } = rangeOf(range, api.serverNow(), organization.peek().timezone);
    const asked = { from: new Date(from).toISOString(), to: new Date(to).toISOString(), tag };
    const [overview, services] = await Promise.all([api.get("/metrics", asked, signal), api.all("/metrics/services", asked, { signal })]);
    return { overview, services };
  }, [range, tag]);
  const data = found.data.value;
  const actions = html`<${Button} disabled=${!data?.services.length} onClick=${() => download(data, range, target)}>${t("Download CSV")}<//><${Button} disabled=${!data?.services.length} onClick=${() => print()}>${t("Print or save as PDF")}<//>`;
  return html`<${Page} title=${t("Reports")} actions=${actions}>
    <div class="stack"><${Choice} range=${range} tag=${tag} target=${target} />
    <${Loaded} of=${found}>${(report) => html`<${Report} report=${report} place=${isOfMonths(range) ? organization.value.timezone : zone.value} target=${target} tag=${tag} />`}<//>
      <section class="card"><h2>${t("Monthly report by mail")}</h2><${Monthly} target=${target} /></section></div><//>`;
}

function Monthly({ target }) {
  const found = useResource((signal) => api.get("/reports/monthly", {}, signal));
  return html`<${Loaded} of=${found}>${(monthly) => html`<${MonthlyForm} monthly=${monthly} target=${target} reload=${found.reload} />`}<//>`;
}

function MonthlyForm({ monthly, target, reload }) {
  const form = useForm({
    initial: { on: monthly.is_subscribed, sla_target: String(monthly.sla_target ?? target) },
    check: (values) => (values.on && readTarget(values.sla_target) === null ? { sla_target: t("Above 0 and below 100.") } : {}),
    save: async (values) => (await (values.on ? api.put("/reports/monthly", { sla_target: readTarget(values.sla_target) }) : api.remove("/reports/monthly"))) ?? {},
  });
  const saved = () => {
    say(form.get("on") ? t("You get the monthly report.") : t("You get no more monthly reports."));
    form.reset(form.values.peek());
    reload();
  };
  const month = new Intl.DateTimeFormat("en", { month: "long", year: "numeric", timeZone: "UTC" }).format(new Date(monthly.next_month));
  return html`<div class="stack"><p class="muted">${t("Uptime, downtime and outages of every service of your organization in the month before, the worst first, sent to your address on the first business day.")}</p>
    ${!monthly.can_be_sent && html`<p class="notice" role="status">${t("This server has no mail server (SMTP_URL), so nothing is sent until its operator sets one.")}</p>`}
    <${Form} form=${form} onSaved=${saved}><${Field} form=${form} path="on" kind="switch" label=${t("Send me the report of each month")} help=${t("The next is of {month}, on {time}.", { month, time: exact(moment(monthly.next_due_at), zone.value) })} />
      ${form.get("on") && html`<${Field} form=${form} path="sla_target" label=${t("Its target in percent")} inputmode="decimal" class="short" />`}<//></div>`;
}

function Choice({ range, tag, target }) {
  const [text, setText] = useState(String(target));
  const wrong = readTarget(text) === null;
  const take = (said) => {
    setText(said);
    if (readTarget(said) !== null) setQuery({ target: readTarget(said) === TARGET ? null : readTarget(said) });
  };
  return html`<div class="report-choice">
    <nav class="segmented" aria-label=${t("Range")}>${RANGES.map(([name, title]) => html`<a key=${name} class="button" href=${link("/reports", { range: name, tag, target })} aria-current=${name === range ? "true" : null}>${title}</a>`)}</nav>
    <label class="field"><span class="label">${t("Target in percent")}</span><input class="short" inputmode="decimal" value=${text} aria-invalid=${wrong ? "true" : null} onInput=${(event) => take(event.target.value)} />
      ${wrong && html`<span class="wrong" role="status">${t("Above 0 and below 100.")}</span>`}</label>
    <label class="field"><span class="label">${t("Only services with the tag")}</span><input class="short" value=${tag} onChange=${(event) => setQuery({ tag: event.target.value.trim() })} /></label>
  </div>`;
}

const left = (used) => Math.max(0, 1 - used);
const kept = (each, target) => (budgetUsed(each, target) ?? 0) <= 1;

function Report({ report: { overview, services }, place, target, tag }) {
  const next = tag ? html`<${Button} onClick=${() => setQuery({ tag: null })}>${t("All services")}<//>` : html`<${ButtonLink} kind="primary" icon="plus" needs="services:write" href=${link("/services/new")}>${t("New service")}<//>`;
  if (!services.length) return html`<${Empty} title=${tag ? t("No service has this tag") : t("Nothing is watched yet")} action=${next}>${t("A report says for each service how much of the time it was up, and how much of its error budget is left.")}<//>`;
  const missed = services.filter((each) => !kept(each, target)).length;
  const columns = [
    { title: t("Service"), cell: (each) => html`<a href=${link(`/services/${each.service_id}`)}>${each.name}</a>` },
    { title: t("Uptime"), right: true, cell: (each) => html`<span class=${kept(each, target) ? null : "down"}>${percent(each.uptime_percentage)}</span>` },
    { title: t("Down"), right: true, cell: (each) => span(each.downtime_seconds) },
    { title: t("Error budget"), cell: (each) => html`<${Budget} service=${each} target=${target} />` },
    { title: t("Outages"), right: true, extra: true, cell: (each) => grouped(each.incidents) },
    { title: t("Not known"), right: true, extra: true, cell: (each) => span(each.unknown_seconds) },
    { title: t("p95"), right: true, extra: true, cell: (each) => milliseconds(each.p95_ms) },
  ];
  return html`<div class="stack">
    <section class="card"><h2>${missed ? tn(missed, "One service missed {target}", "{n} services missed {target}", { target: t("{n} %", { n: target }) }) : t("Every service kept {target}", { target: t("{n} %", { n: target }) })}</h2>
      <${Facts} rows=${[
        [t("From"), exact(moment(overview.period_start), place)],
        [t("To"), exact(moment(overview.period_end), place)],
        [t("Uptime of all"), percent(overview.uptime_percentage)],
        [t("Alerts"), grouped(overview.alerts_fired)],
        [t("Acknowledged after"), overview.mtta_seconds === null ? null : span(overview.mtta_seconds)],
        [t("Resolved after"), overview.mttr_seconds === null ? null : span(overview.mttr_seconds)],
      ]} /></section>
    <${PlainTable} label=${t("Services")} rows=${[...services].sort((a, b) => (a.uptime_percentage ?? 101) - (b.uptime_percentage ?? 101))} columns=${columns} idOf=${(each) => each.service_id} /></div>`;
}

function Budget({ service, target }) {
  const used = budgetUsed(service, target);
  if (used === null) return html`<span class="muted">–</span>`;
  const said = used > 1 ? t("{n} times the budget", { n: grouped(Math.round(used * 10) / 10) }) : t("{n} % left", { n: Math.floor(left(used) * 100) });
  return html`<span class="budget"><meter min="0" max="1" low="0.25" optimum="1" value=${left(used)} aria-label=${t("Error budget left of {name}", { name: service.name })}></meter> <span class=${used > 1 ? "down" : null}>${said}</span></span>`;
}

function download({ overview, services }, range, target) {
  const head = ["service", "uptime_percentage", "target_percentage", "error_budget_used", "downtime_seconds", "unknown_seconds", "outages", "checks", "failed_checks", "p50_ms", "p95_ms", "p99_ms", "from", "to"];
  const rows = services.map((each) => [each.name, each.uptime_percentage, target, budgetUsed(each, target), each.downtime_seconds, each.unknown_seconds, each.incidents, each.checks, each.failed_checks, each.p50_ms, each.p95_ms, each.p99_ms, overview.period_start, overview.period_end]);
  const anchor = document.createElement("a");
  anchor.href = URL.createObjectURL(new Blob([lines([head, ...rows])], { type: "text/csv" }));
  anchor.download = `report-${range}.csv`;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(anchor.href), 10_000);
}
