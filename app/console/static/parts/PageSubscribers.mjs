// Who is told of what happens on a status page: found, brought along, asked once more, taken out.

import { html, useState } from "../vendor/ui.mjs";
import * as api from "../api.mjs";
import { addressesIn } from "../lib/pages.mjs";
import { moment } from "../lib/time.mjs";
import { t, tn } from "../lib/words.mjs";
import { useForm } from "../store/form.mjs";
import { useResource } from "../store/resource.mjs";
import { whyNot } from "../store/session.mjs";
import { say } from "../store/toasts.mjs";
import { Dialog } from "./Dialog.mjs";
import { Field } from "./Field.mjs";
import { Form } from "./Form.mjs";
import { Icon } from "./Icon.mjs";
import { Button, Empty, Loaded, Long } from "./Page.mjs";
import { DeleteButton, PlainTable, perform } from "./Plain.mjs";
import { Ago } from "./Status.mjs";

const STATES = [["confirmed", t("told")], ["unconfirmed", t("not confirmed yet")], ["paused", t("paused")]];
const WAYS = [["email", t("E-mail")], ["webhook", t("Webhook")], ["slack", t("Slack")], ["discord", t("Discord")], ["teams", t("Teams")]];
const WANTS = { everything: t("everything"), incidents: t("incidents"), maintenance: t("maintenance") };
const A_PAGE = 100;
const A_REQUEST = 1000;

/** The subscribers of a page, for admins; others read why not. */
export function Subscribers({ page }) {
  const reason = whyNot("status_pages:admin");
  if (reason) return html`<p class="notice"><${Icon} name="warning" />${reason}</p>`;
  return html`<${List} page=${page} />`;
}

function List({ page }) {
  const home = `/status-pages/${page.id}/subscribers`;
  const [filter, setFilter] = useState({ state: null, kind: null, address: "" });
  const [importing, bring] = useState(false);
  const counts = useResource((signal) => api.get(`${home}/counts`, {}, signal), [page.id]);
  const found = useResource(async (signal) => api.page(home, { limit: A_PAGE, state: filter.state, kind: filter.kind, address: filter.address.trim() }, signal), [page.id, filter]);
  const reload = () => {
    counts.reload();
    found.reload();
  };
  const more = () => perform(async () => {
    const before = found.data.peek();
    const next = await api.page(home, before.next);
    found.update(() => ({ ...next, total: before.total, items: [...before.items, ...next.items] }));
  });
  const importer = html`<${Button} icon="plus" onClick=${() => bring(true)}>${t("Import addresses")}<//>`;
  const dialog = importing && html`<${Import} home=${home} onClose=${() => bring(false)} reload=${reload} />`;
  const none = html`<${Empty} title=${t("Nobody has subscribed yet")} action=${importer}>${page.allow_subscribe ? t("Visitors subscribe on the page itself, by mail, webhook, Slack, Discord or Teams.") : t("Visitors cannot subscribe: it is switched off in the settings of the page.")}<//>${dialog}`;
  return html`<${Loaded} of=${counts}>${({ total, by_state: states, by_kind: kinds }) => total ? html`<div class="stack">
      <div class="actions"><strong>${tn(total, "One subscriber", "{n} subscribers")}</strong>${importer}<a class="button" href=${api.addressOf(`${home}/export`)} download="subscribers.csv"><${Icon} name="download" />${t("Export as CSV")}</a></div>
      <${Filter} filter=${filter} set=${setFilter} states=${states} kinds=${kinds} />
      <${Loaded} of=${found}>${(list) => html`<${Rows} home=${home} list=${list} reload=${reload} more=${more} clear=${() => setFilter({ state: null, kind: null, address: "" })} />`}<//>${dialog}</div>` : none}<//>`;
}

function Filter({ filter, set, states, kinds }) {
  const facet = (name, [value, word], count) => count > 0 && html`<button key=${value} type="button" class="facet" aria-pressed=${filter[name] === value ? "true" : "false"} onClick=${() => set({ ...filter, [name]: filter[name] === value ? null : value })}>${word} <span class="count">${count}</span></button>`;
  return html`<div class="toolbar"><label class="filter"><span class="only-read">${t("Find by the whole address")}</span><${Icon} name="search" /><input type="search" value=${filter.address} placeholder=${t("the whole address…")} autocomplete="off" onChange=${(event) => set({ ...filter, address: event.target.value })} /></label>
    <div class="facets" role="group" aria-label=${t("Filter")}>${STATES.map((each) => facet("state", each, states[each[0]]))}${Object.keys(kinds).length > 1 && WAYS.map((each) => facet("kind", each, kinds[each[0]]))}</div></div>`;
}

function Rows({ home, list, reload, more, clear }) {
  const words = Object.fromEntries(STATES);
  const ways = Object.fromEntries(WAYS);
  const again = (each) => perform(() => api.post(`${home}/${each.id}/confirmation`), t("{name} is asked to confirm.", { name: each.address }), reload);
  const columns = [
    { title: t("Who"), cell: (each) => html`<span class="anywhere"><${Long} text=${each.address} /></span>` },
    { title: t("How"), extra: true, cell: (each) => html`<span class="when">${ways[each.kind]}</span>` },
    { title: t("Wants"), extra: true, cell: (each) => html`<span class="when">${WANTS[each.wants]}</span>${each.service_ids.length > 0 && html` <span class="muted small">${tn(each.service_ids.length, "of one service", "of {n} services")}</span>`}` },
    { title: t("Status"), cell: (each) => html`<span class=${each.state === "paused" ? "down" : null}>${words[each.state]}</span> <span class="muted small">${each.last_error}</span>` },
    { title: t("Since"), extra: true, cell: (each) => html`<${Ago} at=${moment(each.created_at)} />` },
    { title: "", right: true, cell: (each) => html`<div class="actions end">${each.state !== "confirmed" && html`<${Button} aria-label=${t("Ask again: {name} shall confirm", { name: each.address })} onClick=${() => again(each)}>${t("Ask again")}<//>`}<${DeleteButton} name=${each.address} needs="status_pages:admin" verb=${t("Remove")} act=${() => api.remove(`${home}/${each.id}`).then(reload)} consequence=${t("The address is deleted, and what is still to be sent to it. Nobody is told.")} /></div>` },
  ];
  if (!list.items.length) return html`<p class="muted">${t("No subscriber matches.")} <button type="button" class="button quiet" onClick=${clear}>${t("Show all")}</button></p>`;
  return html`<${PlainTable} label=${t("Subscribers")} rows=${list.items} columns=${columns} />
    ${list.next && html`<p class="muted">${t("{n} of {total}", { n: list.items.length, total: list.total ?? "?" })} <${Button} onClick=${more}>${t("Show more")}<//></p>`}`;
}

function Import({ home, onClose, reload }) {
  const form = useForm({
    initial: { text: "", has_consent: false, agreed: false, reason: "" },
    check: (values) => {
      const { found } = addressesIn(values.text);
      return { text: found.length ? undefined : t("There is no address in it."), has_consent: values.has_consent ? undefined : t("Promise it, or do not import them."), reason: values.agreed && !values.reason.trim() ? t("Say how they have agreed; the audit log keeps it.") : undefined };
    },
    save: async (values, create) => {
      const emails = addressesIn(values.text).found;
      const done = { added: 0, known: 0 };
      for (let at = 0; at < emails.length; at += A_REQUEST) {
        const part = await create(home, { emails: emails.slice(at, at + A_REQUEST), has_consent: true, reason: values.agreed ? values.reason.trim() : null });
        done.added += part.added;
        done.known += part.known;
      }
      return done;
    },
  });
  const take = async (event) => {
    const file = event.target.files[0];
    if (file) form.set("text", await file.text());
  };
  const saved = ({ added, known }) => {
    say(t("{added} added, {known} were known.", { added, known }));
    onClose();
    reload();
  };
  const { found, wrong } = addressesIn(form.get("text"));
  const agreed = form.get("agreed");
  return html`<${Dialog} title=${t("Import addresses")} onClose=${onClose}><${Form} form=${form} needs="status_pages:admin" verb=${found.length ? tn(found.length, "Import one address", "Import {n} addresses") : t("Import")} onSaved=${saved} onCancel=${onClose}>
    <${Field} form=${form} path="text" label=${t("Addresses, one a line, or a CSV file")} kind="textarea" rows=${6} placeholder=${t("jo@example.com")} />
    <div><label class="button file">${t("File…")}<input type="file" accept=".csv,.txt,text/csv,text/plain" class="only-read" aria-label=${t("A file with addresses")} onChange=${take} /></label></div>
    ${wrong.length > 0 && html`<p class="wrong" role="status">${tn(wrong.length, "One line has no address and is left out: {lines}", "{n} lines have no address and are left out: {lines}", { lines: wrong.slice(0, 3).join(" · ").slice(0, 200) })}</p>`}
    <${Field} form=${form} path="has_consent" label=${t("I promise: they want to be written to")} kind="switch" />
    <${Field} form=${form} path="agreed" label=${t("They have confirmed elsewhere: do not ask them again")} kind="switch" help=${agreed ? null : t("Each gets a message to confirm, and is told of nothing before.")} />
    ${agreed && html`<${Field} form=${form} path="reason" label=${t("How they have agreed")} help=${t("The audit log keeps it.")} />`}
  <//><//>`;
}
