// What nobody would hear of if it failed now: grouped by the cause, with the one thing that mends it.

import { html } from "../vendor/ui.mjs";
import * as api from "../api.mjs";
import { t, tn } from "../lib/words.mjs";
import { useResource } from "../store/resource.mjs";
import { link } from "../store/route.mjs";
import { Icon } from "./Icon.mjs";
import { ButtonLink } from "./Page.mjs";

const PLACES = { service: "/services", channel: "/channels", rule: "/rules", heartbeat: "/heartbeats" };
const SHOWN = 6;
const FRAMES = ["service.created", "service.deleted", "notification.sent", "notification.failed"];

// By reason of the API: what is said of it, the permission to mend it, where, and the verb.
const CAUSES = {
  no_rule: [t("No rule watches these"), "alert_rules:write", "/rules/new", t("New rule")],
  no_outage_rule: [t("Their rules do not ask whether they are down"), "alert_rules:write", "/rules/new", t("New rule")],
  nobody_told: [t("An alert would reach no channel and nobody on call"), "notification_channels:write", "/channels/new", t("New channel")],
  channels_failing: [t("The last messages to everybody who would be told have failed"), "notification_channels:read", "/channels", t("Channels")],
  failing: [t("The last message to these channels has failed"), "notification_channels:read", "/channels", t("Channels")],
};

/** The gaps of the coverage; nothing while somebody hears of everything. */
export function Coverage() {
  const found = useResource((signal) => api.get("/coverage", {}, signal), [], { frames: FRAMES }).data.value;
  if (!found) return null;
  if (!found.channels_enabled) {
    return html`<section class="notice warn"><${Icon} name="warning" /><div><strong>${t("No channel: nobody will hear of outages")}</strong><div class="actions"><${ButtonLink} kind="primary" needs="notification_channels:write" href=${link("/welcome", { step: 1 })}>${t("Say who shall hear of it")}<//></div></div></section>`;
  }
  if (!found.gaps.length) return null;
  const causes = Map.groupBy(found.gaps, (gap) => gap.reason);
  return html`<section><h2 class="over">${t("Nobody would hear of")}</h2><ul class="alert-rows">${[...causes].map(([reason, gaps]) => html`<${Cause} key=${reason} reason=${reason} gaps=${gaps} />`)}</ul></section>`;
}

function Cause({ reason, gaps }) {
  const [said, needs, place, verb] = CAUSES[reason];
  const name = (gap, at) => html`<span key=${gap.id}>${at ? ", " : ""}<a href=${link(`${PLACES[gap.kind]}/${gap.id}`)}>${gap.name}</a></span>`;
  const rest = gaps.slice(SHOWN);
  return html`<li class="alert-row"><div class="what"><strong>${said}</strong>
      <p class="small">${gaps.slice(0, SHOWN).map(name)}</p>
      ${rest.length > 0 && html`<details class="small"><summary>${tn(rest.length, "and one more", "and {n} more")}</summary><p>${rest.map(name)}</p></details>`}</div>
    <${ButtonLink} needs=${needs} href=${link(place)}>${verb}<//></li>`;
}
