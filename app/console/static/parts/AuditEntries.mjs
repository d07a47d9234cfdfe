// Entries of the audit log: who did what, with what was before and after.

import { html } from "../vendor/ui.mjs";
import { dayAndClock, moment } from "../lib/time.mjs";
import { sentence, t, tn } from "../lib/words.mjs";
import { Moment, Said } from "./Status.mjs";

/** Entries as GET /audit-logs answers them, newest first. */
export function AuditEntries({ entries }) {
  return html`<ul class="lines card">${entries.map((each) => html`<${Entry} key=${each.id} entry=${each} />`)}</ul>`;
}

/** An event as people say it, with the word that the filter takes as its title: "service.updated" is "Service updated". */
const said = (event) => sentence(event.replace(/^auth\./, "").replace(/[._]/g, " ")).replace(/\.$/, "");

function Entry({ entry }) {
  const about = entry.resource?.name === entry.actor.email ? "" : (entry.resource?.name ?? "");
  const names = [...new Set([...Object.keys(entry.before ?? {}), ...Object.keys(entry.after ?? {})])].filter((name) => JSON.stringify(entry.before?.[name]) !== JSON.stringify(entry.after?.[name]));
  return html`<li><span><strong title=${entry.event}>${said(entry.event)}</strong> ${about} <span class="muted">${entry.actor.email ?? entry.actor.type}${entry.actor.ip ? ` · ${entry.actor.ip}` : ""}</span></span><span class="muted"><${Moment} at=${moment(entry.timestamp)} write=${dayAndClock} /></span>
    ${names.length > 0 && html`<details class="wide-line small"><summary>${tn(names.length, "1 field", "{n} fields")}</summary><dl class="difference">${names.map((name) => html`<div key=${name}><dt>${name}</dt><dd>${entry.before && html`<span class="before"><b aria-label=${t("before")}>−</b> <${Said} text=${JSON.stringify(entry.before[name] ?? null)} as=${String} /></span>`}${entry.after && html`<span class="after"><b aria-label=${t("now")}>+</b> <${Said} text=${JSON.stringify(entry.after[name] ?? null)} as=${String} /></span>`}</dd></div>`)}</dl></details>`}</li>`;
}
