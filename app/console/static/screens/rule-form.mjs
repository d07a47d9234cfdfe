// The form of a rule: when, for which services, how grave, whom to tell; tried on history beside it.

import { html, useState } from "../vendor/ui.mjs";
import * as api from "../api.mjs";
import { TEMPLATES } from "../lib/conditions.mjs";
import { asObject } from "../lib/expressions.mjs";
import { t } from "../lib/words.mjs";
import { conflictOf } from "../parts/Conflict.mjs";
import { ConditionField } from "../parts/ConditionRows.mjs";
import { Field } from "../parts/Field.mjs";
import { Form, Section } from "../parts/Form.mjs";
import { Button, Loaded, Page } from "../parts/Page.mjs";
import { RulePreview } from "../parts/RulePreview.mjs";
import { useForm } from "../store/form.mjs";
import { useResource } from "../store/resource.mjs";
import { go, link } from "../store/route.mjs";
import { useEdits } from "../store/shared.mjs";
import { say } from "../store/toasts.mjs";

const SEVERITIES = [["critical", t("Critical")], ["warning", t("Warning")], ["info", t("Info")]];

const load = async (id, signal) => {
  const [rule, channels, policies, services] = await Promise.all([id ? api.get(`/alert-rules/${id}`, {}, signal) : null, api.all("/notification-channels", {}, { signal }), api.all("/escalation-policies", {}, { signal }), api.all("/services", { fields: "id,name,tags" }, { signal })]);
  return { rule, channels, policies, services };
};

export default function RuleForm({ id }) {
  const found = useResource((signal) => load(id, signal), [id]);
  const name = found.data.value?.rule?.name;
  return html`<${Page} title=${id ? (name ?? t("Rule")) : t("New rule")} back=${{ path: "/rules", title: t("Rules") }}><${Loaded} of=${found}>${(all) => html`<${Editor} id=${id} ...${all} />`}<//><//>`;
}

function bodyOf({ scope, service_id, tags, ...values }) {
  return {
    ...values,
    name: values.name.trim(),
    service_id: scope === "service" ? service_id : null,
    tags: scope === "tags" ? tags : [],
    cooldown_minutes: values.cooldown_minutes ?? 0,
    reminder_interval_minutes: values.reminder_interval_minutes ?? null,
    runbook_url: values.runbook_url?.trim() || null,
  };
}

const FRESH = { name: TEMPLATES[0][1], severity: TEMPLATES[0][2], condition: TEMPLATES[0][3], service_id: null, tags: [], notification_channel_ids: [], escalation_policy_id: null, is_enabled: true, auto_resolve: true, reminder_interval_minutes: null, cooldown_minutes: 0, runbook_url: "" };

function Editor({ id, rule, channels, policies, services }) {
  const stored = rule ? { ...rule, condition: asObject(rule.condition) } : FRESH;
  const known = Object.fromEntries(Object.keys(FRESH).map((name) => [name, stored[name] ?? FRESH[name]]));
  const initial = { ...known, scope: known.service_id ? "service" : known.tags.length ? "tags" : "all" };
  const edits = useEdits({ path: `/alert-rules/${id}`, stored: rule, initial: bodyOf(initial) });
  const form = useForm({
    initial,
    check: (values) => ({
      name: values.name.trim() ? undefined : t("Give it a name."),
      tags: values.scope === "tags" && !values.tags.length ? t("Name a tag.") : undefined,
      service_id: values.scope === "service" && !values.service_id ? t("Choose a service.") : undefined,
    }),
    save: (values, create) => (id ? edits.save(bodyOf(values)) : create("/alert-rules", bodyOf(values))),
  });
  const [taken, setTaken] = useState(0);
  const take = ([, name, severity, condition]) => {
    Object.entries({ name, severity, condition }).forEach(([path, value]) => form.set(path, value));
    setTaken(taken + 1); // the field of the condition begins anew
  };
  const chosen = form.get("notification_channel_ids");
  const toggle = (channel) => form.set("notification_channel_ids", chosen.includes(channel) ? chosen.filter((each) => each !== channel) : [...chosen, channel]);
  const scope = form.get("scope");
  const saved = () => {
    say(t("Saved."));
    go(link("/rules"), { replace: true });
  };
  return html`<div class="columns"><${Form} form=${form} conflict=${conflictOf(edits)} needs="alert_rules:write" onSaved=${saved} onCancel=${() => go(link("/rules"))}>
    ${!id && html`<div class="facets" role="group" aria-label=${t("Templates")}>${TEMPLATES.map((each) => html`<${Button} key=${each[0]} onClick=${() => take(each)}>${each[1]}<//>`)}</div>`}
    <${Field} form=${form} path="name" label=${t("Name")} />
    <${ConditionField} form=${form} path="condition" key=${taken} />
    <div class="pair"><${Field} form=${form} path="scope" label=${t("For")} kind="select" options=${[["all", t("every service")], ["tags", t("services with one of these tags")], ["service", t("one service")]]} />
      <${Field} form=${form} path="severity" label=${t("Severity")} kind="select" options=${SEVERITIES} /></div>
    ${scope === "tags" && html`<${Field} form=${form} path="tags" label=${t("Tags")} kind="tags" suggestions=${[...new Set(services.flatMap((each) => each.tags ?? []))]} />`}
    ${scope === "service" && html`<${Field} form=${form} path="service_id" label=${t("Service")} kind="select" options=${[[null, t("Choose…")], ...services.map((each) => [each.id, each.name])]} />`}
    <fieldset class="group"><legend>${t("Tell")}</legend><p class="muted small">${chosen.length ? t("Only the chosen channels.") : t("None chosen: every channel that takes this severity.")}</p>
      <div class="choices">${channels.map((each) => html`<label key=${each.id} class="choice"><input type="checkbox" checked=${chosen.includes(each.id)} onChange=${() => toggle(each.id)} /><span>${each.name}</span></label>`)}</div></fieldset>
    <${Field} form=${form} path="escalation_policy_id" label=${t("Then escalate by")} kind="select" options=${[[null, t("the policy of the service, else the default")], ...policies.map((each) => [each.id, each.name])]} />
    <${Section} title=${t("More")} hint=${t("reminders, cooldown, runbook")}>
      <div class="pair"><${Field} form=${form} path="reminder_interval_minutes" label=${t("Remind every")} kind="number" unit=${t("minutes")} optional help=${t("While it fires and nobody has acknowledged.")} />
        <${Field} form=${form} path="cooldown_minutes" label=${t("Cooldown")} kind="number" unit=${t("minutes")} help=${t("After its end it does not fire again for so long.")} /></div>
      <${Field} form=${form} path="runbook_url" label=${t("Runbook")} kind="url" placeholder="https://wiki.example.com/runbook" optional help=${t("Stands in every message.")} />
      <${Field} form=${form} path="auto_resolve" label=${t("Resolve by itself once it does not hold")} kind="switch" />
      <${Field} form=${form} path="is_enabled" label=${t("Switched on")} kind="switch" />
    <//>
  <//><${RulePreview} rule=${bodyOf(form.values.value)} /></div>`;
}
