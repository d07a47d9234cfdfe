// What happened to a service: its outages, the rules that watch it, who changed what.

import { html } from "../vendor/ui.mjs";
import * as api from "../api.mjs";
import { conditionWords } from "../lib/conditions.mjs";
import { asObject } from "../lib/expressions.mjs";
import { dayAndClock, moment, span } from "../lib/time.mjs";
import { listed, t } from "../lib/words.mjs";
import { useResource } from "../store/resource.mjs";
import { link } from "../store/route.mjs";
import { whyNot } from "../store/session.mjs";
import { AuditEntries } from "./AuditEntries.mjs";
import { ButtonLink, Empty, Loaded } from "./Page.mjs";
import { PlainTable } from "./Plain.mjs";
import { Moment, Said, Severity } from "./Status.mjs";

/** The outages of the last 30 days. */
export function Outages({ id }) {
  const found = useResource((signal) => api.get(`/services/${id}/outages`, { limit: 200 }, signal), [id], { frames: ["service.status_changed"], concerns: (data) => data.service_id === id });
  const empty = html`<${Empty} title=${t("No outage in the last 30 days")}>${t("A time in which the service was down stands here, with its cause.")}<//>`;
  const columns = [
    { title: t("Began"), cell: (each) => html`<${Moment} at=${moment(each.started_at)} write=${dayAndClock} />` },
    { title: t("Lasted"), right: true, cell: (each) => html`${span(each.duration_seconds)}${each.ended_at ? "" : html` <strong class="down">${t("so far")}</strong>`}` },
    { title: t("Cause"), cell: (each) => html`<${Said} text=${each.reason} />` },
    { title: t("Alerts"), cell: (each) => (each.alert_ids.length ? each.alert_ids.map((alert, at) => html`<a key=${alert} href=${link(`/alerts/${alert}`)}>${t("Alert {n}", { n: at + 1 })}</a> `) : html`<span class="muted">${t("none")}</span>`) },
  ];
  return html`<${Loaded} of=${found} empty=${empty}>${(outages) => html`<${PlainTable} label=${t("Outages")} rows=${outages} idOf=${(each) => each.started_at} columns=${columns} />`}<//>`;
}

/** Rules that look at the service, and who would be told of an alert now. */
export function RulesOf({ service }) {
  const found = useResource(async (signal) => {
    const [rules, policies, channels] = await Promise.all(["/alert-rules", "/escalation-policies", "/notification-channels"].map((path) => api.all(path, {}, { signal })));
    const concerns = (rule) => (rule.service_id ? rule.service_id === service.id : !rule.tags.length || rule.tags.some((tag) => service.tags.includes(tag)));
    return { rules: rules.filter(concerns), policies, names: new Map([...policies, ...channels].map((each) => [each.id, each.name])) };
  }, [service.id]);
  const add = html`<${ButtonLink} icon="plus" needs="alert_rules:write" href=${link("/rules/new")}>${t("New rule")}<//>`;
  return html`<${Loaded} of=${found}>${({ rules, policies, names }) => {
    if (!rules.length) return html`<${Empty} title=${t("No rule watches this service")} action=${add}>${t("It is checked, but nobody would hear of an outage.")}<//>`;
    const policy = policies.find((each) => each.id === service.escalation_policy_id) ?? policies.find((each) => each.is_default);
    return html`<div class="columns"><ul class="alert-rows">${rules.map((rule) => html`<li key=${rule.id} class=${`alert-row${rule.is_enabled ? "" : " off"}`}><${Severity} severity=${rule.severity} />
        <div class="what"><a class="name" href=${link(`/rules/${rule.id}`)}>${rule.name}</a>
          <p class="small">${t("When it {condition}", { condition: conditionWords(asObject(rule.condition)) })} → ${rule.severity} → ${rule.notification_channel_ids.length ? listed(rule.notification_channel_ids.map((each) => names.get(each) ?? "")) : t("every channel")}${rule.is_enabled ? "" : html` <span class="chip">${t("off")}</span>`}</p></div></li>`)}</ul>
      ${policy && html`<${WouldBeTold} policy=${policy} />`}</div>`;
  }}<//>`;
}

function WouldBeTold({ policy }) {
  const found = useResource((signal) => api.send("POST", `/escalation-policies/${policy.id}/simulate`, { body: {}, signal }).then(({ data }) => data), [policy.id]);
  return html`<section class="card"><h2>${t("If an alert fired now")}</h2><p class="muted small">${t("By the escalation policy")} <a href=${link(`/escalation/${policy.id}`)}>${policy.name}</a></p>
    <${Loaded} of=${found} rows=${2}>${(levels) => html`<ol class="timeline">${levels.map((each, at) => html`<li key=${at}><${Moment} at=${moment(each.at)} write=${dayAndClock} /><span><strong>${each.name}</strong><br />${each.recipients.length ? listed(each.recipients) : html`<span class="down">${t("reaches nobody")}</span>`}</span></li>`)}</ol>`}<//></section>`;
}

/** Who changed the service, and what. */
export function Changes({ id }) {
  const reason = whyNot("audit_logs:read");
  if (reason) return html`<${Empty} title=${t("For admins")}>${reason}.<//>`;
  return html`<${Entries} id=${id} />`;
}

function Entries({ id }) {
  const found = useResource((signal) => api.get("/audit-logs", { resource_type: "service", resource_id: id, limit: 200 }, signal), [id]);
  const empty = html`<${Empty} title=${t("Nothing was changed yet")}>${t("Who changed this service stands here, with what was before.")}<//>`;
  return html`<${Loaded} of=${found} empty=${empty}>${(entries) => html`<${AuditEntries} entries=${entries} />`}<//>`;
}
