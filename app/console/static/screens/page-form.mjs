// The form of a status page: its name and address, its sections, how it looks and who sees it, with
// the page as it would be beside it.

import { html, useEffect, useMemo, useState } from "../vendor/ui.mjs";
import * as api from "../api.mjs";
import { changed } from "../lib/edits.mjs";
import { AUTO_MODES, LANGUAGES, LAYOUTS, LINKS, NOTICES, THEMES, VISIBILITIES, bodyOf, valuesOf } from "../lib/pages.mjs";
import { moment } from "../lib/time.mjs";
import { isoOfWallTime, wallTime } from "../lib/wall-times.mjs";
import { t } from "../lib/words.mjs";
import { Conflict } from "../parts/Conflict.mjs";
import { Field } from "../parts/Field.mjs";
import { Form, Section } from "../parts/Form.mjs";
import { LogoField } from "../parts/LogoField.mjs";
import { Button, Loaded, Page } from "../parts/Page.mjs";
import { PagePreview, usePreview } from "../parts/PagePreview.mjs";
import { PublicNames, Sections } from "../parts/PageSections.mjs";
import { useForm } from "../store/form.mjs";
import { useResource } from "../store/resource.mjs";
import { go, link } from "../store/route.mjs";
import { services } from "../store/services.mjs";
import { may } from "../store/session.mjs";
import { useShared } from "../store/shared.mjs";
import { say } from "../store/toasts.mjs";
import { zone } from "../store/view.mjs";

const tongue = (code) => new Intl.DisplayNames([code], { type: "language" }).of(code);

export default function PageForm({ id }) {
  const [round, setRound] = useState(0);
  const found = useResource((signal) => (id ? api.get(`/status-pages/${id}`, {}, signal) : Promise.resolve(null)), [id]);
  const begin = async () => {
    await found.reload();
    setRound(round + 1);
  };
  const home = id ? { path: `/pages/${id}`, title: t("Status page") } : { path: "/pages", title: t("Status pages") };
  useEffect(() => {
    if (services.data.peek() === undefined) services.reload();
  }, []);
  return html`<${Page} title=${id ? t("Edit page") : t("New page")} back=${home}><${Loaded} of=${found}>${(stored) => html`<${Editor} key=${round} id=${id} stored=${stored} home=${home.path} begin=${begin} />`}<//><//>`;
}

function Editor({ id, stored, home, begin }) {
  const initial = useMemo(() => valuesOf(stored, zone.peek()), []);
  const before = useMemo(() => bodyOf(initial), []);
  const path = `/status-pages/${id}`;
  const shared = useShared({ path, stored, read: () => api.get(path) });
  const form = useForm({
    key: `page.${id ?? "new"}.${stored?.updated_at ?? ""}`, secrets: ["password"], initial,
    check: (values) => ({
      name: values.name.trim() ? undefined : t("Give it a name."),
      password: values.visibility === "password" && !values.password && !stored?.has_password ? t("Write the password that visitors have to give.") : undefined,
      ...Object.fromEntries(values.sections.map((each, at) => [`sections.${at}.name`, each.name.trim() ? undefined : t("Give the section a name.")])),
    }),
    save: (values, create) => (id ? shared.save(changed(bodyOf(values), before)) : create("/status-pages", bodyOf(values))),
  });
  const saved = (page) => {
    say(t("Saved. The page answers at {url}.", { url: page.url }));
    go(link(`/pages/${page.id}`), { replace: true });
  };
  const overwrite = async () => {
    const page = await form.submit();
    if (page) saved(page);
  };
  const discard = () => {
    form.reset(form.values.peek());
    form.forget();
    begin();
  };
  const values = form.values.value;
  const { slug: _, password: __, ...body } = bodyOf(values);
  const preview = usePreview({ ...body, name: body.name.trim() || t("Status"), sections: body.sections.filter((each) => each.name.trim()) }, id);
  return html`<div class="editor"><div>
    <${Conflict} shared=${shared} onOverwrite=${overwrite} onDiscard=${discard} />
    <${Form} form=${form} needs="status_pages:write" onSaved=${saved} onCancel=${() => go(link(home))}>
      <div class="pair"><${Field} form=${form} path="name" label=${t("Name")} placeholder=${t("Acme status")} />
        <${Field} form=${form} path="slug" label=${t("Address")} optional=${!id} placeholder=${t("acme")} help=${id ? t("An earlier address leads on to the page for 90 days.") : t("Left empty it is made from the name.")} /></div>
      <${Field} form=${form} path="description" label=${t("Description")} optional />
      <${Sections} form=${form} />
      <${PublicNames} form=${form} shown=${preview.found?.services ?? []} />
      <${Looks} form=${form} />
      <${Details} form=${form} />
      <${Access} form=${form} stored=${stored} />
      <${Incidents} form=${form} />
      <${Announcement} form=${form} />
    <//></div>
    <${PagePreview} preview=${preview} id=${id} /></div>`;
}

function Looks({ form }) {
  return html`<${Section} title=${t("Looks")} hint=${tongue(form.get("language"))}>
    <div class="pair"><${Field} form=${form} path="branding.company_name" label=${t("Company")} optional /><${Field} form=${form} path="branding.primary_color" label=${t("Colour")} optional placeholder="#2563eb" help=${t("Of links and buttons. Made darker or lighter where it could not be read; never that of states.")} /></div>
    <${LogoField} form=${form} path="branding.logo_url" label=${t("Logo")} />
    <${LogoField} form=${form} path="branding.dark_logo_url" label=${t("Logo on dark ground")} />
    <div class="pair"><${Field} form=${form} path="theme" label=${t("Theme")} kind="select" options=${THEMES} /><${Field} form=${form} path="layout" label=${t("Layout")} kind="select" options=${LAYOUTS} /></div>
    <div class="pair"><${Field} form=${form} path="language" label=${t("Language")} kind="select" options=${LANGUAGES.map((code) => [code, tongue(code)])} /><${Field} form=${form} path="timezone" label=${t("Time zone")} /></div>
    ${may("status_pages:admin") && html`<${Field} form=${form} path="custom_css" label=${t("Own styles")} kind="textarea" rows=${3} optional placeholder=".section { border-radius: 12px }" help=${t("Set by admins: a few properties of the page's own classes; nothing is fetched from elsewhere.")} />`}
  <//>`;
}

function Details({ form }) {
  return html`<${Section} title=${t("What it shows")} hint=${t("{n} days", { n: form.get("show_uptime_days") ?? "?" })}>
    <${Field} form=${form} path="show_uptime_days" label=${t("Days of history")} kind="number" unit=${t("days")} min=${1} max=${90} />
    <${Field} form=${form} path="show.response_times" label=${t("Response times, with a chart for each service")} kind="switch" />
    <${Field} form=${form} path="show.error_category" label=${t("Why a service is down, in a few words")} kind="switch" />
    <${Field} form=${form} path="show.regions" label=${t("Where services are checked from")} kind="switch" />
    <${Field} form=${form} path="show.on_domain_only" label=${t("Only its own host: the address with the slug leads there, once it is served")} kind="switch" />
    <${Field} form=${form} path="show.made_with" label=${t("What it is made with")} kind="switch" />
    <div class="pair">${LINKS.map(([name, label]) => html`<${Field} key=${name} form=${form} path=${`links.${name}`} label=${label} kind="url" optional placeholder=${t("https://… or mailto:…")} />`)}</div>
  <//>`;
}

function Access({ form, stored }) {
  const who = form.get("visibility");
  return html`<${Section} title=${t("Who sees it")} hint=${VISIBILITIES.find(([each]) => each === who)[1]}>
    <${Field} form=${form} path="visibility" label=${t("Who sees it")} kind="select" options=${VISIBILITIES} help=${who === "everybody" ? null : t("For everybody else the address answers as if there were no page.")} />
    ${who === "password" && html`<${Field} form=${form} path="password" label=${t("Password of the page")} kind="password" autocomplete="new-password" help=${stored?.has_password ? t("One is set. Left empty it stays. Another one shuts out who has opened the page.") : t("At least 8 characters.")} />`}
    <${Field} form=${form} path="is_indexed" label=${t("Search engines may list it")} kind="switch" />
    <${Field} form=${form} path="allow_subscribe" label=${t("Visitors may subscribe")} kind="switch" />
    ${form.get("allow_subscribe") && html`<fieldset class="group"><legend>${t("Subscribers hear of")}</legend>${NOTICES.map(([name, label]) => html`<${Field} key=${name} form=${form} path=${`notify.${name}`} label=${label} kind="switch" />`)}</fieldset>`}
  <//>`;
}

function Incidents({ form }) {
  const mode = form.get("auto_incidents.mode");
  return html`<${Section} title=${t("When a critical alert stays open")} hint=${AUTO_MODES.find(([each]) => each === mode)[1]}>
    <${Field} form=${form} path="auto_incidents.mode" label=${t("Then")} kind="select" options=${AUTO_MODES} help=${t("In neutral sentences: what alerts say stays inside.")} />
    ${mode !== "off" && html`<div class="pair"><${Field} form=${form} path="auto_incidents.after_minutes" label=${t("After")} kind="number" unit=${t("minutes")} min=${0} max=${1440} /><${Field} form=${form} path="auto_incidents.resolve_minutes" label=${t("Resolved when all has worked for")} kind="number" unit=${t("minutes")} min=${0} max=${1440} /></div>`}
  <//>`;
}

function Announcement({ form }) {
  const place = useMemo(() => zone.peek(), []); // the form keeps the zone that it began in
  const said = form.get("announcement").trim();
  const time = (name, label) => {
    const held = form.get(name);
    return html`<${Field} form=${form} path=${name} label=${label} optional control=${({ id, aria }) => html`<input id=${id} type="datetime-local" value=${held ? wallTime(moment(held), place) : ""} onInput=${(event) => form.set(name, event.target.value ? isoOfWallTime(event.target.value, place) : null)} ...${aria} />`} />`;
  };
  return html`<${Section} title=${t("Announcement")} hint=${said || t("none")}>
    <${Field} form=${form} path="announcement" label=${t("A text on top of the page")} kind="textarea" rows=${2} optional help=${t("Markdown: paragraphs, lists, links.")} />
    ${said && html`<div class="pair">${time("announced_from", t("From"))}${time("announced_until", t("Until"))}</div><p class="muted small">${t("Both in {zone}.", { zone: place })}</p><div><${Button} kind="quiet" icon="trash" onClick=${() => form.set("announcement", "")}>${t("Take it down")}<//></div>`}
  <//>`;
}
