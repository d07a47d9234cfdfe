// What one puts elsewhere of a status page: badges, the banner, feeds, and the page as data.

import { html, useEffect, useId, useState } from "../vendor/ui.mjs";
import { t } from "../lib/words.mjs";
import { Icon } from "./Icon.mjs";
import { Copy } from "./Page.mjs";

// What a badge tells; of the page as a whole there is the state alone.
const KINDS = [["status", t("State")], ["uptime", t("Uptime")]];

/** Snippets of a page to copy. */
export function Share({ page }) {
  const home = page.url.replace(/\/+$/, "");
  const [services, setServices] = useState([]);
  const [key, setKey] = useState(page.badge_key);
  const open = page.is_public && !page.has_password;
  useEffect(() => {
    if (open) fetch(`/status/${page.slug}.json`).then((answer) => (answer.ok ? answer.json() : { services: {} })).then((found) => setServices(Object.entries(found.services)), () => {});
  }, [page.slug]);
  if (!open) return html`<p class="notice"><${Icon} name="warning" />${t("Badges, banner and feeds are there for public pages only: they are read without signing in.")}</p>`;
  const badge = (what) => `${new URL(home).origin}/api/v1/badges/${key}/${what}.svg`;
  return html`<div class="stack narrow-stack">
    <section class="card form"><h2>${t("Badges")}</h2>
      <label class="field"><span class="label">${t("Of")}</span><select onChange=${(event) => setKey(event.target.value)}><option value=${page.badge_key}>${t("the whole page")}</option>${services.map(([each, service]) => html`<option key=${each} value=${each} selected=${each === key}>${service.name}</option>`)}</select></label>
      ${KINDS.filter(([what]) => what === "status" || key !== page.badge_key).map(([what, word]) => html`<div key=${what} class="stack"><p><img src=${new URL(badge(what)).pathname} alt=${word} height="20" /></p>
        <${Snippet} label=${t("{word} in Markdown", { word })} text=${`[![${word}](${badge(what)})](${home})`} />
        <${Snippet} label=${t("{word} in HTML", { word })} text=${`<a href="${home}"><img src="${badge(what)}" alt="${word}"></a>`} /></div>`)}
      <p class="muted small">${t("Parameters: days (1, 7, 30, 90), label, style (flat, plain).")}</p></section>
    <section class="card form"><h2>${t("Banner for your own site")}</h2><p class="muted">${t("It is there only while something is wrong.")}</p>
      <${Snippet} label=${t("By script")} text=${`<script async src="${home}/embed.js"></script>`} />
      <${Snippet} label=${t("Without a script")} text=${`<iframe src="${home}/embed" title="Status" height="60" loading="lazy"></iframe>`} /></section>
    <section class="card form"><h2>${t("Feeds and data")}</h2>
      ${[["feed.atom", t("Atom feed")], ["feed.rss", t("RSS feed")], ["maintenance.ics", t("Calendar of maintenance")], ["summary.json", t("Summary as JSON, as Statuspage has it")], ["page.json", t("Everything as JSON")]].map(([path, label]) => html`<${Snippet} key=${path} label=${label} text=${`${home}/${path}`} />`)}</section>
  </div>`;
}

function Snippet({ label, text }) {
  const id = useId();
  return html`<div class="field"><label for=${id}>${label}</label><div class="beside"><input id=${id} class="mono" readonly value=${text} onFocus=${(event) => event.target.select()} /><${Copy} text=${text} /></div></div>`;
}
