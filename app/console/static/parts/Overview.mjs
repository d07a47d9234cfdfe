// Parts of Home that are read by themselves: who has duty, figures of 30 days, coming maintenance.

import { html } from "../vendor/ui.mjs";
import * as api from "../api.mjs";
import { dayAndClock, moment, span } from "../lib/time.mjs";
import { grouped, listed, percent, t, tn } from "../lib/words.mjs";
import { useResource } from "../store/resource.mjs";
import { link } from "../store/route.mjs";
import { now, zone } from "../store/view.mjs";
import { Icon } from "./Icon.mjs";
import { Moment } from "./Status.mjs";

const DAY = 86_400_000;
const DAYS = 30;
const AHEAD = 7;

/** Who is on call now and until when, and when nobody will be within the week. */
export function Duty() {
  const schedules = useResource((signal) => api.get("/on-call", { days: AHEAD }, signal)).data.value?.schedules ?? [];
  if (!schedules.length) return null;
  return html`<section class="card"><h2>${t("On call")}</h2><ul class="lines">${schedules.map((each) => html`<${Schedule} key=${each.schedule_id} schedule=${each} />`)}</ul></section>`;
}

function Schedule({ schedule }) {
  const people = listed(schedule.on_call.map((each) => each.full_name));
  const at = (text) => dayAndClock(moment(text), zone.value, now.value);
  const gap = schedule.gaps.find((each) => moment(each.to) > now.value);
  const open = gap && moment(gap.from) <= now.value;
  return html`<li><a href=${link("/on-call")}>${schedule.name}</a>
    <span><strong class=${people ? null : "down"}>${people || t("Nobody")}</strong>${schedule.until && html` <span class="muted">${t("until {at}", { at: at(schedule.until) })}</span>`}</span>
    ${gap && html`<span class="small slow"><${Icon} name="warning" /> ${open ? t("Nobody has duty until {to}", { to: at(gap.to) }) : t("Nobody has duty from {from} for {span}", { from: at(gap.from), span: span((moment(gap.to) - moment(gap.from)) / 1000) })}${schedule.gaps.length > 1 ? ` ${tn(schedule.gaps.length - 1, "and once more within the week", "and {n} times more within the week")}` : ""}</span>`}</li>`;
}

/** Uptime, alerts, and how long they waited for somebody and for their end. */
export function Figures() {
  const found = useResource((signal) => api.get("/metrics", { from: new Date(api.serverNow() - DAYS * DAY).toISOString() }, signal), [], { frames: ["alert.resolved", "alert.acknowledged"] }).data.value;
  if (!found?.checks) return null;
  const length = (seconds) => (seconds === null ? "–" : span(seconds));
  const figures = [
    [t("Uptime"), percent(found.uptime_percentage), "/services", t("of all services")],
    [t("Alerts"), grouped(found.alerts_fired), "/alerts?tab=all", t("fired")],
    [t("MTTA"), length(found.mtta_seconds), "/alerts?tab=all", t("mean time to acknowledge")],
    [t("MTTR"), length(found.mttr_seconds), "/alerts?tab=all", t("mean time to resolve")],
  ];
  const worst = found.worst_services.filter((each) => each.downtime_seconds > 0).slice(0, 5);
  return html`<section class="card"><h2>${t("The last {n} days", { n: DAYS })}</h2>
    <dl class="figures">${figures.map(([name, value, place, note]) => html`<div key=${name} class="figure"><dt>${name}</dt><dd><a href=${link(place)}>${value}</a><small>${note}</small></dd></div>`)}</dl>
    ${worst.length > 0 && html`<h3>${t("Most downtime")}</h3><ul class="lines">${worst.map((each) => html`<li key=${each.service_id}><a href=${link(`/services/${each.service_id}`)}>${each.name}</a><span>${percent(each.uptime_percentage)} <span class="muted">${t("{span} down", { span: span(each.downtime_seconds) })}</span></span></li>`)}</ul>`}
  </section>`;
}

/** Windows that are active, and those that begin within the week. */
export function ComingMaintenance() {
  const found = useResource((signal) => api.all("/maintenance-windows", {}, { signal }), [], { frames: ["maintenance.started", "maintenance.ended"] }).data.value ?? [];
  const soon = (each) => each.next_start_at && moment(each.next_start_at) < now.value + AHEAD * DAY;
  const shown = found.filter((each) => each.is_active || soon(each)).sort((a, b) => moment(a.next_start_at) - moment(b.next_start_at));
  if (!shown.length) return null;
  return html`<section class="card"><h2>${t("Maintenance")}</h2><ul class="lines">${shown.slice(0, 5).map((each) => html`<li key=${each.id}><a href=${link("/maintenance")}>${each.name}</a>
    <span class="muted">${each.is_active ? html`${t("now, until")} <${Moment} at=${moment(each.next_end_at)} write=${dayAndClock} />` : html`<${Moment} at=${moment(each.next_start_at)} write=${dayAndClock} /> ${t("for {span}", { span: span((moment(each.next_end_at) - moment(each.next_start_at)) / 1000) })}`}</span></li>`)}</ul></section>`;
}
