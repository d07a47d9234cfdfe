// What can be done with the list of services as a whole: grouping, tiles, columns, saved views, files.

import { html, useState } from "../vendor/ui.mjs";
import * as api from "../api.mjs";
import { csv } from "../lib/csv.mjs";
import { STATES, stateOf } from "../lib/states.mjs";
import { t } from "../lib/words.mjs";
import { useForm } from "../store/form.mjs";
import { useResource } from "../store/resource.mjs";
import { link, route, setQuery } from "../store/route.mjs";
import { rowOf } from "../store/services.mjs";
import { may } from "../store/session.mjs";
import { say, sayError } from "../store/toasts.mjs";
import { setView, view } from "../store/view.mjs";
import { Dialog } from "./Dialog.mjs";
import { Field } from "./Field.mjs";
import { Form } from "./Form.mjs";
import { Icon } from "./Icon.mjs";
import { Item, Menu } from "./Menu.mjs";
import { perform } from "./Plain.mjs";

const GROUPS = [[null, t("No groups")], ["tag", t("By tag")], ["env", t("By environment")], ["type", t("By check type")], ["status", t("By status")]];
// Parameters of the address that are no part of a view.
const OURS = new Set(["org"]);
const filterOf = (query) => [...query].filter(([name]) => !OURS.has(name));
const FILE = [["id", (row) => row.id], ["name", (row) => row.name], ["endpoint", (row) => row.endpoint], ["check_type", (row) => row.check_type], ["environment", (row) => row.environment], ["tags", (row) => row.tags.join(" ")], ["status", (row) => STATES[stateOf(row)].word], ["last_checked_at", (row) => row.last_checked_at], ["last_response_time_ms", (row) => row.last_response_time_ms], ["last_error", (row) => row.last_error]];

/** The menus; `ids` are the services that match, `columns` those one may choose from. */
export function ListTools({ ids, columns }) {
  const query = route.value.query;
  const [saving, save] = useState(false);
  const [WallLink, linkWall] = useState(null); // loaded when it is asked for, which is seldom
  const views = useResource((signal) => api.get("/saved-views", { screen: "services", limit: 200 }, signal));
  const known = views.data.value ?? [];
  const tiles = query.get("view") === "tiles";
  const group = query.get("group");
  const hidden = view.value.hiddenColumns;
  const toggle = (id) => setView({ hiddenColumns: hidden.includes(id) ? hidden.filter((each) => each !== id) : [...hidden, id] });
  const tick = (on) => (on ? "check" : "blank");
  return html`<${Menu} kind="quiet" name=${t("Views that are saved")} label=${html`<${Icon} name="star" /><span class="roomy">${t("Views")}</span>`}>
      ${known.map((each) => html`<${Item} key=${each.id} icon="list" href=${`/services?${each.query}${query.get("org") ? `&org=${encodeURIComponent(query.get("org"))}` : ""}`}>${each.name}${each.is_shared ? html` <span class="muted small">${t("everybody's")}</span>` : ""}<//>`)}
      ${known.length > 0 && html`<hr />`}
      <${Item} icon="plus" onClick=${() => save(true)}>${t("Save this view…")}<//>
      ${known.filter((each) => each.is_own).map((each) => html`<${Item} key=${`x${each.id}`} icon="trash" onClick=${() => perform(() => api.remove(`/saved-views/${each.id}`), t("Deleted."), views.reload)}>${t("Delete {name}", each)}<//>`)}
    <//>
    <${Menu} kind="quiet" name=${t("Show groups, columns, files")} label=${html`<${Icon} name="list" /><span class="roomy">${t("Show")}</span>`}>
      <${Item} icon=${tick(tiles)} onClick=${() => setQuery({ view: tiles ? null : "tiles" })}>${t("Tiles")}<//>
      <${Item} icon=${tick(query.get("plain") === "1")} onClick=${() => setQuery({ plain: query.get("plain") === "1" ? null : "1", page: null })}>${t("All rows in the page, to print and search")}<//>
      <${Item} icon="open" href=${link("/wall", Object.fromEntries(filterOf(query)))}>${t("For a wall screen")}<//>
      ${may("api_keys:write") && html`<${Item} icon="services" onClick=${() => import("./WallLink.mjs").then((module) => linkWall(() => module.WallLink), sayError)}>${t("Link for a wall screen…")}<//>`}
      <hr />${GROUPS.map(([id, said]) => html`<${Item} key=${said} icon=${tick(group === id)} onClick=${() => setQuery({ group: id })}>${said}<//>`)}
      <hr />${columns.map((column) => html`<${Item} key=${column.id} icon=${tick(!hidden.includes(column.id))} onClick=${() => toggle(column.id)} stay>${column.title}<//>`)}
      <hr /><${Item} icon="download" onClick=${() => download(ids, "csv")}>${t("Download as CSV")}<//>
      <${Item} icon="download" onClick=${() => download(ids, "json")}>${t("Download as JSON")}<//>
    <//>
    ${WallLink && html`<${WallLink} query=${filterOf(query)} onClose=${() => linkWall(null)} />`}
    ${saving && html`<${SaveView} onClose=${() => save(false)} onSaved=${views.reload} />`}`;
}

function SaveView({ onClose, onSaved }) {
  const query = new URLSearchParams(filterOf(route.value.query)).toString();
  const form = useForm({
    initial: { name: "", is_shared: false },
    check: ({ name }) => ({ name: name.trim() ? null : t("Give it a name.") }),
    save: (values, create) => create("/saved-views", { ...values, screen: "services", query: query || "sort=state" }),
  });
  const saved = () => {
    say(t("Saved."));
    onSaved();
    onClose();
  };
  return html`<${Dialog} title=${t("Save this view")} onClose=${onClose}><${Form} form=${form} onSaved=${saved} onCancel=${onClose}>
    <p class="muted">${t("Filter, order, groups and tiles are kept, as they stand in the address.")}</p>
    <${Field} form=${form} path="name" label=${t("Name")} /><${Field} form=${form} path="is_shared" kind="switch" label=${t("For everybody in the organization")} /><//><//>`;
}

/** Hand what matches to the browser as a file whose name says the filter. */
function download(ids, kind) {
  const rows = ids.map((id) => rowOf(id)?.peek()).filter(Boolean);
  const text = kind === "csv" ? csv(FILE, rows) : `${JSON.stringify(rows.map((row) => Object.fromEntries(FILE.map(([name, read]) => [name, name === "tags" ? row.tags : read(row)]))), null, 2)}\n`;
  const filter = filterOf(route.peek().query).map(([name, value]) => `${name}-${value}`).join("_").replace(/[^\w-]+/g, "-");
  const address = URL.createObjectURL(new Blob([text], { type: kind === "csv" ? "text/csv" : "application/json" }));
  const anchor = document.createElement("a");
  Object.assign(anchor, { href: address, download: `services${filter ? `_${filter}` : ""}.${kind}` });
  anchor.click();
  URL.revokeObjectURL(address);
}

/** Links to the pages of a plain list. */
export function Pages({ page, all }) {
  const href = (number) => link(`/services?${new URLSearchParams({ ...Object.fromEntries(route.value.query), page: number })}`);
  return html`<nav class="toolbar" aria-label=${t("Pages of the list")}>${page > 1 && html`<a class="button" href=${href(page - 1)}>${t("Previous page")}</a>`}<span class="muted small">${t("Page {n} of {all}", { n: page, all })}</span>${page < all && html`<a class="button" href=${href(page + 1)}>${t("Next page")}</a>`}</nav>`;
}
