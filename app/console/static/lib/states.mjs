// States and severities: what each is called, which shape it has, how high its bar is. Colours are
// in base.css under the same names. No state is ever told by colour alone.

import { t } from "./words.mjs";

export const STATES = {
  GREEN: { name: "up", word: t("Up"), bar: 0.5 },
  YELLOW: { name: "slow", word: t("Slow"), bar: 0.72 },
  RED: { name: "down", word: t("Down"), bar: 1 },
  PENDING: { name: "waiting", word: t("Waiting"), bar: 0.12 },
  UNKNOWN: { name: "unknown", word: t("Unknown"), bar: 0.5 },
  PAUSED: { name: "paused", word: t("Paused"), bar: 0 },
  MAINTENANCE: { name: "maintenance", word: t("Maintenance"), bar: 0.5 },
};

/** The states by urgency, most urgent first. */
export const ORDER = ["RED", "YELLOW", "UNKNOWN", "PENDING", "MAINTENANCE", "GREEN", "PAUSED"];
const RANK = Object.fromEntries(ORDER.map((state, rank) => [state, rank]));

/** What a service shows: paused and maintenance hide its colour. */
export function stateOf(service) {
  if (!service.is_active) return "PAUSED";
  if (service.in_maintenance) return "MAINTENANCE";
  return service.status;
}

// What a list and a frame of the live feed tell of a service, each with the time of which it is: an answer that was read
// before a frame was sent may arrive after it.
const GROUPS = [
  ["status_changed_at", ["status", "status_changed_at"]],
  ["last_checked_at", ["last_checked_at", "last_response_time_ms", "last_error"]],
];

/** The row with what was found out about it; what was known to be true later than that stays. */
export function merged(known, found) {
  const row = { ...known, ...found };
  for (const [at, names] of GROUPS) {
    if (!found[at] || !known[at] || Date.parse(found[at]) >= Date.parse(known[at])) continue;
    for (const name of names) row[name] = known[name];
  }
  return row;
}

/** How urgent a state is: 0 is most. */
export function rank(state) {
  return RANK[state] ?? ORDER.length;
}

/** The state that a word or a colour names; null for none. */
export function stateNamed(text) {
  const said = text.trim().toLowerCase();
  const found = Object.entries(STATES).find(
    ([state, each]) => each.name === said || state.toLowerCase() === said,
  );
  return found ? found[0] : null;
}

export const SEVERITIES = {
  critical: { word: t("Critical"), marks: 3 },
  warning: { word: t("Warning"), marks: 2 },
  info: { word: t("Info"), marks: 1 },
};

/** The word for where an alert stands. */
export function alertWord(alert, now) {
  if (alert.status === "resolved") return t("Resolved");
  if (alert.snoozed_until && Date.parse(alert.snoozed_until) > now) return t("Snoozed");
  return alert.status === "acknowledged" ? t("Acknowledged") : t("Firing");
}

/** What an alert says, with states by the names they have here: "Down: HTTP 503"; of a heartbeat the API's message. */
export function messageOf(alert) {
  if (!alert.check_status) return alert.message;
  const reasons = [alert.reason, alert.explanation].filter(Boolean).join("; ");
  const { word } = STATES[alert.check_status];
  return reasons ? t("{word}: {reasons}", { word, reasons }) : word;
}

/** Why an alert fired, in a sentence. */
export const why = (alert) => alert.reason ?? messageOf(alert);

/** The name of what went wrong. */
export const titled = (alert) => alert.alert_rule_name ?? alert.title;
