// One status page: its incidents and maintenance, who is told of them, where else it is seen.

import { html, useEffect, useState } from "../vendor/ui.mjs";
import * as api from "../api.mjs";
import { t } from "../lib/words.mjs";
import { Icon } from "../parts/Icon.mjs";
import { Incident } from "../parts/Incident.mjs";
import { Compose } from "../parts/IncidentForms.mjs";
import { Button, ButtonLink, Copy, Empty, Loaded, Page, Tabs } from "../parts/Page.mjs";
import { Domain } from "../parts/PageDomain.mjs";
import { PageMaintenance } from "../parts/PageMaintenance.mjs";
import { Share } from "../parts/PageShare.mjs";
import { Subscribers } from "../parts/PageSubscribers.mjs";
import { useResource } from "../store/resource.mjs";
import { link, route } from "../store/route.mjs";
import { services } from "../store/services.mjs";

const FRAMES = ["incident.created", "incident.updated", "incident.resolved"];
const HOME = { path: "/pages", title: t("Status pages") };
const TABS = [["incidents", t("Incidents")], ["maintenance", t("Maintenance")], ["subscribers", t("Subscribers")], ["share", t("Badges and feeds")], ["domain", t("Domain")]];

export default function StatusPage({ id }) {
  const [writing, write] = useState(null);
  const found = useResource((signal) => api.get(`/status-pages/${id}`, {}, signal), [id]);
  const incidents = useResource((signal) => api.all(`/status-pages/${id}/incidents`, {}, { signal, most: 1000 }), [id], { frames: FRAMES });
  useEffect(() => {
    if (services.data.peek() === undefined) services.reload();
  }, []);
  const page = found.data.value;
  if (!page) return html`<${Page} title=${t("Status page")} back=${HOME}><${Loaded} of=${found}>${() => null}<//><//>`;
  const tab = route.value.query.get("tab") ?? "incidents";
  const open = incidents.data.value?.filter((each) => !each.resolved_at).length;
  const tabs = TABS.map(([name, title]) => ({ id: name, title, count: name === "incidents" ? open : null, href: link(`/pages/${id}`, { tab: name === "incidents" ? null : name }) }));
  const tell = html`<${Button} kind="primary" icon="plus" needs="status_pages:post" data-shortcut="n" onClick=${() => write("now")}>${t("Tell of an incident")}<//>`;
  const past = html`<${Button} needs="status_pages:post" onClick=${() => write("past")}>${t("Add a past incident")}<//>`;
  const actions = html`${tell}<a class="button" href=${page.url} target="_blank" rel="noopener"><${Icon} name="open" />${t("Open the page")}</a><${ButtonLink} icon="edit" needs="status_pages:write" href=${link(`/pages/${id}/edit`)}>${t("Edit")}<//>`;
  const empty = html`<${Empty} title=${t("Nothing was ever wrong, as far as this page tells")} action=${html`${tell}${past}`}>${t("Tell your customers in your own words what does not work, and what you do about it. Who subscribed gets a message.")}<//>`;
  return html`<${Page} title=${page.name} back=${HOME} actions=${actions} lead=${html`<span class="address"><code>${page.url}</code><${Copy} text=${page.url} /></span>`}>
    <${Tabs} label=${t("Views of the page")} tabs=${tabs} current=${tab} />
    ${tab === "incidents" && html`<${Loaded} of=${incidents} empty=${empty}>${(list) => html`<div class="stack">${list.map((each) => html`<${Incident} key=${each.id} page=${page} incident=${each} reload=${incidents.reload} />`)}<div>${past}</div></div>`}<//>`}
    ${tab === "maintenance" && html`<${PageMaintenance} page=${page} />`}
    ${tab === "subscribers" && html`<${Subscribers} page=${page} />`}
    ${tab === "share" && html`<${Share} page=${page} />`}
    ${tab === "domain" && html`<${Domain} page=${page} reload=${found.reload} />`}
    ${writing && html`<${Compose} page=${page} past=${writing === "past"} onClose=${() => write(null)} reload=${incidents.reload} />`}
  <//>`;
}
