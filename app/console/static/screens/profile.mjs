// The profile: name, password, second factor, sessions, and how one is reached.

import { html, useState } from "../vendor/ui.mjs";
import * as api from "../api.mjs";
import { channelName, inOrder } from "../lib/channels.mjs";
import { withoutEmpty } from "../lib/forms.mjs";
import { t } from "../lib/words.mjs";
import { AlarmChoices } from "../parts/AlarmChoices.mjs";
import { TestMessage } from "../parts/ChannelForm.mjs";
import { Dialog } from "../parts/Dialog.mjs";
import { Field } from "../parts/Field.mjs";
import { Form, Section } from "../parts/Form.mjs";
import { Icon } from "../parts/Icon.mjs";
import { Item, Menu } from "../parts/Menu.mjs";
import { OwnSessions } from "../parts/OwnSessions.mjs";
import { Button, Copy, Loaded, Page } from "../parts/Page.mjs";
import { perform } from "../parts/Plain.mjs";
import { SchemaForm } from "../parts/SchemaForm.mjs";
import { useForm } from "../store/form.mjs";
import { useResource } from "../store/resource.mjs";
import { load } from "../store/session.mjs";
import { say } from "../store/toasts.mjs";
import { setView, view } from "../store/view.mjs";

export default function Profile() {
  const found = useResource((signal) => api.get("/profile", {}, signal));
  return html`<${Page} title=${t("Profile")}><${Loaded} of=${found}>${(profile) => html`<div class="columns">
    <div class="stack"><section class="card"><h2>${t("You")}</h2><${You} profile=${profile} reload=${found.reload} /></section>
      <section class="card"><h2>${t("Password")}</h2><${Password} /></section></div>
    <div class="stack"><section class="card"><h2>${t("How you are reached")}</h2><${Contacts} profile=${profile} reload=${found.reload} /></section>
      <section class="card"><h2>${t("Second factor")}</h2><${SecondFactor} profile=${profile} reload=${found.reload} /></section>
      <section class="card"><h2>${t("Where you are signed in")}</h2><${OwnSessions} /></section>
      <section class="card"><h2>${t("This browser")}</h2><${Browser} /></section></div>
  </div>`}<//><//>`;
}

function You({ profile, reload }) {
  const form = useForm({ initial: { full_name: profile.full_name, email: profile.email, timezone: profile.timezone }, save: (values) => api.put("/profile", values) });
  const saved = () => {
    say(t("Saved."));
    reload();
    load();
  };
  return html`<${Form} form=${form} onSaved=${saved}><${Field} form=${form} path="full_name" label=${t("Name")} autocomplete="name" required /><${Field} form=${form} path="email" label=${t("E-mail address")} kind="email" /><${Field} form=${form} path="timezone" label=${t("Time zone")} help=${t("Of the times you are shown.")} /><//>`;
}

function Contacts({ profile, reload }) {
  const types = useResource((signal) => api.get("/notification-channels/types", {}, signal));
  return html`<${Loaded} of=${types} rows=${2}>${(found) => html`<${ContactForm} types=${found.filter((each) => each.is_personal)} profile=${profile} reload=${reload} />`}<//>`;
}

function ContactForm({ types, profile, reload }) {
  const form = useForm({
    initial: { contact_methods: profile.contact_methods ?? [] },
    save: ({ contact_methods: wanted }) => api.patch("/profile", { contact_methods: wanted.map((each) => ({ ...each, config: withoutEmpty(each.config) })) }),
  });
  const methods = form.get("contact_methods");
  const change = (changed) => form.set("contact_methods", changed);
  const saved = (answer) => {
    form.reset({ contact_methods: answer.contact_methods });
    say(t("Saved."));
    reload();
  };
  const test = (place) => html`<${TestMessage} send=${() => api.post("/profile/contact-methods/test", { place })} needs="profile:write" disabled=${form.dirty() ? t("Save first") : null} />`;
  return html`<p class="muted">${methods.length ? t("In this order, each after its delay, until you acknowledge.") : t("By mail to your address. Add a way to be reached sooner.")}</p>
    <div class="stack">${!methods.length && test(0)}
    <${Form} form=${form} onSaved=${saved}>${methods.map((method, at) => html`<fieldset key=${at} class="group"><legend>${channelName(method.type)}</legend>
        <${ContactFields} form=${form} path=${`contact_methods.${at}.config`} schema=${types.find((each) => each.type === method.type).config_schema} />
        <${Field} form=${form} path=${`contact_methods.${at}.delay_minutes`} label=${t("After")} kind="number" unit=${t("minutes")} />
        ${test(at)}<div><button type="button" class="button quiet" onClick=${() => change(methods.filter((_, index) => index !== at))}><${Icon} name="close" />${t("Remove")}</button></div></fieldset>`)}
      <div class="actions"><${Menu} side="left" label=${html`<${Icon} name="plus" />${t("Add a way")}`}>${inOrder(types).map(({ type }) => html`<${Item} key=${type} onClick=${() => change([...methods, { type, config: {}, delay_minutes: 0 }])}>${channelName(type)}<//>`)}<//></div><//></div>`;
}

/** What a method must have, and folded away what it may have. */
function ContactFields({ form, path, schema }) {
  const needed = schema.required ?? [];
  const others = Object.keys(schema.properties).filter((name) => !needed.includes(name));
  return html`<${SchemaForm} form=${form} path=${path} schema=${schema} only=${needed} />
    ${others.length > 0 && html`<${Section} title=${t("More settings")}><${SchemaForm} form=${form} path=${path} schema=${schema} only=${others} /><//>`}`;
}

function Password() {
  const form = useForm({ initial: { current_password: "", new_password: "" }, save: (values) => api.put("/profile/password", values) });
  const saved = () => {
    say(t("Changed. Other sessions have ended."));
    form.reset({ current_password: "", new_password: "" });
    load();
  };
  return html`<${Form} form=${form} verb=${t("Change it")} onSaved=${saved}><${Field} form=${form} path="current_password" label=${t("Current password")} kind="password" /><${Field} form=${form} path="new_password" label=${t("New password")} kind="password" autocomplete="new-password" help=${t("8 characters or more; a few words are best.")} /><//>`;
}

function SecondFactor({ profile, reload }) {
  const [made, setMade] = useState(null);
  const [codes, setCodes] = useState(null);
  const [ending, end] = useState(false);
  const begin = async () => setMade((await perform(() => api.post("/profile/2fa/setup"))) ?? null);
  const done = (answer) => {
    setMade(null);
    setCodes(answer.recovery_codes ?? []);
    reload();
  };
  if (profile.two_factor_enabled) {
    return html`<p><${Icon} name="check" /> ${t("On: signing in asks for a code of your app.")}</p><div class="actions"><${Button} kind="danger" onClick=${() => end(true)}>${t("Switch it off")}<//></div>
      ${ending && html`<${Confirming} title=${t("Switch the second factor off")} path="/profile/2fa/disable" onClose=${() => end(false)} done=${() => (end(false), reload())} />`}
      ${codes?.length > 0 && html`<${Dialog} title=${t("Recovery codes")} onClose=${() => setCodes(null)} foot=${html`<${Copy} kind="primary" text=${codes.join("\n")}>${t("Copy")}<//>`}><p>${t("Each is good once when the phone is lost. They are shown now and never again.")}</p><pre>${codes.join("\n")}</pre><//>`}`;
  }
  return html`<p class="muted">${t("A code of an authenticator app beside the password.")}</p><div class="actions"><${Button} onClick=${begin}>${t("Set it up")}<//></div>${made && html`<${Confirming} made=${made} title=${t("Set up the second factor")} path="/profile/2fa/enable" onClose=${() => setMade(null)} done=${done} />`}`;
}

function Confirming({ made, title, path, onClose, done }) {
  const form = useForm({ initial: { code: "" }, save: (values) => api.post(path, values) });
  return html`<${Dialog} title=${title} onClose=${onClose}>${made && html`<div class="qr"><img src=${made.qr_code} width="200" height="200" alt=${t("QR code for the authenticator app; the key beside it says the same")} />
      <div><p>${t("Point the camera of your authenticator app here, or type the key:")}</p><pre class="key">${made.secret.replace(/(.{4})(?=.)/g, "$1 ")}</pre><div class="actions"><${Copy} kind="" text=${made.secret}>${t("Copy the key")}<//><a class="button quiet" href=${made.uri}>${t("Open in an app on this device")}</a></div></div></div>`}
    <${Form} form=${form} verb=${t("Confirm")} onSaved=${done} onCancel=${onClose}><${Field} form=${form} path="code" label=${t("Code of the app")} inputmode="numeric" autocomplete="one-time-code" /><//><//>`;
}

function Browser() {
  const choices = [["theme", t("Theme"), [["system", t("as the system")], ["light", t("light")], ["dark", t("dark")]]], ["density", t("Density of lists"), [["comfortable", t("comfortable")], ["compact", t("compact")]]]];
  return html`<div class="form">${choices.map(([name, label, options]) => html`<label key=${name} class="field"><span class="label">${label}</span><select onChange=${(event) => setView({ [name]: options[event.target.selectedIndex][0] })}>${options.map(([value, word]) => html`<option key=${value} selected=${view.value[name] === value}>${word}</option>`)}</select></label>`)}
    <label class="choice"><input type="checkbox" checked=${view.value.keys} onChange=${(event) => setView({ keys: event.target.checked })} /><span>${t("Single letters do something while no field has the focus")}</span></label>
    <label class="choice"><input type="checkbox" checked=${view.value.utc} onChange=${(event) => setView({ utc: event.target.checked })} /><span>${t("Times in UTC")}</span></label>
    <${AlarmChoices} /></div>`;
}
