// The form of a status page: its name and address, its sections, and how it looks.

import { html, useEffect, useState } from "../vendor/ui.mjs";
import * as api from "../api.mjs";
import { listed, sentence, t, tn } from "../lib/words.mjs";
import { Field } from "../parts/Field.mjs";
import { Form, Section } from "../parts/Form.mjs";
import { Button, Loaded, Page } from "../parts/Page.mjs";
import { ServicePicker } from "../parts/ServicePicker.mjs";
import { useForm } from "../store/form.mjs";
import { useResource } from "../store/resource.mjs";
import { go, link } from "../store/route.mjs";
import { may } from "../store/session.mjs";
import { facets } from "../store/services.mjs";
import { say } from "../store/toasts.mjs";

const LANGUAGES = ["en", "de", "fr", "es", "pt", "nl", "pl", "it", "ja"];
const THEMES = [["auto", t("As the visitor's system has it")], ["light", t("Light")], ["dark", t("Dark")]];
const PLAIN = ["name", "slug", "description", "is_public", "sections", "theme", "language", "layout", "show_uptime_days", "allow_subscribe", "is_indexed"];
const tongue = (code) => new Intl.DisplayNames([code], { type: "language" }).of(code);

export default function PageForm({ id }) {
  const found = useResource((signal) => (id ? api.get(`/status-pages/${id}`, {}, signal) : Promise.resolve(null)), [id]);
  const home = id ? { path: `/pages/${id}`, title: t("Status page") } : { path: "/pages", title: t("Status pages") };
  return html`<${Page} title=${id ? t("Edit page") : t("New page")} back=${home} narrow><${Loaded} of=${found}>${(stored) => html`<${Editor} id=${id} stored=${stored} home=${home.path} />`}<//><//>`;
}

/** What is sent: an empty slug is made from the name, an empty password leaves the one there is. */
function bodyOf({ slug, password, has_password: keeps, branding, primary_color: color, ...values }) {
  const secret = keeps ? (password ? { password } : {}) : { password: null };
  const looks = { ...branding, primary_color: color };
  if (!color) delete looks.primary_color;
  return { ...values, branding: looks, ...(slug.trim() && { slug: slug.trim() }), ...secret };
}

function Editor({ id, stored, home }) {
  const fresh = { name: "", slug: "", description: "", is_public: true, sections: [{ name: t("Services"), service_ids: [], tags: [] }], theme: "auto", language: "en", layout: "list", show_uptime_days: 90, allow_subscribe: true, is_indexed: true };
  const form = useForm({
    key: `page.${id ?? "new"}`, secrets: ["password"],
    initial: { ...(stored ? Object.fromEntries(PLAIN.map((name) => [name, stored[name]])) : fresh), has_password: stored?.has_password ?? false, password: "", branding: stored?.branding ?? {}, primary_color: stored?.branding.primary_color ?? "" },
    check: (values) => ({
      name: values.name.trim() ? undefined : t("Give it a name."),
      password: values.has_password && !values.password && !stored?.has_password ? t("Write the password that visitors have to give.") : undefined,
      ...Object.fromEntries(values.sections.map((each, at) => [`sections.${at}.name`, each.name.trim() ? undefined : t("Give the section a name.")])),
    }),
    save: (values) => (id ? api.patch(`/status-pages/${id}`, bodyOf(values)) : api.post("/status-pages", bodyOf(values))),
  });
  const saved = (page) => {
    say(t("Saved. The page answers at {url}.", { url: page.url }));
    go(link(`/pages/${page.id}`), { replace: true });
  };
  return html`<${Form} form=${form} needs="status_pages:write" onSaved=${saved} onCancel=${() => go(link(home))}>
    <div class="pair"><${Field} form=${form} path="name" label=${t("Name")} placeholder=${t("Acme status")} />
      <${Field} form=${form} path="slug" label=${t("Address")} optional=${!id} placeholder=${t("acme")} help=${id ? t("An earlier address leads on to the page for 90 days.") : t("Left empty it is made from the name.")} /></div>
    <${Field} form=${form} path="description" label=${t("Description")} optional />
    <${Sections} form=${form} />
    <${Shown} form=${form} id=${id} />
    <${Section} title=${t("Looks")} hint=${tongue(form.get("language"))}>
      <div class="pair"><${Field} form=${form} path="theme" label=${t("Theme")} kind="select" options=${THEMES} /><${Field} form=${form} path="language" label=${t("Language")} kind="select" options=${LANGUAGES.map((code) => [code, tongue(code)])} /></div>
      <div class="pair"><${Field} form=${form} path="layout" label=${t("Layout")} kind="select" options=${[["list", t("One below the other")], ["columns", t("In columns")]]} /><${Field} form=${form} path="show_uptime_days" label=${t("Days of history")} kind="number" unit=${t("days")} min=${1} max=${90} /></div>
      <${Field} form=${form} path="primary_color" label=${t("Colour")} optional placeholder="#2563eb" />
    <//>
    <${Section} title=${t("Who sees it")} hint=${form.get("is_public") ? t("everybody") : t("members")}>
      <${Field} form=${form} path="is_public" label=${t("Public")} kind="switch" help=${t("Otherwise only members who are signed in see it.")} />
      <${Field} form=${form} path="has_password" label=${t("Visitors have to give a password")} kind="switch" />
      ${form.get("has_password") && html`<${Field} form=${form} path="password" label=${t("Password of the page")} kind="password" autocomplete="new-password" help=${stored?.has_password ? t("One is set. Left empty it stays.") : t("At least 8 characters.")} />`}
      <${Field} form=${form} path="is_indexed" label=${t("Search engines may list it")} kind="switch" />
      <${Field} form=${form} path="allow_subscribe" label=${t("Visitors may subscribe")} kind="switch" />
    <//>
  <//>`;
}

function Sections({ form }) {
  const sections = form.get("sections");
  const set = (changed) => form.set("sections", changed);
  const move = (at, by) => {
    const changed = [...sections];
    [changed[at], changed[at + by]] = [changed[at + by], changed[at]];
    set(changed);
  };
  return html`<fieldset class="bare stack"><legend><strong>${t("Sections")}</strong></legend>
    ${sections.map((section, at) => html`<div key=${at} class="card form">
      <${Field} form=${form} path=${`sections.${at}.name`} label=${t("Name of the section")} />
      <${Field} form=${form} path=${`sections.${at}.tags`} label=${t("Services with one of these tags")} kind="tags" suggestions=${Object.keys(facets.value.tag)} optional help=${t("Services that get such a tag later join by themselves.")} />
      <${Field} form=${form} path=${`sections.${at}.service_ids`} label=${t("And these services")} control=${(props) => html`<${ServicePicker} ...${props} />`} optional />
      <div class="actions">
        <${Button} kind="quiet" icon="up" disabled=${at === 0} onClick=${() => move(at, -1)}>${t("Move up")}<//>
        <${Button} kind="quiet" disabled=${at === sections.length - 1} onClick=${() => move(at, 1)}>${t("Move down")}<//>
        <${Button} kind="quiet" icon="trash" onClick=${() => set(sections.filter((_, index) => index !== at))}>${t("Remove the section")}<//></div>
    </div>`)}
    <div><${Button} icon="plus" onClick=${() => set([...sections, { name: "", service_ids: [], tags: [] }])}>${t("Add a section")}<//></div>
  </fieldset>`;
}

/** Who would be public, asked of the server a moment after each change. */
function Shown({ form, id }) {
  const [found, setFound] = useState(null);
  const sections = JSON.stringify(form.get("sections").filter((each) => each.name.trim()));
  useEffect(() => {
    if (!may("status_pages:write")) return undefined;
    const timer = setTimeout(async () => {
      try {
        setFound(await api.post("/status-pages/preview", { name: form.get("name").trim() || t("Status"), sections: JSON.parse(sections) }, { query: { page_id: id } }));
      } catch (error) {
        setFound({ error });
      }
    }, 500);
    return () => clearTimeout(timer);
  }, [sections]);
  if (!found) return null;
  if (found.error) return html`<p class="wrong" role="status">${sentence(found.error.message)}</p>`;
  const names = found.services.map((each) => each.name);
  const added = found.services.filter((each) => each.is_new).length;
  return html`<div class="card" role="status"><strong>${names.length ? tn(names.length, "Strangers would see one service.", "Strangers would see {n} services.") : t("Strangers would see no service yet. Give a section a tag or a service.")}</strong>
    ${names.length > 0 && html`<p>${listed(names.slice(0, 20))}${names.length > 20 ? ` ${t("and {n} more", { n: names.length - 20 })}` : ""}</p>`}
    ${id && added > 0 && html`<p class="slow">${tn(added, "One of them is not public yet.", "{n} of them are not public yet.")}</p>`}</div>`;
}
