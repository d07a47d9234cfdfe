// One status page: its incidents, and who is told of them.

import { html, useState } from "../vendor/ui.mjs";
import * as api from "../api.mjs";
import { moment } from "../lib/time.mjs";
import { t, tn } from "../lib/words.mjs";
import { Icon } from "../parts/Icon.mjs";
import { Compose, Incident } from "../parts/Incident.mjs";
import { Button, ButtonLink, Copy, Empty, Loaded, Page, Tabs } from "../parts/Page.mjs";
import { DeleteButton, PlainTable } from "../parts/Plain.mjs";
import { Ago } from "../parts/Status.mjs";
import { useResource } from "../store/resource.mjs";
import { link, route } from "../store/route.mjs";
import { whyNot } from "../store/session.mjs";

const FRAMES = ["incident.created", "incident.updated", "incident.resolved"];
const HOME = { path: "/pages", title: t("Status pages") };

export default function StatusPage({ id }) {
  const [writing, write] = useState(false);
  const found = useResource((signal) => api.get(`/status-pages/${id}`, {}, signal), [id]);
  const incidents = useResource((signal) => api.all(`/status-pages/${id}/incidents`, {}, { signal, most: 1000 }), [id], { frames: FRAMES });
  const page = found.data.value;
  if (!page) return html`<${Page} title=${t("Status page")} back=${HOME}><${Loaded} of=${found}>${() => null}<//><//>`;
  const tab = route.value.query.get("tab") ?? "incidents";
  const tabs = [["incidents", t("Incidents"), incidents.data.value?.filter((each) => !each.resolved_at).length], ["subscribers", t("Subscribers")]].map(([name, title, count]) => ({ id: name, title, count, href: link(`/pages/${id}`, { tab: name === "incidents" ? null : name }) }));
  const tell = html`<${Button} kind="primary" icon="plus" needs="status_pages:post" data-shortcut="n" onClick=${() => write(true)}>${t("Tell of an incident")}<//>`;
  const actions = html`${tell}<a class="button" href=${page.url} target="_blank" rel="noopener"><${Icon} name="open" />${t("Open the page")}</a><${ButtonLink} icon="edit" needs="status_pages:write" href=${link(`/pages/${id}/edit`)}>${t("Edit")}<//>`;
  const empty = html`<${Empty} title=${t("Nothing was ever wrong, as far as this page tells")} action=${tell}>${t("Tell your customers in your own words what does not work, and what you do about it. Who subscribed gets a message.")}<//>`;
  return html`<${Page} title=${page.name} back=${HOME} actions=${actions} lead=${html`<span class="address"><code>${page.url}</code><${Copy} text=${page.url} /></span>`}>
    <${Tabs} label=${t("Views of the page")} tabs=${tabs} current=${tab} />
    ${tab === "incidents" && html`<${Loaded} of=${incidents} empty=${empty}>${(list) => html`<div class="stack">${list.map((each) => html`<${Incident} key=${each.id} page=${page} incident=${each} reload=${incidents.reload} />`)}</div>`}<//>`}
    ${tab === "subscribers" && html`<${Subscribers} page=${page} />`}
    ${writing && html`<${Compose} page=${page} onClose=${() => write(false)} reload=${incidents.reload} />`}
  <//>`;
}

const STATES = { confirmed: t("told"), unconfirmed: t("not confirmed yet"), paused: t("paused: messages were refused") };
const WANTS = { everything: t("everything"), incidents: t("incidents"), maintenance: t("maintenance") };

function Subscribers({ page }) {
  const reason = whyNot("status_pages:admin");
  if (reason) return html`<p class="notice"><${Icon} name="warning" />${reason}</p>`;
  return html`<${SubscriberList} page=${page} />`;
}

function SubscriberList({ page }) {
  const home = `/status-pages/${page.id}/subscribers`;
  const found = useResource(async (signal) => {
    const [counts, list] = await Promise.all([api.get(`${home}/counts`, {}, signal), api.page(home, { limit: 200 }, signal)]);
    return { counts, list: list.items };
  }, [page.id]);
  const columns = [
    { title: t("Who"), cell: (each) => each.address },
    { title: t("How"), cell: (each) => each.kind },
    { title: t("Wants"), cell: (each) => WANTS[each.wants] },
    { title: t("Status"), cell: (each) => html`<span class=${each.state === "paused" ? "down" : null}>${STATES[each.state]}</span> <span class="muted small">${each.last_error}</span>` },
    { title: t("Since"), extra: true, cell: (each) => html`<${Ago} at=${moment(each.created_at)} />` },
    { title: "", right: true, cell: (each) => html`<${DeleteButton} name=${each.address} needs="status_pages:admin" act=${() => api.remove(`${home}/${each.id}`).then(found.reload)} consequence=${t("The address is removed, and what is still to be sent to it.")} />` },
  ];
  return html`<${Loaded} of=${found}>${({ counts, list }) =>
    counts.total
      ? html`<div class="stack"><p>${tn(counts.total, "One subscriber", "{n} subscribers")}${counts.by_state.confirmed !== undefined && ` · ${t("{n} of them are told", { n: counts.by_state.confirmed })}`}
          <a href=${api.addressOf(`${home}/export`)} download="subscribers.csv">${t("Export as CSV")}</a></p>
          <${PlainTable} label=${t("Subscribers")} rows=${list} columns=${columns} />${counts.total > list.length && html`<p class="muted">${t("The newest {n} are shown; the export has all.", { n: list.length })}</p>`}</div>`
      : html`<${Empty} title=${t("Nobody has subscribed yet")}>${page.allow_subscribe ? t("Visitors subscribe on the page itself, by mail, webhook, Slack, Discord or Teams.") : t("Visitors cannot subscribe: it is switched off in the settings of the page.")}<//>`}<//>`;
}
