// The form of an escalation policy: levels, each with its delay and whom it tells.

import { html } from "../vendor/ui.mjs";
import { t } from "../lib/words.mjs";
import { conflictOf } from "../parts/Conflict.mjs";
import { Field } from "../parts/Field.mjs";
import { Form } from "../parts/Form.mjs";
import { Icon } from "../parts/Icon.mjs";
import { Loaded, Page } from "../parts/Page.mjs";
import { KINDS, loadPolicies } from "../store/escalation.mjs";
import { useForm } from "../store/form.mjs";
import { useResource } from "../store/resource.mjs";
import { go, link } from "../store/route.mjs";
import { useEdits } from "../store/shared.mjs";
import { say } from "../store/toasts.mjs";

export default function EscalationForm({ id }) {
  const found = useResource(loadPolicies, [id]);
  return html`<${Page} title=${id ? t("Edit policy") : t("New policy")} back=${{ path: "/escalation", title: t("Escalation") }} narrow><${Loaded} of=${found}>${({ policies, names }) => html`<${Editor} id=${id} stored=${policies.find((each) => each.id === id)} names=${names} />`}<//><//>`;
}

function bodyOf(values) {
  return { ...values, rules: values.rules.map((rule, at) => ({ delay_minutes: rule.delay_minutes, notify_type: rule.notify_type, notify_id: rule.notify_id, level: at + 1 })) };
}

function Editor({ id, stored, names }) {
  const first = KINDS.map(([kind]) => kind).find((kind) => names[kind].length) ?? "user";
  const fresh = (delayed) => ({ delay_minutes: delayed, notify_type: first, notify_id: names[first][0]?.[0] });
  const initial = stored ? { name: stored.name, rules: stored.rules, repeat_count: stored.repeat_count, is_default: stored.is_default } : { name: "", rules: [fresh(0)], repeat_count: 0, is_default: false };
  const edits = useEdits({ path: `/escalation-policies/${id}`, stored, initial: bodyOf(initial) });
  const form = useForm({
    initial,
    save: (values, create) => (id ? edits.save(bodyOf(values)) : create("/escalation-policies", bodyOf(values))),
  });
  const rules = form.get("rules");
  const change = (changed) => form.set("rules", changed);
  const saved = () => {
    say(t("Saved."));
    go(link("/escalation"), { replace: true });
  };
  const kindOf = (at, kind) => change(rules.map((rule, index) => (index === at ? { ...rule, notify_type: kind, notify_id: names[kind][0]?.[0] } : rule)));
  return html`<${Form} form=${form} conflict=${conflictOf(edits)} needs="escalation_policies:write" onSaved=${saved} onCancel=${() => go(link("/escalation"))}>
    <${Field} form=${form} path="name" label=${t("Name")} placeholder=${t("Day and night")} required />
    ${rules.map((rule, at) => html`<fieldset key=${at} class="group"><legend>${t("Level {n}", { n: at + 1 })}</legend>
      <div class="pair"><${Field} form=${form} path=${`rules.${at}.delay_minutes`} label=${t("After")} kind="number" unit=${t("minutes from the firing")} />
        <${Field} form=${form} path=${`rules.${at}.notify_type`} label=${t("Tell")} control=${({ id: field, value }) => html`<select id=${field} onChange=${(event) => kindOf(at, event.target.value)}>${KINDS.map(([kind, word]) => html`<option key=${kind} value=${kind} disabled=${!names[kind].length} selected=${kind === value}>${word}</option>`)}</select>`} /></div>
      <${Field} form=${form} path=${`rules.${at}.notify_id`} label=${t("Which")} kind="select" options=${names[rule.notify_type]} />
      ${rules.length > 1 && html`<div><button type="button" class="button quiet" onClick=${() => change(rules.filter((_, index) => index !== at))}><${Icon} name="close" />${t("Remove the level")}</button></div>`}
    </fieldset>`)}
    <div><button type="button" class="button" onClick=${() => change([...rules, fresh((rules.at(-1)?.delay_minutes ?? 0) + 10)])}><${Icon} name="plus" />${t("Add a level")}</button></div>
    <${Field} form=${form} path="repeat_count" label=${t("Begin again, while nobody answers")} kind="number" unit=${t("times")} />
    <${Field} form=${form} path="is_default" label=${t("Use it wherever nothing else is named")} kind="switch" />
  <//>`;
}
