// The audit log with what was before and after; and the configuration as a file, with a plan first.

import { html, useState } from "../vendor/ui.mjs";
import * as api from "../api.mjs";
import { sentence, t } from "../lib/words.mjs";
import { useResource } from "../store/resource.mjs";
import { route, setQuery } from "../store/route.mjs";
import { whyNot } from "../store/session.mjs";
import { AuditEntries } from "./AuditEntries.mjs";
import { Button, Empty, Failure, Loaded } from "./Page.mjs";
import { perform } from "./Plain.mjs";

/** Who did what, when, from where. */
export function AuditLog() {
  const reason = whyNot("audit_logs:read");
  return reason ? html`<${Empty} title=${t("For admins")}>${reason}.<//>` : html`<${Log} />`;
}

function Log() {
  const { query } = route.value;
  const [event, actor] = [query.get("event") ?? "", query.get("actor") ?? ""];
  const found = useResource((signal) => api.page("/audit-logs", { event, actor, limit: 200 }, signal), [event, actor]);
  const csv = api.addressOf("/audit-logs", { event, actor, format: "csv" });
  return html`<div class="toolbar labelled"><label class="field"><span class="label">${t("Event")}</span><input placeholder=${t("service.updated")} value=${event} onChange=${(each) => setQuery({ event: each.target.value })} /></label><label class="field"><span class="label">${t("Who")}</span><input placeholder=${t("e-mail address")} value=${actor} onChange=${(each) => setQuery({ actor: each.target.value })} /></label><span class="spread"></span><a class="button" href=${csv} download>${t("Download CSV")}</a></div>
    <${Loaded} of=${found}>${(page) => (page.items.length ? html`<${AuditEntries} entries=${page.items} />` : html`<${Empty} title=${t("Nothing of that kind")}>${t("Another event or person may have more.")}<//>`)}<//>`;
}

const SOURCES = [[null, t("A file of ours")], ["uptime_kuma", t("Uptime Kuma")], ["gatus", t("Gatus")], ["healthchecks", t("Healthchecks")]];

/** Export, and import with a plan of what would change. */
export function Configuration() {
  const [text, setText] = useState("");
  const [source, setSource] = useState(null);
  const [found, setFound] = useState(null);
  const [error, setError] = useState(null);
  const look = async () => {
    setError(null);
    try {
      const made = source ? await api.post("/config/import", { source, text }) : { document: null, notes: [] };
      const document = source ? JSON.stringify(made.document) : text;
      const { data } = await api.send("POST", "/config/plan", { text: document });
      setFound({ document, notes: made.notes, plan: data });
    } catch (reason) {
      setFound(null);
      setError(reason);
    }
  };
  const apply = () => perform(() => api.send("POST", "/config/apply", { text: found.document }), t("Applied."), () => (setFound(null), setText("")));
  const take = async (event) => setText((await event.target.files[0]?.text()) ?? "");
  return html`<div class="stack narrow-stack"><section class="card"><h2>${t("Export")}</h2><p class="muted">${t("Services, rules, heartbeats, channels without their secrets, policies, windows and pages, in one file that can be kept in a repository.")}</p><div class="actions"><a class="button" href=${api.addressOf("/config/export")} download="alertifypro.yaml">${t("Download YAML")}</a></div></section>
    <section class="card"><h2>${t("Import")}</h2><p class="muted">${t("You see what would change before anything does.")}</p>
      <div class="form"><select aria-label=${t("From")} onChange=${(event) => setSource(SOURCES[event.target.selectedIndex][0])}>${SOURCES.map(([each, word]) => html`<option key=${word} selected=${each === source}>${word}</option>`)}</select>
      <input type="file" accept=".yaml,.yml,.json" aria-label=${t("File")} onChange=${take} /><textarea rows="6" aria-label=${t("Text of the file")} placeholder=${t("or paste it here")} value=${text} onInput=${(event) => setText(event.target.value)}></textarea>
      <div class="actions"><${Button} needs="config:write" disabled=${text.trim() ? null : t("Choose a file first")} onClick=${look}>${t("What would change?")}<//>${found && !found.plan.errors.length && html`<${Button} kind="primary" needs="config:write" onClick=${apply}>${t("Apply")}<//>`}</div></div>
      ${error && html`<${Failure} error=${error} />`}${found && html`<${Plan} ...${found} />`}</section></div>`;
}

const VERBS = { create: t("new"), update: t("changed"), delete: t("deleted") };

function Plan({ plan, notes }) {
  return html`<ul class="lines">
    ${plan.errors.map((each, at) => html`<li key=${`e${at}`} class="down"><span>${each.kind} ${each.key}: ${sentence(each.error)}</span></li>`)}
    ${notes.map((each, at) => html`<li key=${`n${at}`} class="slow"><span>${sentence(each)}</span></li>`)}
    ${plan.changes.slice(0, 300).map((each, at) => html`<li key=${at}><span>${each.name}</span><span class="muted">${each.kind} · ${VERBS[each.action]}</span></li>`)}
    ${!plan.changes.length && !plan.errors.length && html`<li>${t("Nothing would change.")}</li>`}</ul>`;
}
