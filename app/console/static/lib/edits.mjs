// What an edit changes, and the names of its fields in words.

import { listed, t } from "./words.mjs";

/** Names of the fields that two people may have changed, for the sentence that says so. */
const FIELD_WORDS = {
  name: t("name"), slug: t("address"), description: t("description"), is_public: t("who sees it"), sections: t("sections"), services: t("public names"), branding: t("looks"), theme: t("theme"), layout: t("layout"),
  language: t("language"), timezone: t("time zone"), show_uptime_days: t("days of history"), links: t("links"), show: t("what is shown"), notify: t("messages to subscribers"), auto_incidents: t("automatic incidents"),
  announcement: t("announcement"), allow_subscribe: t("subscribing"), is_indexed: t("search engines"), custom_css: t("own styles"), custom_domain: t("domain"),
  title: t("title"), status: t("where it stands"), severity: t("severity"), service_ids: t("affected services"), service_states: t("states shown"), overall_state: t("sentence on top"), started_at: t("begin"), next_update_at: t("next update"), body: t("message"), post_mortem: t("post-mortem"), is_post_mortem_published: t("publication"), updates: t("updates"), is_draft: t("publication"),
  endpoint: t("what is checked"), check_type: t("check type"), environment: t("environment"), check_interval_seconds: t("how often"), timeout_seconds: t("timeout"), tags: t("tags"), config: t("settings of its type"),
  slow_threshold_ms: t("when it is slow"), failure_threshold: t("when it is down"), recovery_threshold: t("when it is up again"), retry_interval_seconds: t("checking again"), regions: t("regions"), region_quorum: t("regions"),
  depends_on: t("what it depends on"), escalation_policy_id: t("escalation policy"),
  condition: t("condition"), service_id: t("service"), notification_channel_ids: t("channels"), is_enabled: t("whether it is on"), auto_resolve: t("resolving by itself"), reminder_interval_minutes: t("reminders"), cooldown_minutes: t("cooldown"), runbook_url: t("runbook"),
  min_severity: t("from which severity"), events: t("what it is told"), fallback_channel_id: t("fallback"), quiet_hours: t("quiet hours"), template: t("template"),
  schedule: t("schedule"), grace_period_seconds: t("grace"), max_runtime_seconds: t("limits of a run"), min_duration_seconds: t("limits of a run"), max_duration_seconds: t("limits of a run"), min_interval_seconds: t("limits of a run"),
  layers: t("layers"), rules: t("levels"), repeat_count: t("how often it begins again"), is_default: t("whether it is the default"),
  starts_at: t("begin"), ends_at: t("end"), recurrence: t("when it comes again"), duration_minutes: t("how long it lasts"), status_page_ids: t("status pages"),
};

/** The fields of a body that differ from another; a password is there only when it was typed. */
export function changed(body, before) {
  return Object.fromEntries(Object.entries(body).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name])));
}

/** The names of fields in words, "name, theme and sections". */
export function inWords(names) {
  return listed([...new Set(names.map((name) => FIELD_WORDS[name]).filter(Boolean))]);
}
