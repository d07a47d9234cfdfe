// Short lists as native tables, the row of buttons beside them, and what happens at a press.

import { html, useState } from "../vendor/ui.mjs";
import * as api from "../api.mjs";
import { listed, t } from "../lib/words.mjs";
import { deleteLater } from "../store/deletions.mjs";
import { say, sayError } from "../store/toasts.mjs";
import { Confirm } from "./Dialog.mjs";
import { Button } from "./Page.mjs";

/** A table of a few rows. `columns`: [{title, cell(row), right, extra (hidden on phones)}]. */
export function PlainTable({ label, rows, columns, idOf = (row) => row.id }) {
  const kind = (column) => `${column.right ? "right" : ""}${column.extra ? " extra" : ""}` || null;
  return html`<div class="plain-box"><table class="plain" aria-label=${label}>
    <thead><tr>${columns.map((column) => html`<th key=${column.title} scope="col" class=${kind(column)}>${column.title || html`<span class="only-read">${t("Actions")}</span>`}</th>`)}</tr></thead>
    <tbody>${rows.map((row) => html`<tr key=${idOf(row)}>${columns.map((column, at) => html`<td key=${column.title} class=${column.title ? kind(column) : "right act"} data-title=${at > 1 ? column.title || null : null}>${column.cell(row)}</td>`)}</tr>`)}</tbody>
  </table></div>`;
}

/** Do something with the API: say that it was done, or why not; then read again. */
export async function perform(work, said, reload = () => {}) {
  try {
    const found = await work();
    if (said) say(typeof said === "function" ? said(found) : said);
    reload();
    return found;
  } catch (error) {
    sayError(error);
    return undefined;
  }
}

/** A choice that is saved at once, by `save(value)` with `perform`; where that fails it shows again what holds. */
export function SavedChoice({ value, options, save, ...rest }) {
  const take = async ({ target }) => {
    if ((await save(target.value)) === undefined) target.value = value;
  };
  return html`<select onChange=${take} ...${rest}>${options.map(([each, said]) => html`<option key=${each} value=${each} selected=${each === value}>${said}</option>`)}</select>`;
}

/** Whether something uses what stands at `path`, or nobody can say; then the person is told. */
async function isUsed(path, name) {
  try {
    const { used_by: uses } = await api.get(`${path}/usages`);
    if (uses.length) sayError({ message: t("{name} is in use: {uses}. Change that first.", { name, uses: listed(uses) }) });
    return uses.length > 0;
  } catch (error) {
    sayError(error);
    return true;
  }
}

/**
 * A button that deletes. With `path` what has this `id` is deleted so that it can be undone: at once,
 * or after asking where there is a `consequence`; not while something uses it, where it `hasUsers`.
 * Without `path` `act` deletes for good, after asking.
 */
export function DeleteButton({ name, needs, path, id, said, hasUsers = false, onSent, act = () => deleteLater({ ids: [id], path, name, said, onSent }), consequence = path ? null : t("This cannot be undone."), typed, verb = t("Delete"), children }) {
  const [asking, ask] = useState(false);
  const press = async () => {
    if (consequence) return ask(true);
    if (hasUsers && (await isUsed(path, name))) return undefined;
    document.querySelector(".page-head h1")?.focus({ preventScroll: true }); // a second press deletes nothing more
    return act();
  };
  return html`<${Button} kind="danger" icon="trash" needs=${needs} aria-label=${children ? null : t("{verb} {name}", { verb, name })} onClick=${press}>${children ?? verb}<//>
    ${asking && html`<${Confirm} title=${t("{verb} {name}?", { verb, name })} verb=${verb} typed=${typed} act=${act} onClose=${() => ask(false)}><p>${consequence}</p><//>`}`;
}
