// The server, for operators: is it well, who uses it, who may come in.

import { html } from "../vendor/ui.mjs";
import * as api from "../api.mjs";
import { dayAndClock, moment, span } from "../lib/time.mjs";
import { grouped, sentence, t } from "../lib/words.mjs";
import { Facts, Loaded, Page } from "../parts/Page.mjs";
import { PlainTable, SavedChoice, perform } from "../parts/Plain.mjs";
import { Moment, Said } from "../parts/Status.mjs";
import { useResource } from "../store/resource.mjs";

// Parts of the monitor whose names in the API say little to people.
const PARTS = { sweeps: t("Heartbeats evaluated"), beacon: t("Pings can be stored"), roll_ups: t("Roll-ups") };

export default function Server() {
  const found = useResource(async (signal) => {
    const [instance, organizations, ready] = await Promise.all([api.get("/instance", {}, signal), api.all("/instance/organizations", {}, { signal }), fetch("/ready", { signal }).then((answer) => answer.json()).catch(() => ({ error: t("The server does not say how it is.") }))]);
    return { instance, organizations, ready };
  });
  return html`<${Page} title=${t("Server")} lead=${html`<a href="/ops/rq" data-load="">${t("Queues and workers")}</a>`}><${Loaded} of=${found}>${({ instance, organizations, ready }) => html`<div class="stack"><div class="columns even">
      <section class="card"><h2>${t("Is it well?")}</h2><${Ready} ready=${ready} /></section>
      <section class="card"><h2>${t("Use")}</h2><${Facts} rows=${[[t("People"), instance.users_count], [t("Organizations"), instance.organizations_count], [t("Services"), instance.services_count]]} />
        <label class="field"><span class="label">${t("Who may register")}</span><${SavedChoice} value=${instance.registration} options=${[["open", t("everybody")], ["invite", t("who is invited")], ["closed", t("nobody")]]} save=${(registration) => perform(() => api.patch("/instance", { registration }), t("Saved."), found.reload)} /></label></section></div>
      <section><h2>${t("Organizations")}</h2><${PlainTable} label=${t("Organizations")} rows=${organizations} columns=${columns(found.reload)} /></section></div>`}<//><//>`;
}

function Ready({ ready }) {
  const { status, age_seconds: ages = {}, late = [], error } = ready;
  const well = status === "ready" && !late.length;
  const title = (name) => PARTS[name] ?? sentence(name.replaceAll("_", " ")).replace(/\.$/, "");
  const rows = Object.entries(ages).map(([name, seconds]) => [title(name), seconds === null ? t("not yet") : t("{span} ago", { span: span(seconds) })]);
  return html`<p class=${well ? "up" : "slow"}><strong>${well ? t("Everything that is due is done.") : sentence(error ?? t("It serves requests, but is behind"))}</strong></p>
    ${late.length > 0 && html`<ul class="lines">${late.map((each) => html`<li key=${each.part}><span><strong>${title(each.part)}</strong>: <${Said} text=${each.problem} /> <span class="muted">${sentence(each.advice)}</span></span><span class="muted">${t("since")} <${Moment} at=${moment(each.since)} write=${dayAndClock} /></span></li>`)}</ul>`}
    ${rows.length > 0 && html`<h3>${t("Last done")}</h3><${Facts} rows=${rows} />`}`;
}

const columns = (reload) => [
  { title: t("Name"), cell: (each) => html`<strong>${each.name}</strong> <span class="muted small">${each.slug}</span>` },
  { title: t("Services"), cell: (each) => html`${grouped(each.services_count)} <span class="muted small">${t("of {most} by its plan", { most: grouped(each.max_services) })}</span>` },
  { title: t("Plan"), cell: (each) => html`<${SavedChoice} aria-label=${t("Plan of {name}", each)} value=${each.plan_type} options=${["free", "starter", "professional", "enterprise"].map((plan) => [plan, plan])} save=${(plan) => perform(() => api.patch(`/instance/organizations/${each.id}`, { plan_type: plan }), t("Saved."), reload)} />` },
];
