// Incidents of status pages in words, and sentences to begin with.

import { t } from "./words.mjs";

/** Where an incident stands, in the order in which it goes on. */
export const INCIDENT_STATUSES = [["investigating", t("Investigating")], ["identified", t("Identified")], ["monitoring", t("Monitoring")], ["resolved", t("Resolved")]];
export const INCIDENT_WORDS = Object.fromEntries(INCIDENT_STATUSES);
export const INCIDENT_SEVERITIES = [["minor", t("Minor")], ["major", t("Major")], ["critical", t("Critical")]];
export const SEVERITY_WORDS = Object.fromEntries(INCIDENT_SEVERITIES);

/** What a page may say of an affected service; null leaves it as measured. */
export const STATED = [[null, t("as they are measured")], ["slow", t("slow")], ["down", t("down")], ["maintenance", t("in maintenance")], ["up", t("up")]];

/** A sentence for each status. */
export const TEMPLATES = {
  investigating: t("We are looking into a problem. We will say more as soon as we know more."),
  identified: t("We have found the cause and are working on it."),
  monitoring: t("A fix is in place. We are watching whether everything works again."),
  resolved: t("Everything works again. We are sorry for the trouble."),
};

/** The template for a status where nothing of one's own was written. */
export function withTemplate(body, status) {
  const untouched = !body.trim() || Object.values(TEMPLATES).includes(body);
  return untouched ? TEMPLATES[status] : body;
}
