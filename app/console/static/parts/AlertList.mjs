// Alerts as rows: severity, what, since when, where it stands.

import { html } from "../vendor/ui.mjs";
import * as api from "../api.mjs";
import { alertWord, why } from "../lib/states.mjs";
import { moment, span } from "../lib/time.mjs";
import { t, tn } from "../lib/words.mjs";
import { link } from "../store/route.mjs";
import { useResource } from "../store/resource.mjs";
import { now } from "../store/view.mjs";
import { act } from "../store/alerts.mjs";
import { Button, Empty, Loaded } from "./Page.mjs";
import { Ago, Said, Severity } from "./Status.mjs";

export const FRAMES = ["fired", "acknowledged", "resolved", "escalated", "suppressed"].map((kind) => `alert.${kind}`);

/** The alerts of a query, read by itself. */
export function AlertList({ query }) {
  const found = useResource((signal) => api.get("/alerts", { limit: 200, ...query }, signal), [JSON.stringify(query)], { frames: FRAMES });
  const empty = html`<${Empty} title=${t("No alerts")}>${t("Nothing has fired here.")}<//>`;
  return html`<${Loaded} of=${found} empty=${empty}>${(alerts) => html`<${AlertRows} alerts=${alerts} />`}<//>`;
}

/** Alerts that are here already; with `selected` (a signal of a Set) they can be chosen, and `onKey` hears keys. */
export function AlertRows({ alerts, selected, onKey }) {
  const here = new Set(alerts.map((each) => each.id));
  const behind = Map.groupBy(alerts.filter((each) => here.has(each.suppressed_by)), (each) => each.suppressed_by);
  const row = (alert) => html`<${Row} key=${alert.id} alert=${alert} selected=${selected} />`;
  return html`<ul class="alert-rows" onKeyDown=${onKey}>${alerts.filter((each) => !here.has(each.suppressed_by)).map((alert) => html`${row(alert)}
    ${behind.has(alert.id) && html`<li key=${`${alert.id} behind`} class="alert-behind"><details><summary>${tn(behind.get(alert.id).length, "One alert behind it", "{n} alerts behind it")}</summary><ul>${behind.get(alert.id).map(row)}</ul></details></li>`}`)}</ul>`;
}

const STORM = 10;

/** A line above many alerts that came together: how many within a minute, and behind what. */
export function Storm({ alerts }) {
  const times = alerts.map((each) => moment(each.fired_at)).sort((a, b) => a - b);
  const most = times.reduce((best, at, first) => Math.max(best, times.filter((other, index) => index >= first && other < at + 60_000).length), 0);
  if (most < STORM) return null;
  const hiders = alerts.filter((each) => each.suppressed_services.length).sort((a, b) => b.suppressed_services.length - a.suppressed_services.length);
  const cause = hiders[0] ? t(", {n} behind {name}", { n: hiders[0].suppressed_services.length, name: hiders[0].service_name }) : "";
  return html`<p class="notice warn" role="status">${t("{n} alerts in one minute{cause}.", { n: most, cause })}</p>`;
}

function Row({ alert, selected }) {
  const toggle = () => {
    const chosen = new Set(selected.peek());
    if (!chosen.delete(alert.id)) chosen.add(alert.id);
    selected.value = chosen;
  };
  const fired = moment(alert.fired_at);
  const ended = moment(alert.resolved_at);
  return html`<li class="alert-row" data-alert=${alert.id}>
    ${selected && html`<input type="checkbox" aria-label=${t("Select {name}", { name: alert.service_name })} checked=${selected.value.has(alert.id)} onChange=${toggle} />`}
    <${Severity} severity=${alert.severity} />
    <div class="what"><a class="name" href=${link(`/alerts/${alert.id}`)}>${alert.service_name}</a>
      <p class="muted small"><${Said} text=${why(alert)} /></p>
      <p class="small">${alertWord(alert, now.value)}${alert.acknowledged_by && alert.status === "acknowledged" ? ` ${t("by {who}", { who: alert.acknowledged_by })}` : ""} · <${Ago} at=${fired} />${ended ? ` · ${t("lasted {span}", { span: span((ended - fired) / 1000) })}` : ""}${alert.suppressed_by ? ` · ${t("hidden behind its cause")}` : ""}${alert.suppressed_services.length ? ` · ${t("hides {n} services", { n: alert.suppressed_services.length })}` : ""}</p></div>
    ${alert.status === "firing" && html`<${Button} needs="alerts:act" onClick=${() => act(alert.id, "acknowledge")}>${t("Acknowledge")}<//>`}
  </li>`;
}
