// Status pages: what strangers are shown, each with the link to it.

import { html } from "../vendor/ui.mjs";
import * as api from "../api.mjs";
import { t, tn } from "../lib/words.mjs";
import { Icon } from "../parts/Icon.mjs";
import { ButtonLink, Copy, Empty, Loaded, Page } from "../parts/Page.mjs";
import { DeleteButton } from "../parts/Plain.mjs";
import { useResource } from "../store/resource.mjs";
import { link } from "../store/route.mjs";

export default function Pages() {
  const found = useResource(async (signal) => {
    const pages = await api.all("/status-pages", {}, { signal });
    return Promise.all(pages.map(async (page) => ({ ...page, open: await api.page(`/status-pages/${page.id}/incidents`, { is_open: true, limit: 10 }, signal) })));
  }, [], { frames: ["incident.created", "incident.updated", "incident.resolved"] });
  const add = html`<${ButtonLink} kind="primary" icon="plus" shortcut="n" needs="status_pages:write" href=${link("/pages/new")}>${t("New page")}<//>`;
  const empty = html`<${Empty} title=${t("Nothing is shown to strangers yet")} action=${add}>${t("A status page tells your customers what works: sections of services, incidents in your words, and a message to those who subscribe.")}<//>`;
  return html`<${Page} title=${t("Status pages")} actions=${add}><${Loaded} of=${found} empty=${empty}>${(list) => html`<div class="cards wide-cards">${list.map((each) => html`<${Card} key=${each.id} page=${each} />`)}</div>`}<//><//>`;
}

function who(page) {
  if (!page.is_public) return t("Only members who are signed in see it.");
  return page.has_password ? t("Whoever has its password sees it.") : t("Everybody sees it.");
}

function Card({ page }) {
  const open = page.open.items.filter((each) => !each.is_draft);
  const drafts = page.open.items.length - open.length;
  return html`<article class="card" aria-label=${page.name}>
    <h2><a href=${link(`/pages/${page.id}`)}>${page.name}</a></h2>
    <p class="address"><a href=${page.url} target="_blank" rel="noopener"><${Icon} name="open" /> ${page.url}</a><${Copy} text=${page.url} /></p>
    <p class="muted">${tn(page.services_count, "Shows one service.", "Shows {n} services.")} ${who(page)}</p>
    ${open.length > 0 && html`<p class="slow"><${Icon} name="warning" /> ${tn(open.length, "One incident is open.", "{n} incidents are open.")}</p>`}
    ${drafts > 0 && html`<p>${tn(drafts, "One draft waits to be published.", "{n} drafts wait to be published.")}</p>`}
    <div class="actions"><${ButtonLink} href=${link(`/pages/${page.id}`)}>${t("Incidents")}<//>
      <${ButtonLink} icon="edit" needs="status_pages:write" href=${link(`/pages/${page.id}/edit`)}>${t("Edit")}<//>
      <${DeleteButton} name=${page.name} typed=${page.slug} needs="status_pages:write" consequence=${t("Its address stops to answer; its incidents and subscribers go with it.")} path=${`/status-pages/${page.id}`} id=${page.id} /></div>
  </article>`;
}
