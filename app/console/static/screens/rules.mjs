// Rules: when a check result raises an alert, each in one sentence.

import { html } from "../vendor/ui.mjs";
import * as api from "../api.mjs";
import { conditionWords } from "../lib/conditions.mjs";
import { asObject } from "../lib/expressions.mjs";
import { listed, t } from "../lib/words.mjs";
import { Button, ButtonLink, Empty, Loaded, Page, Tags } from "../parts/Page.mjs";
import { DeleteButton, perform } from "../parts/Plain.mjs";
import { Severity } from "../parts/Status.mjs";
import { useResource } from "../store/resource.mjs";
import { link } from "../store/route.mjs";

const read = async (signal) => {
  const [rules, channels, policies, services] = await Promise.all(["/alert-rules", "/notification-channels", "/escalation-policies", "/services"].map((path) => api.all(path, path === "/services" ? { fields: "id,name" } : {}, { signal })));
  const names = new Map([...channels, ...policies, ...services].map((each) => [each.id, each.name]));
  return rules.map((rule) => ({ ...rule, names }));
};

export default function Rules() {
  const found = useResource(read);
  const add = html`<${ButtonLink} kind="primary" icon="plus" needs="alert_rules:write" shortcut="n" href=${link("/rules/new")}>${t("New rule")}<//>`;
  const empty = html`<${Empty} title=${t("No rule: nothing raises an alert")} action=${add}>${t("A rule says when a check result is worth a message: a service is down, slow for 3 of 5 checks, its certificate ends in two weeks.")}<//>`;
  return html`<${Page} title=${t("Rules")} actions=${add}><${Loaded} of=${found} empty=${empty}>${(rules) => html`<ul class="alert-rows">${rules.map((rule) => html`<${Rule} key=${rule.id} rule=${rule} reload=${found.reload} />`)}</ul>`}<//><//>`;
}

function Rule({ rule, reload }) {
  const name = (id) => rule.names.get(id) ?? t("something that is gone");
  const change = () => perform(() => api.patch(`/alert-rules/${rule.id}`, { is_enabled: !rule.is_enabled }), rule.is_enabled ? t("Switched off; its open alerts are resolved.") : t("Switched on."), reload);
  const whom = rule.service_id ? html`<strong>${name(rule.service_id)}</strong>` : rule.tags.length ? html`${t("any service tagged")} <${Tags} tags=${rule.tags} />` : t("any service");
  const channels = rule.notification_channel_ids.length ? listed(rule.notification_channel_ids.map(name)) : t("every channel");
  const policy = rule.escalation_policy_id ? t(", then {name}", { name: name(rule.escalation_policy_id) }) : "";
  return html`<li class=${`alert-row${rule.is_enabled ? "" : " off"}`}><${Severity} severity=${rule.severity} />
    <div class="what"><a class="name" href=${link(`/rules/${rule.id}`)}>${rule.name}</a>
      <p class="small">${t("When")} ${whom} ${conditionWords(asObject(rule.condition))} → ${rule.severity} → ${channels}${policy}${rule.is_enabled ? "" : html` <span class="chip">${t("off")}</span>`}</p></div>
    <div class="actions"><${Button} needs="alert_rules:write" aria-label=${rule.is_enabled ? t("Switch off {name}", rule) : t("Switch on {name}", rule)} onClick=${change}>${rule.is_enabled ? t("Switch off") : t("Switch on")}<//>
      <${DeleteButton} name=${rule.name} needs="alert_rules:write" path=${`/alert-rules/${rule.id}`} id=${rule.id} said=${t("{name} is deleted; its open alerts will be resolved.", rule)} /></div></li>`;
}
