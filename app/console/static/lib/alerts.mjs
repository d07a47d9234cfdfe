// Alerts in words: what happened to one, and what was told of it.

import { t } from "./words.mjs";

const HAPPENED = {
  fired: t("Fired"), acknowledged: t("Acknowledged"), resolved: t("Resolved"), snoozed: t("Snoozed"), snooze_ended: t("Snooze over"),
  comment: t("Note"), notified: t("Told by hand"), untold: t("Nobody was told"), suppressed: t("Hidden behind its cause"), released: t("No longer hidden"),
  severity_changed: t("Severity changed"), flapping_started: t("Going up and down"), flapping_stopped: t("Steady again"),
  failed: t("Failed again"), missed: t("Missed again"), late: t("Late"), unacknowledged: t("Open again: its person has left"), undelivered: t("Not delivered"),
  escalated: t("Escalated"), escalation_skipped: t("A level told nobody"), escalation_revived: t("Escalation goes on"),
};
const TOLD = {
  ...Object.fromEntries(["fired", "acknowledged", "resolved"].map((kind) => [`alert.${kind}`, HAPPENED[kind]])),
  "alert.escalated": t("Escalated"), "alert.reminder": t("Still open"), "alert.notified": t("Told by hand"), test: t("Test"), digest: t("Digest"),
  "heartbeat.missed": t("Heartbeat missed"), "ssl.expiring": t("Certificate expires"), "ssl.expired": t("Certificate has expired"), "ssl.changed": t("Certificate changed"),
};
const inWords = (table, kind) => table[kind] ?? kind.replace(/^alert\./, "").replaceAll("_", " ");

/** The word for an entry of a timeline. */
export const happened = (kind) => inWords(HAPPENED, kind);

/** What a message was about. */
export const about = (kind) => inWords(TOLD, kind);
