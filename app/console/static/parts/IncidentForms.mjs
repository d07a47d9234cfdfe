// What is said about an incident: the forms to tell of it, to go on with it, and to mend what was said.

import { html, useEffect, useMemo, useState } from "../vendor/ui.mjs";
import * as api from "../api.mjs";
import { INCIDENT_SEVERITIES, INCIDENT_STATUSES, KINDS, OVERALL, STATED, TEMPLATES, incidentBody, statesOf, withTemplate } from "../lib/incidents.mjs";
import { moment } from "../lib/time.mjs";
import { isoOfWallTime, wallTime } from "../lib/wall-times.mjs";
import { t, tn } from "../lib/words.mjs";
import { useForm } from "../store/form.mjs";
import { nameOf } from "../store/services.mjs";
import { useShared } from "../store/shared.mjs";
import { now, zone } from "../store/view.mjs";
import { Conflict } from "./Conflict.mjs";
import { Dialog } from "./Dialog.mjs";
import { Field } from "./Field.mjs";
import { Form, Section } from "./Form.mjs";
import { Button } from "./Page.mjs";
import { perform } from "./Plain.mjs";
import { ServicePicker } from "./ServicePicker.mjs";

export const pathOf = (page, incident) => `/status-pages/${page.id}/incidents${incident ? `/${incident.id}` : ""}`;
const MARKDOWN = t("Markdown: paragraphs, lists, links.");
const required = (values, names) => Object.fromEntries(names.map((name) => [name, values[name].trim() ? undefined : t("Say something.")]));
const told = (onClose, reload) => () => {
  onClose();
  reload();
};

/** The form of a new incident, or of one that is over already. */
export function Compose({ page, past = false, onClose, reload }) {
  const place = zone.peek(); // the form keeps the zone that it began in
  const form = useForm({
    key: `incident.${page.id}.${past}`,
    initial: { title: "", status: "investigating", severity: "minor", service_ids: [], states: {}, overall_state: null, body: past ? "" : TEMPLATES.investigating, next: "", notify: !past, is_draft: false, is_over: past, zone: place, began: past ? wallTime(now.peek() - 7_200_000, place) : "", ended: past ? wallTime(now.peek() - 3_600_000, place) : "", ending: past ? TEMPLATES.resolved : "" },
    check: (values) => ({
      ...required(values, past ? ["body", "ending"] : ["body"]),
      title: values.title.trim() ? undefined : t("Give it a title."),
      began: past && !values.began ? t("Say when it began.") : undefined,
      ended: past && !(values.ended > values.began) ? t("It must end after it began.") : undefined,
    }),
    save: (values, create) => create(pathOf(page), incidentBody(values)),
  });
  const draft = form.get("is_draft");
  return html`<${Dialog} title=${past ? t("An incident that is over") : t("Tell of an incident")} wide onClose=${onClose}><${Form} form=${form} needs="status_pages:post" verb=${draft ? t("Keep as a draft") : t("Publish")} onSaved=${told(onClose, reload)} onCancel=${onClose}>
    ${!past && html`<${Kinds} form=${form} />`}
    <${Field} form=${form} path="title" label=${t("Title")} placeholder=${t("Payments fail")} />
    <div class="pair">${!past && html`<${StatusField} form=${form} />`}<${Field} form=${form} path="severity" label=${t("Severity")} kind="select" options=${INCIDENT_SEVERITIES} /></div>
    ${past && html`<div class="pair"><${Field} form=${form} path="began" label=${t("Began")} type="datetime-local" /><${Field} form=${form} path="ended" label=${t("Ended")} type="datetime-local" /></div><p class="muted small">${t("Both in {zone}.", { zone: form.get("zone") })}</p>`}
    <${Affected} form=${form} states=${!past} />
    <${Field} form=${form} path="body" label=${past ? t("What happened") : t("Message")} kind="textarea" rows=${4} help=${MARKDOWN} />
    ${past && html`<${Field} form=${form} path="ending" label=${t("How it ended")} kind="textarea" rows=${2} />`}
    ${!past && html`<${NextUpdate} form=${form} /><${Section} title=${t("More")} hint=${t("begin, sentence on top")}>
      <${Field} form=${form} path="began" label=${t("Began")} type="datetime-local" optional help=${t("Left empty it is now. Read in {zone}.", { zone: form.get("zone") })} />
      <${Field} form=${form} path="overall_state" label=${t("The sentence on top says")} kind="select" options=${OVERALL} /><//>`}
    <${Field} form=${form} path="is_draft" label=${t("Keep it as a draft: nobody sees it yet")} kind="switch" />
    ${!draft && html`<${Told} page=${page} form=${form} body=${incidentBody} />`}
  <//><//>`;
}

/** Prepared beginnings; one takes the place of the title and the message. */
function Kinds({ form }) {
  const take = (kind) => Object.entries(kind).forEach(([name, value]) => form.set(name, value));
  return html`<div class="field"><span class="label">${t("Begin with")}</span><div class="facets">${KINDS.map(([name, kind]) => html`<button key=${name} type="button" class="facet" aria-pressed=${form.get("body") === kind.body ? "true" : "false"} onClick=${() => take(kind)}>${name}</button>`)}</div></div>`;
}

function StatusField({ form }) {
  const take = (status) => {
    form.set("body", withTemplate(form.get("body"), status));
    form.set("status", status);
  };
  return html`<${Field} form=${form} path="status" label=${t("Where it stands")} control=${({ id, aria }) => html`<select id=${id} onChange=${(event) => take(event.target.value)} ...${aria}>${INCIDENT_STATUSES.map(([each, word]) => html`<option key=${each} value=${each} selected=${each === form.get("status")}>${word}</option>`)}</select>`} />`;
}

/** Services that are hit, each with the state that the page shows of it. */
function Affected({ form, states = true }) {
  const ids = form.get("service_ids");
  return html`<${Field} form=${form} path="service_ids" label=${t("Affected services")} control=${(props) => html`<${ServicePicker} ...${props} />`} optional />
    ${states && ids.length > 0 && html`<fieldset class="group"><legend>${t("The page shows them")}</legend>${ids.map((id) => html`<${Field} key=${id} form=${form} path=${`states.${id}`} label=${nameOf(id)} kind="select" options=${STATED} />`)}</fieldset>`}`;
}

function NextUpdate({ form }) {
  if (form.get("status") === "resolved") return null;
  const set = (minutes) => form.set("next", wallTime(now.peek() + minutes * 60_000, form.get("zone")));
  return html`<${Field} form=${form} path="next" label=${t("Next update by")} optional help=${t("Read in {zone}.", { zone: form.get("zone") })} control=${({ id, value, aria }) => html`<div class="beside"><input id=${id} type="datetime-local" value=${value} onInput=${(event) => form.set("next", event.target.value)} ...${aria} /><span class="segmented">${[[30, t("30 min")], [60, t("1 h")], [120, t("2 h")]].map(([minutes, word]) => html`<button key=${minutes} type="button" class="button" onClick=${() => set(minutes)}>${word}</button>`)}</span></div>`} />`;
}

/** Whether subscribers are told, how many they are, and what each of them gets. */
function Told({ page, form, body }) {
  const [found, setFound] = useState(null);
  const values = form.values.value;
  const on = form.get("notify");
  useEffect(() => {
    if (!on) return undefined;
    const timer = setTimeout(() => {
      const { is_draft: _, updates, ...given } = body(values);
      const said = updates ? { status: "resolved", body: updates.at(-1).body } : {};
      api.post(`${pathOf(page)}/preview`, { ...given, ...said, title: given.title?.trim() || t("Incident") }).then(setFound, () => setFound(null));
    }, 500);
    return () => clearTimeout(timer);
  }, [values]);
  return html`<${Field} form=${form} path="notify" label=${t("Tell subscribers")} kind="switch" help=${on ? null : t("Only the page tells.")} />
    ${on && found && html`<p role="status">${found.recipients ? tn(found.recipients, "One subscriber gets this message.", "{n} subscribers get this message.") : t("Nobody would get it yet: no one has subscribed to this, or messages are switched off.")}</p>
    <details class="evidence"><summary>${found.subject}</summary><pre tabindex="0">${found.text}</pre></details>`}`;
}

/** The form that says more of an incident, resolves it, or opens it again. */
export function Update({ page, incident, status, onClose, reload }) {
  const form = useForm({
    initial: { status, body: status === "resolved" ? TEMPLATES.resolved : "", next: "", zone: zone.peek(), restates: false, service_ids: incident.service_ids, states: incident.service_states, notify: true },
    check: (values) => required(values, ["body"]),
    save: ({ next, zone: place, restates, service_ids: ids, states, ...values }, create) => create(`${pathOf(page, incident)}/updates`, { ...values, ...(next && values.status !== "resolved" && { next_update_at: isoOfWallTime(next, place) }), ...(restates && { service_states: statesOf(ids, states) }) }),
  });
  const resolves = form.get("status") === "resolved";
  const body = (values) => ({ title: incident.title, status: values.status, body: values.body, service_ids: incident.service_ids, next_update_at: values.next && !resolves ? isoOfWallTime(values.next, values.zone) : null });
  return html`<${Dialog} title=${resolves ? t("Resolve {name}", { name: incident.title }) : t("An update to {name}", { name: incident.title })} onClose=${onClose}><${Form} form=${form} needs="status_pages:post" verb=${resolves ? t("Resolve") : t("Post")} onSaved=${told(onClose, reload)} onCancel=${onClose}>
    <${StatusField} form=${form} />
    <${Field} form=${form} path="body" label=${t("Message")} kind="textarea" rows=${4} help=${MARKDOWN} />
    <${NextUpdate} form=${form} />
    ${!resolves && incident.service_ids.length > 0 && html`<${Field} form=${form} path="restates" label=${t("Change what the page shows of the affected services")} kind="switch" />`}
    ${!resolves && form.get("restates") && html`<fieldset class="group"><legend>${t("The page shows them")}</legend>${incident.service_ids.map((id) => html`<${Field} key=${id} form=${form} path=${`states.${id}`} label=${nameOf(id)} kind="select" options=${STATED} />`)}</fieldset>`}
    <${Told} page=${page} form=${form} body=${body} />
  <//><//>`;
}

/** The form of something that was said already; `read` reads it again, `path` is where it is kept. */
function Shared({ title, path, read, stored, initial, body, check, needs, wide, verb, onClose, reload, children, ...rest }) {
  const shared = useShared({ path, stored, read });
  const form = useForm({ ...rest, initial, check, save: (values) => shared.save(body(values)) });
  const done = told(onClose, reload);
  const overwrite = async () => (await form.submit()) && done();
  const discard = () => {
    form.reset(form.values.peek());
    done();
  };
  return html`<${Dialog} title=${title} wide=${wide} onClose=${onClose}><${Conflict} shared=${shared} onOverwrite=${overwrite} onDiscard=${discard} /><${Form} form=${form} needs="status_pages:post" verb=${verb} onSaved=${done} onCancel=${onClose}>${children(form)}<//><//>`;
}

/** The form that mends one update: the page marks it as edited, and nobody is told again. */
export function EditUpdate({ page, incident, update, onClose, reload }) {
  const path = `${pathOf(page, incident)}/updates/${update.id}`;
  const read = async () => (await api.get(pathOf(page, incident))).updates.find((each) => each.id === update.id) ?? { ...update, updated_at: null };
  return html`<${Shared} title=${t("Edit an update of {name}", { name: incident.title })} path=${path} read=${read} stored=${update} initial=${{ status: update.status, body: update.body }} body=${(values) => values} check=${(values) => required(values, ["body"])} onClose=${onClose} reload=${reload}>${(form) => html`
    <${Field} form=${form} path="status" label=${t("Where it stood")} kind="select" options=${INCIDENT_STATUSES} />
    <${Field} form=${form} path="body" label=${t("Message")} kind="textarea" rows=${5} help=${t("The page says that it was edited, and when. Nobody is told again.")} />`}<//>`;
}

/** The form of the incident itself: title, severity, what is hit, since when. */
export function EditIncident({ page, incident, onClose, reload }) {
  const path = pathOf(page, incident);
  const place = useMemo(() => zone.peek(), []);
  const initial = { title: incident.title, severity: incident.severity, service_ids: incident.service_ids, states: incident.service_states, overall_state: incident.overall_state, began: wallTime(moment(incident.started_at), place) };
  const body = ({ began, states, ...values }) => ({ ...values, service_states: statesOf(values.service_ids, states), ...(began !== initial.began && { started_at: isoOfWallTime(began, place) }) });
  return html`<${Shared} title=${t("Edit {name}", { name: incident.title })} wide path=${path} read=${() => api.get(path)} stored=${incident} initial=${initial} body=${body} check=${(values) => ({ title: values.title.trim() ? undefined : t("Give it a title.") })} onClose=${onClose} reload=${reload}>${(form) => html`
    <${Field} form=${form} path="title" label=${t("Title")} />
    <div class="pair"><${Field} form=${form} path="severity" label=${t("Severity")} kind="select" options=${INCIDENT_SEVERITIES} /><${Field} form=${form} path="began" label=${t("Began")} type="datetime-local" help=${t("Read in {zone}.", { zone: place })} /></div>
    <${Affected} form=${form} states=${!incident.resolved_at} />
    ${!incident.resolved_at && html`<${Field} form=${form} path="overall_state" label=${t("The sentence on top says")} kind="select" options=${OVERALL} />`}
    <p class="muted">${t("The page changes at once; nobody is told. To tell, post an update.")}</p>`}<//>`;
}

/** What happened, why, and what changes: written afterwards, published when it is ready. */
export function PostMortem({ page, incident, onClose, reload }) {
  const path = pathOf(page, incident);
  const begin = (form) => perform(async () => form.set("post_mortem", (await api.get(`${path}/post-mortem-draft`)).markdown));
  return html`<${Shared} title=${t("Post-mortem of {name}", { name: incident.title })} wide key=${`post-mortem.${incident.id}`} path=${path} read=${() => api.get(path)} stored=${incident} initial=${{ post_mortem: incident.post_mortem, is_post_mortem_published: incident.is_post_mortem_published }} body=${(values) => values} check=${() => ({})} onClose=${onClose} reload=${reload}>${(form) => html`
    ${!form.get("post_mortem") && html`<div><${Button} icon="edit" onClick=${() => begin(form)}>${t("Begin with the timeline")}<//></div>`}
    <${Field} form=${form} path="post_mortem" label=${t("What happened, why, and what changes")} kind="textarea" rows=${14} help=${MARKDOWN} />
    <${Field} form=${form} path="is_post_mortem_published" label=${t("Publish it: the page shows it, subscribers are told once")} kind="switch" />`}<//>`;
}
