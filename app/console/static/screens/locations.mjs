// Locations: places where agents make checks over HTTPS; their keys, how to start one, how each is.

import { html, useState } from "../vendor/ui.mjs";
import * as api from "../api.mjs";
import { STATES } from "../lib/states.mjs";
import { moment } from "../lib/time.mjs";
import { t, tn } from "../lib/words.mjs";
import { Confirm, Dialog } from "../parts/Dialog.mjs";
import { Field } from "../parts/Field.mjs";
import { Form } from "../parts/Form.mjs";
import { Button, Copy, Empty, Facts, Loaded, Page } from "../parts/Page.mjs";
import { DeleteButton, PlainTable } from "../parts/Plain.mjs";
import { Ago, Shape } from "../parts/Status.mjs";
import { useForm } from "../store/form.mjs";
import { useResource } from "../store/resource.mjs";

const ms = (value) => (value === null ? "–" : t("{n} ms", { n: Math.round(value) }));
const AGENT_COLUMNS = [
  { title: t("Agent"), cell: (each) => html`<${AgentState} agent=${each} />` },
  { title: t("Seen"), cell: (each) => html`<${Ago} at=${moment(each.last_seen_at)} />` },
  { title: t("Version"), cell: (each) => each.version, extra: true },
  { title: t("Checks a second"), right: true, cell: (each) => each.checks_per_second, extra: true },
  { title: t("Late by"), right: true, cell: (each) => ms(each.lateness_ms) },
  { title: t("Clock off by"), right: true, cell: (each) => ms(each.clock_skew_ms), extra: true },
  { title: t("Waiting results"), right: true, cell: (each) => each.buffered, extra: true },
];

function AgentState({ agent }) {
  const [state, said] = !agent.is_alive ? ["RED", t("silent")] : agent.blind_since ? ["UNKNOWN", t("reaches nothing")] : ["GREEN", t("at work")];
  return html`<span class="status wraps ${STATES[state].name}"><${Shape} state=${state} /><span>${agent.agent} <span class="muted">${said}</span></span></span>`;
}

export default function Locations() {
  const [making, make] = useState(false);
  const [shown, show] = useState(null);
  const found = useResource((signal) => api.all("/locations", {}, { signal }));
  const add = html`<${Button} kind="primary" icon="plus" needs="locations:write" onClick=${() => make(true)}>${t("New location")}<//>`;
  const saved = (answer) => {
    make(false);
    show(answer);
    found.reload();
  };
  const empty = html`<${Empty} title=${t("No location yet")} action=${add}>${t("An agent at a location makes checks from there: an office, a factory, another cloud. It needs outbound HTTPS and nothing else.")}<//>`;
  return html`<${Page} title=${t("Locations")} lead=${t("Services that name the region of a location are checked there.")} actions=${add}>
    <${Loaded} of=${found} empty=${empty}>${(list) => html`<div class="stack">${list.map((each) => html`<${Location} key=${each.id} location=${each} show=${show} reload=${found.reload} />`)}</div>`}<//>
    ${making && html`<${NewLocation} onClose=${() => make(false)} onSaved=${saved} />`}
    ${shown && html`<${Key} location=${shown} onClose=${() => show(null)} />`}
  <//>`;
}

function Location({ location, show, reload }) {
  const [asking, ask] = useState(false);
  const rotate = async () => {
    show(await api.post(`/locations/${location.id}/rotate-key`));
    reload();
  };
  const state = location.is_alive ? ["GREEN", tn(location.agents.filter((each) => each.is_alive).length, "1 agent", "{n} agents")] : location.agents.length ? ["RED", t("its agents are silent")] : ["PENDING", t("no agent yet")];
  return html`<section class="card"><div class="toolbar"><h2>${location.name}</h2><span class=${`status ${STATES[state[0]].name}`}><${Shape} state=${state[0]} />${state[1]}</span><span class="spread"></span>
      <${Button} needs="locations:write" aria-label=${t("New key for {name}", location)} onClick=${() => ask(true)}>${t("New key")}<//>
      <${DeleteButton} name=${location.name} needs="locations:write" path=${`/locations/${location.id}`} id=${location.id} hasUsers said=${t("{name} is deleted; its agents will be refused.", location)} /></div>
    <${Facts} rows=${[[t("Region"), html`<span class="mono">${location.region}</span>`], [t("Key"), html`<span class="mono">${location.prefix}…</span>`], [t("Shared"), location.is_shared && t("with every organization")]]} />
    ${!location.agents.length && html`<p class="muted">${t("Nothing is checked from here until an agent runs.")} <a href="/guide/locations">${t("How to start one")}</a></p>`}
    ${location.agents.length > 0 && html`<${PlainTable} label=${t("Agents of {name}", location)} rows=${location.agents} columns=${AGENT_COLUMNS} idOf=${(each) => each.agent} />`}
    ${asking && html`<${Confirm} title=${t("New key for {name}?", location)} verb=${t("Replace the key")} act=${rotate} onClose=${() => ask(false)}><p>${t("Agents with the old key stop at once, and what they have not delivered is lost.")}</p><//>`}
  </section>`;
}

function NewLocation({ onClose, onSaved }) {
  const form = useForm({ initial: { name: "" }, save: (values, create) => create("/locations", values) });
  return html`<${Dialog} title=${t("New location")} onClose=${onClose}><${Form} form=${form} verb=${t("Make it")} onSaved=${onSaved} onCancel=${onClose}>
    <${Field} form=${form} path="name" label=${t("Name")} placeholder=${t("Berlin office")} required />
  <//><//>`;
}

function Key({ location, onClose }) {
  const start = `docker run -d --restart unless-stopped -e ALERTIFYPRO_URL=${window.location.origin} -e LOCATION_KEY=${location.key} alertifypro python -m workers remote`;
  return html`<${Dialog} title=${t("Key of {name}", location)} onClose=${onClose} foot=${html`<${Copy} kind="primary" text=${start}>${t("Copy the command")}<//><${Copy} text=${location.key}>${t("Copy the key")}<//><${Button} onClick=${onClose}>${t("Done")}<//>`}>
    <p>${t("It is shown now and never again.")}</p><pre>${location.key}</pre>
    <p>${t("Start an agent at the place, with Docker:")}</p><pre>${start}</pre>
    <p><a href="/guide/locations">${t("Other ways to start one")}</a></p><//>`;
}
