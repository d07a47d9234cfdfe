// Maintenance that a status page tells of: named on it, or of a service that it shows.

import { html } from "../vendor/ui.mjs";
import * as api from "../api.mjs";
import { t } from "../lib/words.mjs";
import { useResource } from "../store/resource.mjs";
import { link } from "../store/route.mjs";
import { ButtonLink, Empty, Loaded, Long } from "./Page.mjs";
import { WindowTimes } from "./WindowTimes.mjs";

const ORDER = { active: 0, scheduled: 1, ended: 2 };

export function PageMaintenance({ page }) {
  const found = useResource(async (signal) => {
    const all = await api.all("/maintenance-windows", {}, { signal });
    return all.filter((each) => each.status_page_ids.includes(page.id)).sort((a, b) => (ORDER[a.status] ?? 3) - (ORDER[b.status] ?? 3));
  }, [page.id], { frames: ["maintenance.started", "maintenance.ended"] });
  const plan = html`<${ButtonLink} icon="plus" needs="maintenance_windows:write" href=${link("/maintenance/new", { page: page.id })}>${t("Schedule maintenance")}<//>`;
  const empty = html`<${Empty} title=${t("No maintenance is named on this page")} action=${plan}>${t("A window that names this page is announced on it, a day before, when it begins and when it is over. Its time counts as maintenance, not as downtime.")}<//>`;
  return html`<${Loaded} of=${found} empty=${empty}>${(list) => html`<div class="stack"><div class="actions">${plan}</div>${list.slice(0, 50).map((each) => html`<article key=${each.id} class="card" aria-label=${each.name}>
    <div class="card-head"><h2>${each.name}</h2>${each.status !== "ended" && html`<${ButtonLink} icon="edit" needs="maintenance_windows:write" href=${link(`/maintenance/${each.id}`)}>${t("Edit")}<//>`}</div>
    <p>${each.is_active && html`<span class="status maintenance">${t("active")}</span> `}<${WindowTimes} window=${each} /></p>
    ${each.description && html`<p class="muted"><${Long} text=${each.description} /></p>`}</article>`)}</div>`}<//>`;
}
