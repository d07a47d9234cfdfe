// Choosing a type of channel, its settings, and a test of it: on its own screen and in the first
// steps.

import { html, useState } from "../vendor/ui.mjs";
import * as api from "../api.mjs";
import { EVENTS, channelName, channelSteps, inOrder } from "../lib/channels.mjs";
import { secretPaths, withoutEmpty } from "../lib/forms.mjs";
import { milliseconds, sentence, t } from "../lib/words.mjs";
import { useForm } from "../store/form.mjs";
import { useEdits } from "../store/shared.mjs";
import { conflictOf } from "./Conflict.mjs";
import { Field } from "./Field.mjs";
import { Form, Section } from "./Form.mjs";
import { Icon } from "./Icon.mjs";
import { ChannelExtras, written } from "./ChannelExtras.mjs";
import { Button } from "./Page.mjs";
import { SchemaForm } from "./SchemaForm.mjs";

const SEVERITIES = [["info", t("everything")], ["warning", t("warnings and critical")], ["critical", t("critical only")]];

/** Tiles of every type; `onChoose(type)`. */
export function TypeTiles({ types, onChoose }) {
  return html`<div class="tiles">${inOrder(types).map((each) => html`<button key=${each.type} type="button" class="tile" onClick=${() => onChoose(each.type)}><strong>${channelName(each.type)}</strong><span class="help">${each.description}</span></button>`)}</div>`;
}

/** The settings of a new channel of a type, or of one that is there. */
export function ChannelForm({ type, channel = null, verb, onSaved, onCancel, short = false }) {
  const initial = channel
    ? { name: channel.name, config: channel.config, is_enabled: channel.is_enabled, min_severity: channel.min_severity, events: channel.events, fallback_channel_id: channel.fallback_channel_id, quiet_hours: channel.quiet_hours, template: channel.template }
    : { name: channelName(type.type), config: {} };
  const bodyOf = (values) => ({ ...values, config: withoutEmpty(values.config), ...(channel && { template: written(values.template) }) });
  const edits = useEdits({ path: `/notification-channels/${channel?.id}`, stored: channel, initial: bodyOf(initial) });
  const form = useForm({
    initial,
    key: `channel.${channel?.id ?? type.type}.${channel?.updated_at ?? ""}`,
    secrets: secretPaths(type.config_schema, "config."),
    check: ({ name }) => ({ name: name.trim() ? null : t("Give it a name.") }),
    save: (values, create) => (channel ? edits.save(bodyOf(values)) : create("/notification-channels", { ...bodyOf(values), type: type.type })),
  });
  const steps = channelSteps(type.type);
  const chosen = form.get("events") ?? [];
  const toggle = (event) => form.set("events", chosen.includes(event) ? chosen.filter((each) => each !== event) : [...chosen, event]);
  const properties = Object.keys(type.config_schema.properties ?? {});
  const required = properties.filter((name) => type.config_schema.required?.includes(name));
  const others = properties.filter((name) => !required.includes(name));
  return html`<${Form} form=${form} conflict=${conflictOf(edits)} verb=${verb ?? t("Save")} needs="notification_channels:write" onSaved=${onSaved} onCancel=${onCancel} autofocus=${!channel}>
    ${steps.length > 0 && html`<details class="evidence"><summary>${t("Where do I find this?")}</summary><ol class="steps">${steps.map((step) => html`<li key=${step}>${step}</li>`)}</ol></details>`}
    <${SchemaForm} form=${form} path="config" schema=${type.config_schema} only=${required} />
    ${!short && html`<${Field} form=${form} path="name" label=${t("Name")} />`}
    <div>
      ${others.length > 0 && html`<${Section} title=${t("More settings")}><${SchemaForm} form=${form} path="config" schema=${type.config_schema} only=${others} /><//>`}
      ${channel && html`<${Section} title=${t("What it is told")} hint=${t("{n} kinds of events", { n: chosen.length })}>
        <${Field} form=${form} path="is_enabled" kind="switch" label=${t("Switched on")} />
        <${Field} form=${form} path="min_severity" kind="select" label=${t("From which severity")} options=${SEVERITIES} />
        <fieldset class="group"><legend>${t("When")}</legend>${Object.entries(EVENTS).map(([event, said]) => html`<label key=${event} class="choice"><input type="checkbox" checked=${chosen.includes(event)} onChange=${() => toggle(event)} /><span>${said}</span></label>`)}</fieldset><//>`}
      ${channel && html`<${ChannelExtras} form=${form} channel=${channel} />`}
    </div>
  <//>`;
}

const REASONS = { 404: t("The address is wrong, or the webhook was removed."), 401: t("The key or token is not right."), 403: t("The key or token is not allowed to do this."), 429: t("The receiver has had too many messages."), 400: t("The receiver did not understand: is it an address of this type?") };

const NOT_ARRIVED = [t("It went to another place: compare the address, the chat or the topic with where you look."), t("The receiver filters it: look among muted chats, spam and blocked senders."), t("The receiver takes messages and shows them later: wait a minute, and send again.")];

/** A button that sends a test message to a channel (`id`), or with `send` elsewhere, and what came of it; `onArrived` asks whether it did. */
export function TestMessage({ id, send = () => api.post(`/notification-channels/${id}/test`), needs = "notification_channels:write", disabled, onArrived }) {
  const [state, setState] = useState(null);
  const [missing, setMissing] = useState(false);
  const press = async () => {
    setMissing(false);
    setState({ busy: true });
    try {
      setState({ outcome: await send() });
    } catch (error) {
      setState({ outcome: { ok: false, error: error.message } });
    }
  };
  const outcome = state?.outcome;
  return html`<div class="stack">
    <div class="actions"><${Button} kind=${onArrived && !outcome ? "primary large" : ""} icon="send" needs=${needs} disabled=${disabled} busy=${state?.busy} onClick=${press}>${outcome ? t("Send again") : t("Send a test")}<//></div>
    <div role="status">${outcome && html`<div class=${`notice ${outcome.ok ? "" : "failed"}`}><${Icon} name=${outcome.ok ? "check" : "warning"} /><div>
      <strong>${outcome.ok ? t("The receiver took it: {code} in {took}", { code: outcome.status_code ?? t("accepted"), took: milliseconds(outcome.duration_ms) }) : t("It was not taken")}</strong>
      ${!outcome.ok && html`<p>${outcome.status_code ? `${outcome.status_code}: ` : ""}${sentence(outcome.error)} ${REASONS[outcome.status_code] ?? ""}</p>`}
      ${outcome.ok && onArrived && html`<p>${t("Did it arrive?")}</p><div class="actions"><${Button} kind="primary" onClick=${onArrived}>${t("Yes, it arrived")}<//><${Button} aria-expanded=${missing ? "true" : "false"} onClick=${() => setMissing(!missing)}>${t("No")}<//></div>
        ${missing && html`<p>${t("The receiver answered that it has it. What it may be:")}</p><ol class="steps">${NOT_ARRIVED.map((reason) => html`<li key=${reason}>${reason}</li>`)}</ol>`}`}
    </div></div>`}</div>
  </div>`;
}
