// What is done with many alerts at once: from the bar at the foot, or by the keys a, z and r.

import { html } from "../vendor/ui.mjs";
import { t, tn } from "../lib/words.mjs";
import { openAlerts } from "../store/alerts.mjs";
import { bulk } from "../store/bulk.mjs";
import { may } from "../store/session.mjs";
import { say, sayError } from "../store/toasts.mjs";
import { prefixed, view } from "../store/view.mjs";
import { Icon } from "./Icon.mjs";
import { Item, Menu } from "./Menu.mjs";
import { Button } from "./Page.mjs";

const DONE = {
  acknowledge: (n) => tn(n, "Acknowledged.", "Acknowledged {n} alerts."),
  snooze: (n) => tn(n, "Snoozed.", "Snoozed {n} alerts."),
  resolve: (n) => tn(n, "Resolved.", "Resolved {n} alerts."),
};
const SNOOZES = [[30, t("30 minutes")], [120, t("2 hours")], [480, t("8 hours")], [1440, t("1 day")]];
const KEYS = { a: ["acknowledge"], z: ["snooze", { minutes: 30 }], r: ["resolve"] };

/** Act on alerts; what failed is said and returned. */
async function actOn(ids, action, more = {}) {
  try {
    const results = await bulk("/alerts/bulk", ids, { action, ...more });
    const failed = results.filter((each) => !each.ok);
    if (failed.length) sayError({ message: failed[0].error }, tn(failed.length, "One was left as it is.", "{n} were left as they are."));
    if (failed.length < ids.length) say(DONE[action](ids.length - failed.length));
    openAlerts.reload();
    return failed.map((each) => each.id);
  } catch (error) {
    sayError(error);
    return ids;
  }
}

/** The keys of a list of alerts (`shown` are its ids): j and k move; a, z and r act on the selected ones or on this one. */
export async function alertKeys(event, selected, shown) {
  const row = event.target.closest("[data-alert]");
  if (!row || !view.peek().keys || prefixed() || event.ctrlKey || event.metaKey || event.altKey) return;
  const step = { j: "nextElementSibling", ArrowDown: "nextElementSibling", k: "previousElementSibling", ArrowUp: "previousElementSibling" }[event.key];
  const found = KEYS[event.key];
  if (step) row[step]?.querySelector("a.name").focus();
  else if (!found || !may("alerts:act")) return;
  event.preventDefault();
  if (!found) return;
  const chosen = shown.filter((id) => selected.peek().has(id));
  const ids = chosen.length ? chosen : [row.dataset.alert];
  selected.value = new Set(await actOn(ids, ...found));
}

/** The bar at the foot while alerts are selected; `ids` are all that are shown. */
export function AlertSelection({ selected, ids }) {
  const chosen = ids.filter((id) => selected.value.has(id));
  if (!chosen.length) return null;
  const act = async (...what) => {
    selected.value = new Set(await actOn(chosen, ...what));
  };
  return html`<div class="selection" role="region" aria-label=${t("Selected alerts")}>
    <strong>${tn(chosen.length, "1 selected", "{n} selected")}</strong>
    ${chosen.length < ids.length && html`<${Button} kind="quiet" onClick=${() => (selected.value = new Set(ids))}>${t("all {n}", { n: ids.length })}<//>`}
    <span class="spread"></span>
    <${Button} icon="check" needs="alerts:act" onClick=${() => act("acknowledge")}>${t("Acknowledge")}<//>
    <${Menu} up label=${html`${t("Snooze")}<${Icon} name="chevron" />`}>${SNOOZES.map(([minutes, said]) => html`<${Item} key=${minutes} needs="alerts:act" onClick=${() => act("snooze", { minutes })}>${said}<//>`)}<//>
    <${Button} needs="alerts:act" onClick=${() => act("resolve")}>${t("Resolve")}<//>
    <${Button} kind="quiet" onClick=${() => (selected.value = new Set())}>${t("Clear")}<//>
  </div>`;
}
