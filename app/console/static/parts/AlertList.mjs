// Alerts as rows: severity, what, since when, where it stands.

import { html } from "../vendor/ui.mjs";
import * as api from "../api.mjs";
import { alertWord } from "../lib/states.mjs";
import { moment, span } from "../lib/time.mjs";
import { sentence, t } from "../lib/words.mjs";
import { link } from "../store/route.mjs";
import { useResource } from "../store/resource.mjs";
import { now } from "../store/view.mjs";
import { act } from "../store/alerts.mjs";
import { Button, Empty, Loaded } from "./Page.mjs";
import { Ago, Severity } from "./Status.mjs";

export const FRAMES = ["fired", "acknowledged", "resolved", "escalated", "suppressed"].map((kind) => `alert.${kind}`);

/** The alerts of a query, read by itself. */
export function AlertList({ query }) {
  const found = useResource((signal) => api.get("/alerts", { limit: 200, ...query }, signal), [JSON.stringify(query)], { frames: FRAMES });
  const empty = html`<${Empty} title=${t("No alerts")}>${t("Nothing has fired here.")}<//>`;
  return html`<${Loaded} of=${found} empty=${empty}>${(alerts) => html`<${AlertRows} alerts=${alerts} />`}<//>`;
}

/** Alerts that are here already; with `selected` (a signal of a Set) they can be chosen, and `onKey` hears keys. */
export function AlertRows({ alerts, selected, onKey }) {
  return html`<ul class="alert-rows" onKeyDown=${onKey}>${alerts.map((alert) => html`<${Row} key=${alert.id} alert=${alert} selected=${selected} />`)}</ul>`;
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
      <p class="muted small">${sentence(alert.reason ?? alert.message)}</p>
      <p class="small">${alertWord(alert, now.value)}${alert.acknowledged_by && alert.status === "acknowledged" ? ` ${t("by {who}", { who: alert.acknowledged_by })}` : ""} · <${Ago} at=${fired} />${ended ? ` · ${t("lasted {span}", { span: span((ended - fired) / 1000) })}` : ""}${alert.suppressed_by ? ` · ${t("hidden behind its cause")}` : ""}${alert.suppressed_services.length ? ` · ${t("hides {n} services", { n: alert.suppressed_services.length })}` : ""}</p></div>
    ${alert.status === "firing" && html`<${Button} needs="alerts:act" onClick=${() => act(alert.id, "acknowledge")}>${t("Acknowledge")}<//>`}
  </li>`;
}
