// An incident of a status page as those who write it see it: what was said, and what can be done next.

import { html, useState } from "../vendor/ui.mjs";
import * as api from "../api.mjs";
import { INCIDENT_WORDS, SEVERITY_WORDS, STATED } from "../lib/incidents.mjs";
import { dayAndClock, moment, span } from "../lib/time.mjs";
import { t, tn } from "../lib/words.mjs";
import { nameOf } from "../store/services.mjs";
import { now } from "../store/view.mjs";
import { Icon } from "./Icon.mjs";
import { EditIncident, EditUpdate, PostMortem, Update, pathOf } from "./IncidentForms.mjs";
import { Button } from "./Page.mjs";
import { DeleteButton, perform } from "./Plain.mjs";
import { Moment } from "./Status.mjs";

const STATE_WORDS = new Map(STATED);

/** An incident with everything said about it, newest first. */
export function Incident({ page, incident, reload }) {
  const [open, setOpen] = useState(null);
  const shared = { page, incident, onClose: () => setOpen(null), reload };
  const publish = () => perform(() => api.patch(pathOf(page, incident), { is_draft: false }), t("Published."), reload);
  const over = incident.resolved_at;
  const draft = incident.is_draft;
  const post = (word, what, more = {}) => html`<${Button} needs="status_pages:post" onClick=${() => setOpen(what)} ...${more}>${word}<//>`;
  return html`<article class="card" aria-label=${incident.title}>
    <div class="card-head"><h2>${incident.title}</h2>
      <div class="actions">
        ${draft && html`<${Button} kind="primary" icon="send" needs="status_pages:post" onClick=${publish}>${t("Publish")}<//>`}
        ${!draft && post(over ? t("Open again") : t("Post an update"), "update")}
        ${!over && !draft && post(t("Resolve"), "resolve", { icon: "check" })}
        ${over && post(t("Post-mortem"), "post-mortem")}
        ${post(t("Edit"), "edit", { icon: "edit", "aria-label": t("Edit {name}", { name: incident.title }) })}
        <${DeleteButton} name=${incident.title} needs="status_pages:admin" consequence=${t("With all that was said about it. Its address answers that there is nothing. To end it, resolve it.")} act=${() => api.remove(pathOf(page, incident)).then(reload)} />
      </div></div>
    <${Line} incident=${incident} />
    ${incident.service_ids.length > 0 && html`<p class="facets">${incident.service_ids.map((id) => html`<span key=${id} class="chip">${nameOf(id)}${!over && incident.service_states[id] && `: ${STATE_WORDS.get(incident.service_states[id])}`}</span>`)}</p>`}
    <ol class="lines">${incident.updates.map((each) => html`<li key=${each.id}><span><strong>${INCIDENT_WORDS[each.status]}</strong>${each.is_minor && html` <span class="chip">${t("told nobody")}</span>`}${each.edited_at && html` <span class="chip">${t("edited")}</span>`}</span>
      <span class="muted"><${Moment} at=${moment(each.at)} write=${dayAndClock} /></span><p class="wide-line said">${each.body || html`<span class="muted">${t("Nothing was said yet.")}</span>`}</p>
      <div class="wide-line actions"><${Button} kind="quiet" icon="edit" needs="status_pages:post" aria-label=${t("Edit the update “{status}”", { status: INCIDENT_WORDS[each.status] })} onClick=${() => setOpen(each.id)}>${t("Edit")}<//>
        ${incident.updates.length > 1 && html`<${DeleteButton} name=${t("the update “{status}”", { status: INCIDENT_WORDS[each.status] })} needs="status_pages:admin" consequence=${t("The page shows it no more; messages that were sent stay sent. The audit log keeps what it said.")} act=${() => api.remove(`${pathOf(page, incident)}/updates/${each.id}`).then(reload)} />`}</div>
      ${open === each.id && html`<${EditUpdate} ...${shared} update=${each} />`}</li>`)}</ol>
    ${open === "update" && html`<${Update} ...${shared} status=${over ? "investigating" : incident.status} />`}
    ${open === "resolve" && html`<${Update} ...${shared} status="resolved" />`}
    ${open === "edit" && html`<${EditIncident} ...${shared} />`}
    ${open === "post-mortem" && html`<${PostMortem} ...${shared} />`}
  </article>`;
}

/** Where it stands, in one line. */
function Line({ incident }) {
  const over = incident.resolved_at;
  const lasted = span(((over ? moment(over) : now.value) - moment(incident.started_at)) / 1000);
  const parts = [
    SEVERITY_WORDS[incident.severity],
    over ? t("lasted {span}", { span: lasted }) : t("for {span}", { span: lasted }),
    incident.service_ids.length > 0 && tn(incident.service_ids.length, "one service affected", "{n} services affected"),
    incident.is_automatic && t("made by itself"),
    incident.post_mortem_published_at && t("post-mortem published"),
  ].filter(Boolean);
  return html`<p class="muted">${incident.is_draft && html`<strong>${t("Draft, nobody sees it")}</strong> · `}<span class=${over ? "up" : "slow"}><${Icon} name=${over ? "check" : "warning"} /> ${INCIDENT_WORDS[incident.status]}</span> · ${parts.join(" · ")}
    ${incident.next_update_at && html` · ${t("next update by")} <${Moment} at=${moment(incident.next_update_at)} write=${dayAndClock} />`}
    ${!incident.is_draft && html` · <a href=${incident.url} target="_blank" rel="noopener">${t("on the page")}</a>`}</p>`;
}
