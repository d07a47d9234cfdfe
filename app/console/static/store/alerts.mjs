// Open alerts of the organization, kept true by the live feed: the count in the rail, in the title
// of the window, and on Home.

import { computed } from "../vendor/ui.mjs";
import * as api from "../api.mjs";
import { on } from "../live.mjs";
import { resource } from "./resource.mjs";
import { sayError } from "./toasts.mjs";

const KINDS = ["fired", "acknowledged", "resolved", "escalated", "suppressed", "snoozed"];

/** Firing and acknowledged alerts, newest first. */
export const openAlerts = resource((signal) => api.all("/alerts", { limit: 500 }, { signal, most: 2000 }));

/** How many are firing and tell somebody: those hidden behind a cause do not count. */
export const firing = computed(
  () => openAlerts.data.value?.filter((alert) => alert.status === "firing" && !alert.suppressed_by).length ?? 0,
);

on("resync", openAlerts.reload);
for (const kind of KINDS) on(`alert.${kind}`, openAlerts.renew);

/** Acknowledge, resolve or snooze (`body` as the API takes it); returns the alert, null on failure. */
export async function act(id, action, body = {}) {
  try {
    const changed = await api.post(`/alerts/${id}/${action}`, body);
    openAlerts.update((known) => known.map((each) => (each.id === id ? changed : each)).filter((each) => each.status !== "resolved"));
    return changed;
  } catch (error) {
    sayError(error);
    return null;
  }
}
