// Addresses that calendar programs read the plan of duty from: made, shown once, ended.

import { html, useMemo, useState } from "../vendor/ui.mjs";
import * as api from "../api.mjs";
import { moment } from "../lib/time.mjs";
import { t } from "../lib/words.mjs";
import { makeCreate } from "../store/form.mjs";
import { useResource } from "../store/resource.mjs";
import { Dialog } from "./Dialog.mjs";
import { Button, Copy, Loaded } from "./Page.mjs";
import { perform } from "./Plain.mjs";
import { Ago } from "./Status.mjs";

const KINDS = { mine: t("my shifts"), all: t("everybody's shifts") };

/** A button with a dialog over it. */
export function CalendarFeeds() {
  const [open, show] = useState(false);
  return html`<${Button} icon="calendar" onClick=${() => show(true)}>${t("In your calendar")}<//>${open && html`<${Feeds} onClose=${() => show(false)} />`}`;
}

function Feeds({ onClose }) {
  const [made, setMade] = useState(null);
  const create = useMemo(makeCreate, []);
  const found = useResource((signal) => api.get("/on-call/calendars", {}, signal));
  const make = (scope) => perform(async () => setMade(await create("/on-call/calendars", { scope })), null, found.reload);
  const end = (id) => perform(() => api.remove(`/on-call/calendars/${id}`), t("That address is not answered any more."), found.reload);
  const foot = html`${made && html`<${Copy} kind="primary" text=${made.url}>${t("Copy the address")}<//>`}<${Button} onClick=${onClose}>${t("Done")}<//>`;
  return html`<${Dialog} title=${t("On-call in your calendar")} onClose=${onClose} foot=${foot}>
    <p>${t("Subscribe to an address in Google Calendar, Outlook or Apple Calendar: it shows the last 30 and the next 60 days, and follows every change.")}</p>
    ${made ? html`<p><strong>${t("The address is shown now and never again. Whoever knows it can read the calendar.")}</strong></p><pre>${made.url}</pre>` : html`<div class="actions">${Object.entries(KINDS).map(([scope, words]) => html`<${Button} key=${scope} icon="plus" needs="on_call_calendars:write" onClick=${() => make(scope)}>${t("An address for {words}", { words })}<//>`)}</div>`}
    <${Loaded} of=${found} rows=${1}>${(list) => list.length > 0 && html`<h3>${t("Your addresses")}</h3><ul class="lines">${list.map((each) => html`<li key=${each.id}><span>${KINDS[each.scope]} <span class="muted"><${Ago} at=${moment(each.created_at)} /></span></span><${Button} kind="quiet" icon="trash" needs="on_call_calendars:write" onClick=${() => end(each.id)}>${t("End it")}<//></li>`)}</ul>`}<//>
  <//>`;
}
