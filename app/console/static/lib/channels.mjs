// Types of channels: what they are called, and where one finds what they ask for.

import { t } from "./words.mjs";

export const CHANNELS = {
  slack: [t("Slack"), [t("Open api.slack.com/apps and choose your app, or create one."), t("Under Incoming Webhooks, add a webhook to a channel."), t("Copy the webhook URL.")]],
  discord: [t("Discord"), [t("Open the settings of the channel: Integrations."), t("Create a webhook."), t("Copy the webhook URL.")]],
  teams: [t("Microsoft Teams"), [t("In the channel choose Workflows."), t("Take “Post to a channel when a webhook request is received”."), t("Copy the address of the workflow.")]],
  telegram: [t("Telegram"), [t("Write /newbot to @BotFather and copy the token."), t("Add the bot to your chat and write a message there."), t("Take the chat id from getUpdates of the Bot API.")]],
  email: [t("E-mail"), [t("One address a line. The mail server is set with SMTP_URL.")]],
  webhook: [t("Webhook"), [t("Any address that takes JSON by POST."), t("With a secret, the signature is in X-AlertifyPro-Signature.")]],
  pagerduty: [t("PagerDuty"), [t("Open the service: Integrations."), t("Add Events API v2."), t("Copy the integration key.")]],
  opsgenie: [t("Opsgenie"), [t("Settings: Integrations, add API."), t("Copy the API key.")]],
  mattermost: [t("Mattermost"), [t("Integrations: Incoming Webhooks."), t("Add one and copy its URL.")]],
  sms: [t("SMS (Twilio)"), [t("The account SID and auth token are on Twilio's console."), t("The sender is a number of that account.")]],
  ntfy: [t("ntfy"), [t("Choose a topic that nobody guesses."), t("Subscribe to it in the ntfy app.")]],
  pushover: [t("Pushover"), [t("The user key is on your dashboard."), t("Create an application for the token.")]],
  gotify: [t("Gotify"), [t("Create an application in Gotify and copy its token.")]],
  apprise: [t("Apprise (100 others)"), [t("Write the address of the service in Apprise's notation.")]],
};

/** The types in the order of use; unknown ones of a newer server come last. */
export function inOrder(types) {
  const order = Object.keys(CHANNELS);
  const place = (type) => (order.includes(type) ? order.indexOf(type) : order.length);
  return [...types].sort((a, b) => place(a.type) - place(b.type));
}

/** What a type is called. */
export function channelName(type) {
  return CHANNELS[type]?.[0] ?? type;
}

/** Where its settings are found, as steps. */
export function channelSteps(type) {
  return CHANNELS[type]?.[1] ?? [];
}

export const EVENTS = {
  "alert.fired": t("an alert fires"), "alert.acknowledged": t("somebody acknowledges"), "alert.resolved": t("an alert resolves"),
  "alert.reminder": t("an alert still stands (reminder)"), "alert.escalated": t("an alert escalates"),
  "service.status_changed": t("a service changes its state"), "heartbeat.missed": t("a heartbeat is missed"), "heartbeat.recovered": t("a heartbeat recovers"),
  "ssl.expiring": t("a certificate ends soon"), "ssl.changed": t("a certificate changed"), "maintenance.started": t("maintenance begins"), "maintenance.ended": t("maintenance ends"),
  "incident.created": t("an incident opens"), "incident.updated": t("an incident is updated"), "incident.resolved": t("an incident is resolved"),
};
