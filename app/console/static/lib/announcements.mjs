// What has happened to services and alerts in a moment, in one sentence for a screen reader.

import { listed, t, tn } from "./words.mjs";

const MOST_NAMES = 3;
const WRONG = new Set(["YELLOW", "RED", "UNKNOWN"]);
const SAID = {
  RED: (n, names) => tn(n, "One service went down: {names}", "{n} services went down: {names}", { names }),
  YELLOW: (n, names) => tn(n, "One service is slow: {names}", "{n} services are slow: {names}", { names }),
  UNKNOWN: (n, names) => tn(n, "One service is not known to be up: {names}", "{n} services are not known to be up: {names}", { names }),
  GREEN: (n, names) => tn(n, "One service is up again: {names}", "{n} services are up again: {names}", { names }),
  fired: (n, names) => tn(n, "One alert has fired: {names}", "{n} alerts have fired: {names}", { names }),
  acknowledged: (n, names) => tn(n, "One alert is acknowledged: {names}", "{n} alerts are acknowledged: {names}", { names }),
};

/**
 * The sentence; empty where nothing is worth one. `statuses` are data of service.status_changed, by
 * service the last one; `alerts` are [kind, alert]. An alert of a service that is named goes without saying.
 */
export function announcement(statuses, alerts) {
  const changed = statuses.filter((each) => each.from !== each.to && (WRONG.has(each.to) || (each.to === "GREEN" && WRONG.has(each.from))));
  const named = new Set(changed.map((each) => each.service_id));
  const told = alerts.filter(([kind, alert]) => SAID[kind] && !alert.suppressed_by && !(kind === "fired" && named.has(alert.service_id)));
  const all = [...changed.map((each) => [each.to, each.service_name]), ...told.map(([kind, alert]) => [kind, alert.service_name])];
  const by = Map.groupBy(all, ([what]) => what);
  const parts = Object.keys(SAID).filter((what) => by.has(what)).map((what) => SAID[what](by.get(what).length, few(by.get(what).map(([, name]) => name))));
  return parts.length ? t("{parts}.", { parts: parts.join("; ") }) : "";
}

function few(names) {
  const rest = names.length - MOST_NAMES;
  return rest > 0 ? listed([...names.slice(0, MOST_NAMES), t("{n} more", { n: rest })]) : listed(names);
}
