// What can be done with services: one from its row or page, many from the bar at the foot.

import { html, useState } from "../vendor/ui.mjs";
import * as api from "../api.mjs";
import { parseDuration } from "../lib/forms.mjs";
import { t, tn } from "../lib/words.mjs";
import { bulk } from "../store/bulk.mjs";
import { deleteLater } from "../store/deletions.mjs";
import { go, link } from "../store/route.mjs";
import { may } from "../store/session.mjs";
import { put, rowOf, takeOut } from "../store/services.mjs";
import { say, sayError } from "../store/toasts.mjs";
import { Confirm, Dialog } from "./Dialog.mjs";
import { Button } from "./Page.mjs";

/** Do something with services and say how it went; what failed is returned. */
async function actOn(action, ids, more = {}) {
  try {
    const results = await bulk("/services/bulk", ids, { action, ...more });
    const failed = results.filter((each) => !each.ok);
    if (failed.length) sayError({ message: failed[0].error }, t("{n} were left as they are.", { n: failed.length }));
    return failed.map((each) => each.id);
  } catch (error) {
    sayError(error);
    return ids;
  }
}

const patched = (ids, change) => put(ids.map((id) => ({ ...rowOf(id).peek(), ...change })));

/** Pause or resume, with a way back for ten seconds. */
export async function setActive(ids, active) {
  const failed = await actOn(active ? "resume" : "pause", ids);
  const done = ids.filter((id) => !failed.includes(id));
  if (!done.length) return failed;
  patched(done, { is_active: active });
  const undo = { label: t("Undo"), run: () => setActive(done, !active) };
  say(active ? tn(done.length, "Resumed; it is checked now.", "Resumed {n} services.") : tn(done.length, "Paused.", "Paused {n} services."), undo);
  return failed;
}

/** Check now: one by its own route, which a responder may use too; many at once need an editor. */
export async function checkNow(ids) {
  if (ids.length === 1) {
    try {
      await api.post(`/services/${ids[0]}/check`);
      say(t("It is being checked."));
      return [];
    } catch (error) {
      sayError(error);
      return ids;
    }
  }
  const failed = await actOn("check", ids);
  const done = ids.length - failed.length;
  if (done) say(tn(done, "One of them is being checked.", "{n} services are being checked."));
  return failed;
}

/** Begin maintenance now, for so many minutes. */
export async function maintain(ids, minutes) {
  try {
    await api.post("/maintenance-windows/now", { service_ids: ids, minutes });
    say(tn(ids.length, "It is in maintenance now.", "{n} services are in maintenance now."));
  } catch (error) {
    sayError(error);
  }
}

/** The keys of a list of services. */
export function keyActs(event, row) {
  if (event.key === "e" && may("services:write")) go(link(`/services/${row.id}/edit`));
  else if (event.key === "p" && may("services:write")) setActive([row.id], !row.is_active);
  else if (event.key === "c" && may("services:check")) checkNow([row.id]);
  else return false;
  return true;
}

// So many are deleted by one request, which a page that is left can still send (64 kB).
const MOST_UNDONE = 1000;

/** Ask, then delete; it can be undone for a while, unless they are very many. */
export function DeleteServices({ ids, onClose, onDone }) {
  const names = ids.map((id) => rowOf(id)?.peek().name ?? "");
  const many = ids.length > MOST_UNDONE;
  const later = async () => {
    const send = async (options) => {
      const { data } = await api.send("POST", "/services/bulk", { body: { action: "delete", ids }, ...options });
      return data.results.filter((each) => !each.ok);
    };
    const one = ids.length === 1;
    deleteLater({ ids, path: `/services/${ids[0]}`, name: one ? names[0] : t("Some of the services"), ...(!one && { said: t("{n} services are deleted.", { n: ids.length }), send }) });
    onDone?.();
  };
  const atOnce = async () => {
    const failed = await actOn("delete", ids);
    const gone = ids.filter((id) => !failed.includes(id));
    if (!gone.length) return;
    takeOut(gone);
    say(tn(gone.length, "Deleted.", "Deleted {n} services."));
    onDone?.();
  };
  const title = ids.length === 1 ? t("Delete {name}?", { name: names[0] }) : t("Delete {n} services?", { n: ids.length });
  return html`<${Confirm} title=${title} verb=${t("Delete")} act=${many ? atOnce : later} onClose=${onClose} typed=${ids.length >= 5 ? ids.length : null}>
    <p>${many ? t("Checks stop at once and the history is removed. This cannot be undone; pausing keeps everything.") : t("Checks stop and the history is removed. It can be undone for ten seconds; pausing keeps everything.")}</p>
    ${ids.length > 1 && html`<p class="muted">${names.slice(0, 12).join(", ")}${names.length > 12 ? t(" and {n} more", { n: names.length - 12 }) : ""}</p>`}
  <//>`;
}

/** The bar at the foot while rows are selected; `matching` are all that the filter leaves. */
export function SelectionBar({ selected, matching }) {
  const [open, setOpen] = useState(null);
  const ids = [...selected.value];
  if (!ids.length) return null;
  const keep = (failed) => (selected.value = new Set(failed));
  const close = () => setOpen(null);
  return html`<div class="selection" role="region" aria-label=${t("Selected services")}>
    <strong>${tn(ids.length, "1 selected", "{n} selected")}</strong>
    ${ids.length < matching.length && html`<${Button} kind="quiet" onClick=${() => (selected.value = new Set(matching))}>${t("all {n} that match", { n: matching.length })}<//>`}
    <span class="spread"></span>
    <${Button} icon="play" needs="services:write" onClick=${async () => keep(await checkNow(ids))}>${t("Check now")}<//>
    <${Button} icon="pause" needs="services:write" onClick=${async () => keep(await setActive(ids, false))}>${t("Pause")}<//>
    <${Button} needs="services:write" onClick=${async () => keep(await setActive(ids, true))}>${t("Resume")}<//>
    <${Button} needs="services:write" onClick=${() => setOpen("change")}>${t("Change…")}<//>
    <${Button} kind="danger" icon="trash" needs="services:write" onClick=${() => setOpen("delete")}>${t("Delete")}<//>
    <${Button} kind="quiet" onClick=${() => keep([])}>${t("Clear")}<//>
    ${open === "delete" && html`<${DeleteServices} ids=${ids} onClose=${close} onDone=${() => keep([])} />`}
    ${open === "change" && html`<${Change} ids=${ids} onClose=${close} />`}
  </div>`;
}

/** Settings that many services can have in common; empty fields stay as they are. */
function Change({ ids, onClose }) {
  const [values, setValues] = useState({});
  const [busy, setBusy] = useState(false);
  const set = (name) => (event) => setValues({ ...values, [name]: event.target.value });
  const fields = [
    ["tag", t("Add tags"), t("eu, payments")],
    ["untag", t("Remove tags"), ""],
    ["check_interval_seconds", t("Interval"), "1m"],
    ["timeout_seconds", t("Timeout"), "10s"],
    ["failure_threshold", t("Failures before down"), "2"],
    ["recovery_threshold", t("Passes before up"), "1"],
    ["environment", t("Environment"), ""],
  ];
  const apply = async () => {
    setBusy(true);
    const given = Object.fromEntries(Object.entries(values).filter(([, value]) => value.trim()));
    const { tag, untag, environment, ...numbers } = given;
    const changes = { ...Object.fromEntries(Object.entries(numbers).map(([name, text]) => [name, parseDuration(text) ?? text])), ...(environment && { environment: environment.trim() }) };
    const tags = (text) => ({ tags: text.split(",").map((each) => each.trim()).filter(Boolean) });
    const failed = new Set();
    if (tag) (await actOn("tag", ids, tags(tag))).forEach((id) => failed.add(id));
    if (untag) (await actOn("untag", ids, tags(untag))).forEach((id) => failed.add(id));
    if (Object.keys(changes).length) (await actOn("update", ids, { changes })).forEach((id) => failed.add(id));
    setBusy(false);
    if (failed.size < ids.length) say(tn(ids.length - failed.size, "Changed one service.", "Changed {n} services."));
    onClose();
  };
  const foot = html`<${Button} onClick=${onClose}>${t("Cancel")}<//><${Button} kind="primary" busy=${busy} onClick=${apply}>${tn(ids.length, "Change one service", "Change {n} services")}<//>`;
  return html`<${Dialog} title=${t("Change services")} onClose=${onClose} foot=${foot}>
    <p class="muted">${t("Empty fields stay as they are.")}</p>
    <div class="pair">${fields.map(([name, label, placeholder]) => html`<label key=${name} class="field"><span class="label">${label}</span><input value=${values[name] ?? ""} placeholder=${placeholder} onInput=${set(name)} /></label>`)}</div>
  <//>`;
}
