// Maintenance: what is silent now, what comes, and what was; begun at once with one press.

import { html, useEffect, useState } from "../vendor/ui.mjs";
import * as api from "../api.mjs";
import { recurrenceWords } from "../lib/recurrences.mjs";
import { moment } from "../lib/time.mjs";
import { t, tn } from "../lib/words.mjs";
import { Dialog } from "../parts/Dialog.mjs";
import { Field } from "../parts/Field.mjs";
import { Form } from "../parts/Form.mjs";
import { Button, ButtonLink, Empty, Loaded, Page, Tags } from "../parts/Page.mjs";
import { DeleteButton, perform } from "../parts/Plain.mjs";
import { WindowTimes } from "../parts/WindowTimes.mjs";
import { useForm } from "../store/form.mjs";
import { useResource } from "../store/resource.mjs";
import { link } from "../store/route.mjs";
import { facets, services } from "../store/services.mjs";

export default function Maintenance() {
  const [starting, start] = useState(false);
  const found = useResource((signal) => api.all("/maintenance-windows", {}, { signal }), [], { frames: ["maintenance.started", "maintenance.ended"] });
  useEffect(() => {
    if (services.data.peek() === undefined) services.reload();
  }, []);
  const actions = html`<${Button} needs="maintenance_windows:write" icon="maintenance" onClick=${() => start(true)}>${t("Start now")}<//><${ButtonLink} kind="primary" icon="plus" needs="maintenance_windows:write" href=${link("/maintenance/new")}>${t("Plan a window")}<//>`;
  const empty = html`<${Empty} title=${t("No maintenance is planned")} action=${actions}>${t("While a window is active checks go on, nobody is paged, and the time stays out of uptime. An outage that outlasts it is told at its end.")}<//>`;
  return html`<${Page} title=${t("Maintenance")} actions=${actions}>
    <${Loaded} of=${found} empty=${empty}>${(list) => html`<${Groups} list=${list} reload=${found.reload} />`}<//>
    ${starting && html`<${StartNow} onClose=${() => start(false)} reload=${found.reload} />`}
  <//>`;
}

function Groups({ list, reload }) {
  const groups = [[t("Active now"), list.filter((each) => each.is_active)], [t("Coming"), list.filter((each) => each.status === "scheduled")], [t("Over"), list.filter((each) => each.status === "ended")]];
  return html`<div class="stack">${groups.filter(([, windows]) => windows.length).map(([title, windows]) => html`<section key=${title}><h2>${title}</h2><div class="cards">${windows.slice(0, 50).map((each) => html`<${Window} key=${each.id} window=${each} reload=${reload} />`)}</div></section>`)}</div>`;
}

function covers(window) {
  const parts = [
    window.service_ids.length ? tn(window.service_ids.length, "one service", "{n} services") : null,
    window.heartbeat_ids.length ? tn(window.heartbeat_ids.length, "one heartbeat", "{n} heartbeats") : null,
    window.tags.length ? html`<${Tags} tags=${window.tags} />` : null,
  ].filter(Boolean);
  return parts.length ? parts.map((part, at) => html`<span key=${at}>${at ? " · " : ""}${part}</span>`) : t("everything");
}

function Window({ window, reload }) {
  const end = () => perform(() => api.post(`/maintenance-windows/${window.id}/end`), t("Ended. What still fails is told now."), reload);
  const longer = () => perform(() => api.patch(`/maintenance-windows/${window.id}`, { ends_at: new Date(moment(window.ends_at) + 1_800_000).toISOString() }), t("30 minutes longer."), reload);
  return html`<article class="card" aria-label=${window.name}>
    <div class="card-head"><h2>${window.name}</h2>${window.is_active && html`<span class="status maintenance">${t("active")}</span>`}</div>
    <p><${WindowTimes} window=${window} /></p>
    ${window.recurrence && html`<p class="muted small" title=${window.recurrence}>${recurrenceWords(window.recurrence) ?? html`<span class="mono">${window.recurrence}</span>`}, ${window.timezone}</p>`}
    <p class="muted">${t("covers")} ${covers(window)}</p>
    <div class="actions">
      ${window.is_active && html`<${Button} needs="maintenance_windows:write" onClick=${end}>${t("End now")}<//>`}
      ${window.is_active && window.ends_at && html`<${Button} needs="maintenance_windows:write" onClick=${longer}>${t("+30 min")}<//>`}
      ${window.status !== "ended" && html`<${ButtonLink} icon="edit" needs="maintenance_windows:write" href=${link(`/maintenance/${window.id}`)}>${t("Edit")}<//>`}
      <${DeleteButton} name=${window.name} needs="maintenance_windows:write" path=${`/maintenance-windows/${window.id}`} id=${window.id} /></div>
  </article>`;
}

function StartNow({ onClose, reload }) {
  const form = useForm({ initial: { minutes: 30, tags: [] }, save: ({ minutes, tags }, create) => create("/maintenance-windows/now", { minutes, ...(tags.length && { tags }) }) });
  const saved = () => {
    onClose();
    reload();
  };
  const known = Object.keys(facets.value.tag);
  return html`<${Dialog} title=${t("Maintenance from now on")} onClose=${onClose}><${Form} form=${form} verb=${t("Start")} onSaved=${saved} onCancel=${onClose}>
    <${Field} form=${form} path="minutes" label=${t("For")} kind="select" options=${[[15, t("15 minutes")], [30, t("30 minutes")], [60, t("1 hour")], [120, t("2 hours")], [480, t("8 hours")]]} />
    <${Field} form=${form} path="tags" label=${t("Services with one of these tags")} kind="tags" suggestions=${known} optional help=${t("Without a tag it covers everything.")} />
  <//><//>`;
}
