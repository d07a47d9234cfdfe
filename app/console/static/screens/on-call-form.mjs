// The form of an on-call schedule: layers of people who take turns.

import { html } from "../vendor/ui.mjs";
import * as api from "../api.mjs";
import { t } from "../lib/words.mjs";
import { conflictOf } from "../parts/Conflict.mjs";
import { Field } from "../parts/Field.mjs";
import { Form } from "../parts/Form.mjs";
import { Icon } from "../parts/Icon.mjs";
import { Loaded, Page } from "../parts/Page.mjs";
import { useForm } from "../store/form.mjs";
import { useResource } from "../store/resource.mjs";
import { go, link } from "../store/route.mjs";
import { useEdits } from "../store/shared.mjs";
import { say } from "../store/toasts.mjs";
import { zone } from "../store/view.mjs";

const DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const WORDS = [t("Monday"), t("Tuesday"), t("Wednesday"), t("Thursday"), t("Friday"), t("Saturday"), t("Sunday")];
const FRESH = { name: "", rotation_type: "weekly", handoff_day: "monday", handoff_time: "09:00", users: [] };

export default function OnCallForm({ id }) {
  const loaded = useResource(async (signal) => {
    const [members, stored] = await Promise.all([api.all("/members", {}, { signal }), id ? api.get(`/on-call-schedules/${id}`, {}, signal) : null]);
    return { members: members.filter((each) => each.status !== "invited"), stored };
  }, [id]);
  return html`<${Page} title=${id ? t("Edit schedule") : t("New schedule")} back=${{ path: "/on-call", title: t("On-call") }} narrow><${Loaded} of=${loaded}>${(found) => html`<${Editor} id=${id} ...${found} />`}<//><//>`;
}

function Editor({ id, members, stored }) {
  const initial = stored ? { name: stored.name, timezone: stored.timezone, layers: stored.layers } : { name: "", timezone: zone.peek(), layers: [{ ...FRESH, name: t("First line") }] };
  const edits = useEdits({ path: `/on-call-schedules/${id}`, stored, initial });
  const form = useForm({
    initial,
    save: (values, create) => (id ? edits.save(values) : create("/on-call-schedules", values)),
  });
  const layers = form.get("layers");
  const change = (changed) => form.set("layers", changed);
  const saved = () => {
    say(t("Saved."));
    go(link("/on-call"), { replace: true });
  };
  return html`<${Form} form=${form} conflict=${conflictOf(edits)} needs="on_call_schedules:write" onSaved=${saved} onCancel=${() => go(link("/on-call"))}>
    <div class="pair"><${Field} form=${form} path="name" label=${t("Name")} placeholder=${t("Operations")} required /><${Field} form=${form} path="timezone" label=${t("Time zone")} help=${t("Hand-offs stand in its wall time.")} /></div>
    ${layers.map((layer, at) => html`<${Layer} key=${at} form=${form} at=${at} layer=${layer} members=${members} remove=${layers.length > 1 && (() => change(layers.filter((_, index) => index !== at)))} />`)}
    <div><button type="button" class="button" onClick=${() => change([...layers, { ...FRESH, name: t("Backup") }])}><${Icon} name="plus" />${t("Add a layer behind")}</button></div>
  <//>`;
}

function Layer({ form, at, layer, members, remove }) {
  const path = `layers.${at}`;
  const users = layer.users ?? [];
  const set = (changed) => form.set(`${path}.users`, changed);
  const nameOf = (id) => members.find((each) => each.user_id === id)?.full_name ?? t("somebody who has left");
  const move = (index, by) => {
    const moved = [...users];
    [moved[index], moved[index + by]] = [moved[index + by], moved[index]];
    set(moved);
  };
  const rest = members.filter((each) => !users.includes(each.user_id));
  return html`<fieldset class="group"><legend>${t("Layer {n}", { n: at + 1 })}</legend>
    <div class="pair"><${Field} form=${form} path=${`${path}.name`} label=${t("Name")} /><${Field} form=${form} path=${`${path}.rotation_type`} label=${t("Takes turns")} kind="select" options=${[["weekly", t("every week")], ["daily", t("every day")], ["custom", t("every few days")]]} /></div>
    <div class="pair">
      ${layer.rotation_type === "weekly" && html`<${Field} form=${form} path=${`${path}.handoff_day`} label=${t("Hand-off on")} kind="select" options=${DAYS.map((each, index) => [each, WORDS[index]])} />`}
      ${layer.rotation_type === "custom" && html`<${Field} form=${form} path=${`${path}.rotation_days`} label=${t("Every")} kind="number" unit=${t("days")} />`}
      <${Field} form=${form} path=${`${path}.handoff_time`} label=${t("Hand-off at")} type="time" />
    </div>
    <${Field} form=${form} path=${`${path}.users`} label=${t("People, in their order")} control=${({ id }) => html`<ol class="lines">${users.map((user, index) => html`<li key=${user}><span>${index + 1}. ${nameOf(user)}</span><span class="actions">
        ${index > 0 && html`<button type="button" class="button quiet icon-only" aria-label=${t("Move {name} up", { name: nameOf(user) })} onClick=${() => move(index, -1)}><${Icon} name="up" /></button>`}
        <button type="button" class="button quiet icon-only" aria-label=${t("Take {name} out", { name: nameOf(user) })} onClick=${() => set(users.filter((each) => each !== user))}><${Icon} name="close" /></button></span></li>`)}</ol>
      <select id=${id} disabled=${!rest.length} onChange=${(event) => event.target.value && (set([...users, event.target.value]), (event.target.value = ""))}><option value="">${rest.length ? t("Add somebody…") : t("Everybody is in")}</option>${rest.map((each) => html`<option key=${each.user_id} value=${each.user_id}>${each.full_name}</option>`)}</select>`} />
    ${remove && html`<div><button type="button" class="button quiet" onClick=${remove}><${Icon} name="close" />${t("Remove the layer")}</button></div>`}
  </fieldset>`;
}
