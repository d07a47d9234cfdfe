// Incidents of status pages in words, and sentences to begin with.

import { isoOfWallTime } from "./wall-times.mjs";
import { t } from "./words.mjs";

/** Where an incident stands, in the order in which it goes on. */
export const INCIDENT_STATUSES = [["investigating", t("Investigating")], ["identified", t("Identified")], ["monitoring", t("Monitoring")], ["resolved", t("Resolved")]];
export const INCIDENT_WORDS = Object.fromEntries(INCIDENT_STATUSES);
export const INCIDENT_SEVERITIES = [["minor", t("Minor")], ["major", t("Major")], ["critical", t("Critical")]];
export const SEVERITY_WORDS = Object.fromEntries(INCIDENT_SEVERITIES);

/** What a page may say of an affected service; null leaves it as measured. */
export const STATED = [[null, t("as measured")], ["slow", t("slow")], ["down", t("down")], ["maintenance", t("in maintenance")], ["up", t("up")]];

/** What the sentence on top of a page may be decided to say; null leaves it to the services. */
export const OVERALL = [[null, t("what the services say")], ["slow", t("some systems are slow")], ["down", t("something is down")], ["maintenance", t("maintenance")], ["up", t("everything works")]];

/** A sentence for each status. */
export const TEMPLATES = {
  investigating: t("We are looking into a problem. We will say more as soon as we know more."),
  identified: t("We have found the cause and are working on it."),
  monitoring: t("A fix is in place. We are watching whether everything works again."),
  resolved: t("Everything works again. We are sorry for the trouble."),
};

/** Kinds of incidents to begin with: [name, {title, severity, body}]. */
export const KINDS = [
  [t("An outage"), { title: t("Our service is down"), severity: "critical", body: t("Our service cannot be reached at the moment. We are looking for the cause. We will say more as soon as we know more.") }],
  [t("Slow answers"), { title: t("Our service is slow"), severity: "minor", body: t("Pages take longer than usual to load. We are looking into it.") }],
  [t("Errors for some"), { title: t("Some requests fail"), severity: "major", body: t("Some requests fail. Trying again often helps. We are looking for the cause.") }],
  [t("A provider of ours"), { title: t("A provider of ours has a problem"), severity: "major", body: t("A provider that we depend on has a problem. We are in touch with them.") }],
  [t("Late messages"), { title: t("Messages arrive late"), severity: "minor", body: t("Messages are delayed. None is lost: they arrive as soon as the backlog is worked off.") }],
];

const PREPARED = [...Object.values(TEMPLATES), ...KINDS.map(([, kind]) => kind.body)];

/** Whether a message is one that was prepared, or none: another may take its place. */
export function isPrepared(body) {
  return !body.trim() || PREPARED.includes(body);
}

/** The template for a status where nothing of one's own was written. */
export function withTemplate(body, status) {
  return isPrepared(body) ? TEMPLATES[status] : body;
}

/** The states of affected services as the API takes them: those left as measured are left out. */
export function statesOf(ids, states) {
  return Object.fromEntries(ids.filter((id) => states[id]).map((id) => [id, states[id]]));
}

/** The API's body of a new incident from the values of its form, whose times are read in `values.zone`. */
export function incidentBody(values) {
  const { is_over: isOver, ended, ending, began, states, next, zone, ...rest } = values;
  const iso = (text) => isoOfWallTime(text, zone);
  const shared = { ...rest, service_states: isOver ? {} : statesOf(rest.service_ids, states) };
  if (isOver) {
    const { body, status: _, overall_state: __, ...past } = shared;
    const told = [{ status: "investigating", body, at: iso(began) }, { status: "resolved", body: ending, at: iso(ended) }];
    return { ...past, status: "resolved", started_at: iso(began), updates: told };
  }
  return { ...shared, ...(began && { started_at: iso(began) }), next_update_at: next && shared.status !== "resolved" ? iso(next) : null };
}
