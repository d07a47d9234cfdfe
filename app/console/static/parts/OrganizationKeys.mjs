// API keys and secrets: made, shown once, ended.

import { html, useMemo, useState } from "../vendor/ui.mjs";
import * as api from "../api.mjs";
import { day, moment } from "../lib/time.mjs";
import { t } from "../lib/words.mjs";
import { useForm } from "../store/form.mjs";
import { useResource } from "../store/resource.mjs";
import { now, zone } from "../store/view.mjs";
import { Dialog } from "./Dialog.mjs";
import { Field } from "./Field.mjs";
import { Form } from "./Form.mjs";
import { Button, Copy, Empty, Loaded } from "./Page.mjs";
import { DeleteButton, PlainTable } from "./Plain.mjs";
import { Ago } from "./Status.mjs";
import { WallLink } from "./WallLink.mjs";

const SCOPES = [["wall", t("see the wall screen and nothing else")], ["read", t("read everything")], ["write", t("write services, rules, channels…")], ["alerts", t("acknowledge and resolve")], ["admin", t("administer")]];
const DAY = 86_400_000;

/** Keys for programs. */
export function Keys() {
  const [making, make] = useState(false);
  const [linking, linkWall] = useState(false);
  const found = useResource((signal) => api.all("/api-keys", {}, { signal }));
  const add = html`<${Button} kind="primary" icon="plus" needs="api_keys:write" onClick=${() => make(true)}>${t("New key")}<//>`;
  const columns = [
    { title: t("Name"), cell: (each) => html`<strong>${each.name}</strong><br /><span class="mono muted">${each.prefix}…</span>` },
    { title: t("May"), cell: (each) => each.scopes.join(", ") },
    { title: t("Last used"), cell: (each) => html`<span class=${now.value - moment(each.last_used_at ?? each.created_at) > 90 * DAY ? "slow" : ""}><${Ago} at=${moment(each.last_used_at)} /></span>`, extra: true },
    { title: t("Ends"), cell: (each) => (each.expires_at ? day(moment(each.expires_at), zone.value, 0) : html`<span class="slow">${t("never")}</span>`), extra: true },
    { title: "", right: true, cell: (each) => html`<${DeleteButton} name=${each.name} verb=${t("Revoke")} needs="api_keys:write" consequence=${t("Programs that use it are refused at once.")} act=${() => api.remove(`/api-keys/${each.id}`).then(found.reload)} />` },
  ];
  return html`<div class="toolbar"><span class="spread"></span><${Button} icon="services" needs="api_keys:write" onClick=${() => linkWall(true)}>${t("Link for a wall screen")}<//>${add}</div><${Loaded} of=${found} empty=${html`<${Empty} title=${t("No key yet")} action=${add}>${t("Programs send a key in the place of a password. It can do what its scopes say, and never more than its maker.")}<//>`}>${(list) => html`<${PlainTable} label=${t("API keys")} rows=${list} columns=${columns} />`}<//>
    ${linking && html`<${WallLink} onClose=${() => linkWall(false)} onMade=${found.reload} />`}
    ${making && html`<${NewKey} onClose=${() => make(false)} reload=${found.reload} />`}`;
}

function NewKey({ onClose, reload }) {
  const [made, setMade] = useState(null);
  const opened = useMemo(api.serverNow, []); // what is sent again is the same
  const form = useForm({
    initial: { name: "", scopes: ["read"], days: 90 },
    save: ({ name, scopes, days }, create) => create("/api-keys", { name, scopes, expires_at: days ? new Date(opened + days * DAY).toISOString() : null }),
  });
  const scopes = form.get("scopes");
  const toggle = (scope) => form.set("scopes", scopes.includes(scope) ? scopes.filter((each) => each !== scope) : [...scopes, scope]);
  const saved = (answer) => {
    setMade(answer);
    reload();
  };
  if (made) {
    return html`<${Dialog} title=${t("Your new key")} onClose=${onClose} foot=${html`<${Copy} kind="primary" text=${made.key}>${t("Copy")}<//><${Button} onClick=${onClose}>${t("Done")}<//>`}><p>${t("It is shown now and never again.")}</p><pre>${made.key}</pre><//>`;
  }
  return html`<${Dialog} title=${t("New key")} onClose=${onClose}><${Form} form=${form} verb=${t("Make it")} onSaved=${saved} onCancel=${onClose}>
    <${Field} form=${form} path="name" label=${t("Name")} placeholder=${t("deploy script")} required />
    <fieldset class="group"><legend>${t("It may")}</legend><div class="choices">${SCOPES.map(([scope, word]) => html`<label key=${scope} class="choice"><input type="checkbox" checked=${scopes.includes(scope)} onChange=${() => toggle(scope)} /><span>${word}</span></label>`)}</div></fieldset>
    <${Field} form=${form} path="days" label=${t("Ends after")} kind="select" options=${[[30, t("30 days")], [90, t("90 days")], [365, t("a year")], [null, t("never")]]} />
  <//><//>`;
}

/** Values that configs refer to as {{secrets.NAME}}. */
export function Secrets() {
  const [making, make] = useState(false);
  const found = useResource((signal) => api.all("/secrets", {}, { signal }));
  const add = html`<${Button} kind="primary" icon="plus" needs="secrets:write" onClick=${() => make(true)}>${t("New secret")}<//>`;
  const columns = [
    { title: t("Name"), cell: (each) => html`<span class="mono">${`{{secrets.${each.name}}}`}</span>` },
    { title: t("Goes to"), cell: (each) => each.hosts?.join(", ") || html`<span class="muted">${t("any host")}</span>`, extra: true },
    { title: t("Changed"), cell: (each) => html`<${Ago} at=${moment(each.updated_at)} />`, extra: true },
    { title: "", right: true, cell: (each) => html`<${DeleteButton} name=${each.name} needs="secrets:write" act=${() => api.remove(`/secrets/${each.id}`).then(found.reload)} />` },
  ];
  return html`<div class="toolbar"><span class="spread"></span>${add}</div><${Loaded} of=${found} empty=${html`<${Empty} title=${t("No secret yet")} action=${add}>${t("A token or password is kept here once, never shown again, and put into checks where it is named.")}<//>`}>${(list) => html`<${PlainTable} label=${t("Secrets")} rows=${list} columns=${columns} />`}<//>
    ${making && html`<${NewSecret} onClose=${() => make(false)} reload=${found.reload} />`}`;
}

function NewSecret({ onClose, reload }) {
  const form = useForm({ initial: { name: "", value: "", hosts: [] }, save: ({ hosts, ...values }, create) => create("/secrets", { ...values, ...(hosts.length && { hosts }) }) });
  const saved = () => {
    onClose();
    reload();
  };
  return html`<${Dialog} title=${t("New secret")} onClose=${onClose}><${Form} form=${form} onSaved=${saved} onCancel=${onClose}>
    <${Field} form=${form} path="name" label=${t("Name")} placeholder=${t("API_TOKEN")} required /><${Field} form=${form} path="value" label=${t("Value")} kind="secret" required /><${Field} form=${form} path="hosts" label=${t("Only to these hosts")} kind="tags" optional />
  <//><//>`;
}
