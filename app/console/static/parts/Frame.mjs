// The frame around every screen: rail, head with search, live sign and person, bar at the foot.

import { html, useLayoutEffect, useRef } from "../vendor/ui.mjs";
import { connection } from "../live.mjs";
import { clock } from "../lib/time.mjs";
import { t } from "../lib/words.mjs";
import { firing } from "../store/alerts.mjs";
import { link, route } from "../store/route.mjs";
import { organization, outage, session, signOut } from "../store/session.mjs";
import { nextTheme, setView, view, zone } from "../store/view.mjs";
import { Icon } from "./Icon.mjs";
import { Item, Menu } from "./Menu.mjs";
import { Shape } from "./Status.mjs";
import { Toasts } from "./Toast.mjs";

/** Where one can go: [path, title, icon]. Entries without a screen are left out. */
const NAVIGATION = [
  [null, [
    ["/", t("Home"), "home"],
    ["/services", t("Services"), "services"],
    ["/heartbeats", t("Heartbeats"), "heartbeats"],
    ["/alerts", t("Alerts"), "alerts"],
    ["/pages", t("Status pages"), "pages"],
    ["/maintenance", t("Maintenance"), "maintenance"],
    ["/certificates", t("Certificates"), "certificates"],
    ["/reports", t("Reports"), "reports"],
    ["/locations", t("Locations"), "locations"],
  ]],
  [t("Alerting"), [
    ["/channels", t("Channels"), "channels"],
    ["/rules", t("Rules"), "rules"],
    ["/escalation", t("Escalation"), "escalation"],
    ["/on-call", t("On-call"), "on-call"],
  ]],
  [t("Organization"), [["/organization", t("Organization"), "organization"], ["/server", t("Server"), "server"]]],
];
const FOOT = ["/", "/services", "/alerts", "/on-call"];

/** Sections of the navigation, with the screens that exist and that this person may see. */
export function destinations(exists) {
  const operator = session.value?.is_operator;
  return NAVIGATION.map(([title, entries]) => [
    title,
    entries.filter(([path]) => exists(path) && (path !== "/server" || operator)),
  ]).filter(([, entries]) => entries.length);
}

function current(path) {
  const here = route.value.path;
  return path === "/" ? here === "/" : here === path || here.startsWith(`${path}/`);
}

function Destination({ entry: [path, title, icon] }) {
  const open = path === "/alerts" ? firing.value : 0;
  return html`<a href=${link(path)} aria-current=${current(path) ? "page" : null} title=${title}>
    <${Icon} name=${icon} /><span>${title}</span>
    ${open > 0 && html`<span class="count urgent" aria-label=${t("{n} open", { n: open })}>${open}</span>`}
  </a>`;
}

/** The frame; `exists(path)` says which screens there are, `onPalette` opens the search. */
export function Frame({ exists, onPalette, children }) {
  const main = useRef(null);
  // Before the effects of a screen, which puts the focus at its heading where nothing else has it.
  useLayoutEffect(() => {
    if (document.activeElement && !main.current?.contains(document.activeElement)) document.activeElement.blur();
  }, [route.value.path]);
  const sections = destinations(exists);
  const skip = (event) => {
    event.preventDefault();
    main.current.focus();
  };
  return html`<a class="skip" href="#main" onClick=${skip}>${t("Skip to the content")}</a>
    <div class="frame">
      <nav class="home" aria-label=${t("Product")}><a class="brand" href=${link("/")} aria-label=${t("AlertifyPro, home")}><${Mark} /><span>AlertifyPro</span></a></nav>
      <${Head} onPalette=${onPalette} />
      <nav class="rail" aria-label=${t("Screens")}>
        ${sections.map(([title, entries]) => html`<section key=${title ?? "first"}>
          ${title && html`<h2>${title}</h2>`}
          ${entries.map((entry) => html`<${Destination} key=${entry[0]} entry=${entry} />`)}
        </section>`)}
      </nav>
      <${Connection} />
      <main class="main" id="main" tabindex="-1" ref=${main}>${children}</main>
      <${Foot} sections=${sections} />
    </div>
    <${Toasts} />`;
}

/** The sign of the product. */
export function Mark() {
  return html`<svg viewBox="0 0 24 24" aria-hidden="true"><rect class="ground" width="24" height="24" rx="6" /><path class="pulse" d="M4 13h3.5l2.5-6.5 4 11 2.5-4.5H20" /></svg>`;
}

function Head({ onPalette }) {
  const key = /Mac|iPhone|iPad/.test(navigator.platform) ? "⌘ K" : "Ctrl K";
  const theme = view.value.theme;
  const icon = { system: "contrast", light: "sun", dark: "moon" }[theme];
  const said = { system: t("Theme: as the system"), light: t("Theme: light"), dark: t("Theme: dark") }[theme];
  return html`<header class="head">
    <${Organizations} />
    <button type="button" class="search" onClick=${onPalette} aria-keyshortcuts="Control+K">
      <${Icon} name="search" /><span>${t("Search or do…")}</span><kbd>${key}</kbd>
    </button>
    <span class="spread"></span>
    <${Live} />
    <button type="button" class="button quiet roomy" onClick=${() => setView({ utc: !view.value.utc })} title=${t("Times are in {zone}", { zone: zone.value })}>${view.value.utc ? t("UTC") : t("Local")}</button>
    <button type="button" class="button quiet icon-only roomy" onClick=${nextTheme} title=${said} aria-label=${said}><${Icon} name=${icon} /></button>
    <${Person} said=${said} icon=${icon} />
  </header>`;
}

function Organizations() {
  const own = session.value?.organizations ?? [];
  const here = organization.value;
  if (!here) return null;
  if (own.length < 2) return html`<span class="clip" title=${here.name}>${here.name}</span>`;
  return html`<${Menu} side="left" kind="quiet" label=${html`<span class="clip">${here.name}</span><${Icon} name="chevron" />`}>
    ${own.map((each) => html`<${Item} key=${each.id} icon=${each.id === here.id ? "check" : "organization"} href=${`${route.value.path.split("/").slice(0, 2).join("/") || "/"}?org=${encodeURIComponent(each.slug)}`} load>${each.name}<//>`)}
  <//>`;
}

const LIVE = {
  live: ["GREEN", () => t("Live")],
  connecting: ["PENDING", () => t("Connecting…")],
  offline: ["RED", (since) => t("Offline since {clock}", { clock: clock(since, zone.value) })],
  ended: ["UNKNOWN", () => t("Signed out")],
};

function Live() {
  const { state, since } = connection.value;
  const away = state === "live" ? outage.value : null; // the connection stands, and nothing new comes by it
  const [shape, words] = away ? ["UNKNOWN", () => t("Not live since {clock}", { clock: clock(away.since, zone.value) })] : LIVE[state];
  return html`<span class="live" role="status"><${Shape} state=${shape} /><span>${words(since)}</span></span>`;
}

function Person({ said, icon }) {
  const person = session.value;
  const name = person?.full_name ?? "";
  return html`<${Menu} kind="quiet" name=${t("{name}: profile, settings, sign out", { name })} label=${html`<${Icon} name="person" /><span class="clip roomy">${name.split(/\s+/)[0]}</span>`}>
    <div class="who">${name}<br />${person?.email}<br />${person?.role}</div><hr />
    <${Item} icon="person" href=${link("/profile")}>${t("Profile")}<//>
    <${Item} icon=${icon} onClick=${nextTheme} stay>${said}<//>
    <${Item} icon="clock" onClick=${() => setView({ utc: !view.value.utc })} stay>${view.value.utc ? t("Times in UTC") : t("Times in {zone}", { zone: zone.value })}<//>
    <${Item} icon="list" onClick=${() => setView({ density: view.value.density === "compact" ? "comfortable" : "compact" })} stay>${view.value.density === "compact" ? t("Density: compact") : t("Density: comfortable")}<//>
    <${Item} icon="open" href="/api/v1/docs" load>${t("API documentation")}<//>
    <hr /><${Item} icon="forward" onClick=${signOut}>${t("Sign out")}<//>
  <//>`;
}

/** What is away and since when, over every screen. */
export function Connection() {
  const away = outage.value;
  if (!away) return html`<span hidden></span>`;
  return html`<div class="banner" role="status"><${Icon} name="warning" /><span>${away.said(clock(away.since, zone.value, true))}</span>${away.part === "gate" && html`<a class="button" href="/" target="_blank" rel="noopener">${t("Open it in a new tab")}</a>`}</div>`;
}

function Foot({ sections }) {
  const all = sections.flatMap(([, entries]) => entries);
  const shown = all.filter(([path]) => FOOT.includes(path));
  const more = all.filter(([path]) => !FOOT.includes(path));
  return html`<nav class="foot" aria-label=${t("Screens, short")}>
    ${shown.map((entry) => html`<${Destination} key=${entry[0]} entry=${entry} />`)}
    ${more.length > 0 && html`<${Menu} bare up label=${html`<${Icon} name="more" /><span>${t("More")}</span>`}>
      ${more.map(([path, title, icon]) => html`<${Item} key=${path} icon=${icon} href=${link(path)}>${title}<//>`)}
    <//>`}
  </nav>`;
}
