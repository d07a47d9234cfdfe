// An incident of a status page: told, gone on with, resolved, and explained afterwards.

import { html, useEffect, useState } from "../vendor/ui.mjs";
import * as api from "../api.mjs";
import { INCIDENT_SEVERITIES, INCIDENT_STATUSES, INCIDENT_WORDS, SEVERITY_WORDS, STATED, TEMPLATES, withTemplate } from "../lib/incidents.mjs";
import { dayAndClock, moment, span } from "../lib/time.mjs";
import { t, tn } from "../lib/words.mjs";
import { useForm } from "../store/form.mjs";
import { now } from "../store/view.mjs";
import { Dialog } from "./Dialog.mjs";
import { Field } from "./Field.mjs";
import { Form } from "./Form.mjs";
import { Icon } from "./Icon.mjs";
import { Button } from "./Page.mjs";
import { DeleteButton, perform } from "./Plain.mjs";
import { ServicePicker } from "./ServicePicker.mjs";
import { Moment } from "./Status.mjs";

const pathOf = (page, incident) => `/status-pages/${page.id}/incidents${incident ? `/${incident.id}` : ""}`;

/** The form of a new incident, with a sentence to begin with and how many would hear of it. */
export function Compose({ page, onClose, reload }) {
  const body = ({ shown, ...values }) => ({ ...values, service_states: shown ? Object.fromEntries(values.service_ids.map((each) => [each, shown])) : {} });
  const form = useForm({
    key: `incident.${page.id}`,
    initial: { title: "", status: "investigating", severity: "minor", service_ids: [], shown: null, body: TEMPLATES.investigating, notify: true, is_draft: false },
    check: (values) => ({ title: values.title.trim() ? undefined : t("Give it a title."), body: values.body.trim() ? undefined : t("Say something.") }),
    save: (values) => api.post(pathOf(page), body(values)),
  });
  const saved = () => {
    onClose();
    reload();
  };
  const draft = form.get("is_draft");
  return html`<${Dialog} title=${t("Tell of an incident")} wide onClose=${onClose}><${Form} form=${form} needs="status_pages:post" verb=${draft ? t("Keep as a draft") : t("Publish")} onSaved=${saved} onCancel=${onClose}>
    <${Field} form=${form} path="title" label=${t("Title")} placeholder=${t("Payments fail")} />
    <div class="pair"><${StatusField} form=${form} /><${Field} form=${form} path="severity" label=${t("Severity")} kind="select" options=${INCIDENT_SEVERITIES} /></div>
    <${Field} form=${form} path="service_ids" label=${t("Affected services")} control=${(props) => html`<${ServicePicker} ...${props} />`} optional />
    ${form.get("service_ids").length > 0 && html`<${Field} form=${form} path="shown" label=${t("The page shows them")} kind="select" options=${STATED} />`}
    <${Field} form=${form} path="body" label=${t("Message")} kind="textarea" rows=${4} help=${t("Markdown: paragraphs, lists, links.")} />
    <${Field} form=${form} path="is_draft" label=${t("Keep it as a draft: nobody sees it yet")} kind="switch" />
    ${!draft && html`<${Field} form=${form} path="notify" label=${t("Tell subscribers")} kind="switch" />`}
    ${!draft && form.get("notify") && html`<${Recipients} page=${page} form=${form} body=${body} />`}
  <//><//>`;
}

function StatusField({ form }) {
  const status = form.get("status");
  const [before, setBefore] = useState(status);
  useEffect(() => {
    if (status === before) return;
    setBefore(status);
    form.set("body", withTemplate(form.get("body"), status));
  }, [status]);
  return html`<${Field} form=${form} path="status" label=${t("Where it stands")} kind="select" options=${INCIDENT_STATUSES} />`;
}

/** Who would be told, asked a moment after each change. */
function Recipients({ page, form, body }) {
  const [found, setFound] = useState(null);
  const values = form.values.value;
  useEffect(() => {
    const timer = setTimeout(() => api.post(`${pathOf(page)}/preview`, { ...body(values), title: values.title.trim() || t("Incident") }).then(setFound, () => setFound(null)), 500);
    return () => clearTimeout(timer);
  }, [values]);
  if (!found) return null;
  return html`<p class="muted" role="status">${found.recipients ? tn(found.recipients, "One subscriber gets “{subject}”.", "{n} subscribers get “{subject}”.", { subject: found.subject }) : t("Nobody has subscribed yet: only the page tells.")}</p>`;
}

/** An incident with everything said about it, newest first, and what can be done next. */
export function Incident({ page, incident, reload }) {
  const [open, setOpen] = useState(null);
  const close = () => setOpen(null);
  const publish = () => perform(() => api.patch(pathOf(page, incident), { is_draft: false }), t("Published."), reload);
  const over = incident.resolved_at;
  const lasted = span(((over ? moment(over) : now.value) - moment(incident.started_at)) / 1000);
  return html`<article class="card" aria-label=${incident.title}>
    <div class="card-head"><h2>${incident.title}</h2>
      <div class="actions">
        ${incident.is_draft && html`<${Button} kind="primary" icon="send" needs="status_pages:post" onClick=${publish}>${t("Publish")}<//>`}
        ${!incident.is_draft && html`<${Button} needs="status_pages:post" onClick=${() => setOpen("monitoring")}>${over ? t("Open again") : t("Post an update")}<//>`}
        ${!over && !incident.is_draft && html`<${Button} icon="check" needs="status_pages:post" onClick=${() => setOpen("resolved")}>${t("Resolve")}<//>`}
        ${over && html`<${Button} needs="status_pages:post" onClick=${() => setOpen("post-mortem")}>${t("Post-mortem")}<//>`}
        <${DeleteButton} name=${incident.title} needs="status_pages:admin" consequence=${t("With all that was said about it. To end it, resolve it.")} act=${() => api.remove(pathOf(page, incident)).then(reload)} />
      </div></div>
    <p class="muted">${incident.is_draft && html`<strong>${t("Draft, nobody sees it")}</strong> · `}<span class=${over ? "up" : "slow"}><${Icon} name=${over ? "check" : "warning"} /> ${INCIDENT_WORDS[incident.status]}</span> · ${SEVERITY_WORDS[incident.severity]} · ${over ? t("lasted {span}", { span: lasted }) : t("for {span}", { span: lasted })}
      ${incident.service_ids.length > 0 && ` · ${tn(incident.service_ids.length, "one service affected", "{n} services affected")}`}${incident.is_automatic && ` · ${t("made by itself")}`}${incident.post_mortem_published_at && ` · ${t("post-mortem published")}`}
      ${!incident.is_draft && html` · <a href=${incident.url} target="_blank" rel="noopener">${t("on the page")}</a>`}</p>
    <ol class="lines">${incident.updates.map((each) => html`<li key=${each.id}><span><strong>${INCIDENT_WORDS[each.status]}</strong>${each.is_minor && html` <span class="chip">${t("told nobody")}</span>`}${each.edited_at && html` <span class="chip">${t("edited")}</span>`}</span>
      <span class="muted"><${Moment} at=${moment(each.at)} write=${dayAndClock} /></span><p class="wide-line said">${each.body}</p></li>`)}</ol>
    ${(open === "monitoring" || open === "resolved") && html`<${Update} page=${page} incident=${incident} status=${open === "resolved" ? open : over ? "investigating" : incident.status} onClose=${close} reload=${reload} />`}
    ${open === "post-mortem" && html`<${PostMortem} page=${page} incident=${incident} onClose=${close} reload=${reload} />`}
  </article>`;
}

function Update({ page, incident, status, onClose, reload }) {
  const form = useForm({
    initial: { status, body: status === "resolved" ? TEMPLATES.resolved : "", notify: true },
    check: (values) => ({ body: values.body.trim() ? undefined : t("Say something.") }),
    save: (values) => api.post(`${pathOf(page, incident)}/updates`, values),
  });
  const saved = () => {
    onClose();
    reload();
  };
  const resolves = form.get("status") === "resolved";
  return html`<${Dialog} title=${resolves ? t("Resolve {name}", { name: incident.title }) : t("An update to {name}", { name: incident.title })} onClose=${onClose}><${Form} form=${form} needs="status_pages:post" verb=${resolves ? t("Resolve") : t("Post")} onSaved=${saved} onCancel=${onClose}>
    <${StatusField} form=${form} />
    <${Field} form=${form} path="body" label=${t("Message")} kind="textarea" rows=${4} />
    <${Field} form=${form} path="notify" label=${t("Tell subscribers")} kind="switch" help=${t("Without it this is a minor update: only the page tells.")} />
  <//><//>`;
}

function PostMortem({ page, incident, onClose, reload }) {
  const form = useForm({
    key: `post-mortem.${incident.id}`,
    initial: { post_mortem: incident.post_mortem, is_post_mortem_published: incident.is_post_mortem_published },
    save: (values) => api.patch(pathOf(page, incident), values),
  });
  const draft = () => perform(async () => form.set("post_mortem", (await api.get(`${pathOf(page, incident)}/post-mortem-draft`)).markdown));
  const saved = () => {
    onClose();
    reload();
  };
  return html`<${Dialog} title=${t("Post-mortem of {name}", { name: incident.title })} wide onClose=${onClose}><${Form} form=${form} needs="status_pages:post" onSaved=${saved} onCancel=${onClose}>
    ${!form.get("post_mortem") && html`<div><${Button} icon="edit" onClick=${draft}>${t("Begin with the timeline")}<//></div>`}
    <${Field} form=${form} path="post_mortem" label=${t("What happened, why, and what changes")} kind="textarea" rows=${14} help=${t("Markdown: paragraphs, lists, links.")} />
    <${Field} form=${form} path="is_post_mortem_published" label=${t("Publish it: the page shows it, subscribers are told once")} kind="switch" />
  <//><//>`;
}
