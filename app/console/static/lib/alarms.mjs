// Which alerts somebody must hear of at once, where a browser is to make a sound or show a notification.

/** Ids of the alerts that ring: critical, firing, and neither hidden behind a cause nor snoozed. */
export function ringing(alerts, now) {
  const is = (alert) => alert.severity === "critical" && alert.status === "firing" && !alert.suppressed_by;
  return alerts.filter((alert) => is(alert) && !(alert.snoozed_until && Date.parse(alert.snoozed_until) > now)).map((alert) => alert.id);
}
